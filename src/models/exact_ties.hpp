#pragma once

#include "models/hazard_likelihood.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// How much the exact likelihood of tied events takes: for each time with d > 1 events among n
/// people at risk, d n.
struct ExactTiesCost {
    double steps = 0;   // of all times
    double largest = 0; // of one time: 16 B each in memory
};
ExactTiesCost exact_ties_cost(const RiskSets& sets);

/// One time with several events: of all sets of d people at risk, the one that had the event was
/// drawn with a chance that grows as exp(sum of its linear predictors).
struct DrawnSet {
    double log_total = 0;            // log of the sum of exp(...) over all sets
    std::vector<double> probability; // [person at risk] to be in the set
};
/// \param eta  [person at risk]; \param deaths  d, 1 .. people; \param columns  [column][person].
/// \param mean  [column] and \param covariance  [column][column]: of the sum of a column over the
/// set, added to what is there; empty: not asked for. O(d n C^2) time, 16 d n bytes. Recursion over
/// people of Gail, Lubin & Rubinstein 1981, doi:10.1093/biomet/68.3.703, in ratios, so that nothing
/// overflows; means and covariances follow it as those of a mixture.
DrawnSet draw_deaths(std::span<const double> eta, std::size_t deaths,
                     std::span<const std::span<const double>> columns = {},
                     std::span<double> mean = {}, std::span<double> covariance = {});

/// Partial likelihood of Cox's discrete model: events at one time share their risk set exactly, as
/// in conditional logistic regression. Times with one event are left to `breslow`, a likelihood
/// with Breslow's ties and without competing weights over the same rows; it stays at the same
/// coefficients. Every rank holds the whole design (8 B x rows x columns) and does its share of the
/// tied times, cut into pieces by the data alone. Cox 1972,
/// doi:10.1111/j.2517-6161.1972.tb00899.x.
class ExactTies final : public Likelihood {
public:
    /// The share `part` of `parts` ranks; `join` as of these ranks.
    ExactTies(HazardLikelihood& breslow, std::size_t part, std::size_t parts, JoinBlocks join);
    std::size_t columns() const override { return breslow_.columns(); }
    double log_likelihood(std::span<const double> coefficients) override;
    void derivatives(std::span<double> score, std::span<double> information) override;

private:
    std::vector<std::uint32_t> at_risk(std::uint32_t event_time) const;
    void add_set(std::uint32_t event_time, std::span<double> score,
                 std::span<double> information) const;

    HazardLikelihood& breslow_;
    JoinBlocks join_;
    std::vector<std::vector<double>> design_;        // [column][row]
    std::vector<std::vector<std::uint32_t>> pieces_; // of this rank: tied event times
    std::vector<double> untied_;                     // [event time] 1, or 0 if tied
};

} // namespace salus
