#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace salus {

/// Events and censoring in a stratum, in intervals of time: what a person may live to see.
struct LifeTable {
    struct Interval {
        double begin = 0;
        double hazard = 0;   // baseline, of the interval
        double censored = 0; // of those who come to its end without event
    };
    std::vector<Interval> intervals; // ascending, at most most_intervals
    static constexpr std::size_t most_intervals = 128;

    struct Exit {
        double time = 0, entry = 0; // entry: minus infinity if there are none
        bool event = false;
        double hazard = 0; // baseline of this time; on one of those who leave at it
    };
    /// Baseline hazards as they are, censoring by Kaplan and Meier. O(N log N).
    static LifeTable of(std::vector<Exit> exits);
};

/// A carrier of an allele in a Cox model.
struct EventCarrier {
    const LifeTable* follow_up = nullptr;
    double risk = 1, entry = 0; // times the baseline hazard; at risk from
    double copies = 0;
    double residual = 0; // event - expected events
};

struct ExactEventsTest {
    double neg_log10_p = 0;     // P(|S - E| >= |s - E|)
    double neg_log10_mid_p = 0; // with half of the probability of equality
    bool usable = false;
};

/// The test of the score S = sum of copies x martingale residual of few carriers by its
/// distribution, a convolution. A carrier's residual is 1 - H at an event and -H when it is
/// censored, H the hazard that it lived through; who leaves when follows from its risk, the
/// baseline hazard, and censoring that is independent of the carrier. So the residual of an early
/// event counts as what it is: counts of events given the hazards that were lived through (Poisson
/// counts, the score's information) take the smallness of H for granted, and reject too often.
/// Copies x residual are in steps of 1/16, observed ones as well. O(carriers x (intervals + steps
/// of S x different steps of a residual)). One object per thread.
class ExactEvents {
public:
    static constexpr double steps = 16;

    ExactEventsTest test(std::span<const EventCarrier> carriers);

private:
    void spread(const EventCarrier& carrier);
    void convolve();

    struct Mass {
        long step = 0;
        double mass = 0;
    };
    std::vector<double> cells_; // of one carrier
    std::vector<Mass> masses_;  // those that are not 0
    std::vector<double> total_, next_;
    long lowest_ = 0; // step of total_[0]
};

} // namespace salus
