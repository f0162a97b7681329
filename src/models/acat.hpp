#pragma once

#include <span>

namespace salus {

/// Combination of tests of one hypothesis, dependent or not, by the aggregated Cauchy test (Liu
/// 2019, doi:10.1016/j.ajhg.2019.01.002), from and to -log10 p without underflow.
///
/// \param neg_log10_p  NaN = no test, left out.
/// \param weights      >= 0, one for each.
/// p-values above 0.999 count as 0.999: discrete tests reach 1, which would outweigh everything
/// else. NaN if no test has a weight. Relative error below 1e-12.
double combine_cauchy(std::span<const double> neg_log10_p, std::span<const double> weights);

} // namespace salus
