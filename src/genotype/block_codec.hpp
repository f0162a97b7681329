#pragma once

#include "genotype/bit_stream.hpp"
#include "genotype/dosage_codec.hpp"
#include "genotype/genotype_source.hpp"
#include "genotype/split_rows.hpp"
#include "kernels/genotype_counts.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// A block of the genotype store: consecutive variants of N samples in the smallest form.
///
/// Layout: u32 length of the bit stream; the bit stream (first bit lowest); the byte stream. The
/// bit stream holds for each variant one 0 for a plain list (form 0 without dosages and phase), or
/// a 1, three bits of form, one bit each for dosages and phase; then the calls, the dosages, the
/// phase.
///
/// A list is: the number of its entries (Elias gamma), a bit whether all symbols are the first one,
/// and per entry the gap to the previous sample (Golomb-Rice, parameter by rice_parameter) and its
/// symbol (0, 10, 11). A symbol is what the call is xor-ed with.
enum class CallForm : std::uint8_t {
    over_hom_ref = 0,  // list of all other calls; symbols 1, 2, 3
    over_hom_alt = 1,  // symbols 3, 2, 1
    over_missing = 2,  // symbols 3, 1, 2
    row = 3,           // 2-bit row in the byte stream
    split_hom_ref = 4, // number of others; planes (split_rows.hpp) in the byte stream; list of the
    split_hom_alt = 5, // missing calls, which stand as heterozygous ones
    difference = 6, // how many bases back; a bit whether carriers are few; list of differing calls
};
/// A difference refers to one of the last variants of the block that are rows, split rows or lists
/// of many entries.
inline constexpr std::size_t most_bases = 8;
constexpr bool is_base(CallForm form, std::size_t samples, std::size_t entries) noexcept {
    return form == CallForm::difference ? false
           : form >= CallForm::row      ? true
                                        : entries > samples / 64;
}

/// Encodes blocks. Memory: a few 2-bit rows and the block.
class BlockEncoder {
public:
    explicit BlockEncoder(std::size_t samples);
    void add(const GenotypeView& view);
    std::size_t variants() const noexcept { return variants_; }
    /// Calls of the variant added last.
    const GenotypeCounts& last_counts() const noexcept { return last_counts_; }
    /// Whether some of its dosages are not what its calls stand for.
    bool last_has_dosages() const noexcept { return last_has_dosages_; }
    /// Appends the block to `out` and begins the next one.
    void finish(std::vector<std::uint8_t>& out);

private:
    struct Choice {
        CallForm form = CallForm::row;
        std::size_t bits = 0, base = 0; // size; index into bases_
    };
    Choice choose(const std::size_t (&counts)[4]);
    /// Takes a difference of at most `most` samples if it saves a quarter of `best`.
    void try_differences(std::size_t most, Choice& best);
    /// Of the first `samples`, how many differ from an earlier variant.
    std::size_t differing(std::span<const std::uint8_t> base, std::size_t samples);
    void put_list(std::span<const std::uint8_t> base, const std::uint8_t (&order)[3]);
    void put_split(Commonest commonest, std::size_t others);
    void put_calls(const Choice& choice, const std::size_t (&counts)[4]);
    bool list_phase(const GenotypeView& view);
    void put_phase();
    void remember(CallForm form, std::size_t entries);

    std::size_t samples_, variants_ = 0;
    GenotypeCounts last_counts_;
    bool last_has_dosages_ = false;
    BitWriter bits_;
    std::vector<std::uint8_t> bytes_;
    DosageEncoder dosages_;
    std::vector<std::uint8_t> row_, scratch_, uniform_[4]; // padded rows; all samples with a call
    std::vector<std::vector<std::uint8_t>> bases_;         // the oldest first
    std::vector<Carrier> list_;
    std::vector<std::uint8_t> phase_; // of each heterozygous call
};

/// Which variants of a block are wanted.
struct BlockPart {
    std::size_t variants = 0, first = 0, count = 0; // of the block; [first, first + count)
    WithPhase phase = WithPhase::no;
};

/// Decodes blocks; keeps work space. Variants before the first wanted one are decoded too.
class BlockDecoder {
public:
    /// Appends the wanted variants to `out`.
    /// \return false if the block contradicts itself; `out` then holds nothing of use.
    bool decode(std::span<const std::uint8_t> block, const BlockPart& part, VariantBlock& out);

private:
    struct Base {
        const VariantBlock* block;
        std::size_t index;
    };
    bool decode_variant(const BlockPart& part, bool wanted, VariantBlock& out, BitReader& bits);
    bool decode_calls(CallForm form, VariantBlock& out, BitReader& bits);
    bool decode_over(CallForm form, VariantBlock& out, BitReader& bits);
    bool decode_row(VariantBlock& out);
    bool decode_split(Commonest commonest, VariantBlock& out, BitReader& bits);
    bool decode_difference(VariantBlock& out, BitReader& bits);
    bool decode_phase(const BlockPart& part, VariantBlock* out, const VariantBlock& calls,
                      BitReader& bits);
    /// Reads a list into list_: the symbols as calls.
    bool read_list(std::size_t samples, const std::uint8_t (&order)[3], BitReader& bits);
    void remember(CallForm form, const VariantBlock& block);

    VariantBlock before_;
    std::span<const std::uint8_t> bytes_; // what is left of the byte stream
    std::vector<Base> bases_;
    std::vector<Carrier> list_;
    std::vector<std::uint8_t> row_;
    DosageDecoder dosages_;
};

/// Samples whose calls differ, ascending, with the xor of both calls. Rows of equal length.
void list_differences(std::span<const std::uint8_t> row, std::span<const std::uint8_t> base,
                      std::vector<Carrier>& out);

} // namespace salus
