#pragma once

#include "genotype/genotype_source.hpp"
#include "kernels/dosage_products.hpp"
#include "kernels/genotype_counts.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace salus::association {

/// How the calls of a variant are read.
enum class Ploidy : std::uint8_t {
    diploid,       // autosomes, pseudo-autosomal regions
    x,             // males carry one copy, coded 0 or 2; a heterozygous male is missing
    y,             // only males count, coded 0 or 2; a heterozygous male is missing
    mitochondrial, // everybody carries one kind, coded 0 or 2 (1: heteroplasmy)
};
Ploidy ploidy_of(const Variant& variant, std::string_view genome_build) noexcept;

/// What is tested of a call.
enum class Coding : std::uint8_t {
    additive,  // copies of ALT
    dominant,  // 1 with any copy of ALT, else 0
    recessive, // 1 without a copy of REF, else 0
};

/// ALT copies of some samples in units of 2^-shift, their squares in units of 2^-2shift.
struct AlleleMoments {
    std::uint64_t called = 0, copies = 0, squares = 0;
    unsigned shift = 0; // 0 for calls, 14 for dosages
    std::uint64_t both_alleles() const noexcept { return called << (shift + 1); }
    /// Copies of the allele that is counted: REF if flipped.
    std::uint64_t counted(bool flipped) const noexcept {
        return flipped ? both_alleles() - copies : copies;
    }
    std::uint64_t counted_squares(bool flipped) const noexcept;
    /// Whether all that are called have the same number of copies.
    bool constant() const noexcept;
};
inline constexpr unsigned dosage_shift = 14;

struct SampleCopies {
    std::size_t sample;
    double copies;
};

/// What is known of one variant: dosages where it has some, else calls; each in the smaller form.
/// Impossible calls are made missing. Cost with few carriers and few dosages: O(both), not O(N).
class VariantGenotypes {
public:
    /// Takes variant v of a block. The block and this object must outlive each other's use.
    /// Codings but the additive one are of the calls, also where there are dosages.
    void assign(const VariantBlock& block, std::size_t v, Ploidy ploidy, std::span<const Sex> sex,
                Coding coding = Coding::additive);
    Coding coding() const noexcept { return coding_; }

    /// Whether dosages count, and not the calls. Missing is then who has no dosage.
    bool has_dosages() const noexcept { return has_dosage_list_ || !dosages_.empty(); }
    /// Whether they are a list of all that are not 0 copies, the missing ones among them.
    bool has_dosage_list() const noexcept { return has_dosage_list_; }
    std::span<const SampleDosage> dosage_list() const noexcept { return dosage_list_; }
    std::span<const Dosage> dosages() const noexcept { return dosages_; } // [sample], if no list
    bool is_list() const noexcept { return list_; }
    const std::uint8_t* row() const noexcept { return row_.data(); }
    std::span<const Carrier> carriers() const noexcept { return carriers_; }
    Ploidy ploidy() const noexcept { return ploidy_; }

    AlleleMoments moments(const SampleMask& mask) const noexcept;
    /// The same of ALT copies, whatever the coding.
    AlleleMoments allele_moments(const SampleMask& mask) const noexcept;
    /// Missing calls of all samples, as carriers.
    void list_missing_calls(std::size_t samples, std::vector<Carrier>& out) const;
    /// Copies of the counted allele (REF if flipped) of each of `samples` (ascending) into `out`;
    /// `absent` where it is missing.
    void expand(std::span<const std::uint32_t> samples, bool flipped, double absent,
                std::span<double> out) const noexcept;

    /// All samples, ascending, with copies of the counted allele (REF if flipped), or a missing
    /// call or dosage, which gets `absent` copies. The same for every form.
    void list_copies(std::size_t samples, bool flipped, double absent,
                     std::vector<SampleCopies>& out) const;

private:
    void assign_dosages(const VariantBlock& block, std::size_t v);
    void recode(std::size_t samples);
    void remove_impossible(std::size_t samples, std::span<const Sex> sex);
    DosageMoments list_moments(const SampleMask& mask) const noexcept;
    void expand_list(std::span<const std::uint32_t> samples, bool flipped, double absent,
                     std::span<double> out) const noexcept;
    void expand_row(std::size_t samples, const double (&values)[4],
                    std::span<double> out) const noexcept;
    void expand_calls(std::span<const std::uint32_t> samples, const double (&values)[4],
                      std::span<double> out) const noexcept;
    bool list_ = false, has_dosage_list_ = false;
    Ploidy ploidy_ = Ploidy::diploid;
    std::span<const std::uint8_t> row_;
    std::span<const Carrier> carriers_;
    std::vector<std::uint8_t> own_row_; // where calls were changed
    std::vector<Carrier> own_carriers_;
    Coding coding_ = Coding::additive;
    std::span<const std::uint8_t> allele_row_; // before they are coded, if not additive
    std::span<const Carrier> allele_carriers_;
    std::vector<std::uint8_t> coded_row_;
    std::vector<Carrier> coded_carriers_;
    std::vector<Dosage> dosages_; // empty if there are none, or a list
    std::vector<SampleDosage> dosage_list_;
};

} // namespace salus::association
