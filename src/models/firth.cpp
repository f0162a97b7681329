#include "models/firth.hpp"

#include "models/tails.hpp"

#include <algorithm>
#include <cmath>

namespace salus {

FirthTest firth_test(LogisticSolver& solver, const DesignColumns& design,
                     std::span<const double> outcome, std::span<const double> start,
                     std::span<const double> offset) {
    LogisticProblem problem{.design = design,
                            .outcome = outcome,
                            .start = start,
                            .free = design.count(),
                            .offset = offset};
    const LogisticFit full = solver.fit(problem, Penalty::firth);
    if (!full.converged) return {};
    std::vector<double> null_start(start.begin(), start.end());
    null_start.back() = 0;
    problem.start = null_start;
    --problem.free;
    const LogisticFit null = solver.fit(problem, Penalty::firth);
    if (!null.converged) return {};
    FirthTest test{.beta = full.coefficients.back(),
                   .standard_error = std::sqrt(full.variances.back()),
                   .chi_square = std::max(0.0, 2 * (full.log_likelihood - null.log_likelihood)),
                   .converged = true};
    test.neg_log10_p = chi_square_neg_log10_p(test.chi_square);
    return test;
}

double likelihood_ratio_error(const FirthTest& test) noexcept {
    return test.chi_square < 1e-8 ? test.standard_error
                                  : std::fabs(test.beta) / std::sqrt(test.chi_square);
}

} // namespace salus
