#pragma once

#include "models/exact_score.hpp"
#include "models/family_saddlepoint.hpp"
#include "stages/association/plan.hpp"
#include "stages/association/variant_test.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace salus::association {

/// The score of a variant in a trait's null model, its variance, and the products of the genotype
/// with the columns W X R^-1 that both were made with.
struct ScoreParts {
    double score = 0, variance = 0;
    std::span<const double> along;
    double spread = 1; // the true variance of the score over `variance`: not 1 among relatives
};

struct CarrierTest {
    AssociationTest test = AssociationTest::none;
    double neg_log10_p = 0;
};

/// Tests of binary traits from who of the carriers are cases: exact where the copies are few, and
/// by families where carriers are relatives. One object per thread: it keeps work space.
class CarrierTests {
public:
    CarrierTests(const ScanPlan& plan, const TestRules& rules) : plan_(plan), rules_(rules) {}

    /// Nothing where neither is the case, or where more than members / 16 carry the allele.
    /// \param projection  coefficients of the weighted regression of the genotype on the design.
    std::optional<CarrierTest> test(const VariantGenotypes& genotypes, const TraitPlan& trait,
                                    const SetView& view, const ScoreParts& score,
                                    std::span<const double> projection);

private:
    struct Carrier {
        std::uint32_t sample = 0, member = 0;
        double copies = 0;
        std::uint32_t family = 0; // the first carrier of it
    };
    bool list_carriers(const VariantGenotypes& genotypes, const TraitPlan& trait,
                       const SetView& view);
    bool find_families(const TraitPlan& trait);
    std::uint32_t family_of(std::uint32_t carrier);
    double correlation_of(const TraitPlan& trait, std::size_t begin, std::size_t end) const;
    void fit_carriers(const TraitPlan& trait, std::span<const double> projection);
    std::optional<CarrierTest> test_exactly(const TraitPlan& trait);

    const ScanPlan& plan_;
    TestRules rules_;
    ExactScore exact_;
    FamilySaddlepoint saddlepoint_;
    std::vector<SampleCopies> copies_;
    std::vector<Carrier> carriers_;
    std::vector<std::uint32_t> at_place_; // [place of the pair form] carrier; else none
    std::vector<CarrierFamily> families_;
    std::vector<double> fitted_, probability_, slope_, design_;
    std::vector<std::uint32_t> steps_;
};

} // namespace salus::association
