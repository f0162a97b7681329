#include "kernels/transpose.hpp"

#include "unit/kernels/random_genotypes.hpp"

#include <gtest/gtest.h>

namespace salus {
namespace {

void check_transpose(std::size_t variants, std::size_t samples) {
    std::vector<std::vector<std::uint8_t>> calls;
    std::vector<test::PaddedRow> rows;
    std::vector<const std::uint8_t*> pointers;
    for (std::size_t v = 0; v < variants; ++v) {
        calls.push_back(test::random_calls(samples, v, v % 2 == 0));
        rows.push_back(test::pack(calls.back()));
        pointers.push_back(rows.back().bytes().data());
    }
    const std::size_t stride = 64 * ((variants + 255) / 256 + 1);
    for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512_vnni}) {
        if (!is_supported(isa)) continue;
        std::vector<std::uint8_t> out(samples * stride + 1, 0xA5);
        transpose_calls(pointers, samples, out.data(), stride, isa);
        for (std::size_t i = 0; i < samples; ++i) {
            const auto row = std::span<const std::uint8_t>(out).subspan(i * stride, stride);
            for (std::size_t v = 0; v < 4 * stride; ++v)
                ASSERT_EQ(packed_get(row, v), v < variants ? calls[v][i] : 0)
                    << to_string(isa) << ", sample " << i << ", variant " << v;
        }
        EXPECT_EQ(out.back(), 0xA5) << "written beyond the last sample row";
    }
}

TEST(Transpose, AllFormsAgreeOnEveryTailLengthOfSamples) {
    for (const std::size_t samples : test::tail_lengths())
        if (samples < 2000) check_transpose(5, samples);
}

TEST(Transpose, AllFormsAgreeOnEveryTailLengthOfVariants) {
    for (const std::size_t variants : test::tail_lengths())
        if (variants < 600) check_transpose(variants, 67);
}

} // namespace
} // namespace salus
