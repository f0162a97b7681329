#include "stages/quality/sample_counters.hpp"

#include "kernels/call_sums.hpp"
#include "parallel/parallel_for.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace salus {
namespace {

constexpr std::uint64_t low_bits = 0x5555555555555555;
constexpr std::size_t tile_words = CallCounter::tile_bytes / 8;

std::uint64_t load_word(const std::uint8_t* row, std::size_t word) noexcept {
    std::uint64_t value;
    std::memcpy(&value, row + 8 * word, 8);
    return value;
}

SampleCallCounts sums_of(ClassCounts& counts) noexcept {
    return {.het = counts.het, .hom_alt = counts.hom_alt, .missing = counts.missing};
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

/// Adds `units` to the samples of words [first, first + words) without a call. Words are listed
/// first without a branch, because where calls are missing is not foreseeable.
void add_to_missing(const std::uint8_t* row, std::size_t first, std::size_t words,
                    std::uint64_t units, std::vector<std::uint64_t>& column) {
    struct Hit {
        std::uint64_t bits;
        std::size_t word;
    };
    std::array<Hit, tile_words> hits;
    std::size_t found = 0;
    for (std::size_t w = first; w < first + words; ++w) {
        const std::uint64_t value = load_word(row, w);
        hits[found] = {value & value >> 1 & low_bits, w};
        found += hits[found].bits != 0 ? 1U : 0U;
    }
    for (std::size_t h = 0; h < found; ++h)
        for (std::uint64_t bits = hits[h].bits; bits != 0; bits &= bits - 1)
            column[32 * hits[h].word + static_cast<std::size_t>(std::countr_zero(bits)) / 2] +=
                units;
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

void SampleCounts::finish() {
    for (std::size_t c = 0; c < variant_classes; ++c) {
        if (!counters[c]) continue;
        parallel_for(counters[c]->tiles(),
                     [&](std::size_t tile) { counters[c]->spill(tile, sums_of(by_class[c])); });
        counters[c].reset();
    }
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
    for (std::size_t c = 0; c < variant_classes; ++c)
        if (!rows[c].empty() && !sum.counters[c]) sum.counters[c].emplace(sum.size());
    parallel_for((words + tile_words - 1) / tile_words, [&](std::size_t tile) {
        const std::size_t first = tile * tile_words, length = std::min(tile_words, words - first);
        for (std::size_t c = 0; c < variant_classes; ++c)
            if (!rows[c].empty()) sum.counters[c]->add(tile, rows[c], sums_of(sum.by_class[c]));
        for (const Sparse& s : with_missing)
            add_to_missing(s.row, first, length, s.units, *s.column);
    });
}

} // namespace salus
