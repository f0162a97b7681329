#include "genotype/block_codec.hpp"
#include "base/random.hpp"
#include "genotype/split_rows.hpp"
#include "support/genotype_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

using Row = std::vector<std::uint8_t>;

/// One variant before it is coded.
struct Made {
    Row calls, phase;
    std::vector<Dosage> dosages;
    GenotypeView view() const { return {.calls = calls, .dosages = dosages, .phase = phase}; }
};

Row random_row(Rng& rng, std::size_t samples, double alt, double missing_rate) {
    Row row(packed_bytes(samples));
    for (std::size_t i = 0; i < samples; ++i) {
        const auto copies = (rng.bernoulli(alt) ? 1 : 0) + (rng.bernoulli(alt) ? 1 : 0);
        packed_set(row, i,
                   rng.bernoulli(missing_rate) ? std::uint8_t{missing}
                                               : static_cast<std::uint8_t>(copies));
    }
    return row;
}

void add_phase(Rng& rng, std::size_t samples, double share, Made& made) {
    made.phase.assign(packed_bytes(samples), 0);
    for (std::size_t i = 0; i < samples; ++i)
        if (packed_get(made.calls, i) == het && rng.bernoulli(share))
            packed_set(made.phase, i, static_cast<std::uint8_t>(1 + rng.below(2)));
}

/// Dosages that are multiples of 1 / steps near the calls, far from them, or missing.
void add_dosages(Rng& rng, std::size_t samples, double share, std::uint64_t steps, Made& made) {
    made.dosages.resize(samples);
    for (std::size_t i = 0; i < samples; ++i) {
        made.dosages[i] = dosage_of_call(packed_get(made.calls, i));
        if (!rng.bernoulli(share)) continue;
        made.dosages[i] =
            rng.bernoulli(0.02)
                ? dosage_missing
                : static_cast<Dosage>(std::lround(static_cast<double>(rng.below(2 * steps + 1)) *
                                                  16384.0 / static_cast<double>(steps)));
    }
}

/// Variants of all kinds: rare to common in both directions, mostly missing, related to the one
/// before, with and without dosages and phase.
std::vector<Made> all_kinds(std::size_t samples, Rng& rng) {
    std::vector<Made> made;
    for (const double alt : {0.0, 0.002, 0.01, 0.03, 0.06, 0.12, 0.3, 0.5, 0.8, 0.97, 0.999, 1.0})
        for (const double missing_rate : {0.0, 0.01, 0.97}) {
            Made one;
            one.calls = random_row(rng, samples, alt, missing_rate);
            const auto kind = rng.below(4);
            if (kind == 1) add_phase(rng, samples, 1, one);
            if (kind == 2) add_phase(rng, samples, 0.5, one);
            constexpr std::uint64_t steps[] = {100, 255, 1000, 16384, 65535};
            if (rng.below(2) == 0)
                add_dosages(rng, samples, rng.bernoulli(0.5) ? 0.05 : 0.9, steps[rng.below(5)],
                            one);
            made.push_back(one);
            for (std::size_t i = 0; i < samples; ++i)
                if (rng.bernoulli(0.01))
                    packed_set(one.calls, i, static_cast<std::uint8_t>(rng.below(4)));
            one.phase.clear();
            one.dosages.clear();
            made.push_back(one);
        }
    return made;
}

std::vector<std::uint8_t> encode(std::size_t samples, const std::vector<Made>& variants) {
    BlockEncoder encoder(samples);
    for (const Made& one : variants)
        encoder.add(one.view());
    std::vector<std::uint8_t> bytes;
    encoder.finish(bytes);
    return bytes;
}

/// `block` must be what VariantBlock makes of the same rows.
void expect_same(const VariantBlock& block, std::size_t samples, const std::vector<Made>& variants,
                 std::size_t first, WithPhase phase) {
    VariantBlock expected;
    expected.reset(0, samples);
    for (std::size_t v = 0; v < block.size(); ++v) {
        Made one = variants[first + v];
        if (phase == WithPhase::no) one.phase.clear();
        expected.add(one.view());
        ASSERT_EQ(block.is_carrier_list(v), expected.is_carrier_list(v)) << v;
        ASSERT_EQ(test::calls_text(block, v), test::calls_text(expected, v)) << v;
        ASSERT_TRUE(std::ranges::equal(block.dosage_row(v), expected.dosage_row(v))) << v;
        ASSERT_TRUE(std::ranges::equal(block.dosage_list(v), expected.dosage_list(v))) << v;
        ASSERT_TRUE(std::ranges::equal(block.phased(v), expected.phased(v))) << v;
    }
}

TEST(BlockCodec, ReturnsWhatWasEncoded) {
    Rng rng(3, "codec", 0);
    for (const std::size_t samples :
         {1U, 2U, 3U, 5U, 8U, 17U, 63U, 64U, 65U, 130U, 257U, 400U, 1111U}) {
        const auto variants = all_kinds(samples, rng);
        const auto bytes = encode(samples, variants);
        BlockDecoder decoder;
        for (const WithPhase phase : {WithPhase::no, WithPhase::yes}) {
            VariantBlock block;
            block.reset(0, samples);
            ASSERT_TRUE(decoder.decode(
                bytes,
                {.variants = variants.size(), .first = 0, .count = variants.size(), .phase = phase},
                block))
                << samples;
            ASSERT_EQ(block.size(), variants.size());
            expect_same(block, samples, variants, 0, phase);
        }
    }
}

TEST(BlockCodec, DecodesPartsOfABlock) {
    Rng rng(4, "codec", 0);
    const std::size_t samples = 300;
    const auto variants = all_kinds(samples, rng);
    const auto bytes = encode(samples, variants);
    BlockDecoder decoder;
    for (std::size_t first = 0; first < variants.size(); first += 7) {
        VariantBlock block;
        block.reset(0, samples);
        const std::size_t count = std::min<std::size_t>(5, variants.size() - first);
        ASSERT_TRUE(decoder.decode(
            bytes,
            {.variants = variants.size(), .first = first, .count = count, .phase = WithPhase::yes},
            block));
        ASSERT_EQ(block.size(), count);
        expect_same(block, samples, variants, first, WithPhase::yes);
    }
}

TEST(BlockCodec, ManySamplesAndFewCarriersTakeFewBits) {
    // A singleton among 100,000: 1 bit of form, 3 of number, 1 of symbols and 17 or 18 of gap.
    const std::size_t samples = 100'000;
    Rng rng(5, "codec", 0);
    std::vector<Made> variants(64);
    for (Made& one : variants) {
        one.calls.assign(packed_bytes(samples), 0);
        packed_set(one.calls, rng.below(samples), het);
    }
    EXPECT_LE(encode(samples, variants).size(), 4 + 64U * 23 / 8 + 1);
}

TEST(BlockCodec, RelatedVariantsTakeTheirDifference) {
    const std::size_t samples = 4000;
    Rng rng(6, "codec", 0);
    std::vector<Made> variants(1);
    variants[0].calls = random_row(rng, samples, 0.4, 0.01);
    const std::size_t alone = encode(samples, variants).size();
    variants.push_back(variants[0]);
    packed_set(variants[1].calls, 77, missing);
    EXPECT_LE(encode(samples, variants).size(), alone + 8);
}

TEST(BlockCodec, DamagedBlocksDoNoHarm) {
    // The CRC catches these; the decoder must end without touching foreign memory.
    Rng rng(7, "codec", 0);
    const std::size_t samples = 130;
    const auto variants = all_kinds(samples, rng);
    const auto good = encode(samples, variants);
    BlockDecoder decoder;
    const auto decode = [&](std::span<const std::uint8_t> bytes) {
        VariantBlock block;
        block.reset(0, samples);
        return decoder.decode(bytes,
                              {.variants = variants.size(),
                               .first = 0,
                               .count = variants.size(),
                               .phase = WithPhase::yes},
                              block);
    };
    for (std::size_t length = 0; length < good.size(); length += 3)
        EXPECT_FALSE(decode(std::vector(good.begin(), good.begin() + static_cast<long>(length))));
    int refused = 0;
    for (int flip = 0; flip < 3000; ++flip) {
        auto bad = good;
        const auto bit = rng.below(8 * bad.size());
        bad[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
        refused += decode(bad) ? 0 : 1;
    }
    EXPECT_GT(refused, 100);
}

TEST(SplitRows, BothFormsGiveTheRowBack) {
    Rng rng(8, "split", 0);
    for (std::size_t samples = 1; samples < 300; ++samples)
        for (const double alt : {0.0, 0.1, 0.5, 0.9, 1.0}) {
            const Row row = random_row(rng, samples, alt, 0);
            const auto commonest = alt > 0.5 ? Commonest::hom_alt : Commonest::hom_ref;
            std::size_t others = 0;
            for (std::size_t i = 0; i < samples; ++i)
                others += packed_get(row, i) != (alt > 0.5 ? hom_alt : hom_ref) ? 1U : 0U;
            std::vector<std::uint8_t> planes{9};
            split_row(row, samples, commonest, planes);
            ASSERT_EQ(planes.size(), 1 + split_bytes(samples, others));
            const auto coded = std::span<const std::uint8_t>(planes).subspan(1);
            Row fast(packed_bytes(samples) + 16, 0xFF), slow(fast);
            ASSERT_TRUE(join_row(coded, samples, others, commonest, fast.data()));
            ASSERT_TRUE(reference::join_row(coded, samples, others, commonest, slow.data()));
            ASSERT_TRUE(std::equal(row.begin(), row.end(), fast.begin())) << samples;
            ASSERT_TRUE(std::equal(row.begin(), row.end(), slow.begin())) << samples;
            if (others > 0) {
                EXPECT_FALSE(join_row(coded, samples, others - 1, commonest, fast.data()));
            }
        }
}

} // namespace
} // namespace salus
