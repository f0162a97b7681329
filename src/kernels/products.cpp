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

// Eight neighbouring columns over a carrier list; FixedColumns can be read that far after its end.
constexpr std::size_t carrier_lanes = FixedColumns::group_planes;
struct CarrierTask {
    std::span<const Carrier> carriers;
    const FixedColumns& columns;
    const std::array<int, 4>& shifts; // log2 of the weight by call, or -1 for weight 0
    std::size_t column;
};

[[gnu::always_inline]] inline void add_carriers(const CarrierTask& task,
                                                std::array<std::int64_t, carrier_lanes>& lanes) {
    using Narrow = std::int32_t __attribute__((vector_size(32)));
    using Wide = std::int64_t __attribute__((vector_size(64)));
    Wide sum{};
    for (const Carrier carrier : task.carriers) {
        const int shift = task.shifts[carrier_call(carrier)];
        if (shift < 0) continue;
        Narrow values;
        std::memcpy(&values, task.columns.sample(carrier_sample(carrier)) + task.column,
                    sizeof values);
        sum += __builtin_convertvector(values, Wide) << shift;
    }
    std::memcpy(lanes.data(), &sum, sizeof sum);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void add_carriers_avx2(const CarrierTask& task,
                                               std::array<std::int64_t, carrier_lanes>& lanes) {
    add_carriers(task, lanes);
}
[[gnu::target("avx512f")]] void
add_carriers_avx512(const CarrierTask& task, std::array<std::int64_t, carrier_lanes>& lanes) {
    add_carriers(task, lanes);
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
    for (std::size_t column = 0; column < sums.size(); column += carrier_lanes) {
        std::array<std::int64_t, carrier_lanes> lanes;
        const CarrierTask task{carriers, columns, shifts, column};
#if defined(__x86_64__)
        if (isa == Isa::avx512_vnni)
            add_carriers_avx512(task, lanes);
        else if (isa == Isa::avx2)
            add_carriers_avx2(task, lanes);
        else
            add_carriers(task, lanes);
#else
        static_cast<void>(isa);
        add_carriers(task, lanes);
#endif
        std::copy_n(lanes.begin(), std::min(carrier_lanes, sums.size() - column),
                    sums.begin() + static_cast<std::ptrdiff_t>(column));
    }
}

} // namespace salus
