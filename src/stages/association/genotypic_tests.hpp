#pragma once

#include "models/genotypic.hpp"
#include "models/logistic.hpp"
#include "stages/association/plan.hpp"
#include "stages/association/variant_test.hpp"

#include <vector>

namespace salus::association {

/// One variant in both codings, as a trait's sample set sees it.
struct GenotypePair {
    const VariantGenotypes &any, &two; // carriers of ALT, of two copies
    SetView any_view = {}, two_view = {};
};

/// Whether the pair can be tested: sets mean and status of `any_view`, and the mean of `two_view`.
/// \param least people that each genotype must be found in.
void examine_pair(GenotypePair& pair, double least) noexcept;

/// Tests of two degrees of freedom. One object per thread: it keeps work space.
class GenotypicTests {
public:
    GenotypicTests(const ScanPlan& plan, const TestRules& rules) : plan_(plan), rules_(rules) {}

    /// Fill effects, test, status and `converged` of the result. `sums`: after the covariates.
    void test_linear(const TraitPlan& trait, const PairSums& sums, VariantTest& result) const;
    /// O(1), and O(N C^2) where a model is fitted.
    void test_binary(const GenotypePair& pair, const TraitPlan& trait, const PairSums& sums,
                     VariantTest& result);

private:
    void fit_design(const GenotypePair& pair, const TraitPlan& trait, const PairTest& start);
    void fit_wald(const GenotypePair& pair, const TraitPlan& trait, VariantTest& result);
    bool fit_firth(const TraitPlan& trait, VariantTest& result);

    const ScanPlan& plan_;
    TestRules rules_;
    LogisticSolver solver_;
    std::vector<double> any_, two_, start_;
    std::vector<const double*> design_;
};

} // namespace salus::association
