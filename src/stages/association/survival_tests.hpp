#pragma once

#include "models/exact_events.hpp"
#include "models/poisson_saddlepoint.hpp"
#include "stages/association/plan.hpp"
#include "stages/association/variant_test.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace salus::association {

/// The score of a variant in a trait's null model, and the information of the genotype but for the
/// squared means of the risk sets and the part of the covariates.
struct SurvivalScore {
    double score = 0;
    double expected_squares = 0; // sum of expected events x genotype^2
    double covariates = 0;       // what the covariates take from the information
};

/// Tests of time-to-event traits. One object per thread: it keeps work space.
class SurvivalTests {
public:
    SurvivalTests(const ScanPlan& plan, const TestRules& rules);

    /// Looks at a group of variants; then each of them can be tested for each trait. `views`:
    /// [variant][sample set].
    void prepare(std::span<const VariantGenotypes* const> variants, std::span<const SetView> views);
    /// Fills effect, test, status and `converged` of the result: variant v of the group, trait t of
    /// the plan.
    void test(std::size_t v, std::size_t t, const SurvivalScore& score, VariantTest& result);

private:
    struct Variant {
        const VariantGenotypes& genotypes;
        const TraitPlan& trait;
        const SetView& view;
        CoxScore::Carriers& carriers;
        double score = 0, information = 0; // covariates taken out

        const SurvivalPlan& plan() const noexcept { return *trait.survival; }
    };
    bool is_scanned(std::size_t v, std::size_t set) const noexcept;
    void scan_rows(std::span<const std::size_t> which);
    double squared_means(const Variant& variant);
    void list_carriers(const Variant& variant);
    void expand_rows(const Variant& variant);
    PoissonScore poisson_score(const Variant& variant);
    void test_score(const Variant& variant, VariantTest& result);
    ExactEventsTest exact_tail(const Variant& variant);
    AssociationTest test_tail(const Variant& variant, Effect& effect, VariantTest& result);
    CoxFit fit(const Variant& variant);
    void fit_wald(const Variant& variant, VariantTest& result);

    const ScanPlan& plan_;
    TestRules rules_;
    std::vector<std::size_t> place_;  // [trait of the plan] -> place among time-to-event traits
    std::vector<std::size_t> traits_; // the other way round
    std::span<const VariantGenotypes* const> variants_;
    std::span<const SetView> views_;
    std::vector<double> squared_means_;             // [place][variant]; NaN: not scanned
    std::vector<std::uint8_t> calls_;               // sample rows of the group
    std::vector<std::vector<std::uint8_t>> packed_; // rows of listed variants
    std::vector<CoxScore::Carriers> carriers_;      // [place]
    std::vector<SampleCopies> copies_;
    std::vector<CoxScore::RowValue> listed_;
    std::vector<double> values_, genotype_, start_;
    PoissonRegression regression_;
    std::vector<const double*> design_;
    PoissonSaddlepoint saddlepoint_;
    ExactEvents exact_;
    std::vector<EventCarrier> event_carriers_;
    CoxSolver solver_;
};

} // namespace salus::association
