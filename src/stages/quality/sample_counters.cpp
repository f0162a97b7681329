#include "stages/quality/sample_counters.hpp"

#include "parallel/parallel_for.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace salus {
namespace {

constexpr std::uint64_t low_bits = 0x5555555555555555;
constexpr std::uint64_t low_pairs = 0x3333333333333333;
constexpr std::uint64_t low_nibbles = 0x0f0f0f0f0f0f0f0f;
constexpr std::size_t tile_words = 64; // 2048 samples
constexpr std::size_t planes = 3;      // het, hom_alt, missing

using Tile = std::array<std::uint64_t, tile_words>;

std::uint64_t load_word(const std::uint8_t* row, std::size_t word) noexcept {
    std::uint64_t value;
    std::memcpy(&value, row + 8 * word, 8);
    return value;
}

/// Counts of up to 255 rows of one tile in ever wider fields: 2 bits (3 rows), 4 bits (15), 8 bits.
class TileCounter {
public:
    void add_three(std::span<const std::uint8_t* const> rows, std::size_t first,
                   std::size_t words) {
        for (auto& plane : pairs_)
            plane.fill(0);
        for (const std::uint8_t* row : rows) {
            for (std::size_t w = 0; w < words; ++w) {
                const std::uint64_t value = load_word(row, first + w), high = value >> 1;
                pairs_[0][w] += value & ~high & low_bits;
                pairs_[1][w] += high & ~value & low_bits;
                pairs_[2][w] += high & value & low_bits;
            }
        }
        for (std::size_t p = 0; p < planes; ++p) {
            for (std::size_t w = 0; w < words; ++w) {
                nibbles_[p][0][w] += pairs_[p][w] & low_pairs;
                nibbles_[p][1][w] += pairs_[p][w] >> 2 & low_pairs;
            }
        }
    }
    void widen(std::size_t words) {
        for (std::size_t p = 0; p < planes; ++p) {
            for (std::size_t half = 0; half < 2; ++half) {
                for (std::size_t w = 0; w < words; ++w) {
                    bytes_[p][half][w] += nibbles_[p][half][w] & low_nibbles;
                    bytes_[p][half + 2][w] += nibbles_[p][half][w] >> 4 & low_nibbles;
                }
                nibbles_[p][half].fill(0);
            }
        }
    }
    void flush(std::size_t plane, std::size_t words, std::span<std::uint32_t> counts) {
        for (std::size_t i = 0; i < std::min(counts.size(), 32 * words); ++i) {
            // Sample i of a word sits in bits 2i: quarter (i % 4) of byte i / 4.
            const std::size_t lane = i % 4, byte = i % 32 / 4;
            const std::uint64_t word = bytes_[plane][lane][i / 32];
            counts[i] += static_cast<std::uint32_t>(word >> (8 * byte) & 0xff);
        }
        for (auto& lane : bytes_[plane])
            lane.fill(0);
    }

private:
    std::array<Tile, planes> pairs_{};
    // Half h of nibble k: sample 2k + h. Lane l of byte j: sample 4j + l.
    std::array<std::array<Tile, 2>, planes> nibbles_{};
    std::array<std::array<Tile, 4>, planes> bytes_{};
};

void count_tile(std::span<const std::uint8_t* const> rows, std::size_t first_word,
                std::size_t words, ClassCounts& sum) {
    const std::size_t sample = 32 * first_word;
    const std::size_t length = std::min(32 * words, sum.het.size() - sample);
    TileCounter counter;
    for (std::size_t begin = 0; begin < rows.size(); begin += 255) {
        const std::size_t end = std::min(rows.size(), begin + 255);
        for (std::size_t r = begin; r < end; r += 3) {
            counter.add_three(rows.subspan(r, std::min<std::size_t>(3, end - r)), first_word,
                              words);
            if ((r - begin) % 15 == 12) counter.widen(words);
        }
        counter.widen(words);
        counter.flush(0, words, std::span(sum.het).subspan(sample, length));
        counter.flush(1, words, std::span(sum.hom_alt).subspan(sample, length));
        counter.flush(2, words, std::span(sum.missing).subspan(sample, length));
    }
}

/// Calls `found(sample)` for the samples of words [first, first + words) with this call.
template <class F>
void for_each_call(const std::uint8_t* row, std::size_t first, std::size_t words, std::uint8_t call,
                   F&& found) {
    const std::uint64_t flip_low = call & 1 ? 0 : ~std::uint64_t{0};
    const std::uint64_t flip_high = call & 2 ? 0 : ~std::uint64_t{0};
    for (std::size_t w = first; w < first + words; ++w) {
        const std::uint64_t value = load_word(row, w);
        for (std::uint64_t bits = (value ^ flip_low) & (value >> 1 ^ flip_high) & low_bits;
             bits != 0; bits &= bits - 1)
            found(32 * w + static_cast<std::size_t>(std::countr_zero(bits)) / 2);
    }
}

std::uint64_t in_units(double expected_het) noexcept {
    return static_cast<std::uint64_t>(std::llround(expected_het / expected_unit));
}

/// Where the expectation of a class goes; null where no statistic needs it.
std::vector<std::uint64_t>* missing_column(VariantClass c, SampleCounts& sum) noexcept {
    if (is_autosomal(c)) return &sum.expected_het_missing;
    return c == VariantClass::x_linked ? &sum.expected_het_missing_x : nullptr;
}

bool is_singleton(const VariantFacts& facts) noexcept {
    return is_autosomal(facts.variant_class) && facts.counts.alt_copies() == 1;
}

void add_carriers(std::span<const Carrier> carriers, const VariantFacts& facts, SampleCounts& sum) {
    ClassCounts& counts = sum.of(facts.variant_class);
    const std::array<std::uint32_t*, 4> columns{nullptr, counts.het.data(), counts.hom_alt.data(),
                                                counts.missing.data()};
    std::vector<std::uint64_t>* const expected = missing_column(facts.variant_class, sum);
    const std::uint64_t units = in_units(facts.expected_het);
    const bool singleton = is_singleton(facts);
    for (const Carrier carrier : carriers) {
        const std::size_t sample = carrier_sample(carrier);
        const std::uint8_t call = carrier_call(carrier);
        if (call == hom_ref) continue;
        ++columns[call][sample];
        if (call == missing && expected != nullptr) (*expected)[sample] += units;
        if (call == het && singleton) ++sum.singletons[sample];
    }
}

} // namespace

VariantClass classify(const Variant& variant, std::string_view genome_build) noexcept {
    if (is_pseudo_autosomal(genome_build, variant.chromosome, variant.position))
        return VariantClass::pseudo_autosomal;
    switch (inheritance_of(variant.chromosome)) {
    case Inheritance::x_linked:
        return VariantClass::x_linked;
    case Inheritance::y_linked:
        return VariantClass::y_linked;
    case Inheritance::mitochondrial:
        return VariantClass::mitochondrial;
    case Inheritance::autosomal:
        break;
    }
    if (variant.ref.size() != 1 || variant.alt.size() != 1) return VariantClass::other;
    constexpr std::string_view bases = "ACGT"; // a transition is two letters apart
    const auto ref = bases.find(static_cast<char>(variant.ref[0] & ~0x20));
    const auto alt = bases.find(static_cast<char>(variant.alt[0] & ~0x20));
    if (ref == bases.npos || alt == bases.npos || ref == alt) return VariantClass::other;
    return (ref ^ alt) == 2 ? VariantClass::transition : VariantClass::transversion;
}

SampleCounts::SampleCounts(std::size_t samples)
    : singletons(samples), expected_het_missing(samples), expected_het_missing_x(samples) {}

ClassCounts& SampleCounts::of(VariantClass c) {
    ClassCounts& counts = by_class[static_cast<std::size_t>(c)];
    if (counts.het.size() != size()) {
        counts.het.resize(size());
        counts.hom_alt.resize(size());
        counts.missing.resize(size());
    }
    return counts;
}

void add_samples(const VariantBlock& block, std::span<const VariantFacts> facts,
                 SampleCounts& sum) {
    std::array<std::vector<const std::uint8_t*>, variant_classes> rows;
    struct Sparse {
        const std::uint8_t* row;
        std::vector<std::uint64_t>* column;
        std::uint64_t units;
    };
    std::vector<Sparse> with_missing;
    const std::size_t words = (block.sample_count() + 31) / 32;
    for (std::size_t v = 0; v < block.size(); ++v) {
        const VariantFacts& f = facts[v];
        ++sum.of(f.variant_class).variants;
        if (is_autosomal(f.variant_class)) sum.expected_het += in_units(f.expected_het);
        if (f.variant_class == VariantClass::x_linked)
            sum.expected_het_x += in_units(f.expected_het);
        if (block.is_carrier_list(v)) {
            add_carriers(block.carriers(v), f, sum);
            continue;
        }
        const std::uint8_t* row = block.row(v).data();
        rows[static_cast<std::size_t>(f.variant_class)].push_back(row);
        std::vector<std::uint64_t>* const column = missing_column(f.variant_class, sum);
        if (column != nullptr && f.counts.missing > 0)
            with_missing.push_back({row, column, in_units(f.expected_het)});
        if (is_singleton(f))
            for_each_call(row, 0, words, het, [&](std::size_t i) { ++sum.singletons[i]; });
    }
    parallel_for((words + tile_words - 1) / tile_words, [&](std::size_t tile) {
        const std::size_t first = tile * tile_words, length = std::min(tile_words, words - first);
        for (std::size_t c = 0; c < variant_classes; ++c)
            if (!rows[c].empty()) count_tile(rows[c], first, length, sum.by_class[c]);
        for (const Sparse& s : with_missing)
            for_each_call(s.row, first, length, missing,
                          [&](std::size_t i) { (*s.column)[i] += s.units; });
    });
}

} // namespace salus
