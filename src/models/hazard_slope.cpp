#include "models/hazard_slope.hpp"

#include "base/numbers.hpp"
#include "models/hazard_likelihood.hpp"

#include <cmath>

namespace salus {

HazardSlope hazard_slope(const SlopeTimes& people, std::span<const double> column,
                         CensoringTies ties) {
    const auto& [exit, status, entry] = people.times;
    std::vector<double> event;
    for (const double s : status)
        event.push_back(s == 1 ? 1 : 0);
    const RiskSets sets({.exit = exit, .event = event, .entry = entry, .stratum = people.stratum});
    const auto blocks = hazard_blocks(sets);
    HazardDesign design(sets, blocks, 1);
    design.fill(0, column);
    const auto scales = column_scales(design.rows, 1, sets.rows(), join_alone);
    design.standardise(scales);
    HazardProblem problem{
        .sets = sets, .blocks = blocks, .design = design.rows, .leaving = design.leaving};
    std::vector<WeightProcess> processes;
    if (people.subdistribution) {
        const auto exits = sets.sorted(exit), states = sets.sorted(status),
                   entries = sets.sorted(entry);
        std::vector<std::uint32_t> strata;
        for (const std::uint32_t i : sets.order())
            if (!people.stratum.empty()) strata.push_back(people.stratum[i]);
        auto found = subdistribution(
            sets, {.exit = exits, .status = states, .entry = entries, .stratum = strata}, ties);
        if (found.broken) return {nan, nan};
        problem.competing = std::move(found.weights);
        problem.ties = Ties::breslow;
        processes = std::move(found.processes);
    }
    HazardLikelihood likelihood(std::move(problem));
    NewtonFit fit = fit_newton(likelihood);
    if (fit.state != FitState::converged || fit.rank() == 0) return {nan, nan};
    auto robust = robust_covariance(likelihood, fit, {}, processes);
    restore_units(scales, fit.coefficients, robust);
    return {fit.coefficients[0], std::sqrt(robust[0])};
}

} // namespace salus
