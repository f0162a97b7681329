#include "kernels/byte_products.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace salus {
namespace {

std::vector<std::vector<std::uint8_t>> random_rows(std::size_t rows, std::size_t samples,
                                                   unsigned most, std::uint64_t seed) {
    std::vector<std::vector<std::uint8_t>> values(rows, std::vector<std::uint8_t>(samples));
    for (std::size_t r = 0; r < rows; ++r) {
        Rng rng(seed, "bytes", r);
        for (auto& value : values[r])
            value = static_cast<std::uint8_t>(rng.uniform() * (most + 1));
    }
    return values;
}

BytePanels panels_of(const std::vector<std::vector<std::uint8_t>>& rows, std::size_t samples) {
    BytePanels panels(rows.size(), samples);
    for (std::size_t r = 0; r < rows.size(); ++r)
        panels.set_row(r, rows[r]);
    return panels;
}

class ByteProductsOn : public testing::TestWithParam<Isa> {};

TEST_P(ByteProductsOn, AreSumsOverSamples) {
    if (!is_supported(GetParam())) GTEST_SKIP();
    for (const std::size_t samples : {0u, 1u, 4u, 7u, 130u})
        for (const std::size_t rows : {1u, 16u, 50u}) {
            const auto a = random_rows(rows, samples, byte_max, 1);
            const auto b = random_rows(19, samples, 255, 2); // as signed numbers
            const BytePanels left = panels_of(a, samples), right = panels_of(b, samples);
            const std::size_t stride = left.padded_rows();
            std::vector<std::int32_t> sums(24 * stride, 5);
            add_byte_products({.left = left,
                               .right = right,
                               .begin = 0,
                               .end = 19,
                               .sums = sums.data(),
                               .stride = stride},
                              GetParam());
            for (std::size_t j = 0; j < 19; ++j)
                for (std::size_t i = 0; i < rows; ++i) {
                    int expected = 5;
                    for (std::size_t s = 0; s < samples; ++s)
                        expected += a[i][s] * static_cast<std::int8_t>(b[j][s]);
                    ASSERT_EQ(sums[j * stride + i], expected) << samples << ' ' << i << ' ' << j;
                }
        }
}

TEST_P(ByteProductsOn, TheLargestNumbersDoNotOverflow) {
    if (!is_supported(GetParam())) GTEST_SKIP();
    constexpr std::size_t samples = byte_products_samples;
    const std::vector<std::vector<std::uint8_t>> most(1, std::vector<std::uint8_t>(samples, 126)),
        least(8, std::vector<std::uint8_t>(samples, 0x80));
    const BytePanels left = panels_of(most, samples), right = panels_of(least, samples);
    std::vector<std::int32_t> sums(8 * 48);
    add_byte_products(
        {.left = left, .right = right, .begin = 0, .end = 8, .sums = sums.data(), .stride = 48},
        GetParam());
    EXPECT_EQ(sums[0], -126 * 128 * static_cast<std::int64_t>(samples));
}

TEST_P(ByteProductsOn, LowerTriangleHasAllThatIsAsked) {
    if (!is_supported(GetParam())) GTEST_SKIP();
    const auto a = random_rows(131, 33, byte_max, 3);
    const BytePanels rows = panels_of(a, 33);
    const std::size_t stride = rows.padded_rows();
    std::vector<std::int32_t> all(136 * stride), lower(136 * stride);
    ByteProducts task{.left = rows, .right = rows, .begin = 0, .end = 131, .stride = stride};
    task.sums = all.data();
    add_byte_products(task, GetParam());
    task.sums = lower.data();
    task.triangle = Triangle::lower;
    add_byte_products(task, GetParam());
    for (std::size_t j = 0; j < 131; ++j)
        for (std::size_t i = j; i < 131; ++i)
            ASSERT_EQ(lower[j * stride + i], all[j * stride + i]);
    EXPECT_EQ(lower[130 * stride], 0); // far above the diagonal nothing is done
}

INSTANTIATE_TEST_SUITE_P(Isa, ByteProductsOn,
                         testing::Values(Isa::reference, Isa::avx2, Isa::avx512_vnni),
                         [](const auto& on) { return std::string(to_string(on.param)); });

} // namespace
} // namespace salus
