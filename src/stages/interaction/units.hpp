#pragma once

#include "genotype/genotype_source.hpp"
#include "stages/interaction/tester.hpp"
#include "store/h5.hpp"
#include "store/parts.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace salus::interaction {

/// What all units read.
struct UnitInput {
    const GenotypeSource& genotypes;
    const association::Phenotypes& phenotypes;
    const association::Eligible& eligible;
    const InteractionParams& params;
    const H5File* quality; // null: every variant passes
};

/// Tests the variants of units. One object per rank; threads inside.
class UnitRunner {
public:
    UnitRunner(const UnitInput& input, const Plan& plan);
    /// Writes the tables `variants` and `traits/NAME` of a unit.
    void run(VariantRange unit, PartWriter& part);

private:
    using Testers = std::vector<std::unique_ptr<Tester>>; // [thread]
    void test_block(std::span<const Variant> variants, std::span<const std::uint8_t> passes,
                    std::span<InteractionTest> results);
    void test_some(std::span<const std::size_t> which, std::span<const association::Ploidy> ploidy,
                   const Plan& plan, Testers& testers, std::span<InteractionTest> results);
    void plan_males();

    UnitInput input_;
    const Plan& plan_;
    TestRules rules_;
    std::unique_ptr<Plan> male_plan_; // made when the first variant on Y comes
    Testers testers_, male_testers_;
    VariantBlock block_;
};

} // namespace salus::interaction
