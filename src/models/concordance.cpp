#include "models/concordance.hpp"

#include "base/numbers.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace salus {
namespace {

/// Places of people by value, ties alike, and how many places there are.
struct Ranks {
    std::vector<std::uint32_t> of;
    std::size_t count = 0;
};

Ranks dense_ranks(std::span<const double> values) {
    std::vector<std::uint32_t> order(values.size());
    std::iota(order.begin(), order.end(), std::uint32_t{0});
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return values[a] != values[b] ? values[a] < values[b] : a < b;
    });
    Ranks out{.of = std::vector<std::uint32_t>(values.size())};
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (i == 0 || values[order[i]] != values[order[i - 1]]) ++out.count;
        out.of[order[i]] = static_cast<std::uint32_t>(out.count - 1);
    }
    return out;
}

/// Weights by place, with the sum below a place: blocks of 64 places keep the tree small.
class PlaceSums {
public:
    explicit PlaceSums(std::size_t places)
        : own_(places + block, 0.0), tree_(places / block + 2, 0.0) {}
    void add(std::uint32_t place, double weight) {
        own_[place] += weight;
        total_ += weight;
        for (std::size_t i = place / block + 1; i < tree_.size(); i += i & (~i + 1))
            tree_[i] += weight;
    }
    double below(std::uint32_t place) const {
        double sum = 0;
        for (std::size_t i = place / block; i > 0; i -= i & (~i + 1))
            sum += tree_[i];
        for (std::size_t i = place / block * block; i < place; ++i)
            sum += own_[i];
        return sum;
    }
    double own(std::uint32_t place) const { return own_[place]; }
    double total() const { return total_; }

private:
    static constexpr std::size_t block = 64;
    std::vector<double> own_, tree_;
    double total_ = 0;
};

/// People by time, those of one time together.
struct TimeGroups {
    explicit TimeGroups(std::span<const double> exit) : order(exit.size()) {
        std::iota(order.begin(), order.end(), std::uint32_t{0});
        std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
            return exit[a] != exit[b] ? exit[a] < exit[b] : a < b;
        });
        for (std::size_t i = 0; i < order.size(); ++i)
            if (i == 0 || exit[order[i]] != exit[order[i - 1]]) begin.push_back(i);
        begin.push_back(order.size());
    }
    std::size_t count() const { return begin.size() - 1; }
    std::span<const std::uint32_t> group(std::size_t g) const {
        return std::span(order).subspan(begin[g], begin[g + 1] - begin[g]);
    }
    std::vector<std::uint32_t> order;
    std::vector<std::size_t> begin;
};

} // namespace

Concordance concordance(std::span<const double> exit, std::span<const double> event,
                        std::span<const double> risk, double until, const CensoringCurve* curve) {
    const std::size_t n = exit.size();
    const Ranks ranks = dense_ranks(risk);
    const TimeGroups times(exit);
    std::vector<double> agree(n, 0.0), pairs(n, 0.0);
    const auto starts = [&](std::uint32_t i) { return event[i] == 1 && exit[i] < until; };
    const auto weight = [&](double t) {
        const double g = curve == nullptr ? 1 : curve->before(t);
        return 1 / (g * g);
    };
    double agreeing = 0, all = 0;
    PlaceSums later(ranks.count);
    for (std::size_t g = times.count(); g-- > 0;) {
        const auto group = times.group(g);
        const double w = group.empty() ? 1 : weight(exit[group.front()]);
        for (const std::uint32_t i : group)
            if (event[i] != 1) later.add(ranks.of[i], 1);
        for (const std::uint32_t i : group) {
            if (!starts(i)) continue;
            agree[i] = w * (later.below(ranks.of[i]) + later.own(ranks.of[i]) / 2);
            pairs[i] = w * later.total();
            agreeing += agree[i], all += pairs[i];
        }
        for (const std::uint32_t i : group)
            if (event[i] == 1) later.add(ranks.of[i], 1);
    }
    PlaceSums earlier(ranks.count);
    const auto as_later = [&](std::uint32_t i) {
        const double below = earlier.below(ranks.of[i]), own = earlier.own(ranks.of[i]);
        agree[i] += earlier.total() - below - own / 2;
        pairs[i] += earlier.total();
    };
    for (std::size_t g = 0; g < times.count(); ++g) {
        const auto group = times.group(g);
        const double w = weight(exit[group.front()]);
        for (const std::uint32_t i : group)
            if (event[i] == 1) as_later(i);
        for (const std::uint32_t i : group)
            if (starts(i)) earlier.add(ranks.of[i], w);
        for (const std::uint32_t i : group)
            if (event[i] != 1) as_later(i);
    }
    if (!(all > 0)) return {nan, nan};
    Concordance out{.estimate = agreeing / all, .standard_error = 0, .pairs = all};
    double squares = 0;
    for (std::size_t i = 0; i < n; ++i) {
        agree[i] = (agree[i] - out.estimate * pairs[i]) / all;
        squares += agree[i] * agree[i];
    }
    out.standard_error = std::sqrt(squares);
    out.influence = std::move(agree);
    return out;
}

double concordance_difference_error(const Concordance& a, const Concordance& b) noexcept {
    double squares = 0;
    for (std::size_t i = 0; i < a.influence.size(); ++i) {
        const double d = a.influence[i] - b.influence[i];
        squares += d * d;
    }
    return std::sqrt(squares);
}

WeightedOutcome weigh_outcome(std::span<const double> exit, std::span<const double> status,
                              const CensoringCurve& curve, double horizon) {
    const std::size_t n = exit.size();
    WeightedOutcome out{std::vector<double>(n, 0.0), std::vector<double>(n, 0.0),
                        std::vector<double>(n, 0.0), horizon};
    const double there = 1 / curve.at(horizon);
    for (std::size_t i = 0; i < n; ++i) {
        if (exit[i] > horizon)
            out.without[i] = there;
        else if (status[i] == 1)
            out.with_event[i] = 1 / curve.before(exit[i]);
        else if (status[i] > 1)
            out.competing[i] = 1 / curve.before(exit[i]);
    }
    return out;
}

namespace {

/// Adds what the estimate of G contributes: each person's weighted term, summed over those still
/// weighted behind a censoring time, over the people at risk there, is integrated over the
/// censoring martingale of everybody. Who has the event at the time of a censoring is at risk of it
/// here, as in riskRegression.
std::vector<double> with_censoring(std::span<const double> terms, double center,
                                   const WeightedOutcome& outcome, std::span<const double> exit,
                                   std::span<const double> status, const CensoringCurve& curve) {
    const std::size_t n = exit.size();
    const auto times = curve.time();
    // Weights G(T-) hold the censorings before T, those of who is behind the horizon all until it.
    const auto horizon_end = static_cast<std::size_t>(
        std::upper_bound(times.begin(), times.end(), outcome.horizon) - times.begin());
    std::vector<double> behind(horizon_end + 1, 0.0);
    std::vector<std::size_t> place(n);
    for (std::size_t i = 0; i < n; ++i) {
        place[i] = static_cast<std::size_t>(std::lower_bound(times.begin(), times.end(), exit[i]) -
                                            times.begin());
        behind[exit[i] > outcome.horizon ? horizon_end : std::min(place[i], horizon_end)] +=
            terms[i];
    }
    for (std::size_t u = horizon_end; u-- > 0;)
        behind[u] += behind[u + 1];
    std::vector<double> drift(horizon_end + 1, 0.0);
    for (std::size_t u = 0; u < horizon_end; ++u)
        drift[u + 1] = drift[u] + behind[u + 1] * curve.censored()[u] /
                                      (curve.present()[u] * curve.present()[u]);
    std::vector<double> out(n);
    for (std::size_t i = 0; i < n; ++i) {
        out[i] = terms[i] - center;
        const std::size_t u = place[i];
        const bool tied = u < times.size() && times[u] == exit[i];
        if (tied && status[i] == 0 && u < horizon_end) out[i] += behind[u + 1] / curve.present()[u];
        out[i] -= drift[std::min(u + (tied ? 1 : 0), horizon_end)];
    }
    return out;
}

WeightedMeasure measure(double estimate, std::vector<double> influence) {
    double squares = 0, mean = 0;
    const auto n = static_cast<double>(influence.size());
    for (const double v : influence)
        mean += v / n;
    for (const double v : influence)
        squares += (v - mean) * (v - mean);
    return {estimate, std::sqrt(squares / (n - 1) / n), std::move(influence)};
}

} // namespace

WeightedMeasure weighted_auc(const WeightedOutcome& outcome, std::span<const double> exit,
                             std::span<const double> status, std::span<const double> risk,
                             const CensoringCurve& curve) {
    const std::size_t n = exit.size();
    std::vector<std::uint32_t> order(n);
    std::iota(order.begin(), order.end(), std::uint32_t{0});
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return risk[a] != risk[b] ? risk[a] < risk[b] : a < b;
    });
    double cases = 0, controls = 0;
    const auto control = [&](std::size_t i) { return outcome.without[i] + outcome.competing[i]; };
    for (std::size_t i = 0; i < n; ++i) {
        cases += outcome.with_event[i];
        controls += control(i);
    }
    if (!(cases > 0 && controls > 0)) return {nan, nan, {}};
    std::vector<double> terms(n, 0.0);
    double below_controls = 0, below_cases = 0, agree = 0;
    for (std::size_t at = 0; at < n;) {
        std::size_t end = at;
        double own_cases = 0, own_controls = 0;
        for (; end < n && risk[order[end]] == risk[order[at]]; ++end) {
            own_cases += outcome.with_event[order[end]];
            own_controls += control(order[end]);
        }
        for (; at < end; ++at) {
            const std::uint32_t i = order[at];
            const double lower = below_controls + own_controls / 2;
            agree += outcome.with_event[i] * lower;
            terms[i] =
                outcome.with_event[i] * lower + control(i) * (cases - below_cases - own_cases / 2);
        }
        below_controls += own_controls, below_cases += own_cases;
    }
    const double auc = agree / (cases * controls);
    const double scale = static_cast<double>(n) / (cases * controls);
    for (std::size_t i = 0; i < n; ++i)
        terms[i] =
            scale * (terms[i] - auc * (outcome.with_event[i] * controls + control(i) * cases));
    return measure(auc, with_censoring(terms, 0, outcome, exit, status, curve));
}

WeightedMeasure weighted_brier(const WeightedOutcome& outcome, std::span<const double> exit,
                               std::span<const double> status, std::span<const double> risk,
                               const CensoringCurve& curve) {
    const std::size_t n = exit.size();
    std::vector<double> terms(n);
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const double r = risk[i];
        terms[i] = outcome.with_event[i] * (1 - r) * (1 - r) +
                   (outcome.without[i] + outcome.competing[i]) * r * r;
        sum += terms[i];
    }
    const double mean = sum / static_cast<double>(n);
    return measure(mean, with_censoring(terms, mean, outcome, exit, status, curve));
}

double difference_error(const WeightedMeasure& a, const WeightedMeasure& b) noexcept {
    std::vector<double> difference(a.influence.size());
    for (std::size_t i = 0; i < difference.size(); ++i)
        difference[i] = a.influence[i] - b.influence[i];
    return measure(0, std::move(difference)).standard_error;
}

} // namespace salus
