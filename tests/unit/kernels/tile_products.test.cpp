#include "kernels/tile_products.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace salus {
namespace {

std::vector<double> random_tile(Rng& rng, std::size_t values) {
    std::vector<double> columns(values);
    for (double& value : columns)
        value = rng.uniform() - 0.5;
    return columns;
}

TEST(TileProducts, AreTheSumsOfProductsOnEveryInstructionSet) {
    Rng rng(3, "tiles", 0);
    for (const std::size_t stride : {8u, 24u, 256u})
        for (const std::size_t rows : {0u, 1u, 4u, 7u})
            for (const std::size_t columns : {1u, 3u, 4u, 9u}) {
                const auto x = random_tile(rng, rows * stride);
                const auto y = random_tile(rng, columns * stride);
                const TileColumns a{x.data(), rows, stride}, b{y.data(), columns, stride};
                std::vector<double> first;
                for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512_vnni}) {
                    if (!is_supported(isa)) continue;
                    std::vector<double> sums(rows * columns, 0.25);
                    add_tile_products(a, b, sums, isa);
                    for (std::size_t r = 0; r < rows; ++r)
                        for (std::size_t c = 0; c < columns; ++c) {
                            double expected = 0.25;
                            for (std::size_t i = 0; i < stride; ++i)
                                expected += x[r * stride + i] * y[c * stride + i];
                            EXPECT_NEAR(sums[r * columns + c], expected, 1e-12);
                        }
                    if (first.empty()) first = sums;
                    EXPECT_EQ(sums, first);
                }
            }
}

TEST(TileProducts, DoNotDependOnHowColumnsAreGrouped) {
    Rng rng(4, "tiles", 0);
    const auto x = random_tile(rng, 6 * 64), y = random_tile(rng, 5 * 64);
    std::vector<double> all(30), one(1);
    add_tile_products({x.data(), 6, 64}, {y.data(), 5, 64}, all);
    for (std::size_t r = 0; r < 6; ++r)
        for (std::size_t c = 0; c < 5; ++c) {
            one[0] = 0;
            add_tile_products({x.data() + r * 64, 1, 64}, {y.data() + c * 64, 1, 64}, one);
            EXPECT_EQ(one[0], all[r * 5 + c]);
        }
}

TEST(TileSquares, AreWeighted) {
    Rng rng(5, "tiles", 0);
    const auto x = random_tile(rng, 3 * 32), w = random_tile(rng, 32);
    for (const bool weighted : {false, true}) {
        std::vector<double> first;
        for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512_vnni}) {
            if (!is_supported(isa)) continue;
            std::vector<double> sums(3, 1.0);
            add_tile_squares({x.data(), 3, 32}, weighted ? w.data() : nullptr, sums, isa);
            for (std::size_t c = 0; c < 3; ++c) {
                double expected = 1;
                for (std::size_t i = 0; i < 32; ++i)
                    expected += x[c * 32 + i] * x[c * 32 + i] * (weighted ? w[i] : 1);
                EXPECT_NEAR(sums[c], expected, 1e-13);
            }
            if (first.empty()) first = sums;
            EXPECT_EQ(sums, first);
        }
    }
}

} // namespace
} // namespace salus
