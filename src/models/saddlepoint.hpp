#pragma once

#include "kernels/logistic_sums.hpp"
#include "models/saddlepoint_tails.hpp"

namespace salus {

/// A score S = sum slope (y - mu) of independent Bernoulli outcomes with logit mu = offset.
struct SaddlepointProblem {
    SlopeColumns exact;       // samples that are summed one by one; `outcome` must be all 0
    double rest_variance = 0; // of the part of all others, which enters as normal
    double score = 0;         // S as observed, of all samples
    double variance = 0;      // of S, of all samples
};

/// Two-sided p of a score by the saddle-point approximation of Lugannani and Rice, tail by tail:
/// the roots of K'(t) = s by Newton's method within a bracket, to 1e-9 standard deviations. Normal
/// where |score| is below 0.001 standard deviations. Not converged if the score is the largest or
/// smallest possible one. Cost: about 2 x 6 passes over `exact`. Dey et al. 2017,
/// doi:10.1016/j.ajhg.2017.05.014.
SaddlepointTest saddlepoint_test(const SaddlepointProblem& problem) noexcept;

} // namespace salus
