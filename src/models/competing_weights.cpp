#include "models/competing_weights.hpp"

#include <algorithm>
#include <numeric>

namespace salus {
namespace {

/// Distribution of the entries in reversed time, as far as it changes: H(t-) up to a factor.
class EntryCurve {
public:
    EntryCurve(std::span<const double> entry, std::span<const double> exit) {
        if (entry.empty()) return;
        std::vector<double> entries(entry.begin(), entry.end()), exits(exit.begin(), exit.end());
        std::sort(entries.begin(), entries.end());
        std::sort(exits.begin(), exits.end());
        double value = 1;
        for (std::size_t i = 0, gone = 0; i < entries.size();) {
            const double s = entries[i];
            const std::size_t begin = i;
            while (i < entries.size() && entries[i] == s)
                ++i;
            while (gone < exits.size() && exits[gone] <= s)
                ++gone;
            const auto entered = static_cast<double>(i - begin),
                       there = static_cast<double>(i - gone);
            const double factor = 1 - entered / there;
            if (factor > 0) // else nobody there entered before: everything begins anew
                value /= factor;
            else
                renewals.push_back(s);
            time.push_back(s), count.push_back(entered), at_risk.push_back(there);
            value_.push_back(value);
        }
    }
    double before(double t) const noexcept {
        const auto at = std::lower_bound(time.begin(), time.end(), t) - time.begin();
        return at == 0 ? 1 : value_[static_cast<std::size_t>(at - 1)];
    }
    std::vector<double> time, count, at_risk, renewals;

private:
    std::vector<double> value_;
};

std::uint32_t place(std::size_t base, std::span<const double> times, double t, bool behind) {
    const auto at = behind ? std::upper_bound(times.begin(), times.end(), t)
                           : std::lower_bound(times.begin(), times.end(), t);
    return static_cast<std::uint32_t>(base + static_cast<std::size_t>(at - times.begin()));
}

/// Rows and event times of one stratum.
struct Part {
    std::size_t row_begin, row_end;
    std::uint32_t event_begin, event_end;
    std::span<const double> of(std::span<const double> by_row) const {
        return by_row.empty() ? by_row : by_row.subspan(row_begin, row_end - row_begin);
    }
};

std::vector<Part> parts_of(const RiskSets& sets, std::span<const std::uint32_t> stratum) {
    std::vector<Part> out;
    const auto events = sets.events();
    std::uint32_t k = 0;
    for (std::size_t begin = 0; begin < sets.rows();) {
        std::size_t end = begin;
        while (end < sets.rows() && (stratum.empty() || stratum[end] == stratum[begin]))
            ++end;
        Part part{begin, end, k, k};
        while (k < events.size() && events[k].stratum_begin < end)
            ++k;
        part.event_end = k;
        out.push_back(part);
        begin = end;
    }
    return out;
}

class Builder {
public:
    Builder(const RiskSets& sets, const SubdistributionTimes& times, CensoringTies ties)
        : sets_(sets), times_(times), together_(ties == CensoringTies::together), ties_(ties) {
        const std::size_t rows = sets.rows();
        out_.weights.inverse.assign(rows, 0.0);
        out_.weights.first.assign(rows, 0);
        out_.weights.behind.assign(rows, 0);
        out_.weights.at_event.assign(sets.events().size(), 1.0);
        out_.processes.resize(times.entry.empty() ? 1 : 2);
        for (WeightProcess& process : out_.processes)
            for (auto* values :
                 {&process.jump, &process.weighted_from, &process.risk_begin, &process.risk_end})
                values->resize(rows);
        out_.processes.back().sign = times.entry.empty() ? 1 : -1;
    }

    Subdistribution build() {
        for (const Part& part : parts_of(sets_, times_.stratum)) {
            const CensoringCurve censoring(part.of(times_.exit), part.of(times_.status), ties_,
                                           part.of(times_.entry));
            const EntryCurve entry(part.of(times_.entry), part.of(times_.exit));
            weigh(part, censoring, entry);
            censoring_rows(part, censoring);
            if (!times_.entry.empty()) entry_rows(part, entry);
        }
        return std::move(out_);
    }

private:
    void weigh(const Part& part, const CensoringCurve& censoring, const EntryCurve& entry) {
        const auto value = [&](double t) { return censoring.before(t) * entry.before(t); };
        const auto events = sets_.events();
        for (std::uint32_t k = part.event_begin; k < part.event_end; ++k)
            out_.weights.at_event[k] = value(events[k].time);
        std::uint32_t k = part.event_begin;
        double earliest = times_.exit.empty() ? 0 : 1e300;
        for (std::size_t row = part.row_begin; row < part.row_end; ++row) {
            while (k < part.event_end && events[k].end <= row)
                ++k;
            out_.weights.first[row] = part.event_begin;
            out_.weights.behind[row] = k;
            if (!(times_.status[row] > 1) || part.event_begin == part.event_end) continue;
            out_.weights.inverse[row] = 1 / value(times_.exit[row]);
            earliest = std::min(earliest, times_.exit[row]);
        }
        if (part.event_begin == part.event_end) return;
        const double last = events[part.event_begin].time;
        for (const auto& all : {std::span<const double>(entry.renewals), censoring.renewals()})
            for (const double t : all)
                if (earliest <= t && t < last && !out_.broken) out_.broken = t;
    }

    // Event times that weights at a time of the process act on: those behind it.
    void add_times(WeightProcess& process, const Part& part, std::span<const double> times,
                   bool at_the_time) {
        const auto events =
            sets_.events().subspan(part.event_begin, part.event_end - part.event_begin);
        for (const double u : times) {
            const auto behind = std::partition_point(
                events.begin(), events.end(), [&](const RiskSets::EventTime& e) {
                    return at_the_time ? e.time >= u : e.time > u;
                });
            process.first.push_back(part.event_begin);
            process.behind.push_back(part.event_begin +
                                     static_cast<std::uint32_t>(behind - events.begin()));
            process.begins.push_back(u == times.front() ? 1 : 0);
        }
    }

    // The times of the stratum are the last ones so far.
    static std::uint32_t within(const WeightProcess& process, std::uint32_t at) {
        return at < process.count.size() ? at : WeightProcess::none;
    }

    void censoring_rows(const Part& part, const CensoringCurve& curve) {
        WeightProcess& process = out_.processes.front();
        const std::size_t base = process.count.size();
        const auto times = curve.time();
        process.count.insert(process.count.end(), curve.censored().begin(), curve.censored().end());
        process.at_risk.insert(process.at_risk.end(), curve.at_risk().begin(),
                               curve.at_risk().end());
        add_times(process, part, times, together_);
        for (std::size_t row = part.row_begin; row < part.row_end; ++row) {
            const double exit = times_.exit[row];
            const std::uint32_t at = place(base, times, exit, false);
            const bool tied = at - base < times.size() && times[at - base] == exit;
            const bool censored = times_.status[row] == 0;
            process.jump[row] = censored ? at : WeightProcess::none;
            // G(X-): a censoring at the exit itself still counts; cmprsk's variance leaves it out.
            process.weighted_from[row] = within(process, at + (tied && together_ ? 1U : 0U));
            process.risk_begin[row] = times_.entry.empty()
                                          ? static_cast<std::uint32_t>(base)
                                          : place(base, times, times_.entry[row], true);
            process.risk_end[row] = at + (tied && (censored || together_) ? 1U : 0U);
        }
    }

    void entry_rows(const Part& part, const EntryCurve& curve) {
        WeightProcess& process = out_.processes.back();
        const std::size_t base = process.count.size();
        process.count.insert(process.count.end(), curve.count.begin(), curve.count.end());
        process.at_risk.insert(process.at_risk.end(), curve.at_risk.begin(), curve.at_risk.end());
        add_times(process, part, curve.time, false);
        for (std::size_t row = part.row_begin; row < part.row_end; ++row) {
            process.jump[row] = place(base, curve.time, times_.entry[row], false);
            process.risk_begin[row] = process.jump[row];
            process.risk_end[row] = place(base, curve.time, times_.exit[row], false);
            process.weighted_from[row] = within(process, process.risk_end[row]);
        }
    }

    const RiskSets& sets_;
    const SubdistributionTimes& times_;
    bool together_;
    CensoringTies ties_;
    Subdistribution out_;
};

} // namespace

Subdistribution subdistribution(const RiskSets& sets, const SubdistributionTimes& times,
                                CensoringTies ties) {
    return Builder(sets, times, ties).build();
}

} // namespace salus
