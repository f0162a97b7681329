#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// Times that differ by less than this share of the mean time are one time, as in R's survival.
inline constexpr double same_time = 1.4901161193847656e-08;

/// Rows of time-to-event data. A row is at risk in (entry, exit]; at `exit` it has the event or is
/// censored.
struct SurvivalTimes {
    std::span<const double> exit;                // [row] finite
    std::span<const double> event;               // [row] 1 event, 0 censored
    std::span<const double> entry = {};          // [row] below exit; empty: at risk from the start
    std::span<const std::uint32_t> stratum = {}; // [row] empty: one stratum
    std::span<const double> weight = {};         // [row] positive; empty: 1
};

/// Who is at risk at which event time: the part of a Cox model that no covariate changes. Rows are
/// put into an order of their own, by stratum, then time descending, deaths behind censored rows of
/// the same time; so a risk set without late entries is everything between the begin of its stratum
/// and its deaths. Times that differ by less than 1.5e-8 of the mean time are one time (as in R's
/// survival). O(N) time by radix sorts, about 28 N bytes, 50 N while it is made.
class RiskSets {
public:
    explicit RiskSets(const SurvivalTimes& times);

    /// A time at which somebody has the event.
    struct EventTime {
        std::uint32_t stratum_begin = 0;         // row
        std::uint32_t deaths_begin = 0, end = 0; // rows; those up to `end` have entered the sum
        std::uint32_t gone = 0;                  // the first so many entries have left it
        double deaths = 0, death_weight = 0, time = 0;
    };
    static constexpr std::uint32_t never = UINT32_MAX;

    std::size_t rows() const noexcept { return order_.size(); }
    /// order()[row] = index in the times that were given.
    std::span<const std::uint32_t> order() const noexcept { return order_; }
    /// Event times by stratum, then descending.
    std::span<const EventTime> events() const noexcept { return events_; }
    /// The event times that a row is at risk at are from()[row] .. until(row); `never`: at none.
    std::span<const std::uint32_t> from() const noexcept { return from_; }
    std::uint32_t until(std::size_t row) const noexcept {
        return until_.empty() ? stratum_end(row) : until_[row];
    }
    /// Rows by stratum, then entry descending; empty without entries.
    std::span<const std::uint32_t> entries() const noexcept { return entries_; }
    std::span<const double> event() const noexcept { return event_; }   // [row]
    std::span<const double> weight() const noexcept { return weight_; } // [row], empty: 1
    double total_events() const noexcept { return total_events_; }

    /// Values in the order of the rows.
    std::vector<double> sorted(std::span<const double> values) const;
    /// Values of rows in the order that was given.
    std::vector<double> unsorted(std::span<const double> values) const;

    /// Calls enter(row) and leave(row) so that at visit(k) the rows that entered and did not leave
    /// are those at risk at event time k; reset() before each stratum.
    template <class Reset, class Enter, class Leave, class Visit>
    void sweep(Reset&& reset, Enter&& enter, Leave&& leave, Visit&& visit) const {
        std::uint32_t row = 0, gone = 0, stratum = never;
        for (std::uint32_t k = 0; k < events_.size(); ++k) {
            const EventTime& event = events_[k];
            if (event.stratum_begin != stratum) {
                reset();
                row = gone = stratum = event.stratum_begin;
            }
            for (; row < event.end; ++row)
                enter(row);
            for (; gone < event.gone; ++gone)
                leave(entries_[gone]);
            visit(k);
        }
    }

private:
    struct Ranks {
        std::vector<std::uint32_t> exit, entry, stratum; // in the order that was given
    };
    std::vector<std::uint32_t> find_events(const SurvivalTimes& times, const Ranks& of);
    void find_entries(const Ranks& of, const std::vector<std::uint32_t>& event_rank);
    bool begins_stratum(std::size_t k) const noexcept {
        return k == 0 || events_[k].stratum_begin != events_[k - 1].stratum_begin;
    }
    std::uint32_t stratum_end(std::size_t row) const noexcept {
        return from_[row] == never ? never : last_event_[from_[row]];
    }
    std::vector<std::uint32_t> order_, from_, until_, entries_;
    std::vector<std::uint32_t> last_event_; // [event time] one behind the last of its stratum
    std::vector<EventTime> events_;
    std::vector<double> event_, weight_;
    double total_events_ = 0;
};

} // namespace salus
