#pragma once

#include "formats/allele_calls.hpp"
#include "formats/genotype_reader.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// Turns the unpacked genotype block of a BGEN record into rows of calls, dosages and phase.
///
/// The dosage of an ALT allele is its expected number of copies, P(one copy) + 2 P(two copies),
/// computed in whole numbers and rounded to the nearest 1/16384 (halves, which only BGEN 1.1 can
/// make, to the even neighbour). Haploid samples count twice. The hard call is the nearest whole
/// dosage, missing if that is farther than the threshold, as in plink2. A heterozygous call is
/// phased if one haplotype holds the allele and the other does not, both within the threshold.
class BgenDecoder {
public:
    /// \param threshold  ReadOptions::hard_call_threshold, at most 0.5.
    BgenDecoder(std::size_t samples, double threshold);

    /// Bytes that must be readable behind a block.
    static constexpr std::size_t padding = 8;

    /// Which alleles a record has.
    struct Alleles {
        std::size_t count; // REF included, at least 1
        std::size_t ref;   // index of REF
    };
    /// Layout 2. Fills one row per ALT (one row of hom_ref if there is none); `out.dosages` stays
    /// empty if the calls say all, and `out.phase` if nothing is phased. Returns how many haploid
    /// samples stand where two copies are expected. Throws RecordDefect.
    std::uint64_t decode(std::span<const std::uint8_t> block, Alleles alleles,
                         const PloidyRule& ploidy, GenotypeRecord& out);
    /// Layout 1: three 16-bit probabilities a sample in units of 1/32768; their sum need not be 1,
    /// and nothing but zeros is missing.
    void decode_layout_1(std::span<const std::uint8_t> block, Alleles alleles, GenotypeRecord& out);

    /// Most bytes that a block of diploid samples can have.
    static std::uint64_t most_bytes(std::uint64_t samples, std::uint64_t alleles) noexcept;

private:
    struct Block;
    bool decode_certain_8_bit(const Block& block, bool ref_first, GenotypeRecord& out) const;
    void decode_8_bit(const Block& block, bool ref_first, GenotypeRecord& out) const;
    void decode_16_bit(const Block& block, bool ref_first, GenotypeRecord& out) const;
    std::uint64_t decode_any(const Block& block, Alleles alleles, const PloidyRule& ploidy,
                             GenotypeRecord& out);
    void set_missing(const Block& block, GenotypeRecord& out) const;
    /// Phase of one ALT allele from its dosages on both haplotypes and together.
    Phase phase_of(unsigned first, unsigned second, unsigned both) const noexcept;
    /// Dosages -> calls; drops the dosages if the calls say all.
    void finish(GenotypeRecord& out) const;

    std::size_t samples_;
    unsigned tolerance_;                       // in 1/16384
    std::vector<std::uint8_t> call_of_dosage_; // [dosage]: call, and whether it says less
    std::vector<std::uint64_t> copies_;        // [allele], scratch: expected copies x 2^bits - 1
    std::vector<std::uint64_t> haplotypes_[2]; // [allele], scratch
};

} // namespace salus
