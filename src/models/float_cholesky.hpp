#pragma once

#include "kernels/matrix_products.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace salus {

/// A symmetric positive definite matrix by columns, in double precision.
struct SquareMatrix {
    std::size_t n = 0, stride = 0;
    std::vector<double> data; // [column][stride]
    explicit SquareMatrix(std::size_t size = 0)
        : n(size), stride(round_up(size, 48)), data(n * stride) {}
    double* column(std::size_t j) noexcept { return data.data() + j * stride; }
    const double* column(std::size_t j) const noexcept { return data.data() + j * stride; }
    double& operator()(std::size_t i, std::size_t j) noexcept { return data[j * stride + i]; }
    double operator()(std::size_t i, std::size_t j) const noexcept { return data[j * stride + i]; }
    /// Copies the lower triangle into the upper one.
    void mirror() noexcept;
};

/// Cholesky factor of a matrix plus a multiple of the identity in single precision: a
/// preconditioner. Recursive halves, all work in matrix products; n^3 / 6 products. Memory: 4 n^2
/// bytes, 8 n^2 while it is made.
class FloatCholesky {
public:
    /// Reads the lower triangle. Where rounding spoils a pivot the diagonal is raised until none
    /// is.
    void factor(const SquareMatrix& matrix, double ridge);
    /// For each row g of `rows`, given by columns [n][number of rows]: g'(matrix + ridge I)^-1 g,
    /// the sum of squares of L^-1 g. Then not for solve(). n^2 / 2 products per row; 6 n bytes per
    /// row.
    std::vector<double> leverages(const SquareMatrix& matrix, double ridge,
                                  std::span<const float> rows);
    /// x becomes (L L')^-1 x; x is padded to a multiple of 48, zero beyond n.
    void solve(float* x) const noexcept;
    std::size_t size() const noexcept { return n_; }

private:
    void factor_raised(const SquareMatrix& matrix, double ridge, std::span<const float> below);
    bool try_factor(const SquareMatrix& matrix, double ridge, std::span<const float> below);
    bool factor_columns(std::size_t first, std::size_t count);
    bool factor_few(std::size_t first, std::size_t count);
    std::size_t n_ = 0, rows_ = 0, stride_ = 0; // rows_ - n_ further rows lie below
    std::vector<float> factor_, left_, right_; // the last two only while the factor is made
};

} // namespace salus
