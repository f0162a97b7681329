#include "kernels/byte_products.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <cstring>

namespace salus {
namespace {

void byte_tile_reference(const detail::ByteTile& tile) noexcept {
    for (std::size_t j = 0; j < BytePanels::right_rows; ++j) {
        for (std::size_t i = 0; i < BytePanels::left_rows; ++i) {
            const std::uint8_t* const left = tile.left +
                                             i / BytePanels::group_rows * tile.group_stride +
                                             i % BytePanels::group_rows * 4;
            std::int32_t sum = 0;
            for (std::size_t s = 0; s < tile.steps; ++s)
                for (std::size_t k = 0; k < BytePanels::step_samples; ++k)
                    sum +=
                        left[s * 64 + k] * static_cast<std::int8_t>(tile.right[s * 64 + 4 * j + k]);
            tile.sums[j * tile.stride + i] += sum;
        }
    }
}

} // namespace

void BytePanels::reset(std::size_t rows, std::size_t samples) {
    rows_ = rows;
    samples_ = samples;
    panels_.resize(0);
    panels_.resize((padded_rows() / group_rows * steps() + 1) * 64);
}

void BytePanels::set_row(std::size_t row, std::span<const std::uint8_t> values) noexcept {
    std::uint8_t* to = panels_.data() + row / group_rows * steps() * 64 + row % group_rows * 4;
    const std::size_t whole = values.size() / step_samples;
    for (std::size_t s = 0; s < whole; ++s, to += 64)
        std::memcpy(to, values.data() + s * step_samples, step_samples);
    if (const std::size_t rest = values.size() % step_samples; rest > 0)
        std::memcpy(to, values.data() + whole * step_samples, rest);
}

void add_byte_products(const ByteProducts& task, Isa isa) {
    const BytePanels &left = task.left, &right = task.right;
    SALUS_ASSERT(left.samples() == right.samples() && task.begin % BytePanels::right_rows == 0 &&
                 task.stride >= left.padded_rows());
    detail::ByteTile tile{
        .group_stride = left.steps() * 64, .steps = left.steps(), .stride = task.stride};
    for (std::size_t i = 0; i < left.padded_rows(); i += BytePanels::left_rows) {
        tile.left = left.group(i / BytePanels::group_rows);
        for (std::size_t j = task.begin; j < task.end; j += BytePanels::right_rows) {
            if (task.triangle == Triangle::lower && i + BytePanels::left_rows <= j) break;
            tile.right = right.group(j / BytePanels::group_rows) + j % BytePanels::group_rows * 4;
            tile.sums = task.sums + j * task.stride + i;
#if defined(__x86_64__)
            if (isa == Isa::avx512_vnni) {
                detail::byte_tile_avx512(tile);
                continue;
            }
            if (isa == Isa::avx2) {
                detail::byte_tile_avx2(tile);
                continue;
            }
#endif
            static_cast<void>(isa);
            byte_tile_reference(tile);
        }
    }
}

} // namespace salus
