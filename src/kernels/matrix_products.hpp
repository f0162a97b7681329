#pragma once

#include "kernels/isa.hpp"

#include <cstddef>

namespace salus {

// Products of matrices of floats or doubles. Each entry is the sum of its terms one after the
// other, without fused multiply-add: the same bits on every instruction set.
//
// Operands are packed: left ones as panels of `left_rows<T>` rows, right ones of `right_rows` rows,
// each as [depth][row of the panel], with zero rows at the end of the last panel.
template <class T>
inline constexpr std::size_t left_rows = 192 / sizeof(T);
inline constexpr std::size_t right_rows = 8;

constexpr std::size_t round_up(std::size_t n, std::size_t to) noexcept {
    return (n + to - 1) / to * to;
}

/// A matrix by columns: entry (row, d) at data[d * stride + row].
template <class T>
struct MatrixColumns {
    const T* data = nullptr;
    std::size_t stride = 0, rows = 0, depth = 0;
};
/// `to`: round_up(rows, left_rows<T>) * depth numbers.
template <class T>
void pack_left(const MatrixColumns<T>& from, T* to) noexcept;
/// `to`: round_up(rows, right_rows) * depth numbers.
template <class T>
void pack_right(const MatrixColumns<T>& from, T* to) noexcept;

/// out[j * stride + i] -= sum over d of left(i, d) * right(j, d).
template <class T>
struct MatrixProduct {
    const T* left = nullptr;
    const T* right = nullptr;
    std::size_t rows = 0, columns = 0, depth = 0; // rows of left, rows of right
    T* out = nullptr;
    std::size_t stride = 0;
    /// Only entries with i >= j are needed; some others are changed as well.
    bool lower = false;
};
/// With AVX-512 about 0.012 ns per product of floats, 0.025 ns of doubles, for depths of 64 and
/// more.
template <class T>
void subtract_product(const MatrixProduct<T>& task, Isa isa = best_isa()) noexcept;

/// Solves L x = b in place; L by columns (entry (i, j) at factor[j * stride + i]), its diagonal
/// given as reciprocals. `stride` and x are padded to a multiple of 16, with zeros beyond n.
struct LowerFactor {
    const float* factor = nullptr;
    std::size_t n = 0, stride = 0;
};
void solve_lower(const LowerFactor& lower, float* x, Isa isa = best_isa()) noexcept;
/// Solves L' x = b in place.
void solve_upper(const LowerFactor& lower, float* x, Isa isa = best_isa()) noexcept;

/// Vectors that are multiplied at once.
inline constexpr std::size_t vector_lanes = 8;
/// out = A x for 8 vectors, each [n][8]; A symmetric, both triangles stored.
struct SymmetricMatrix {
    const double* data = nullptr;
    std::size_t n = 0, stride = 0;
};
void multiply_vectors(const SymmetricMatrix& matrix, const double* x, double* out,
                      Isa isa = best_isa()) noexcept;

} // namespace salus
