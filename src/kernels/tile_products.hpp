#pragma once

#include "kernels/isa.hpp"

#include <cstddef>
#include <span>

namespace salus {

/// Columns of doubles over a tile of samples, one after the other: column c begins at
/// data + c * stride. `stride` is a multiple of 8; beyond the samples of the tile all is 0.
struct TileColumns {
    const double* data = nullptr;
    std::size_t columns = 0, stride = 0;
};

/// sums[a * b.columns + c] += sum over samples of column a of `a` times column c of `b`, which have
/// the same stride. Every product is a sum of eight interleaved partial sums, so the same bits come
/// out on every instruction set and however columns are grouped. No fused multiply-add.
void add_tile_products(const TileColumns& a, const TileColumns& b, std::span<double> sums,
                       Isa isa = best_isa()) noexcept;
/// sums[c] += sum over samples of weight[i] * column c [i]^2; `weights`: [a.stride], null: all 1.
void add_tile_squares(const TileColumns& a, const double* weights, std::span<double> sums,
                      Isa isa = best_isa()) noexcept;

} // namespace salus
