#include "kernels/products.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

namespace salus {
namespace reference {

void row_products(std::span<const std::uint8_t* const> rows, const FixedColumns& columns,
                  const CallWeights& weights, std::span<std::int64_t> sums) {
    const std::size_t width = columns.columns();
    std::fill(sums.begin(), sums.end(), 0);
    for (std::size_t r = 0; r < rows.size(); ++r) {
        for (std::size_t i = 0; i < columns.samples(); ++i) {
            const std::int64_t weight = weights[rows[r][i / 4] >> (2 * (i % 4)) & 3];
            if (weight == 0) continue;
            for (std::size_t c = 0; c < width; ++c) {
                sums[r * width + c] += weight * columns.sample(i)[c];
            }
        }
    }
}

} // namespace reference

namespace {

// Blocks per tile: 16,384 samples, so that eight planes (128 KiB) and 48 rows (192 KiB) share the
// L2 cache, and no 32-bit lane can overflow (4 weights x 128 x 16,384 < 2^31).
constexpr std::size_t tile_blocks = 64;

void combine_limbs(const std::vector<std::int64_t>& planes, unsigned limbs,
                   std::span<std::int64_t> sums) {
    for (std::size_t c = 0; c < sums.size(); ++c) {
        std::int64_t sum = 0;
        for (unsigned limb = limbs; limb-- > 0;)
            sum = sum * 256 + planes[c * limbs + limb];
        sums[c] = sum;
    }
}

// Groups of eight neighbouring columns over a carrier list; FixedColumns can be read that far after
// its end. Up to four groups go through the list together: a sample's columns are a few cache lines
// side by side, which are asked for some carriers ahead.
constexpr std::size_t carrier_lanes = FixedColumns::group_planes, most_groups = 4;
constexpr std::size_t carriers_ahead = 12;
struct CarrierTask {
    std::span<const Carrier> carriers;
    const FixedColumns& columns;
    const std::array<int, 4>& shifts; // log2 of the weight by call, or -1 for weight 0
    std::size_t column;
    std::size_t groups;
    std::int64_t* lanes; // [groups * carrier_lanes]
};

template <std::size_t Groups>
[[gnu::always_inline]] inline void add_groups(const CarrierTask& task) {
    using Narrow = std::int32_t __attribute__((vector_size(32)));
    using Wide = std::int64_t __attribute__((vector_size(64)));
    Wide sums[Groups]{};
    const std::size_t count = task.carriers.size();
    for (std::size_t k = 0; k < count; ++k) {
        const Carrier carrier = task.carriers[k];
        const Carrier later = task.carriers[std::min(k + carriers_ahead, count - 1)];
        const std::int32_t* const next = task.columns.sample(carrier_sample(later)) + task.column;
        for (std::size_t g = 0; g < Groups; g += 2)
            __builtin_prefetch(next + g * carrier_lanes);
        const int shift = task.shifts[carrier_call(carrier)];
        if (shift < 0) continue;
        const std::int32_t* const at = task.columns.sample(carrier_sample(carrier)) + task.column;
#pragma GCC unroll 4
        for (std::size_t g = 0; g < Groups; ++g) {
            Narrow values;
            std::memcpy(&values, at + g * carrier_lanes, sizeof values);
            sums[g] += __builtin_convertvector(values, Wide) << shift;
        }
    }
    std::memcpy(task.lanes, sums, sizeof sums);
}

[[gnu::always_inline]] inline void add_carriers(const CarrierTask& task) {
    switch (task.groups) {
    case 1:
        return add_groups<1>(task);
    case 2:
        return add_groups<2>(task);
    case 3:
        return add_groups<3>(task);
    default:
        return add_groups<most_groups>(task);
    }
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void add_carriers_avx2(const CarrierTask& task) { add_carriers(task); }
[[gnu::target("avx512f,avx512dq")]] void add_carriers_avx512(const CarrierTask& task) {
    add_carriers(task);
}
#endif

} // namespace

void row_products(std::span<const std::uint8_t* const> rows, const FixedColumns& columns,
                  const CallWeights& weights, std::span<std::int64_t> sums, Isa isa) {
    SALUS_ASSERT(sums.size() == rows.size() * columns.columns() && is_supported(isa));
#if defined(__x86_64__)
    if (isa != Isa::reference) {
        std::vector<std::int64_t> planes(rows.size() * columns.planes());
        for (std::size_t begin = 0; begin < columns.blocks(); begin += tile_blocks) {
            const detail::PlaneTask task{.rows = rows,
                                         .columns = columns,
                                         .weights = weights,
                                         .begin = begin,
                                         .end = std::min(begin + tile_blocks, columns.blocks()),
                                         .sums = planes.data()};
            if (isa == Isa::avx512_vnni)
                detail::plane_products_avx512(task);
            else
                detail::plane_products_avx2(task);
        }
        combine_limbs(planes, columns.limbs(), sums);
        return;
    }
#endif
    reference::row_products(rows, columns, weights, sums);
}

void carrier_products(std::span<const Carrier> carriers, const FixedColumns& columns,
                      const CallWeights& weights, std::span<std::int64_t> sums, Isa isa) {
    SALUS_ASSERT(sums.size() == columns.columns() && weights[hom_ref] == 0);
    std::array<int, 4> shifts{};
    for (std::size_t call = 1; call < 4; ++call) {
        SALUS_ASSERT(weights[call] == 0 || std::has_single_bit(weights[call]));
        shifts[call] = weights[call] == 0 ? -1 : std::countr_zero(weights[call]);
    }
    for (std::size_t column = 0; column < sums.size();) {
        const std::size_t left = sums.size() - column;
        const std::size_t groups =
            std::min(most_groups, (left + carrier_lanes - 1) / carrier_lanes);
        std::array<std::int64_t, most_groups * carrier_lanes> lanes;
        const CarrierTask task{carriers, columns, shifts, column, groups, lanes.data()};
#if defined(__x86_64__)
        if (isa == Isa::avx512_vnni)
            add_carriers_avx512(task);
        else if (isa == Isa::avx2)
            add_carriers_avx2(task);
        else
            add_carriers(task);
#else
        static_cast<void>(isa);
        add_carriers(task);
#endif
        const std::size_t done = std::min(left, groups * carrier_lanes);
        std::copy_n(lanes.begin(), done, sums.begin() + static_cast<std::ptrdiff_t>(column));
        column += done;
    }
}

} // namespace salus
