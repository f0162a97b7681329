#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// Times where those that count as one (see RiskSets) are the same number, the smallest of them.
std::vector<double> same_times(std::span<const double> times);

/// People under observation: at risk in (entry, exit].
struct CurveTimes {
    std::span<const double> exit;       // [person] as of same_times
    std::span<const double> status;     // [person] 0 censored, k event of cause k
    std::span<const double> entry = {}; // [person] below exit; empty: from the start
};

/// Aalen-Johansen: probabilities of being without event and of having had each cause. With one
/// cause, Kaplan-Meier. Standard errors: of `event_free` with one cause by Greenwood, else (and of
/// the causes always) by the infinitesimal jackknife. O(n log n + causes x times).
/// Kaplan & Meier 1958, doi:10.1080/01621459.1958.10501452; Aalen & Johansen 1978.
struct IncidenceCurve {
    std::vector<double> time;                      // distinct event and censoring times, ascending
    std::vector<double> at_risk, events, censored; // events: of any cause
    std::vector<double> event_free, event_free_error;
    std::vector<std::vector<double>> incidence, incidence_error; // [cause - 1][time]
    /// Place of the last time that is not behind t; nothing before the first: npos.
    static constexpr std::size_t npos = SIZE_MAX;
    std::size_t place(double t) const noexcept;
    /// Of a cause (from 1) or of being event-free (0) at t; 0 or 1 with error 0 before the first.
    struct Value {
        double estimate, error;
    };
    Value at(std::size_t cause, double t) const noexcept;
};
IncidenceCurve incidence_curve(const CurveTimes& times, std::size_t causes);

/// 95 % interval of a survival probability on the log(-log) scale; [1, 1] or [0, 0] at the ends.
struct CurveInterval {
    double lower, upper;
};
CurveInterval log_log_interval(double survival, double error) noexcept;

/// How events and censorings at one time share the risk set of the censoring distribution:
/// events_first: whoever has the event is no longer at risk of being censored there (prodlim,
/// riskRegression); together: is (cmprsk).
enum class CensoringTies : std::uint8_t { events_first, together };

/// Probability G of being uncensored, by the product limit.
class CensoringCurve {
public:
    /// \param entry  below exit, for people who come under observation later; empty: none
    CensoringCurve(std::span<const double> exit, std::span<const double> status, CensoringTies ties,
                   std::span<const double> entry = {});
    double before(double t) const noexcept;                         // G(t-)
    double at(double t) const noexcept;                             // G(t)
    std::span<const double> time() const noexcept { return time_; } // of censorings, ascending
    std::span<const double> censored() const noexcept { return censored_; }
    std::span<const double> at_risk() const noexcept { return at_risk_; }
    /// With those who have the event at the same time, whatever the ties.
    std::span<const double> present() const noexcept { return present_; }
    double last_time() const noexcept { return last_; } // of anybody: nothing is known behind it
    CensoringTies ties() const noexcept { return ties_; }
    /// With late entry: times at which all who were there are censored. G goes on as if it began
    /// anew; what was before has no ratio to what comes after.
    std::span<const double> renewals() const noexcept { return renewals_; }

private:
    std::vector<double> time_, censored_, at_risk_, present_, value_, renewals_;
    double last_ = 0;
    CensoringTies ties_;
};

} // namespace salus
