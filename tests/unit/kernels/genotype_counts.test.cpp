#include "kernels/genotype_counts.hpp"

#include "unit/kernels/random_genotypes.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace salus {
namespace {

using test::carriers_of;
using test::pack;
using test::random_calls;

GenotypeCounts count_slowly(const std::vector<std::uint8_t>& calls,
                            const std::vector<std::uint8_t>& members) {
    std::uint64_t by_call[4] = {};
    for (std::size_t i = 0; i < calls.size(); ++i)
        by_call[calls[i]] += members[i] != 0 ? 1U : 0U;
    return {.hom_ref = by_call[0], .het = by_call[1], .hom_alt = by_call[2], .missing = by_call[3]};
}

TEST(GenotypeCounts, EveryInstructionSetAndFormAgreesWithTheSlowCountOnEveryTail) {
    for (const std::size_t samples : test::tail_lengths()) {
        const auto calls = random_calls(samples, samples, samples % 2 == 0);
        std::vector<std::uint8_t> members(samples);
        Rng rng(5, "members", samples);
        for (auto& member : members)
            member = rng.bernoulli(0.7) ? 1 : 0;
        const SampleMask mask(members);
        const auto row = pack(calls);
        const auto carriers = carriers_of(calls);
        const auto all = count_slowly(calls, std::vector<std::uint8_t>(samples, 1));
        const auto some = count_slowly(calls, members);
        for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512_vnni}) {
            if (!is_supported(isa)) continue;
            EXPECT_EQ(count_genotypes(row.bytes(), samples, isa), all) << samples << to_string(isa);
            EXPECT_EQ(count_genotypes(row.bytes(), mask, isa), some) << samples << to_string(isa);
        }
        EXPECT_EQ(count_genotypes(carriers, samples), all);
        EXPECT_EQ(count_genotypes(carriers, mask), some);
    }
}

TEST(SampleMask, KnowsItsMembers) {
    const SampleMask mask(std::vector<std::uint8_t>{1, 0, 0, 1, 1});
    EXPECT_EQ(mask.count(), 3U);
    EXPECT_EQ(mask.samples(), 5U);
    EXPECT_TRUE(mask.contains(3));
    EXPECT_FALSE(mask.contains(2));
    EXPECT_EQ(SampleMask(std::vector<std::uint8_t>{}).count(), 0U);
}

TEST(ListMissing, FindsEveryMissingCallInOrder) {
    for (const std::size_t samples : test::tail_lengths()) {
        const auto calls = random_calls(samples, samples + 1);
        std::vector<Carrier> expected, found;
        for (std::size_t i = 0; i < samples; ++i) {
            if (calls[i] == missing) expected.push_back(make_carrier(i, missing));
        }
        list_missing(pack(calls).bytes(), samples, found);
        EXPECT_EQ(found, expected);
    }
}

} // namespace
} // namespace salus
