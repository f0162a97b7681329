#include "models/survival_curves.hpp"

#include "models/risk_sets.hpp"
#include "models/tails.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace salus {
namespace {

std::vector<std::uint32_t> sorted_order(std::span<const double> values) {
    std::vector<std::uint32_t> order(values.size());
    std::iota(order.begin(), order.end(), std::uint32_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return values[a] < values[b]; });
    return order;
}

} // namespace

std::vector<double> same_times(std::span<const double> times) {
    std::vector<double> sorted(times.begin(), times.end());
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    double sum = 0;
    for (const double t : sorted)
        sum += std::fabs(t);
    const double mean = sorted.empty() ? 0 : sum / static_cast<double>(sorted.size());
    std::vector<double> first = sorted;
    for (std::size_t i = 1; i < sorted.size(); ++i) {
        const double gap = sorted[i] - sorted[i - 1];
        if (gap <= same_time || gap <= same_time * mean) first[i] = first[i - 1];
    }
    std::vector<double> out;
    out.reserve(times.size());
    for (const double t : times)
        out.push_back(first[static_cast<std::size_t>(
            std::lower_bound(sorted.begin(), sorted.end(), t) - sorted.begin())]);
    return out;
}

std::size_t IncidenceCurve::place(double t) const noexcept {
    const auto after = std::upper_bound(time.begin(), time.end(), t);
    return after == time.begin() ? npos : static_cast<std::size_t>(after - time.begin() - 1);
}

IncidenceCurve::Value IncidenceCurve::at(std::size_t cause, double t) const noexcept {
    const std::size_t k = place(t);
    if (k == npos) return {cause == 0 ? 1.0 : 0.0, 0};
    if (cause == 0) return {event_free[k], event_free_error[k]};
    return {incidence[cause - 1][k], incidence_error[cause - 1][k]};
}

namespace {

/// Influence of people on one state's probability: d - P(t) b for everybody. Sums over those who
/// left, and over those under observation relative to a running value.
struct Influence {
    double d = 0; // running value of whoever has been there throughout
    double left_dd = 0, left_db = 0, left_bb = 0;
    double in_d = 0, in_dd = 0, in_db = 0; // sums over the present of d at their entry
};

/// The sweep over time that makes the curve.
class IncidenceSweep {
public:
    IncidenceSweep(const CurveTimes& times, std::size_t causes)
        : times_(times), causes_(causes), states_(causes + 1), entry_b_(times.exit.size(), 0.0),
          entry_d_(times.entry.empty() ? 0 : times.exit.size() * (causes + 1), 0.0) {
        out_.incidence.resize(causes);
        out_.incidence_error.resize(causes);
    }

    IncidenceCurve run() {
        const auto order = sorted_order(times_.exit);
        const auto entries = times_.entry.empty() ? order : sorted_order(times_.entry);
        if (times_.entry.empty()) {
            present_ = static_cast<double>(order.size());
        }
        std::size_t entered = 0;
        for (std::size_t at = 0; at < order.size();) {
            const double t = times_.exit[order[at]];
            if (!times_.entry.empty())
                for (; entered < order.size() && times_.entry[entries[entered]] < t; ++entered)
                    enter(entries[entered]);
            std::size_t end = at;
            while (end < order.size() && times_.exit[order[end]] == t)
                ++end;
            step(t, std::span(order).subspan(at, end - at));
            at = end;
        }
        return std::move(out_);
    }

private:
    void enter(std::uint32_t person) {
        present_ += 1;
        entry_b_[person] = b_;
        in_b_ += b_, in_bb_ += b_ * b_;
        for (std::size_t s = 0; s <= causes_; ++s) {
            Influence& state = states_[s];
            entry_d_[person * (causes_ + 1) + s] = state.d;
            state.in_d += state.d, state.in_dd += state.d * state.d, state.in_db += state.d * b_;
        }
    }

    double entry_d(std::uint32_t person, std::size_t s) const {
        return entry_d_.empty() ? 0 : entry_d_[person * (causes_ + 1) + s];
    }

    void step(double t, std::span<const std::uint32_t> leaving) {
        std::vector<double> events(causes_ + 1, 0.0);
        for (const std::uint32_t person : leaving)
            events[static_cast<std::size_t>(times_.status[person])] += 1;
        const double all = std::accumulate(events.begin() + 1, events.end(), 0.0);
        const double hazard = all / present_, stay = 1 - hazard, before = free_;
        // Everybody is pulled by the compensators; who has the event jumps as well. When nobody
        // stays, nothing later can depend on this time.
        const double pull = stay > 0 ? 1 / (present_ * stay) : 0;
        b_ -= all / present_ * pull;
        std::vector<double> jump(causes_ + 1, 0.0), share(causes_ + 1, 0.0);
        for (std::size_t s = 1; s <= causes_; ++s)
            cif(s) += before * events[s] / present_;
        free_ = before * stay;
        for (std::size_t s = 1; s <= causes_; ++s) {
            share[s] = before / present_; // jump of d by an event of the cause
            jump[s] = value(s) * pull;    // by an event of any cause
            states_[s].d -= share[s] * events[s] / present_ + jump[s] * all / present_;
        }
        for (const std::uint32_t person : leaving)
            leave(person, share, jump, pull);
        greenwood_ += stay > 0 ? all / (present_ * present_ * stay) : 0;
        write(t, events, all, static_cast<double>(leaving.size()) - all);
    }

    void leave(std::uint32_t person, std::span<const double> share, std::span<const double> jump,
               double pull) {
        const auto cause = static_cast<std::size_t>(times_.status[person]);
        const double own_b = b_ - entry_b_[person] + (cause > 0 ? pull : 0);
        left_bb_ += own_b * own_b;
        in_b_ -= entry_b_[person], in_bb_ -= entry_b_[person] * entry_b_[person];
        for (std::size_t s = 1; s <= causes_; ++s) {
            Influence& state = states_[s];
            const double begun = entry_d(person, s);
            double own = state.d - begun;
            if (cause > 0) own += jump[s] + (cause == s ? share[s] : 0);
            state.left_dd += own * own, state.left_db += own * own_b;
            state.in_d -= begun, state.in_dd -= begun * begun;
            state.in_db -= begun * entry_b_[person];
        }
        leaving_now_ += 1;
    }

    void write(double t, std::span<const double> events, double all, double censored) {
        const double there = present_ - leaving_now_;
        out_.time.push_back(t);
        out_.at_risk.push_back(present_);
        out_.events.push_back(all);
        out_.censored.push_back(censored);
        out_.event_free.push_back(free_);
        present_ = there, leaving_now_ = 0;
        const double bb = left_bb_ + there * b_ * b_ - 2 * b_ * in_b_ + in_bb_;
        const double free_variance = causes_ == 1 ? greenwood_ : std::max(0.0, bb);
        out_.event_free_error.push_back(free_ * std::sqrt(free_variance));
        for (std::size_t s = 1; s <= causes_; ++s) {
            const Influence& state = states_[s];
            const double d = state.d, p = value(s);
            const double dd = state.left_dd + there * d * d - 2 * d * state.in_d + state.in_dd;
            const double db =
                state.left_db + there * d * b_ - d * in_b_ - b_ * state.in_d + state.in_db;
            out_.incidence[s - 1].push_back(p);
            out_.incidence_error[s - 1].push_back(
                std::sqrt(std::max(0.0, dd - 2 * p * db + p * p * bb)));
        }
        (void)events;
    }

    double& cif(std::size_t s) { return values_[s]; }
    double value(std::size_t s) const { return values_[s]; }

    const CurveTimes& times_;
    std::size_t causes_;
    std::vector<Influence> states_;
    std::vector<double> entry_b_, entry_d_;
    std::vector<double> values_ = std::vector<double>(causes_ + 1, 0.0);
    double present_ = 0, leaving_now_ = 0, free_ = 1, greenwood_ = 0;
    double b_ = 0, left_bb_ = 0, in_b_ = 0, in_bb_ = 0;
    IncidenceCurve out_;
};

} // namespace

IncidenceCurve incidence_curve(const CurveTimes& times, std::size_t causes) {
    return IncidenceSweep(times, causes).run();
}

CurveInterval log_log_interval(double survival, double error) noexcept {
    if (!(survival > 0 && survival < 1)) return {survival, survival};
    const double log_survival = std::log(survival);
    const double half = normal_975 * error / (survival * std::fabs(log_survival));
    return {std::exp(log_survival * std::exp(half)), std::exp(log_survival * std::exp(-half))};
}

CensoringCurve::CensoringCurve(std::span<const double> exit, std::span<const double> status,
                               CensoringTies ties, std::span<const double> entry)
    : ties_(ties) {
    const auto order = sorted_order(exit);
    std::vector<double> entries(entry.begin(), entry.end());
    std::sort(entries.begin(), entries.end());
    std::size_t entered = entry.empty() ? order.size() : 0;
    double value = 1;
    for (std::size_t at = 0; at < order.size();) {
        const double t = exit[order[at]];
        while (entered < entries.size() && entries[entered] < t)
            ++entered;
        const auto present = static_cast<double>(entered - at);
        double events = 0, censored = 0;
        for (; at < order.size() && exit[order[at]] == t; ++at)
            (status[order[at]] == 0 ? censored : events) += 1;
        if (censored > 0) {
            const double at_risk = ties == CensoringTies::events_first ? present - events : present;
            if (!entry.empty() && censored == at_risk)
                renewals_.push_back(t);
            else
                value *= 1 - censored / at_risk;
            time_.push_back(t);
            censored_.push_back(censored);
            at_risk_.push_back(at_risk);
            present_.push_back(present);
            value_.push_back(value);
        }
        last_ = t;
    }
}

double CensoringCurve::before(double t) const noexcept {
    const auto at = std::lower_bound(time_.begin(), time_.end(), t) - time_.begin();
    return at == 0 ? 1 : value_[static_cast<std::size_t>(at - 1)];
}

double CensoringCurve::at(double t) const noexcept {
    const auto at = std::upper_bound(time_.begin(), time_.end(), t) - time_.begin();
    return at == 0 ? 1 : value_[static_cast<std::size_t>(at - 1)];
}

} // namespace salus
