#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace salus {

/// Tests of a set of variants from its scores; all as -log10 p, NaN where there is nothing to test.
struct SetTests {
    double skat = 0, burden = 0, skat_o = 0;
    double rho = 0; // the mixture of the two with the least p: 0 SKAT, 1 burden
    /// What each mixture (1 - rho) sum of squares + rho (sum)^2 would need for the least p found;
    /// empty where SKAT-O was not sought, or is that of SKAT or of the burden.
    struct Mixture {
        double rho, quantile;
    };
    std::vector<Mixture> mixtures = {};
};

/// Which tests are wanted, and so paid for. SKAT-O needs the value of each mixture that has the
/// least p found: from its exact distribution, or, as the R package SKAT does, from a chi-square
/// with the same kurtosis (Liu 2009, doi:10.1016/j.csda.2008.11.025), which moves p by some
/// percent.
enum class SetTestKind { skat, skat_o, skat_o_matched };

/// SKAT, burden and SKAT-O (Wu 2011, doi:10.1016/j.ajhg.2011.05.029; Lee 2012,
/// doi:10.1093/biostatistics/kxs014) of variant scores.
///
/// \param score       [m] weighted scores of the variants.
/// \param covariance  [m][m] their covariance under the null hypothesis, symmetric.
/// One tridiagonal form, with the burden direction as first axis, serves all mixtures. SKAT-O takes
/// the grid rho = 0, .01, .04, .09, .25, .5, 1 (as .999) and its null distribution from one table.
/// O(m^3) + O(m^2) per rho; 2 m^2 doubles.
SetTests test_set(std::span<const double> score, std::span<const double> covariance,
                  SetTestKind kind);

} // namespace salus
