#pragma once

#include "formats/genotype_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

class PgenCursor;

/// The type of a .pgen record: how the calls are stored (lowest three bits) and what else it holds.
enum PgenType : std::uint8_t {
    pgen_row = 0,
    pgen_one_bit = 1,     // two categories in one bit each, and a list of the rest
    pgen_ld = 2,          // list of differences from the last record that is not of type 2 or 3
    pgen_ld_inverted = 3, // the same with REF and ALT exchanged
    pgen_around = 4,      // list of all that is not in category type - 4: hom_ref, hom_alt, missing
    pgen_multiallelic = 0x08,
    pgen_phased = 0x10,
    pgen_dosage_list = 0x20,
    pgen_dosage_row = 0x40,
    pgen_dosage_bits = 0x60,
    pgen_dosage_phase = 0x80
};
constexpr bool is_pgen_ld(std::uint8_t type) noexcept { return (type & 6) == pgen_ld; }

/// A record as it lies in the file.
struct PgenRecord {
    std::span<const std::uint8_t> bytes;
    std::uint8_t type = 0;
    std::size_t alts = 1; // ALT alleles of the site
};

/// Decodes the records of a .pgen file. Every length and index is checked; what the format does not
/// allow is a RecordDefect. Memory and cost O(samples).
/// PLINK 2 File Format Specification Draft, section 2.3.
class PgenDecoder {
public:
    explicit PgenDecoder(std::size_t samples) : samples_(samples), calls_(packed_bytes(samples)) {}

    /// The calls alone into `row` (packed_bytes(samples)), any ALT counting as ALT. `base`: calls
    /// of the record that an LD record refers to.
    void decode_calls(const PgenRecord& record, std::span<const std::uint8_t> base,
                      std::span<std::uint8_t> row) const;
    /// All of the record into rows, phase and dosages of `out`, one variant per ALT allele. How a
    /// dosage is shared by the two haplotypes is checked and left out.
    void decode(const PgenRecord& record, std::span<const std::uint8_t> base, GenotypeRecord& out);
    /// The calls that decode() found last, before splitting.
    std::span<const std::uint8_t> calls() const noexcept { return calls_; }

private:
    struct Called {
        std::uint32_t sample;
        std::uint16_t low, high; // allele numbers, 0 is REF
    };
    void read_main(PgenCursor& in, std::uint8_t type, std::span<const std::uint8_t> base,
                   std::span<std::uint8_t> row) const;
    void read_one_bit(PgenCursor& in, std::span<std::uint8_t> row) const;
    void list_called(bool all);
    void read_patches(PgenCursor& in, std::size_t alts);
    void choose(PgenCursor& in, unsigned format, bool homozygous);
    void split(std::size_t alts, GenotypeRecord& out) const;
    void read_phase(PgenCursor& in, GenotypeRecord& out);
    void read_dosages(PgenCursor& in, std::uint8_t type, GenotypeRecord& out);
    void choose_dosages(PgenCursor& in, std::uint8_t kind);
    void check_dosage_phase(PgenCursor& in, std::uint8_t kind) const;

    std::size_t samples_;
    std::vector<std::uint8_t> calls_;
    std::vector<Called> called_;        // calls that are neither hom_ref nor missing, or the hets
    std::vector<std::uint32_t> chosen_; // indices into called_, or samples that have a dosage
};

} // namespace salus
