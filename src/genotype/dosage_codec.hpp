#pragma once

#include "genotype/bit_stream.hpp"
#include "genotype/genotype_source.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// How the dosages of one variant stand in a block. They are kept exactly. Dosages of a common
/// scale (multiples of 1/100, 1/255, 1/1000 copies, rounded to 1/16384) are kept as multiples.
///
/// List, where at most samples / 4 differ from their calls: number, Rice-coded gaps, and values of
/// fixed width. Row: for each 64 samples a width and as many codes of that width, a code being the
/// zigzag difference to the dosage of the call.
class DosageEncoder {
public:
    explicit DosageEncoder(std::size_t samples) : samples_(samples) {}
    /// Whether some dosage differs from its call; only then encode() may follow.
    bool differs(const GenotypeView& view);
    /// Appends to the bit stream and the byte stream of a block.
    void encode(const GenotypeView& view, BitWriter& bits, std::vector<std::uint8_t>& bytes);

private:
    unsigned scale_of(const GenotypeView& view) const;
    void encode_list(const GenotypeView& view, unsigned scale, BitWriter& bits) const;
    void encode_row(const GenotypeView& view, unsigned scale, std::vector<std::uint8_t>& bytes);
    std::size_t samples_;
    std::size_t differing_ = 0;
    std::vector<Dosage> called_;       // what the calls stand for
    std::vector<std::uint8_t> packed_; // of one row
};

class DosageDecoder {
public:
    /// Takes the dosages of one variant from both streams (`bytes` is shortened). They go to the
    /// variant added last to `out`, or nowhere if `out` is null.
    /// \return false if the streams contradict themselves.
    bool decode(std::size_t samples, BitReader& bits, std::span<const std::uint8_t>& bytes,
                VariantBlock* out);

private:
    bool decode_list(std::size_t samples, unsigned scale, BitReader& bits);
    bool decode_row(std::span<const std::uint8_t> bytes, unsigned scale);
    std::vector<SampleDosage> list_;
    std::vector<Dosage> row_;
    std::vector<std::uint8_t> calls_;
};

} // namespace salus
