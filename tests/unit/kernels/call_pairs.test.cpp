#include "kernels/call_pairs.hpp"

#include "unit/kernels/random_genotypes.hpp"

#include <gtest/gtest.h>

namespace salus {
namespace {

using test::pack;

/// Calls of a variant; `kind` 0 = complete and common, 1 = with missing calls, 2 = rare.
std::vector<std::uint8_t> calls_of(std::size_t samples, std::uint64_t index, int kind) {
    auto calls = test::random_calls(samples, index, kind != 2);
    if (kind == 0)
        for (auto& call : calls)
            call = static_cast<std::uint8_t>(call % 3);
    return calls;
}

std::vector<Carrier> member_carriers(const std::vector<std::uint8_t>& calls,
                                     const SampleBits& members) {
    std::vector<Carrier> list;
    for (const Carrier carrier : test::carriers_of(calls))
        if (members.contains(carrier_sample(carrier))) list.push_back(carrier);
    return list;
}

std::vector<std::uint8_t> random_members(std::size_t samples, bool all) {
    std::vector<std::uint8_t> members(samples, 1);
    Rng rng(5, "members", samples);
    for (auto& member : members)
        member = all || rng.bernoulli(0.7) ? 1 : 0;
    return members;
}

/// The product of the minor copies in two ranges, against what the sums of g say.
void expect_minor_product(const CallPlanes& a, const CallPlanes& b, const CallPairSums& sums,
                          Isa isa) {
    const std::int64_t sum_a = a.flipped ? 2 * sums.samples - sums.sum_a : sums.sum_a;
    std::int64_t product = a.flipped ? 2 * sums.sum_b - sums.product : sums.product;
    if (b.flipped) product = 2 * sum_a - product;
    EXPECT_LE(a.minor.sum, a.minor.called);
    EXPECT_EQ(a.flipped, a.sums.sum > a.sums.called);
    EXPECT_EQ(a.minor.sum, a.flipped ? 2 * a.sums.called - a.sums.sum : a.sums.sum);
    const std::int64_t head = centred_product(a, b, {0, a.head}, isa),
                       rest = centred_product(a, b, {a.head, a.words}, isa);
    EXPECT_EQ(head + rest + a.minor.sum + b.minor.sum - a.members, product);
    EXPECT_LE(a.rest.called, a.members);
    const std::int64_t rest_product = rest + a.rest.sum + b.rest.sum - a.rest.called;
    EXPECT_GE(rest_product, 0);
    EXPECT_LE(rest_product * rest_product, a.rest.squares * b.rest.squares); // Cauchy-Schwarz
}

TEST(CallPairs, PlanesOfEveryInstructionSetAgreeWithTheSlowSumsOnEveryTail) {
    for (const std::size_t samples : test::tail_lengths()) {
        const auto members = random_members(samples, samples % 3 == 0);
        const SampleBits bits(members);
        for (int kind = 0; kind < 4; ++kind) { // which of the two variants has missing calls
            const auto a = pack(calls_of(samples, samples, kind & 1));
            const auto b = pack(calls_of(samples, samples + 100'000, kind >> 1));
            for (const HetCall hets : {HetCall::one_copy, HetCall::missing}) {
                const auto expected = reference::pair_sums(a.bytes(), b.bytes(), members, hets);
                for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512_vnni}) {
                    if (!is_supported(isa)) continue;
                    CallPlaneSlots slots(2, bits.words(), 0.6);
                    slots.set(0, a.bytes(), bits, hets, isa);
                    slots.set(1, b.bytes(), bits, hets, isa);
                    EXPECT_EQ(pair_sums(slots[0], slots[1], isa), expected)
                        << samples << to_string(isa) << kind;
                    expect_minor_product(slots[0], slots[1], expected, isa);
                }
            }
        }
    }
}

TEST(CallPairs, CarrierListsAgreeWithTheSlowSumsOnEveryTail) {
    for (const std::size_t samples : test::tail_lengths()) {
        const auto members = random_members(samples, samples % 3 == 1);
        const SampleBits bits(members);
        for (const int kind : {0, 1, 2}) {
            const auto rare = calls_of(samples, samples, 2);
            const auto other = calls_of(samples, samples + 100'000, kind);
            const auto a = pack(rare), b = pack(other);
            const auto expected =
                reference::pair_sums(a.bytes(), b.bytes(), members, HetCall::one_copy);
            CallPlaneSlots slots(1, bits.words());
            slots.set(0, b.bytes(), bits);
            const auto list_a = member_carriers(rare, bits), list_b = member_carriers(other, bits);
            const CallSums sums_a = call_sums(list_a, bits.count()),
                           sums_b = call_sums(list_b, bits.count());
            EXPECT_EQ(pair_sums(list_a, sums_a, slots[0]), expected) << samples << ' ' << kind;
            EXPECT_EQ(pair_sums(list_a, sums_a, list_b, sums_b, bits.count()), expected)
                << samples << ' ' << kind;
            EXPECT_EQ(slots[0].sums, sums_b) << samples;
        }
    }
}

TEST(CallPairs, CompleteMeansNobodyOfTheSetIsMissing) {
    const std::vector<std::uint8_t> calls{0, 3, 2, 1};
    const auto row = pack(calls);
    CallPlaneSlots slots(2, 8);
    slots.set(0, row.bytes(), SampleBits(std::vector<std::uint8_t>{1, 0, 1, 1}));
    EXPECT_TRUE(slots[0].complete);
    EXPECT_EQ(slots[0].sums, (CallSums{.called = 3, .sum = 3, .squares = 5}));
    slots.set(1, row.bytes(), SampleBits(std::vector<std::uint8_t>{1, 1, 1, 1}));
    EXPECT_FALSE(slots[1].complete);
}

} // namespace
} // namespace salus
