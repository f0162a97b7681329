#pragma once

#include "models/ordinal.hpp"
#include "stages/association/plan.hpp"
#include "stages/association/variant_test.hpp"

#include <vector>

namespace salus::association {

/// Tests of ordinal traits that start from the score. One object per thread: it keeps work space.
class OrdinalTests {
public:
    OrdinalTests(const ScanPlan& plan, const TestRules& rules) : plan_(plan), rules_(rules) {}

    /// Fills effect, test, status and `converged` of the result. `score` and its `variance`: after
    /// thresholds and covariates. O(1), and O(N C^2) where the whole model is fitted.
    void test(const VariantGenotypes& genotypes, const TraitPlan& trait, const SetView& view,
              double score, double variance, VariantTest& result);

private:
    const ScanPlan& plan_;
    TestRules rules_;
    OrdinalSolver solver_;
    std::vector<double> genotype_, start_;
    std::vector<const double*> design_;
};

} // namespace salus::association
