#pragma once

#include "genotype/genotype_source.hpp"
#include "stages/association/scan.hpp"
#include "store/parts.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace salus::association {

/// What all units of a pass read.
struct PassInput {
    const GenotypeSource& genotypes;
    const Phenotypes& phenotypes;
    const Eligible& eligible;
    const AssociationParams& params;
    const H5File* quality;           // null: every variant passes
    std::size_t first = 0, last = 0; // traits of the pass
};

/// Cuts the variants into work units: as variant_units, but of at most 65,536 variants (a chunk of
/// the result), so that the memory of a unit does not grow with the number of variants, and of at
/// least 2^24 genotypes where that leaves 16 units, so that files do not cost more than tests. A
/// function of the data.
std::vector<VariantRange> association_units(const GenotypeSource& genotypes);

/// Tests the variants of units against the traits of one pass. One object per rank; threads inside.
class UnitRunner {
public:
    UnitRunner(const PassInput& input, const ScanPlan& plan);
    /// Writes the tables `traits/NAME` of a unit, and `variants` if asked for.
    void run(VariantRange unit, bool with_variants, PartWriter& part);

private:
    struct Columns;
    void test_block(const VariantBlock& block, const std::vector<Ploidy>& ploidy,
                    const std::vector<std::uint8_t>& passes, std::vector<Columns>& columns,
                    std::size_t first_row);
    void test_group(const VariantBlock& block, std::span<const std::size_t> group,
                    std::span<const Ploidy> ploidy, bool in_males, std::span<VariantTest> results);
    const ScanPlan& plan_of_males();

    PassInput input_;
    const ScanPlan& plan_;
    TestRules rules_;
    std::unique_ptr<ScanPlan> male_plan_; // made when the first variant on Y comes
    std::vector<std::size_t> male_trait_; // trait of plan_ -> trait of male_plan_, or SIZE_MAX
    std::vector<std::unique_ptr<Scanner>> scanners_, male_scanners_; // [thread]
    VariantBlock block_;
};

} // namespace salus::association
