#pragma once

#include "formats/genotype_reader.hpp"
#include "genotype/genotype_source.hpp"
#include "parallel/communicator.hpp"
#include "store/parts.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace salus {

/// The samples that are exported, in the order of the store.
struct ExportSamples {
    static constexpr std::uint32_t left_out = 0xFFFFFFFF;
    SampleTable table;
    std::vector<std::uint32_t> kept;  // their numbers in the store
    std::vector<std::uint32_t> place; // [sample of the store] number in the export, or left_out
    bool all() const noexcept { return kept.size() == place.size(); }
    std::size_t count() const noexcept { return kept.size(); }
};

/// Samples that are in the sheet, if there is one, and pass quality, if there is a result.
/// DataError if the quality result is of other samples or variants, or nobody is left.
ExportSamples select_export_samples(const GenotypeSource& genotypes, const H5File* quality,
                                    const std::optional<std::filesystem::path>& sheet);

/// Chooses the variants of a unit: one flag each, and the chromosomes and filters that occur.
class ExportSelector {
public:
    ExportSelector(const GenotypeSource& genotypes, const H5File* quality,
                   std::vector<Region> regions)
        : genotypes_(genotypes), quality_(quality), regions_(std::move(regions)) {}
    void write_unit(VariantRange unit, PartWriter& part) const;

private:
    const GenotypeSource& genotypes_;
    const H5File* quality_;
    std::vector<Region> regions_;
};

/// What all units have to know of each other.
struct ExportOrder {
    std::vector<std::uint64_t> first; // [unit + 1] number of its first exported variant
    std::vector<std::string> contigs; // in order of appearance
    std::vector<std::string> filters; // sorted, without PASS
    std::uint64_t variants() const noexcept { return first.back(); }
};
/// (all) Root reads the parts of the selection, everybody gets the plan.
ExportOrder plan_export(const Communicator& comm, const Parts& selection);

/// Flags of the variants of a unit, one byte each.
std::vector<std::uint8_t> selected_variants(const Parts& selection, std::uint64_t unit);

} // namespace salus
