#include "models/risk_sets.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace salus {
namespace {

// survival's timefix: sorted different times closer than this, absolutely or relative to the mean
// absolute time, are one.

/// Times as their rank among the times that differ.
class TimeRanks {
public:
    explicit TimeRanks(std::vector<double> times) : times_(std::move(times)) {
        std::sort(times_.begin(), times_.end());
        times_.erase(std::unique(times_.begin(), times_.end()), times_.end());
        double sum = 0;
        for (const double t : times_)
            sum += std::fabs(t);
        const double mean = times_.empty() ? 0 : sum / static_cast<double>(times_.size());
        rank_.resize(times_.size());
        for (std::size_t i = 1; i < times_.size(); ++i) {
            const double gap = times_[i] - times_[i - 1];
            rank_[i] = rank_[i - 1] + (gap <= same_time || gap <= same_time * mean ? 0 : 1);
        }
    }
    std::uint32_t of(double time) const {
        const auto at = std::lower_bound(times_.begin(), times_.end(), time) - times_.begin();
        return rank_[static_cast<std::size_t>(at)];
    }

private:
    std::vector<double> times_;
    std::vector<std::uint32_t> rank_;
};

} // namespace

RiskSets::RiskSets(const SurvivalTimes& times) {
    const std::size_t rows = times.exit.size();
    std::vector<double> all(times.exit.begin(), times.exit.end());
    all.insert(all.end(), times.entry.begin(), times.entry.end());
    const TimeRanks ranks(std::move(all));
    Ranks of{.exit = std::vector<std::uint32_t>(rows),
             .entry = std::vector<std::uint32_t>(times.entry.size()),
             .stratum = std::vector<std::uint32_t>(rows)};
    for (std::size_t i = 0; i < rows; ++i)
        of.exit[i] = ranks.of(times.exit[i]);
    for (std::size_t i = 0; i < of.entry.size(); ++i)
        of.entry[i] = ranks.of(times.entry[i]);
    std::copy(times.stratum.begin(), times.stratum.end(), of.stratum.begin());
    order_.resize(rows);
    std::iota(order_.begin(), order_.end(), std::uint32_t{0});
    std::stable_sort(order_.begin(), order_.end(), [&](std::uint32_t a, std::uint32_t b) {
        if (of.stratum[a] != of.stratum[b]) return of.stratum[a] < of.stratum[b];
        if (of.exit[a] != of.exit[b]) return of.exit[a] > of.exit[b];
        return times.event[a] < times.event[b];
    });
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
    entries_.resize(rows);
    std::iota(entries_.begin(), entries_.end(), std::uint32_t{0});
    std::stable_sort(entries_.begin(), entries_.end(), [&](std::uint32_t a, std::uint32_t b) {
        return stratum(a) != stratum(b) ? stratum(a) < stratum(b) : entry(a) > entry(b);
    });
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
