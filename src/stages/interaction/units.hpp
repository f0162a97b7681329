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

/// Tests the variants of units. One object per rank; threads inside. Keeps one plan: that of all,
/// or from the first variant of chromosome Y that of the males, until others come again.
class UnitRunner {
public:
    UnitRunner(const UnitInput& input, Plan plan);
    /// Writes the tables `variants` and `traits/NAME` of a unit.
    void run(VariantRange unit, PartWriter& part);

private:
    using Testers = std::vector<std::unique_ptr<Tester>>; // [thread]
    void test_block(std::span<const Variant> variants, std::span<const std::uint8_t> passes,
                    std::span<InteractionTest> results);
    void test_some(std::span<const std::size_t> which, std::span<const association::Ploidy> ploidy,
                   std::span<InteractionTest> results);
    enum class People { all, males };
    void plan_for(People people);
    void add_testers();

    UnitInput input_;
    TestRules rules_;
    std::vector<TraitModel> traits_; // of the plan of all, without values
    std::unique_ptr<Plan> plan_;
    People people_ = People::all; // of plan_
    Testers testers_;
    VariantBlock block_;
};

} // namespace salus::interaction
