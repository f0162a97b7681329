#include "kernels/products.hpp"

#include "base/error.hpp"

#include <algorithm>
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

}  // namespace reference

namespace {

// Blocks per tile: 16,384 samples, so that eight planes (128 KiB) and 48 rows (192 KiB) share the L2
// cache, and no 32-bit lane can overflow (4 weights x 128 x 16,384 < 2^31).
constexpr std::size_t tile_blocks = 64;

void combine_limbs(const std::vector<std::int64_t>& planes, unsigned limbs,
                   std::span<std::int64_t> sums) {
    for (std::size_t c = 0; c < sums.size(); ++c) {
        std::int64_t sum = 0;
        for (unsigned limb = limbs; limb-- > 0;) sum = sum * 256 + planes[c * limbs + limb];
        sums[c] = sum;
    }
}

}  // namespace

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
            if (isa == Isa::avx512_vnni) detail::plane_products_avx512(task);
            else detail::plane_products_avx2(task);
        }
        combine_limbs(planes, columns.limbs(), sums);
        return;
    }
#endif
    reference::row_products(rows, columns, weights, sums);
}

void carrier_products(std::span<const Carrier> carriers, const FixedColumns& columns,
                      const CallWeights& weights, std::span<std::int64_t> sums) {
    SALUS_ASSERT(sums.size() == columns.columns() && weights[hom_ref] == 0);
    std::fill(sums.begin(), sums.end(), 0);
    const std::size_t width = columns.columns();
    std::int64_t* const out = sums.data();
    for (const Carrier carrier : carriers) {
        const std::int32_t weight = weights[carrier_call(carrier)];
        if (weight == 0) continue;
        const std::int32_t* const values = columns.sample(carrier_sample(carrier));
        if (weight == 1) {
            for (std::size_t c = 0; c < width; ++c) out[c] += values[c];
        } else {
            for (std::size_t c = 0; c < width; ++c) out[c] += std::int64_t{weight} * values[c];
        }
    }
}

}  // namespace salus
