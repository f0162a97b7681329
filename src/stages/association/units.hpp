#pragma once

#include "genotype/genotype_source.hpp"
#include "stages/association/engines.hpp"
#include "store/packed_tables.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace salus::association {

/// Cuts the variants into work units: as variant_units, but of at most 65,536 variants (a chunk of
/// the result), so that the memory of a unit does not grow with the number of variants, and of at
/// least 2^24 genotypes where that leaves 16 units, so that files do not cost more than tests. A
/// function of the data.
std::vector<VariantRange> association_units(const GenotypeSource& genotypes);

/// Name of the packed tables of the traits of a pass in its parts.
inline constexpr std::string_view packed_traits = "traits";

/// Tests the variants of units against the traits of one pass. One object per rank; threads inside.
class UnitRunner {
public:
    /// `specs`: of the tables of the plan's traits, which outlive this object.
    UnitRunner(const PassInput& input, ScanPlan plan, std::span<const TableSpec> specs);
    /// Writes the packed tables `traits` of a unit, and the table `variants` if asked for.
    void run(VariantRange unit, bool with_variants, PartWriter& part);

private:
    struct Columns;
    /// Variants [begin, end) of the block that was read, which share a chromosome if that matters.
    struct Piece {
        std::size_t begin = 0, end = 0;
        const std::string& chromosome;
        std::span<const Ploidy> ploidy;       // of the block
        std::span<const std::uint8_t> passes; // of the block
        std::size_t first_row = 0;            // of the block in the unit
    };
    void test_piece(const Piece& piece, std::vector<Columns>& columns);
    void test_variants(Engine& engine, std::span<const std::size_t> variants, const Piece& piece,
                       std::vector<Columns>& columns);
    void test_group(Engine& engine, std::span<const std::size_t> group, const Piece& piece,
                    std::span<VariantTest> results);

    PassInput input_;
    std::span<const TableSpec> specs_;
    Engines engines_;
    VariantBlock block_;
};

} // namespace salus::association
