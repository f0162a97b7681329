#include "models/firth.hpp"

#include "models/tails.hpp"

#include <algorithm>
#include <cmath>

namespace salus {

FirthTest firth_test(LogisticSolver& solver, const DesignColumns& design,
                     std::span<const double> outcome, std::span<const double> start) {
    const std::size_t columns = design.count();
    const LogisticFit full = solver.fit(
        {.design = design, .outcome = outcome, .start = start, .free = columns}, Penalty::firth);
    if (!full.converged) return {};
    std::vector<double> null_start(start.begin(), start.end());
    null_start.back() = 0;
    const LogisticFit null =
        solver.fit({.design = design, .outcome = outcome, .start = null_start, .free = columns - 1},
                   Penalty::firth);
    if (!null.converged) return {};
    FirthTest test{.beta = full.coefficients.back(),
                   .standard_error = std::sqrt(full.variances.back()),
                   .chi_square = std::max(0.0, 2 * (full.log_likelihood - null.log_likelihood)),
                   .converged = true};
    test.neg_log10_p = chi_square_neg_log10_p(test.chi_square);
    return test;
}

} // namespace salus
