#include "kernels/dosage_products.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <vector>

namespace salus {
namespace reference {

void value_products(std::span<const std::uint16_t* const> rows, const FixedColumns& columns,
                    std::span<WideSum> sums) {
    const std::size_t width = columns.columns();
    std::fill(sums.begin(), sums.end(), 0);
    for (std::size_t r = 0; r < rows.size(); ++r)
        for (std::size_t i = 0; i < columns.samples(); ++i)
            for (std::size_t c = 0; c < width; ++c)
                sums[r * width + c] += std::int64_t{rows[r][i]} * columns.sample(i)[c];
}

DosageMoments dosage_moments(std::span<const Dosage> dosages, const SampleMask& mask) noexcept {
    DosageMoments m;
    for (std::size_t i = 0; i < dosages.size(); ++i) {
        if (dosages[i] == dosage_missing || !mask.contains(i)) continue;
        ++m.called;
        m.sum += dosages[i];
        m.squares += std::uint64_t{dosages[i]} * dosages[i];
    }
    return m;
}

} // namespace reference

namespace {

constexpr std::size_t rows_at_once = 8; // prepared rows of a tile take 64 KiB
constexpr std::int64_t centre = 16384;

/// Values of a tile in the order of the digits, less the centre; zero beyond the samples.
void prepare(const std::uint16_t* row, std::size_t samples, const detail::ValueTask& tile,
             std::int16_t* out) noexcept {
    for (std::size_t block = tile.begin; block < tile.end; ++block) {
        const std::size_t first = block * FixedColumns::block_samples;
        if (first + FixedColumns::block_samples <= samples) {
            for (std::size_t k = 0; k < 4; ++k)
                for (std::size_t j = 0; j < 64; ++j)
                    out[64 * k + j] = static_cast<std::int16_t>(row[first + 4 * j + k] - centre);
        } else {
            std::fill_n(out, FixedColumns::block_samples, std::int16_t{0});
            for (std::size_t i = first; i < samples; ++i)
                out[64 * (i % 4) + (i - first) / 4] = static_cast<std::int16_t>(row[i] - centre);
        }
        out += FixedColumns::block_samples;
    }
}

void combine_limbs(const std::vector<std::int64_t>& planes, const FixedColumns& columns,
                   std::span<WideSum> sums) {
    const unsigned limbs = columns.limbs();
    for (std::size_t s = 0; s < sums.size(); ++s) {
        WideSum sum = 0;
        for (unsigned limb = limbs; limb-- > 0;)
            sum = sum * 256 + planes[s * limbs + limb];
        sums[s] = sum + WideSum{columns.total(s % columns.columns())} * centre;
    }
}

// Eight neighbouring columns over a list; FixedColumns can be read that far after its end.
constexpr std::size_t list_lanes = FixedColumns::group_planes;
using Lanes = std::array<std::int64_t, list_lanes>;

/// Adds weight * integer, weights of at most 15 bits: exact for fewer than 2^17 entries.
[[gnu::always_inline]] inline void add_weights(std::span<const SampleWeight> list, int shift,
                                               const FixedColumns& columns, std::size_t column,
                                               Lanes& lanes) {
    using Narrow = std::int32_t __attribute__((vector_size(32)));
    using Wide = std::int64_t __attribute__((vector_size(64)));
    Wide sum{};
    for (const SampleWeight& entry : list) {
        Narrow values;
        std::memcpy(&values, columns.sample(entry.sample) + column, sizeof values);
        const std::int64_t weight =
            shift == 0 ? entry.weight & 0x7FFF : std::int64_t{entry.weight} >> shift;
        sum += __builtin_convertvector(values, Wide) * weight;
    }
    std::memcpy(lanes.data(), &sum, sizeof sum);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void add_weights_avx2(std::span<const SampleWeight> list, int shift,
                                              const FixedColumns& columns, std::size_t column,
                                              Lanes& lanes) {
    add_weights(list, shift, columns, column, lanes);
}
[[gnu::target("avx512f,avx512dq")]] void add_weights_avx512(std::span<const SampleWeight> list,
                                                            int shift, const FixedColumns& columns,
                                                            std::size_t column, Lanes& lanes) {
    add_weights(list, shift, columns, column, lanes);
}
#endif

void add_weights_on(Isa isa, std::span<const SampleWeight> list, int shift,
                    const FixedColumns& columns, std::size_t column, Lanes& lanes) {
#if defined(__x86_64__)
    static const bool has_dq = __builtin_cpu_supports("avx512dq");
    if (isa == Isa::avx512_vnni && has_dq)
        return add_weights_avx512(list, shift, columns, column, lanes);
    if (isa != Isa::reference) return add_weights_avx2(list, shift, columns, column, lanes);
#endif
    static_cast<void>(isa);
    add_weights(list, shift, columns, column, lanes);
}

/// Lanes of 32 dosages at a time; inlined into variants that differ in instruction set.
[[gnu::always_inline]] inline DosageMoments moments_by_word(std::span<const Dosage> dosages,
                                                            const SampleMask& mask) noexcept {
    constexpr std::size_t lanes = 32;
    DosageMoments m;
    const auto words = mask.words();
    std::size_t i = 0;
    for (; i + lanes <= dosages.size(); i += lanes) {
        const std::uint64_t members = words[i / lanes];
        std::uint32_t called = 0, sum = 0;
        std::uint64_t squares = 0;
        for (std::size_t k = 0; k < lanes; ++k) {
            const std::uint32_t dosage = dosages[i + k];
            const auto in = static_cast<std::uint32_t>(members >> (2 * k) & 1) &
                            static_cast<std::uint32_t>(dosage != dosage_missing);
            const std::uint32_t counted = in != 0 ? dosage : 0;
            called += in;
            sum += counted;
            squares += std::uint64_t{counted} * counted;
        }
        m.called += called;
        m.sum += sum;
        m.squares += squares;
    }
    for (; i < dosages.size(); ++i) {
        if (dosages[i] == dosage_missing || !mask.contains(i)) continue;
        ++m.called;
        m.sum += dosages[i];
        m.squares += std::uint64_t{dosages[i]} * dosages[i];
    }
    return m;
}

#if defined(__x86_64__)
[[gnu::target("avx2"), gnu::optimize("O3")]] DosageMoments
moments_avx2(std::span<const Dosage> dosages, const SampleMask& mask) noexcept {
    return moments_by_word(dosages, mask);
}
[[gnu::target("avx512f,avx512bw,avx512dq,avx512vl"), gnu::optimize("O3")]] DosageMoments
moments_avx512(std::span<const Dosage> dosages, const SampleMask& mask) noexcept {
    return moments_by_word(dosages, mask);
}
#endif

} // namespace

double wide_real(WideSum sum, int exponent) noexcept {
    const auto narrow = static_cast<std::int64_t>(sum);
    const double value = narrow == sum ? static_cast<double>(narrow) : static_cast<double>(sum);
    return std::ldexp(value, exponent);
}

void value_products(std::span<const std::uint16_t* const> rows, const FixedColumns& columns,
                    std::span<WideSum> sums, Isa isa) {
    SALUS_ASSERT(sums.size() == rows.size() * columns.columns() && is_supported(isa));
#if defined(__x86_64__)
    if (isa != Isa::reference) {
        std::vector<std::int64_t> planes(rows.size() * columns.planes());
        std::vector<std::int16_t> prepared(rows_at_once * detail::value_tile_blocks *
                                           FixedColumns::block_samples);
        for (std::size_t r = 0; r < rows.size(); r += rows_at_once) {
            detail::ValueTask task{.values = prepared.data(),
                                   .rows = std::min(rows_at_once, rows.size() - r),
                                   .columns = columns,
                                   .sums = planes.data() + r * columns.planes()};
            for (; task.begin < columns.blocks(); task.begin = task.end) {
                task.end = std::min(task.begin + detail::value_tile_blocks, columns.blocks());
                const std::size_t length = (task.end - task.begin) * FixedColumns::block_samples;
                for (std::size_t k = 0; k < task.rows; ++k)
                    prepare(rows[r + k], columns.samples(), task, prepared.data() + k * length);
                if (isa == Isa::avx512_vnni)
                    detail::plane_values_avx512(task);
                else
                    detail::plane_values_avx2(task);
            }
        }
        combine_limbs(planes, columns, sums);
        return;
    }
#endif
    reference::value_products(rows, columns, sums);
}

void weight_products(std::span<const SampleWeight> list, const FixedColumns& columns,
                     std::span<WideSum> sums, Isa isa) {
    SALUS_ASSERT(sums.size() == columns.columns());
    constexpr std::size_t exact = std::size_t{1} << 15;
    constexpr int half = 15; // a weight is high * 2^15 + low, low from 0
    std::fill(sums.begin(), sums.end(), 0);
    for (std::size_t begin = 0; begin < list.size(); begin += exact) {
        const auto piece = list.subspan(begin, std::min(exact, list.size() - begin));
        for (std::size_t column = 0; column < sums.size(); column += list_lanes) {
            Lanes low, high;
            add_weights_on(isa, piece, 0, columns, column, low);
            add_weights_on(isa, piece, half, columns, column, high);
            for (std::size_t c = column; c < std::min(column + list_lanes, sums.size()); ++c)
                sums[c] += WideSum{high[c - column]} * (1 << half) + low[c - column];
        }
    }
}

DosageMoments dosage_moments(std::span<const Dosage> dosages, const SampleMask& mask,
                             Isa isa) noexcept {
#if defined(__x86_64__)
    static const bool wide =
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    if (isa == Isa::avx512_vnni && wide) return moments_avx512(dosages, mask);
    if (isa != Isa::reference) return moments_avx2(dosages, mask);
#endif
    static_cast<void>(isa);
    return reference::dosage_moments(dosages, mask);
}

} // namespace salus
