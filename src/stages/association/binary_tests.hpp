#pragma once

#include "models/firth.hpp"
#include "models/logistic.hpp"
#include "stages/association/carrier_tests.hpp"
#include "stages/association/plan.hpp"
#include "stages/association/variant_test.hpp"

#include <span>
#include <vector>

namespace salus::association {

/// Tests of binary traits that start from the score. One object per thread: it keeps work space.
class BinaryTests {
public:
    BinaryTests(const ScanPlan& plan, const TestRules& rules)
        : plan_(plan), rules_(rules), carrier_tests_(plan, rules) {}

    /// Fills effect, test, status and `converged` of the result. Costs O(carriers) after the score
    /// where few carry the allele, else O(N), and O(N C^2) for Wald and exact Firth tests.
    void test(const VariantGenotypes& genotypes, const TraitPlan& trait, const SetView& view,
              const ScoreParts& score, VariantTest& result);

private:
    struct Variant {
        const VariantGenotypes& genotypes;
        const TraitPlan& trait;
        const SetView& view;
        const ScoreParts& score;
    };
    void fit_wald(const Variant& variant, VariantTest& result);
    FirthTest fit_firth(const Variant& variant);
    FirthTest fit_approximate_firth(const Variant& variant);
    FirthTest fit_fixed_offset(const Variant& variant);
    void test_firth(const Variant& variant, VariantTest& result);
    void test_saddlepoint(const Variant& variant, VariantTest& result);
    void test_again(const Variant& variant, VariantTest& result);
    void set_firth(const Variant& variant, const FirthTest& fit, AssociationTest test,
                   VariantTest& result) const;
    DesignColumns design_with(const Variant& variant);
    void find_projection(const Variant& variant);
    bool list_slopes(const Variant& variant);
    DesignColumns combined_slopes(const Variant& variant);
    void expand_slopes(const Variant& variant);

    const ScanPlan& plan_;
    TestRules rules_;
    CarrierTests carrier_tests_;
    LogisticSolver solver_;
    std::vector<double> genotype_, start_, projection_;
    std::vector<double> offset_, slope_, own_slope_, outcome_; // of the listed samples, padded
    std::size_t listed_ = 0;
    std::vector<SampleCopies> copies_;
    std::vector<const double*> design_;
};

} // namespace salus::association
