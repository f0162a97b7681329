#include "stages/quality/sample_counters.hpp"

#include "base/random.hpp"
#include "parallel/parallel_for.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace salus {
namespace {

Variant variant(std::string chromosome, std::uint32_t position, std::string ref, std::string alt) {
    return {.chromosome = std::move(chromosome),
            .position = position,
            .ref = std::move(ref),
            .alt = std::move(alt)};
}

TEST(Classify, ByChangeAndChromosome) {
    const auto is = [](const Variant& v) { return classify(v, "GRCh38"); };
    EXPECT_EQ(is(variant("1", 1, "A", "G")), VariantClass::transition);
    EXPECT_EQ(is(variant("chr2", 1, "T", "C")), VariantClass::transition);
    EXPECT_EQ(is(variant("2", 1, "a", "g")), VariantClass::transition);
    EXPECT_EQ(is(variant("1", 1, "A", "C")), VariantClass::transversion);
    EXPECT_EQ(is(variant("1", 1, "A", "T")), VariantClass::transversion);
    EXPECT_EQ(is(variant("1", 1, "C", "G")), VariantClass::transversion);
    EXPECT_EQ(is(variant("1", 1, "AT", "A")), VariantClass::other);
    EXPECT_EQ(is(variant("1", 1, "A", "*")), VariantClass::other);
    EXPECT_EQ(is(variant("X", 50'000'000, "A", "G")), VariantClass::x_linked);
    EXPECT_EQ(is(variant("chrX", 1'000'000, "A", "G")), VariantClass::pseudo_autosomal);
    EXPECT_EQ(is(variant("Y", 10'000'000, "A", "G")), VariantClass::y_linked);
    EXPECT_EQ(is(variant("MT", 10, "A", "G")), VariantClass::mitochondrial);
}

struct RandomBlock {
    VariantBlock block;
    std::vector<VariantFacts> facts;
    std::vector<std::vector<std::uint8_t>> calls; // [variant][sample]
};

/// Every third variant as a carrier list, classes in turn, calls of all kinds.
RandomBlock random_block(std::size_t samples, std::size_t variants) {
    RandomBlock out;
    out.block.reset(0, samples);
    Rng rng(11, "block", samples * 1000 + variants);
    for (std::size_t v = 0; v < variants; ++v) {
        std::vector<std::uint8_t> calls(samples), row(packed_bytes(samples));
        std::vector<Carrier> carriers;
        const double rate = v % 5 == 0 ? 1.0 / static_cast<double>(samples) : 0.6;
        for (std::size_t i = 0; i < samples; ++i) {
            if (rng.bernoulli(rate)) calls[i] = static_cast<std::uint8_t>(rng.below(4));
            packed_set(row, i, calls[i]);
            if (calls[i] != 0) carriers.push_back(make_carrier(i, calls[i]));
        }
        GenotypeCounts counts;
        for (const std::uint8_t call : calls)
            ++(call == 0   ? counts.hom_ref
               : call == 1 ? counts.het
               : call == 2 ? counts.hom_alt
                           : counts.missing);
        if (v % 3 == 0)
            out.block.add_carriers(carriers);
        else
            out.block.add_row(row);
        out.facts.push_back({.variant_class = static_cast<VariantClass>(v % variant_classes),
                             .counts = counts,
                             .expected_het = 0.5 * rng.uniform()});
        out.calls.push_back(std::move(calls));
    }
    return out;
}

void expect_obvious(const RandomBlock& in, const SampleCounts& sum) {
    for (std::size_t i = 0; i < sum.size(); ++i) {
        std::array<std::array<std::uint32_t, 4>, variant_classes> calls{};
        std::uint32_t singletons = 0;
        std::uint64_t expected = 0, expected_x = 0;
        for (std::size_t v = 0; v < in.calls.size(); ++v) {
            const VariantFacts& f = in.facts[v];
            const std::uint8_t call = in.calls[v][i];
            ++calls[static_cast<std::size_t>(f.variant_class)][call];
            const auto units = static_cast<std::uint64_t>(std::llround(f.expected_het * 0x1p32));
            if (call == missing && is_autosomal(f.variant_class)) expected += units;
            if (call == missing && f.variant_class == VariantClass::x_linked) expected_x += units;
            if (call == het && is_autosomal(f.variant_class) && f.counts.alt_copies() == 1)
                ++singletons;
        }
        for (std::size_t c = 0; c < variant_classes; ++c) {
            if (sum.by_class[c].variants == 0) continue;
            ASSERT_EQ(sum.by_class[c].het[i], calls[c][het]);
            ASSERT_EQ(sum.by_class[c].hom_alt[i], calls[c][hom_alt]);
            ASSERT_EQ(sum.by_class[c].missing[i], calls[c][missing]);
        }
        ASSERT_EQ(sum.singletons[i], singletons);
        ASSERT_EQ(sum.expected_het_missing[i], expected);
        ASSERT_EQ(sum.expected_het_missing_x[i], expected_x);
    }
}

TEST(SampleCounters, EqualTheObviousVersion) {
    for (const std::size_t samples : {1u, 3u, 31u, 32u, 33u, 257u, 2048u, 2049u, 5000u}) {
        for (const std::size_t variants : {1u, 7u, 120u}) {
            const RandomBlock in = random_block(samples, variants);
            SampleCounts sum(samples);
            add_samples(in.block, in.facts, sum);
            sum.finish();
            expect_obvious(in, sum);
        }
    }
}

TEST(SampleCounters, MoreThan255RowsOfOneClass) {
    const RandomBlock in = random_block(70, 7 * 700);
    SampleCounts sum(70);
    add_samples(in.block, in.facts, sum);
    sum.finish();
    expect_obvious(in, sum);
}

TEST(SampleCounters, ThreadsAndBlocksDoNotMatter) {
    const RandomBlock in = random_block(5000, 40);
    SampleCounts one(5000), two(5000);
    set_threads(1);
    add_samples(in.block, in.facts, one);
    one.finish();
    set_threads(2);
    add_samples(in.block, in.facts, two);
    two.finish();
    EXPECT_EQ(one.by_class[0].het, two.by_class[0].het);
    EXPECT_EQ(one.expected_het_missing, two.expected_het_missing);
    EXPECT_EQ(one.expected_het, two.expected_het);
}

} // namespace
} // namespace salus
