#include "models/exact_events.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

constexpr long least_step = -512; // lower scores count as this
constexpr double step_tie = 1e-6; // steps

long step_of(double score) noexcept {
    return std::max(least_step, std::lround(std::max(score * ExactEvents::steps, -1e6)));
}

} // namespace

LifeTable LifeTable::of(std::vector<Exit> exits) {
    std::sort(exits.begin(), exits.end(),
              [](const Exit& a, const Exit& b) { return a.time < b.time; });
    std::vector<double> entries;
    for (const Exit& exit : exits)
        entries.push_back(exit.entry);
    std::sort(entries.begin(), entries.end());
    LifeTable result;
    const std::size_t count = exits.size(), share = count / most_intervals + 1;
    std::size_t entered = 0, in_interval = 0;
    double uncensored = 1, begin = entries.empty() ? 0 : entries.front();
    Interval interval{.begin = begin};
    for (std::size_t i = 0; i < count;) {
        const double time = exits[i].time;
        while (entered < count && entries[entered] < time)
            ++entered;
        double events = 0, censored = 0;
        std::size_t end = i;
        for (; end < count && exits[end].time == time; ++end) {
            interval.hazard += exits[end].hazard;
            ++(exits[end].event ? events : censored);
        }
        const double at_risk = static_cast<double>(entered) - static_cast<double>(i) - events;
        if (censored > 0) uncensored *= 1 - std::min(1.0, censored / at_risk);
        in_interval += end - i;
        i = end;
        if (in_interval < share && i < count) continue;
        interval.censored = i < count ? 1 - uncensored : 1; // nobody is seen later
        result.intervals.push_back(interval);
        interval = {.begin = time};
        uncensored = 1;
        in_interval = 0;
    }
    return result;
}

void ExactEvents::spread(const EventCarrier& carrier) {
    const auto cell = [&](double residual) -> double& {
        const auto at = static_cast<std::size_t>(step_of(carrier.copies * residual) - least_step);
        if (at >= cells_.size()) cells_.resize(at + 1, 0.0);
        return cells_[at];
    };
    cells_.clear();
    double left = 1, lived = 0;
    for (const LifeTable::Interval& interval : carrier.follow_up->intervals) {
        if (interval.begin < carrier.entry) continue;
        const double hazard = interval.hazard * carrier.risk;
        const double event = -std::expm1(-hazard);
        if (hazard > 0) cell(1 - lived - 0.5 * hazard) += left * event;
        left *= 1 - event;
        lived += hazard;
        if (interval.censored > 0) cell(-lived) += left * interval.censored;
        left *= 1 - interval.censored;
    }
    cell(-lived) += left;
    masses_.clear();
    for (std::size_t c = 0; c < cells_.size(); ++c)
        if (cells_[c] > 0) masses_.push_back({static_cast<long>(c) + least_step, cells_[c]});
}

void ExactEvents::convolve() {
    const long first = masses_.front().step, last = masses_.back().step;
    next_.assign(total_.size() + static_cast<std::size_t>(last - first), 0.0);
    for (const auto& [step, mass] : masses_) {
        double* const to = next_.data() + (step - first);
        for (std::size_t c = 0; c < total_.size(); ++c)
            to[c] += mass * total_[c];
    }
    lowest_ += first;
    total_.swap(next_);
}

ExactEventsTest ExactEvents::test(std::span<const EventCarrier> carriers) {
    total_.assign(1, 1.0);
    lowest_ = 0;
    long observed = 0;
    for (const EventCarrier& carrier : carriers) {
        observed += step_of(carrier.copies * carrier.residual);
        spread(carrier);
        convolve();
    }
    double mean = 0, all = 0;
    for (std::size_t c = 0; c < total_.size(); ++c) {
        all += total_[c];
        mean += total_[c] * static_cast<double>(static_cast<long>(c) + lowest_);
    }
    mean /= all;
    const double distance = std::fabs(static_cast<double>(observed) - mean);
    double beyond = 0, equal = 0;
    for (std::size_t c = 0; c < total_.size(); ++c) {
        const double at = static_cast<double>(static_cast<long>(c) + lowest_);
        const double excess = std::fabs(at - mean) - distance;
        if (excess > step_tie) beyond += total_[c];
        if (std::fabs(excess) <= step_tie) equal += total_[c];
    }
    const double p = (beyond + equal) / all, mid = (beyond + 0.5 * equal) / all;
    if (carriers.empty() || !(mid > 0)) return {};
    return {.neg_log10_p = std::max(0.0, -std::log10(p)),
            .neg_log10_mid_p = std::max(0.0, -std::log10(mid)),
            .usable = true};
}

} // namespace salus
