#pragma once

#include "models/exact_score.hpp"
#include "models/saddlepoint_tails.hpp"

#include <span>
#include <vector>

namespace salus {

/// A score S = sum slope (y - mu) of binary outcomes, of which those of a family are correlated.
struct FamilyScoreProblem {
    std::span<const double> slope, probability; // [carrier] mu
    std::span<const CarrierFamily> families;    // of the carriers
    double score = 0;
    /// Of S, of all samples. What the carriers leave of it enters as normal.
    double variance = 0;
};

/// Two-sided p by the saddle-point approximation, with the cumulants of the sum of each family:
/// given what it shares of the liability its outcomes are independent. So the tail has not only
/// the variance of carriers in one family but their skewness. O(25 carriers) a step. One object
/// per thread.
class FamilySaddlepoint {
public:
    SaddlepointTest test(const FamilyScoreProblem& problem);

private:
    struct Score;
    std::vector<double> given_; // [node][carrier] probability
};

} // namespace salus
