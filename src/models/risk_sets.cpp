#include "models/risk_sets.hpp"

#include "kernels/radix_order.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

/// Times as their rank among the times that differ, as R's survival (timefix): neighbours closer
/// than same_time, absolutely or relative to the mean absolute time, are one.
std::vector<std::uint32_t> time_ranks(std::span<const double> times) {
    const auto order = ascending_order(times);
    double sum = 0, distinct = 0;
    for (std::size_t i = 0; i < order.size(); ++i)
        if (i == 0 || times[order[i]] != times[order[i - 1]])
            sum += std::fabs(times[order[i]]), distinct += 1;
    const double mean = distinct > 0 ? sum / distinct : 0;
    std::vector<std::uint32_t> out(times.size());
    std::uint32_t rank = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        const double gap = i == 0 ? 0 : times[order[i]] - times[order[i - 1]];
        if (gap > same_time && gap > same_time * mean) ++rank;
        out[order[i]] = rank;
    }
    return out;
}

/// Rows by stratum, then rank descending, then the last bit; equal ones as they were given.
std::vector<std::uint32_t> descending_order(std::span<const std::uint32_t> stratum,
                                            std::span<const std::uint32_t> rank,
                                            std::span<const double> last) {
    const std::uint64_t most = rank.empty() ? 0 : *std::max_element(rank.begin(), rank.end());
    std::vector<std::uint64_t> keys(rank.size());
    for (std::size_t i = 0; i < keys.size(); ++i)
        keys[i] = (stratum[i] * (most + 1) + (most - rank[i])) * 2 +
                  (!last.empty() && last[i] != 0 ? 1 : 0);
    return radix_order(std::move(keys));
}

} // namespace

RiskSets::RiskSets(const SurvivalTimes& times) {
    const std::size_t rows = times.exit.size();
    std::vector<double> all(times.exit.begin(), times.exit.end());
    all.insert(all.end(), times.entry.begin(), times.entry.end());
    const auto ranks = time_ranks(all);
    all = {};
    Ranks of{.exit = {ranks.begin(), ranks.begin() + static_cast<std::ptrdiff_t>(rows)},
             .entry = {ranks.begin() + static_cast<std::ptrdiff_t>(rows), ranks.end()},
             .stratum = std::vector<std::uint32_t>(rows)};
    std::copy(times.stratum.begin(), times.stratum.end(), of.stratum.begin());
    order_ = descending_order(of.stratum, of.exit, times.event);
    event_ = sorted(times.event);
    if (!times.weight.empty()) weight_ = sorted(times.weight);
    const auto event_rank = find_events(times, of);
    if (!times.entry.empty()) find_entries(of, event_rank);
}

// Fills the event times, and the first one of each row. Returns their ranks.
std::vector<std::uint32_t> RiskSets::find_events(const SurvivalTimes& times, const Ranks& of) {
    const auto rows = static_cast<std::uint32_t>(order_.size());
    std::vector<std::uint32_t> event_rank;
    from_.assign(rows, never);
    std::uint32_t begin = 0, unseen = 0; // of the stratum; rows without event time
    for (std::uint32_t row = 0; row < rows;) {
        const std::uint32_t i = order_[row];
        if (row > 0 && of.stratum[i] != of.stratum[order_[row - 1]]) begin = unseen = row;
        if (event_[row] == 0) {
            ++row;
            continue;
        }
        EventTime event{.stratum_begin = begin, .deaths_begin = row, .time = times.exit[i]};
        for (; row < rows && event_[row] != 0 && of.exit[order_[row]] == of.exit[i] &&
               of.stratum[order_[row]] == of.stratum[i];
             ++row) {
            event.deaths += 1;
            event.death_weight += weight_.empty() ? 1 : weight_[row];
        }
        event.end = row;
        event.gone = begin;
        std::fill(from_.begin() + unseen, from_.begin() + row,
                  static_cast<std::uint32_t>(events_.size()));
        unseen = row;
        total_events_ += event.deaths;
        events_.push_back(event);
        event_rank.push_back(of.exit[i]);
    }
    last_event_.resize(events_.size());
    for (std::size_t k = events_.size(); k-- > 0;)
        last_event_[k] = k + 1 < events_.size() && !begins_stratum(k + 1)
                             ? last_event_[k + 1]
                             : static_cast<std::uint32_t>(k + 1);
    return event_rank;
}

// Fills when rows enter: counted backwards in time they leave the sums there.
void RiskSets::find_entries(const Ranks& of, const std::vector<std::uint32_t>& event_rank) {
    const std::size_t rows = order_.size();
    const auto entry = [&](std::uint32_t row) { return of.entry[order_[row]]; };
    const auto stratum = [&](std::uint32_t row) { return of.stratum[order_[row]]; };
    std::vector<std::uint32_t> strata(rows), ranks(rows);
    for (std::uint32_t row = 0; row < rows; ++row)
        strata[row] = stratum(row), ranks[row] = entry(row);
    entries_ = descending_order(strata, ranks, {});
    until_.assign(rows, never);
    for (std::size_t k = 0; k < events_.size(); ++k) {
        std::uint32_t gone = begins_stratum(k) ? events_[k].stratum_begin : events_[k - 1].gone;
        const std::uint32_t mine = stratum(events_[k].deaths_begin);
        while (gone < rows && stratum(entries_[gone]) == mine &&
               entry(entries_[gone]) >= event_rank[k])
            until_[entries_[gone++]] = static_cast<std::uint32_t>(k);
        events_[k].gone = gone;
    }
    for (std::size_t row = 0; row < rows; ++row) {
        if (from_[row] == never) continue;
        until_[row] = std::min(until_[row], last_event_[from_[row]]);
        if (until_[row] <= from_[row]) from_[row] = until_[row] = never;
    }
}

std::vector<double> RiskSets::sorted(std::span<const double> values) const {
    std::vector<double> out(values.size());
    for (std::size_t row = 0; row < out.size(); ++row)
        out[row] = values[order_[row]];
    return out;
}

std::vector<double> RiskSets::unsorted(std::span<const double> values) const {
    std::vector<double> out(values.size());
    for (std::size_t row = 0; row < out.size(); ++row)
        out[order_[row]] = values[row];
    return out;
}

} // namespace salus
