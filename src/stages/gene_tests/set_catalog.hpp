#pragma once

#include "formats/gene_annotations.hpp"
#include "genotype/genotype_source.hpp"
#include "parallel/communicator.hpp"
#include "stages/gene_tests/gene_tests.hpp"
#include "stages/gene_tests/set_windows.hpp"
#include "store/parts.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus::gene_tests {

/// A variant of a set.
struct SetMember {
    std::uint32_t key;   // in the catalog's names of variants
    std::uint64_t masks; // bit per mask
};

/// Which variants belong to which set and mask, by name; and after matching, where they are in the
/// genotypes. About 150 bytes an annotated variant, the same on all ranks.
class SetCatalog {
public:
    struct Set {
        std::string name;
        std::vector<SetMember> members; // ascending by key, those with annotations
        std::uint32_t named = 0;        // variants that the set names
        std::vector<std::uint32_t> unannotated;
        const Window* window = nullptr; // then it has no members, but all variants there
        std::size_t variants() const noexcept {
            return window != nullptr ? window->range.size() : members.size();
        }
    };
    /// DataError if masks name no consequence of the annotations, or there are more than 64 masks.
    static SetCatalog read(const GeneTestsParams& params, const std::filesystem::path& annotations,
                           const std::filesystem::path* sets, const std::filesystem::path* masks);

    /// Windows as sets, with one mask.
    static SetCatalog of_windows(std::vector<Window> windows);

    const std::vector<Set>& sets() const noexcept { return sets_; }
    const std::vector<VariantMask>& masks() const noexcept { return masks_; }
    const NameTable& names() const noexcept { return names_; }
    std::uint64_t without_gene() const noexcept { return without_gene_; }
    /// Masks that no consequence of the annotations belongs to.
    const std::vector<std::string>& empty_masks() const noexcept { return empty_masks_; }

    /// Finds the variants of a range of the genotypes by identifier or place; writes what it found.
    void match(const GenotypeSource& genotypes, VariantRange unit, PartWriter& part) const;
    /// How the names met the genotypes.
    struct Ledger {
        std::uint64_t by_place = 0, by_identifier = 0, absent = 0, ambiguous = 0;
    };
    /// Takes the matches of all units. A name that several variants answer to is left out.
    Ledger take_matches(const Parts& parts);
    static constexpr std::uint64_t nowhere = UINT64_MAX;
    /// Variant of the genotypes by key.
    std::uint64_t place(std::uint32_t key) const noexcept { return places_[key]; }

private:
    std::uint64_t masks_of(std::string_view consequence) const;
    void add_genes(const GeneAnnotations& annotations);
    void add_sets(const GeneAnnotations& annotations, const std::filesystem::path& path);

    std::vector<Set> sets_;
    std::vector<Window> windows_;
    std::vector<VariantMask> masks_;
    std::vector<std::string> empty_masks_;
    NameTable names_;
    std::vector<std::uint64_t> places_, mask_bits_; // mask_bits_: [consequence]
    std::uint64_t without_gene_ = 0;
};

/// Sets that one unit tests: consecutive, about 1,000 members. A function of the sets alone.
struct SetRange {
    std::size_t begin, end;
};
std::vector<SetRange> set_units(const SetCatalog& catalog);

} // namespace salus::gene_tests
