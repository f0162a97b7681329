#include "kernels/score_sums.hpp"

#include "base/error.hpp"
#include "kernels/transpose.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace salus {
namespace {

constexpr std::size_t tile = 256;        // samples that are transposed at once
constexpr std::size_t rows_at_once = 64; // samples of one call of row_products
constexpr std::size_t missing_at_once = 4096, rows_ahead = 16;
constexpr int low_bits = 23;
constexpr double high_max = 8355711; // what three limbs hold

constexpr std::array<CallWeights, call_shapes> shape_weights{
    CallWeights{0, 1, 2, 0}, CallWeights{0, 1, 1, 0}, CallWeights{0, 0, 1, 0}};

std::int64_t quantised(double value, int exponent) {
    return static_cast<std::int64_t>(std::nearbyint(std::ldexp(value, -exponent)));
}

double shape_of(CallShape shape, double copies) noexcept {
    switch (shape) {
    case CallShape::copies:
        return copies;
    case CallShape::carrier:
        return std::min(copies, 1.0);
    case CallShape::two_copies:
        break;
    }
    return std::max(copies - 1, 0.0);
}

/// The samples without a call among 32, one bit (of even place) each.
std::uint64_t missing_bits(const std::uint8_t* row, std::size_t word) noexcept {
    std::uint64_t calls;
    std::memcpy(&calls, row + 8 * word, sizeof calls);
    return calls & calls >> 1 & 0x5555555555555555u;
}

/// Writes the samples without a call among those of a row (at most `tile`), each beside `label` in the
/// upper bits, and returns their end. Most words have none, one or two, which are written without
/// asking: `out` has room for two more than there are.
std::uint32_t* find_missing(const std::uint8_t* row, std::size_t samples, std::uint32_t label,
                            std::uint32_t* out) noexcept {
    const std::size_t words = (samples + 31) / 32;
    for (std::size_t word = 0; word < words; word += 2) {
        // Even bits are of this word, odd ones of the next.
        std::uint64_t bits = missing_bits(row, word);
        if (word + 1 < words) bits |= missing_bits(row, word + 1) << 1;
        const auto take = [&](std::uint32_t* to) {
            const auto bit = static_cast<std::uint32_t>(std::countr_zero(bits)) & 63U;
            *to = label | (static_cast<std::uint32_t>(32 * word) + 32 * (bit & 1) + bit / 2);
            bits &= bits - 1;
        };
        for (int k = 0; k < 2; ++k) {
            const bool any = bits != 0;
            take(out);
            out += any;
        }
        for (; bits != 0; ++out)
            take(out);
    }
    return out;
}

} // namespace

struct ScoreJob::Scratch {
    std::vector<std::uint8_t> bytes;
    std::vector<const std::uint8_t*> rows, shifted;
    std::vector<std::int64_t> products, totals;
    std::vector<std::uint32_t> missing; // variant * tile + sample
    std::size_t stride = 0;

    Scratch(std::size_t variants, std::size_t columns)
        : stride((packed_bytes(variants) + 63) / 64 * 64) {
        bytes.resize(tile * stride + 64);
        products.resize(rows_at_once * 2 * columns);
        totals.resize(tile * columns);
        missing.resize(missing_at_once + tile + 2);
        shifted.resize(variants);
        auto* first = bytes.data();
        while (reinterpret_cast<std::uintptr_t>(first) % 64 != 0)
            ++first;
        for (std::size_t i = 0; i < tile; ++i)
            rows.push_back(first + i * stride);
        aligned = first;
    }
    std::uint8_t* aligned = nullptr;
};

ScoreJob::ScoreJob(std::vector<ScoredGenotypes> variants, std::vector<std::uint32_t> columns,
                   std::span<const ScoreTerm> terms)
    : columns_(std::move(columns)) {
    SALUS_ASSERT(variants.size() <= variants_max);
    SALUS_ASSERT(terms.size() == variants.size() * columns_.size());
    const std::size_t c = columns_.size();
    std::vector<ScoreTerm> called;
    for (std::size_t v = 0; v < variants.size(); ++v) {
        const auto of_variant = terms.subspan(v * c, c);
        if (variants[v].row != nullptr) {
            rows_.push_back(variants[v].row);
            called.insert(called.end(), of_variant.begin(), of_variant.end());
        } else {
            dosages_.push_back(variants[v].dosages);
            dosage_terms_.insert(dosage_terms_.end(), of_variant.begin(), of_variant.end());
        }
    }
    set_exponents(called);
    set_calls(called);
}

void ScoreJob::set_exponents(std::span<const ScoreTerm> terms) {
    const std::size_t c = columns_.size();
    std::vector<double> largest(c, 0.0);
    for (std::size_t i = 0; i < terms.size(); ++i) {
        const ScoreTerm& t = terms[i];
        // A constant and a missing value may be four times as large: sums of 4,096 stay below 2^62.
        const double most =
            std::max({std::fabs(t.slope), std::fabs(t.constant) / 4, std::fabs(t.missing) / 4});
        SALUS_ASSERT(std::isfinite(most));
        largest[i % c] = std::max(largest[i % c], most);
    }
    exponent_.assign(c, 0);
    for (std::size_t k = 0; k < c; ++k) {
        if (largest[k] == 0) continue;
        exponent_[k] = std::ilogb(largest[k]) - 45;
        if (std::ldexp(largest[k], -exponent_[k] - low_bits) > high_max - 1) ++exponent_[k];
    }
}

void ScoreJob::set_calls(std::span<const ScoreTerm> terms) {
    const std::size_t c = columns_.size(), v = rows_.size();
    constant_.assign(c, 0);
    missing_.assign(v * c, 0);
    for (std::size_t i = 0; i < terms.size(); ++i) {
        const int exponent = exponent_[i % c];
        const std::int64_t constant = quantised(terms[i].constant, exponent);
        constant_[i % c] += constant;
        missing_[i] = quantised(terms[i].missing, exponent) - constant;
    }
    for (std::size_t s = 0; s < call_shapes; ++s) {
        const auto shape = static_cast<CallShape>(s);
        if (std::none_of(terms.begin(), terms.end(),
                         [&](const ScoreTerm& t) { return t.slope != 0 && t.shape == shape; }))
            continue;
        Shaped shaped{shape_weights[s], FixedColumns(v, 2 * c, 3)};
        std::vector<double> high(v), low(v);
        for (std::size_t k = 0; k < c; ++k) {
            for (std::size_t i = 0; i < v; ++i) {
                const ScoreTerm& t = terms[i * c + k];
                const std::int64_t q = t.shape == shape ? quantised(t.slope, exponent_[k]) : 0;
                const std::int64_t upper = (q + (std::int64_t{1} << (low_bits - 1))) >> low_bits;
                high[i] = static_cast<double>(upper);
                low[i] = static_cast<double>(q - (upper << low_bits));
            }
            // The same largest number gives exponent 0: the integers are taken as they are.
            shaped.columns.set(2 * k, high, high_max);
            shaped.columns.set(2 * k + 1, low, high_max);
        }
        shaped_.push_back(std::move(shaped));
    }
}

void ScoreJob::add_calls(std::size_t begin, std::size_t end, Scratch& scratch) const {
    const std::size_t c = columns_.size(), samples = end - begin;
    for (std::size_t i = 0; i < samples; ++i)
        std::copy(constant_.begin(), constant_.end(),
                  scratch.totals.begin() + static_cast<std::ptrdiff_t>(i * c));
    if (shaped_.empty()) return;
    for (std::size_t v = 0; v < rows_.size(); ++v)
        scratch.shifted[v] = rows_[v] + begin / 4;
    transpose_calls(scratch.shifted, samples, scratch.aligned, scratch.stride);
    for (std::size_t first = 0; first < samples; first += rows_at_once) {
        const std::size_t count = std::min(rows_at_once, samples - first);
        const auto rows = std::span(scratch.rows).subspan(first, count);
        const auto products = std::span(scratch.products).first(count * 2 * c);
        std::int64_t* totals = scratch.totals.data() + first * c;
        for (const Shaped& shaped : shaped_) {
            row_products(rows, shaped.columns, shaped.weights, products);
            for (std::size_t i = 0; i < count * c; ++i)
                totals[i] += products[2 * i] * (std::int64_t{1} << low_bits) + products[2 * i + 1];
        }
    }
}

void ScoreJob::add_missing(std::size_t begin, std::size_t end, Scratch& scratch) const {
    const std::size_t c = columns_.size();
    std::uint32_t* const first = scratch.missing.data();
    std::uint32_t* last = first;
    const auto add_found = [&] {
        for (const std::uint32_t* at = first; at != last; ++at) {
            std::int64_t* totals = scratch.totals.data() + *at % tile * c;
            const std::int64_t* beyond = missing_.data() + *at / tile * c;
            for (std::size_t k = 0; k < c; ++k)
                totals[k] += beyond[k];
        }
        last = first;
    };
    for (std::size_t v = 0; v < rows_.size(); ++v) {
        // Rows are too far apart to be fetched ahead by the processor.
        if (v + rows_ahead < rows_.size()) __builtin_prefetch(rows_[v + rows_ahead] + begin / 4);
        last = find_missing(rows_[v] + begin / 4, end - begin, static_cast<std::uint32_t>(v * tile),
                            last);
        if (last - first > static_cast<std::ptrdiff_t>(missing_at_once)) add_found();
    }
    add_found();
}

void ScoreJob::add_dosages(std::size_t begin, std::size_t end, double* sums,
                           std::size_t stride) const {
    const std::size_t c = columns_.size();
    for (std::size_t v = 0; v < dosages_.size(); ++v) {
        const ScoreTerm* terms = dosage_terms_.data() + v * c;
        for (std::size_t i = begin; i < end; ++i) {
            const Dosage dosage = dosages_[v][i];
            double* out = sums + (i - begin) * stride;
            const double copies = static_cast<double>(dosage) / dosage_one;
            for (std::size_t k = 0; k < c; ++k) {
                const ScoreTerm& t = terms[k];
                out[columns_[k]] += dosage == dosage_missing
                                        ? t.missing
                                        : t.slope * shape_of(t.shape, copies) + t.constant;
            }
        }
    }
}

void ScoreJob::add(std::size_t begin, std::size_t end, double* sums, std::size_t stride) const {
    SALUS_ASSERT(begin % 256 == 0);
    const std::size_t c = columns_.size();
    if (!rows_.empty()) {
        Scratch scratch(rows_.size(), c);
        std::vector<double> scale(c);
        for (std::size_t k = 0; k < c; ++k)
            scale[k] = std::ldexp(1.0, exponent_[k]);
        for (std::size_t from = begin; from < end; from += tile) {
            const std::size_t to = std::min(end, from + tile);
            add_calls(from, to, scratch);
            add_missing(from, to, scratch);
            for (std::size_t i = from; i < to; ++i) {
                double* out = sums + (i - begin) * stride;
                for (std::size_t k = 0; k < c; ++k)
                    out[columns_[k]] +=
                        static_cast<double>(scratch.totals[(i - from) * c + k]) * scale[k];
            }
        }
    }
    add_dosages(begin, end, sums, stride);
}

} // namespace salus
