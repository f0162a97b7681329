#pragma once

#include "models/logistic.hpp"

namespace salus {

/// Firth's penalised likelihood ratio test of the last column of a design.
struct FirthTest {
    double beta = 0;           // penalised estimate
    double standard_error = 0; // from the information at that estimate
    double chi_square = 0;     // 2 (l* at the estimate - l* with the coefficient fixed at 0), 1 df
    double neg_log10_p = 0;
    bool converged = false;
};

/// l* = l + 0.5 log |X'WX| with all columns in the determinant, also where the last coefficient is
/// fixed at 0 (as in logistf). `start`: coefficients of all columns, the null model's with the last
/// near its estimate is best. `offset`: added to the linear predictor, may be empty. Two fits of
/// `solver`. Finite even under complete separation. Heinze &
/// Schemper 2002, doi:10.1002/sim.1047.
FirthTest firth_test(LogisticSolver& solver, const DesignColumns& design,
                     std::span<const double> outcome, std::span<const double> start,
                     std::span<const double> offset = {});

/// The standard error that agrees with the likelihood ratio test: |beta| / sqrt(chi_square). Where
/// that is 0 / 0 (chi_square below 1e-8), the one of the information.
double likelihood_ratio_error(const FirthTest& test) noexcept;

} // namespace salus
