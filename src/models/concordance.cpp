#include "models/concordance.hpp"

#include "base/numbers.hpp"
#include "kernels/radix_order.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace salus {
namespace {

/// Where a person stands among all by value: a place of his own, and those of his ties.
struct Place {
    std::uint32_t own = 0, first = 0, end = 0;
};

std::vector<Place> places_of(std::span<const double> values) {
    const auto order = ascending_order(values);
    std::vector<Place> out(values.size());
    const auto n = static_cast<std::uint32_t>(order.size());
    for (std::uint32_t begin = 0, end = 0; begin < n; begin = end) {
        for (end = begin + 1; end < n && values[order[end]] == values[order[begin]];)
            ++end;
        for (std::uint32_t i = begin; i < end; ++i)
            out[order[i]] = {i, begin, end};
    }
    return out;
}

/// Who is there, with the number below a place: a bit each, so that all stays in the cache.
class PlaceCounts {
public:
    explicit PlaceCounts(std::size_t places)
        : bits_(places / 64 + block + 1, 0), tree_(places / (64 * block) + 2, 0) {}
    void add(const Place& at, double) {
        bits_[at.own / 64] |= std::uint64_t{1} << at.own % 64;
        ++total_;
        for (std::size_t i = at.own / (64 * block) + 1; i < tree_.size(); i += i & (~i + 1))
            ++tree_[i];
    }
    double below(const Place& at) const { return static_cast<double>(before(at.first)); }
    double tied(const Place& at) const {
        if (at.end - at.first == 1)
            return static_cast<double>(bits_[at.own / 64] >> at.own % 64 & 1);
        return static_cast<double>(before(at.end) - before(at.first));
    }
    double total() const { return static_cast<double>(total_); }

private:
    static constexpr std::size_t block = 8; // words
    std::uint64_t before(std::size_t place) const {
        std::uint64_t sum = 0;
        for (std::size_t i = place / (64 * block); i > 0; i -= i & (~i + 1))
            sum += tree_[i];
        const std::size_t word = place / 64;
        for (std::size_t i = word / block * block; i < word; ++i)
            sum += static_cast<std::uint64_t>(std::popcount(bits_[i]));
        const std::uint64_t part = bits_[word] & ((std::uint64_t{1} << place % 64) - 1);
        return sum + static_cast<std::uint64_t>(std::popcount(part));
    }
    std::vector<std::uint64_t> bits_;
    std::vector<std::uint32_t> tree_;
    std::uint64_t total_ = 0;
};

/// The same of weights; ties share the first of their places.
class PlaceSums {
public:
    explicit PlaceSums(std::size_t places)
        : own_(places + block, 0.0), tree_(places / block + 2, 0.0) {}
    void add(const Place& at, double weight) {
        own_[at.first] += weight;
        total_ += weight;
        for (std::size_t i = at.first / block + 1; i < tree_.size(); i += i & (~i + 1))
            tree_[i] += weight;
    }
    double below(const Place& at) const {
        double sum = 0;
        for (std::size_t i = at.first / block; i > 0; i -= i & (~i + 1))
            sum += tree_[i];
        for (std::size_t i = at.first / block * block; i < at.first; ++i)
            sum += own_[i];
        return sum;
    }
    double tied(const Place& at) const { return own_[at.first]; }
    double total() const { return total_; }

private:
    static constexpr std::size_t block = 16; // two cache lines
    std::vector<double> own_, tree_;
    double total_ = 0;
};

/// People by time, those of one time together.
struct TimeGroups {
    explicit TimeGroups(std::span<const double> exit) : order(ascending_order(exit)) {
        for (std::size_t i = 0; i < order.size(); ++i)
            if (i == 0 || exit[order[i]] != exit[order[i - 1]]) begin.push_back(i);
        begin.push_back(order.size());
    }
    std::size_t count() const { return begin.size() - 1; }
    std::vector<std::uint32_t> order;
    std::vector<std::size_t> begin;
};

/// People in the order of their times.
struct InTime {
    std::vector<Place> place;
    std::vector<std::uint8_t> event, starts; // starts: a pair
    std::vector<double> agree, pairs;        // of pairs, agreeing ones; by weight
};

// Of those who begin a pair: the pairs, and the agreeing ones, with people under observation later.
void count_later(const TimeGroups& times, std::span<const double> weight, InTime& of) {
    PlaceCounts later(of.place.size());
    for (std::size_t g = times.count(); g-- > 0;) {
        const std::size_t begin = times.begin[g], end = times.begin[g + 1];
        for (std::size_t i = begin; i < end; ++i)
            if (of.event[i] == 0) later.add(of.place[i], 1);
        for (std::size_t i = begin; i < end; ++i) {
            if (of.starts[i] == 0) continue;
            of.agree[i] = weight[g] * (later.below(of.place[i]) + later.tied(of.place[i]) / 2);
            of.pairs[i] = weight[g] * later.total();
        }
        for (std::size_t i = begin; i < end; ++i)
            if (of.event[i] != 0) later.add(of.place[i], 1);
    }
}

// Adds the pairs of everybody with those who begin one earlier.
template <class Sums>
void count_earlier(const TimeGroups& times, std::span<const double> weight, InTime& of) {
    Sums earlier(of.place.size());
    const auto as_later = [&](std::size_t i) {
        of.agree[i] += earlier.total() - earlier.below(of.place[i]) - earlier.tied(of.place[i]) / 2;
        of.pairs[i] += earlier.total();
    };
    for (std::size_t g = 0; g < times.count(); ++g) {
        const std::size_t begin = times.begin[g], end = times.begin[g + 1];
        for (std::size_t i = begin; i < end; ++i)
            if (of.event[i] != 0) as_later(i);
        for (std::size_t i = begin; i < end; ++i)
            if (of.starts[i] != 0) earlier.add(of.place[i], weight[g]);
        for (std::size_t i = begin; i < end; ++i)
            if (of.event[i] == 0) as_later(i);
    }
}

} // namespace

Concordance concordance(std::span<const double> exit, std::span<const double> event,
                        std::span<const double> risk, double until, const CensoringCurve* curve) {
    const std::size_t n = exit.size();
    const TimeGroups times(exit);
    InTime of{.place = std::vector<Place>(n),
              .event = std::vector<std::uint8_t>(n),
              .starts = std::vector<std::uint8_t>(n),
              .agree = std::vector<double>(n, 0.0),
              .pairs = std::vector<double>(n, 0.0)};
    {
        const auto places = places_of(risk);
        for (std::size_t i = 0; i < n; ++i) {
            const std::uint32_t person = times.order[i];
            of.place[i] = places[person];
            of.event[i] = event[person] == 1 ? 1 : 0;
            of.starts[i] = event[person] == 1 && exit[person] < until ? 1 : 0;
        }
    }
    std::vector<double> weight(times.count(), 1.0);
    for (std::size_t g = 0; g < weight.size() && curve != nullptr; ++g) {
        const double there = curve->before(exit[times.order[times.begin[g]]]);
        weight[g] = 1 / (there * there);
    }
    count_later(times, weight, of);
    double agreeing = 0, all = 0;
    for (std::size_t g = times.count(); g-- > 0;)
        for (std::size_t i = times.begin[g]; i < times.begin[g + 1]; ++i)
            agreeing += of.agree[i], all += of.pairs[i];
    curve == nullptr ? count_earlier<PlaceCounts>(times, weight, of)
                     : count_earlier<PlaceSums>(times, weight, of);
    if (!(all > 0)) return {nan, nan};
    Concordance out{.estimate = agreeing / all, .standard_error = 0, .pairs = all};
    out.influence.resize(n);
    for (std::size_t i = 0; i < n; ++i)
        out.influence[times.order[i]] = (of.agree[i] - out.estimate * of.pairs[i]) / all;
    double squares = 0;
    for (const double v : out.influence)
        squares += v * v;
    out.standard_error = std::sqrt(squares);
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
    const auto order = ascending_order(risk);
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
