#include "kernels/pair_counts.hpp"

#include "unit/kernels/random_genotypes.hpp"

#include <gtest/gtest.h>

namespace salus {
namespace {

using Calls = std::vector<std::vector<std::uint8_t>>; // [variant][sample]

Calls random_table(std::size_t variants, std::size_t samples, bool common) {
    Calls calls;
    for (std::size_t v = 0; v < variants; ++v)
        calls.push_back(test::random_calls(samples, v, common));
    return calls;
}

/// All chunks of all samples: [sample][chunk][128].
std::vector<std::uint8_t> planes_of(const Calls& calls, std::size_t samples) {
    const std::size_t chunks = (calls.size() + plane_variants - 1) / plane_variants;
    std::vector<std::uint8_t> planes(samples * chunks * plane_chunk_bytes, 0xAA);
    std::vector<std::uint8_t> chunk(samples * plane_chunk_bytes, 0x55);
    for (std::size_t c = 0; c < chunks; ++c) {
        std::vector<test::PaddedRow> rows;
        std::vector<const std::uint8_t*> pointers;
        for (std::size_t v = c * plane_variants;
             v < std::min(calls.size(), (c + 1) * plane_variants); ++v)
            rows.push_back(test::pack(calls[v]));
        for (const auto& row : rows)
            pointers.push_back(row.bytes().data());
        transpose_calls(pointers, samples, chunk);
        for (std::size_t i = 0; i < samples; ++i)
            std::copy_n(chunk.data() + i * plane_chunk_bytes, plane_chunk_bytes,
                        planes.data() + (i * chunks + c) * plane_chunk_bytes);
    }
    return planes;
}

// The definition, call by call.
PairCounts count_pairs_slowly(const Calls& calls, std::size_t i, std::size_t j) {
    PairCounts sum;
    for (const auto& row : calls) {
        const int a = row[i], b = row[j];
        if (a == missing || b == missing) continue;
        sum.het_het += a == het && b == het;
        sum.het_hom += a == het && b != het;
        sum.hom_het += a != het && b == het;
        sum.ibs0 += (a - b) * (a - b) == 4;
    }
    return sum;
}

// Squared differences with missing calls as heterozygous.
std::uint32_t distance_slowly(const Calls& calls, std::size_t i, std::size_t j) {
    int sum = 0;
    for (const auto& row : calls) {
        const int a = row[i] == missing ? 1 : row[i], b = row[j] == missing ? 1 : row[j];
        sum += (a - b) * (a - b);
    }
    return static_cast<std::uint32_t>(sum);
}

void check_pairs(std::size_t variants, bool common) {
    constexpr std::size_t samples = group_first + group_second;
    const Calls calls = random_table(variants, samples, common);
    const auto planes = planes_of(calls, samples);
    const std::size_t chunks = (variants + plane_variants - 1) / plane_variants;
    const std::uint8_t* const data = planes.data();
    const std::size_t stride = chunks * plane_chunk_bytes;
    const PairGroup group{
        .first = {data, data + stride},
        .second = {data + 2 * stride, data + 3 * stride, data + 4 * stride, data + 5 * stride},
        .chunks = chunks};
    for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512_vnni}) {
        if (!is_supported(isa)) continue;
        std::array<PairCounts, group_pairs> counts{};
        std::array<std::uint32_t, group_pairs> distance{};
        counts[3].ibs0 = 7, distance[3] = 28; // sums are added to
        add_pair_counts(group, counts, isa);
        add_distances(group, distance, MissingCall::skipped, isa);
        std::array<std::uint32_t, group_pairs> as_het{};
        add_distances(group, as_het, MissingCall::het, isa);
        for (std::size_t p = 0; p < group_pairs; ++p) {
            PairCounts expected =
                count_pairs_slowly(calls, p / group_second, group_first + p % group_second);
            if (p == 3) expected.ibs0 += 7;
            ASSERT_EQ(counts[p], expected) << to_string(isa) << ", " << variants << " variants";
            ASSERT_EQ(distance[p], expected.distance())
                << to_string(isa) << ", " << variants << " variants";
            ASSERT_EQ(as_het[p],
                      distance_slowly(calls, p / group_second, group_first + p % group_second))
                << to_string(isa) << ", " << variants << " variants";
        }
    }
    std::uint32_t joint = 0, called = 0, het_calls = 0;
    for (const auto& row : calls) {
        joint += row[0] != missing && row[5] != missing;
        called += row[0] != missing;
        het_calls += row[0] == het;
    }
    for (const Isa isa : {Isa::reference, best_isa()}) {
        ASSERT_EQ(jointly_called(data, data + 5 * stride, chunks, isa), joint);
        ASSERT_EQ(count_calls(data, chunks, isa).called, called);
        ASSERT_EQ(count_calls(data, chunks, isa).het, het_calls);
    }
}

TEST(PairCounts, AllFormsAgreeWithTheDefinitionForEveryTailLength) {
    for (std::size_t variants = 0; variants <= 130; ++variants)
        check_pairs(variants, true);
    for (const std::size_t variants :
         {511u, 512u, 513u, 1023u, 1024u, 1025u, 8191u, 8192u, 8193u, 15872u, 15873u, 20000u})
        for (const bool common : {false, true})
            check_pairs(variants, common);
}

TEST(PairCounts, LargestSumsOfAByteDoNotOverflow) {
    // 31 half chunks of 8 ones a byte are the most that the AVX2 form adds before it widens.
    const Calls calls(20000, {hom_ref, hom_ref, hom_alt, hom_alt, het, missing});
    const auto planes = planes_of(calls, 6);
    const std::size_t chunks = 40, stride = chunks * plane_chunk_bytes;
    PairGroup group{.first = {planes.data(), planes.data() + stride},
                    .second = {planes.data() + 2 * stride, planes.data() + 3 * stride,
                               planes.data() + 4 * stride, planes.data() + 5 * stride},
                    .chunks = chunks};
    for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512_vnni}) {
        if (!is_supported(isa)) continue;
        std::array<std::uint32_t, group_pairs> distance{};
        add_distances(group, distance, MissingCall::skipped, isa);
        EXPECT_EQ(distance, (std::array<std::uint32_t, group_pairs>{80000, 80000, 20000, 0, 80000,
                                                                    80000, 20000, 0}));
    }
}

TEST(GenotypePlanes, TransposedCallsReadBackForEveryNumberOfSamples) {
    for (std::size_t samples = 0; samples <= 70; ++samples) {
        for (const std::size_t variants : {0u, 1u, 63u, 64u, 65u, 300u, 512u}) {
            const Calls calls = random_table(variants, samples, true);
            std::vector<test::PaddedRow> rows;
            std::vector<const std::uint8_t*> pointers;
            for (const auto& row : calls)
                rows.push_back(test::pack(row));
            for (const auto& row : rows)
                pointers.push_back(row.bytes().data());
            std::vector<std::uint8_t> planes(samples * plane_chunk_bytes + 1, 0x5A);
            transpose_calls(pointers, samples, planes);
            for (std::size_t i = 0; i < samples; ++i)
                for (std::size_t v = 0; v < plane_variants; ++v)
                    ASSERT_EQ(plane_call(planes.data() + i * plane_chunk_bytes, v),
                              v < variants ? int{calls[v][i]} : 3);
            EXPECT_EQ(planes.back(), 0x5A);
        }
    }
}

} // namespace
} // namespace salus
