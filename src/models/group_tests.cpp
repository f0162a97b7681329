#include "models/group_tests.hpp"

#include "base/numbers.hpp"
#include "models/block_likelihood.hpp"
#include "models/contingency.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace salus {
namespace {

/// Numbers of each group at one time: under observation, and with which status they leave.
struct Present {
    std::vector<double> at_risk, events, others;
};

// Calls visit(present) at every time with an event of any kind, ascending.
template <class F>
void sweep(const CurveTimes& times, std::span<const std::uint32_t> group, std::uint32_t groups,
           F&& visit) {
    std::vector<std::uint32_t> order(times.exit.size());
    std::iota(order.begin(), order.end(), std::uint32_t{0});
    std::vector<std::uint32_t> entries = order;
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return times.exit[a] < times.exit[b]; });
    Present now{std::vector<double>(groups, 0.0), {}, {}};
    if (times.entry.empty())
        for (const std::uint32_t i : order)
            now.at_risk[group[i]] += 1;
    else
        std::sort(entries.begin(), entries.end(), [&](std::uint32_t a, std::uint32_t b) {
            return times.entry[a] < times.entry[b];
        });
    for (std::size_t at = 0, entered = 0; at < order.size();) {
        const double t = times.exit[order[at]];
        for (;
             !times.entry.empty() && entered < entries.size() && times.entry[entries[entered]] < t;
             ++entered)
            now.at_risk[group[entries[entered]]] += 1;
        now.events.assign(groups, 0.0);
        now.others.assign(groups, 0.0);
        std::vector<double> leaving(groups, 0.0);
        for (; at < order.size() && times.exit[order[at]] == t; ++at) {
            const std::uint32_t i = order[at];
            leaving[group[i]] += 1;
            if (times.status[i] == 1) now.events[group[i]] += 1;
            if (times.status[i] > 1) now.others[group[i]] += 1;
        }
        visit(now);
        for (std::uint32_t g = 0; g < groups; ++g)
            now.at_risk[g] -= leaving[g];
    }
}

double sum_of(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0);
}

// score' covariance^-1 score over what can be told apart.
GroupTest test_of(std::span<const double> score, std::span<const double> covariance) {
    const std::size_t n = score.size();
    std::vector<double> factor(n * n);
    const auto out = aliased_cholesky(covariance, n, 1e-10, factor);
    const auto inverse = inverse_of(factor, n, out);
    GroupTest test;
    for (std::size_t a = 0; a < n; ++a) {
        test.degrees_of_freedom += out[a] == 0 ? 1U : 0U;
        for (std::size_t b = 0; b < n; ++b)
            test.chi_square += score[a] * inverse[a * n + b] * score[b];
    }
    test.neg_log10_p = test.degrees_of_freedom == 0
                           ? nan
                           : chi_square_neg_log10_p(test.chi_square, test.degrees_of_freedom);
    return test;
}

} // namespace

GroupTest log_rank_test(const CurveTimes& times, std::span<const std::uint32_t> group,
                        std::uint32_t groups) {
    std::vector<double> observed(groups, 0.0), expected(groups, 0.0), score(groups),
        variance(std::size_t{groups} * groups, 0.0);
    sweep(times, group, groups, [&](const Present& now) {
        const double d = sum_of(now.events), n = sum_of(now.at_risk);
        if (d == 0) return;
        const double factor = n > 1 ? d * (n - d) / (n - 1) : 0;
        for (std::uint32_t a = 0; a < groups; ++a) {
            const double share = now.at_risk[a] / n;
            observed[a] += now.events[a];
            expected[a] += d * share;
            for (std::uint32_t b = 0; b < groups; ++b)
                variance[a * groups + b] +=
                    factor * share * ((a == b ? 1 : 0) - now.at_risk[b] / n);
        }
    });
    for (std::uint32_t g = 0; g < groups; ++g)
        score[g] = observed[g] - expected[g];
    GroupTest test = test_of(score, variance);
    test.observed = std::move(observed), test.expected = std::move(expected);
    return test;
}

namespace {

/// Gray's scores and what their variance is made of. Of each group: the product limit of being
/// without any event (before and behind a time) and the incidence; of all: the pooled incidence.
class Gray {
public:
    explicit Gray(std::size_t groups)
        : n_(groups), free_before_(groups, 1.0), free_(groups, 1.0), incidence_before_(groups, 0.0),
          incidence_(groups, 0.0), score_(groups, 0.0), third_(groups, 0.0), a_(groups * groups),
          c_(groups * groups, 0.0), second_(groups * groups, 0.0), first_(groups * groups, 0.0) {}

    void visit(const Present& now) {
        const double events = sum_of(now.events), others = sum_of(now.others);
        if (events + others == 0) return;
        // Sizes of the risk sets of the subdistribution, h = Y / S and R = Y (1 - F) / S.
        double h = 0, r = 0;
        std::vector<double> own(n_, 0.0);
        for (std::size_t g = 0; g < n_; ++g) {
            const double y = now.at_risk[g];
            if (!(y > 0)) continue;
            free_[g] = free_before_[g] * (y - now.events[g] - now.others[g]) / y;
            incidence_[g] = incidence_before_[g] + free_before_[g] * now.events[g] / y;
            own[g] = y / free_before_[g];
            h += own[g], r += own[g] * (1 - incidence_before_[g]);
        }
        const double before = pooled_;
        pooled_ += events / h;
        for (std::size_t i = 0; i < n_; ++i) {
            if (!(now.at_risk[i] > 0)) {
                std::fill_n(a_.begin() + static_cast<std::ptrdiff_t>(i * n_), n_, 0.0);
                continue;
            }
            score_[i] += now.events[i] - events * own[i] * (1 - incidence_before_[i]) / r;
            for (std::size_t j = 0; j < n_; ++j) {
                const double a = own[i] * ((i == j ? 1 : 0) - own[j] / h);
                a_[i * n_ + j] = a;
                c_[i * n_ + j] += a * events / (h * (1 - before));
            }
        }
        for (std::size_t k = 0; k < n_; ++k) {
            const double y = now.at_risk[k], s = free_before_[k];
            if (!(y > 0)) continue;
            const double left = free_[k] > 0 ? (1 - pooled_) / free_[k] : 0;
            if (events > 0) {
                const double ties = events > 1 ? 1 - (events - 1) / (h * s - 1) : 1;
                add(k, 1 - left, ties * s * events / (h * y), true);
            }
            if (now.others[k] > 0 && free_[k] > 0) {
                const double ties = now.others[k] > 1 ? 1 - (now.others[k] - 1) / (y - 1) : 1;
                add(k, left, ties * s * s * now.others[k] / (y * y), false);
            }
        }
        free_before_ = free_, incidence_before_ = incidence_;
    }

    GroupTest test() const {
        const std::size_t m = n_ - 1; // the scores of all groups sum to 0
        std::vector<double> variance(m * m);
        for (std::size_t i = 0; i < m; ++i)
            for (std::size_t j = 0; j < m; ++j) {
                double v = first_[i * n_ + j];
                for (std::size_t k = 0; k < n_; ++k)
                    v += c_[i * n_ + k] * c_[j * n_ + k] * third_[k] +
                         c_[i * n_ + k] * second_[j * n_ + k] +
                         c_[j * n_ + k] * second_[i * n_ + k];
                variance[i * m + j] = v;
            }
        return test_of(std::span(score_).first(m), variance);
    }

private:
    // Martingale increments of group k with variance `size` move score i by (a - w c) of an event
    // and by w c of a competing one, and by -w (respectively w) times the final c.
    void add(std::size_t k, double w, double size, bool event) {
        third_[k] += w * w * size;
        for (std::size_t i = 0; i < n_; ++i) {
            const double x = event ? a_[i * n_ + k] - w * c_[i * n_ + k] : -w * c_[i * n_ + k];
            second_[i * n_ + k] += x * w * size;
            for (std::size_t j = 0; j < n_; ++j) {
                const double z = event ? a_[j * n_ + k] - w * c_[j * n_ + k] : -w * c_[j * n_ + k];
                first_[i * n_ + j] += x * z * size;
            }
        }
    }

    std::size_t n_;
    double pooled_ = 0;
    std::vector<double> free_before_, free_, incidence_before_, incidence_, score_, third_;
    std::vector<double> a_, c_, second_, first_;
};

} // namespace

GroupTest gray_test(const CurveTimes& times, std::span<const std::uint32_t> group,
                    std::uint32_t groups) {
    Gray gray(groups);
    sweep(times, group, groups, [&](const Present& now) { gray.visit(now); });
    return gray.test();
}

RestrictedMean restricted_mean(const IncidenceCurve& curve, double horizon) {
    if (curve.time.empty() || curve.time.back() < horizon) return {nan, nan};
    double area = 0, variance = 0, last = horizon;
    // Backwards: the area behind a time is what an event there takes away.
    for (std::size_t k = curve.time.size(); k-- > 0;) {
        if (curve.time[k] >= horizon) continue;
        area += curve.event_free[k] * (last - curve.time[k]);
        last = curve.time[k];
        const double d = curve.events[k], y = curve.at_risk[k];
        if (y > d) variance += area * area * d / (y * (y - d));
    }
    return {area + last, std::sqrt(variance)};
}

} // namespace salus
