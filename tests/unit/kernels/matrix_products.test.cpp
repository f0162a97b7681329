#include "kernels/matrix_products.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace salus {
namespace {

constexpr Isa all_isas[] = {Isa::reference, Isa::avx2, Isa::avx512_vnni};

template <class T>
std::vector<T> random_numbers(std::size_t n, std::uint64_t key) {
    Rng rng(8, "numbers", key);
    std::vector<T> values(n);
    for (T& value : values)
        value = static_cast<T>(rng.normal());
    return values;
}

template <class T>
class MatrixProducts : public testing::Test {};
using Numbers = testing::Types<float, double>;
TYPED_TEST_SUITE(MatrixProducts, Numbers);

TYPED_TEST(MatrixProducts, AreSumsInOrderOnEveryInstructionSet) {
    using T = TypeParam;
    for (const auto& [rows, columns, depth] :
         {std::array<std::size_t, 3>{1, 1, 1}, {48, 8, 5}, {101, 19, 33}, {24, 8, 0}}) {
        const std::size_t stride = rows + 3;
        const auto a = random_numbers<T>(stride * depth, 1),
                   b = random_numbers<T>(stride * depth, 2);
        const auto start = random_numbers<T>(stride * columns, 3);
        std::vector<T> left(round_up(rows, left_rows<T>) * depth),
            right(round_up(columns, right_rows) * depth);
        pack_left<T>({.data = a.data(), .stride = stride, .rows = rows, .depth = depth},
                     left.data());
        pack_right<T>({.data = b.data(), .stride = stride, .rows = columns, .depth = depth},
                      right.data());
        std::vector<T> expected = start;
        for (std::size_t j = 0; j < columns; ++j)
            for (std::size_t i = 0; i < rows; ++i) {
                T sum = 0;
                for (std::size_t d = 0; d < depth; ++d) {
                    const T product = a[d * stride + i] * b[d * stride + j];
                    sum += product;
                }
                expected[j * stride + i] -= sum;
            }
        for (const Isa isa : all_isas) {
            if (!is_supported(isa)) continue;
            std::vector<T> out = start;
            subtract_product<T>({.left = left.data(),
                                 .right = right.data(),
                                 .rows = rows,
                                 .columns = columns,
                                 .depth = depth,
                                 .out = out.data(),
                                 .stride = stride},
                                isa);
            EXPECT_EQ(out, expected) << to_string(isa) << ' ' << rows;
        }
    }
}

// A lower triangular matrix, its diagonal as reciprocals, and the vector that L x = b gives.
TEST(TriangularSolves, UndoMultiplication) {
    for (const std::size_t n : {1u, 3u, 4u, 17u, 64u, 101u}) {
        const std::size_t stride = round_up(n, 48);
        std::vector<float> factor(n * stride);
        const auto numbers = random_numbers<float>(n * n, 4);
        for (std::size_t j = 0; j < n; ++j)
            for (std::size_t i = j; i < n; ++i)
                factor[j * stride + i] = i == j ? 0.5F : numbers[j * n + i] / static_cast<float>(n);
        const auto x = random_numbers<float>(n, 5);
        std::vector<float> down(stride), up(stride);
        for (std::size_t j = 0; j < n; ++j)
            for (std::size_t i = j; i < n; ++i) {
                const float entry = i == j ? 2.0F : factor[j * stride + i];
                down[i] += entry * x[j];
                up[j] += entry * x[i];
            }
        std::vector<std::vector<float>> results;
        for (const Isa isa : all_isas) {
            if (!is_supported(isa)) continue;
            std::vector<float> lower = down, upper = up;
            solve_lower({.factor = factor.data(), .n = n, .stride = stride}, lower.data(), isa);
            solve_upper({.factor = factor.data(), .n = n, .stride = stride}, upper.data(), isa);
            for (std::size_t i = 0; i < n; ++i) {
                EXPECT_NEAR(lower[i], x[i], 1e-5); // single precision
                EXPECT_NEAR(upper[i], x[i], 1e-5);
            }
            results.push_back(lower);
            results.back().insert(results.back().end(), upper.begin(), upper.end());
            EXPECT_EQ(results.back(), results.front()) << to_string(isa);
        }
    }
}

TEST(SymmetricProducts, AreTheSameOnEveryInstructionSet) {
    for (const std::size_t n : {1u, 8u, 29u}) {
        const std::size_t stride = n + 2;
        auto matrix = random_numbers<double>(n * stride, 6);
        for (std::size_t j = 0; j < n; ++j)
            for (std::size_t i = 0; i < j; ++i)
                matrix[j * stride + i] = matrix[i * stride + j];
        const auto x = random_numbers<double>(n * vector_lanes, 7);
        std::vector<double> expected(n * vector_lanes);
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j < n; ++j)
                for (std::size_t k = 0; k < vector_lanes; ++k)
                    expected[i * vector_lanes + k] +=
                        x[j * vector_lanes + k] * matrix[i * stride + j];
        for (const Isa isa : all_isas) {
            if (!is_supported(isa)) continue;
            std::vector<double> out(n * vector_lanes);
            multiply_vectors({.data = matrix.data(), .n = n, .stride = stride}, x.data(),
                             out.data(), isa);
            EXPECT_EQ(out, expected) << to_string(isa);
        }
    }
}

} // namespace
} // namespace salus
