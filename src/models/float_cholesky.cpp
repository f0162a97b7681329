#include "models/float_cholesky.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

constexpr std::size_t few_columns = 16;

/// Columns of the left half.
std::size_t left_half(std::size_t count) noexcept { return round_up(count / 2, few_columns); }

} // namespace

void SquareMatrix::mirror() noexcept {
    constexpr std::size_t tile = 32; // columns and rows that stay in the cache
    for (std::size_t first = 0; first < n; first += tile)
        for (std::size_t begin = first; begin < n; begin += tile)
            for (std::size_t j = first; j < std::min(n, first + tile); ++j)
                for (std::size_t i = std::max(begin, j + 1); i < std::min(n, begin + tile); ++i)
                    data[i * stride + j] = data[j * stride + i];
}

void FloatCholesky::factor(const SquareMatrix& matrix, double ridge) {
    factor_raised(matrix, ridge, {});
}

std::vector<double> FloatCholesky::leverages(const SquareMatrix& matrix, double ridge,
                                             std::span<const float> rows) {
    factor_raised(matrix, ridge, rows);
    std::vector<double> squares(rows_ - n_);
    for (std::size_t j = 0; j < n_; ++j) {
        const float* const column = factor_.data() + j * stride_ + n_;
        for (std::size_t i = 0; i < squares.size(); ++i)
            squares[i] += static_cast<double>(column[i]) * static_cast<double>(column[i]);
    }
    return squares;
}

void FloatCholesky::factor_raised(const SquareMatrix& matrix, double ridge,
                                  std::span<const float> below) {
    double largest = 0;
    for (std::size_t j = 0; j < matrix.n; ++j)
        largest = std::max(largest, matrix(j, j));
    double raised = 0;
    while (!try_factor(matrix, ridge + raised, below)) {
        raised = std::max(10 * raised, 1e-6 * (largest + ridge));
        SALUS_ASSERT(raised < 1e6 * (largest + ridge)); // else the matrix holds NaN
    }
    left_ = right_ = {};
}

bool FloatCholesky::try_factor(const SquareMatrix& matrix, double ridge,
                               std::span<const float> below) {
    n_ = matrix.n;
    const std::size_t more = n_ == 0 ? 0 : below.size() / n_;
    rows_ = n_ + more;
    stride_ = round_up(rows_, 48);
    factor_.assign(n_ * stride_, 0.0F);
    const std::size_t half = left_half(n_); // operands of the first and largest product
    left_.resize(stride_ * half);
    right_.resize(round_up(n_, right_rows) * half);
    for (std::size_t j = 0; j < n_; ++j) {
        float* const to = factor_.data() + j * stride_;
        const double* const from = matrix.column(j);
        for (std::size_t i = j; i < n_; ++i)
            to[i] = static_cast<float>(from[i]);
        to[j] = static_cast<float>(from[j] + ridge);
        std::copy_n(below.data() + j * more, more, to + n_);
    }
    return factor_columns(0, n_);
}

// The left half, then the right half less the products of the left one.
bool FloatCholesky::factor_columns(std::size_t first, std::size_t count) {
    if (count <= few_columns) return factor_few(first, count);
    const std::size_t half = left_half(count);
    if (!factor_columns(first, half)) return false;
    const std::size_t begin = first + half;
    const float* const from = factor_.data() + first * stride_ + begin;
    pack_left<float>({.data = from, .stride = stride_, .rows = rows_ - begin, .depth = half},
                     left_.data());
    pack_right<float>({.data = from, .stride = stride_, .rows = count - half, .depth = half},
                      right_.data());
    subtract_product<float>({.left = left_.data(),
                             .right = right_.data(),
                             .rows = rows_ - begin,
                             .columns = count - half,
                             .depth = half,
                             .out = factor_.data() + begin * stride_ + begin,
                             .stride = stride_,
                             .lower = true});
    return factor_columns(begin, count - half);
}

// Diagonal entries become reciprocals.
bool FloatCholesky::factor_few(std::size_t first, std::size_t count) {
    for (std::size_t j = first; j < first + count; ++j) {
        float* const to = factor_.data() + j * stride_;
        for (std::size_t d = first; d < j; ++d) {
            const float* const from = factor_.data() + d * stride_;
            const float scale = from[j];
            for (std::size_t i = j; i < rows_; ++i)
                to[i] -= scale * from[i];
        }
        if (!(to[j] > 0)) return false;
        const float inverse = 1.0F / std::sqrt(to[j]);
        if (!std::isfinite(inverse)) return false;
        to[j] = inverse;
        for (std::size_t i = j + 1; i < rows_; ++i)
            to[i] *= inverse;
    }
    return true;
}

void FloatCholesky::solve(float* x) const noexcept {
    const LowerFactor lower{.factor = factor_.data(), .n = n_, .stride = stride_};
    solve_lower(lower, x);
    solve_upper(lower, x);
}

} // namespace salus
