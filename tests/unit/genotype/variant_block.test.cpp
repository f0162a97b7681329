#include "genotype/genotype_source.hpp"
#include "support/genotype_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace salus {
namespace {

TEST(VariantBlock, KeepsBothFormsAndUnpacksThem) {
    VariantBlock block;
    block.reset(7, 6);
    block.add_row(test::packed_row("012.10"));
    const std::vector<Carrier> carriers{make_carrier(1, het), make_carrier(5, missing)};
    block.add_carriers(carriers);
    ASSERT_EQ(block.size(), 2U);
    EXPECT_EQ(block.first_variant(), 7U);
    EXPECT_FALSE(block.is_carrier_list(0));
    EXPECT_TRUE(block.is_carrier_list(1));
    EXPECT_EQ(test::calls_text(block, 0), "012.10");
    EXPECT_EQ(test::calls_text(block, 1), "01000.");
    EXPECT_EQ(block.carriers(1).size(), 2U);
}

TEST(VariantBlock, RowsAreAlignedAndPaddedWithZeros) {
    VariantBlock block;
    for (int round = 0; round < 2; ++round) { // the second round reuses dirty memory
        block.reset(0, 300);
        for (int v = 0; v < 5; ++v)
            block.add_row(std::vector<std::uint8_t>(75, round == 0 ? 0xAA : 0x55));
        for (std::size_t v = 0; v < 5; ++v) {
            const auto row = block.row(v);
            EXPECT_EQ(reinterpret_cast<std::uintptr_t>(row.data()) % 64, 0U);
            EXPECT_EQ(row.size(), 75U);
            for (std::size_t i = 75; i < 128; ++i)
                EXPECT_EQ(row.data()[i], 0) << i;
        }
    }
}

TEST(VariantBlock, WithoutSamples) {
    VariantBlock block;
    block.reset(0, 0);
    block.add_row({});
    EXPECT_EQ(block.row(0).size(), 0U);
}

TEST(Chromosome, Inheritance) {
    for (const char* name : {"1", "22", "chr7", "XY", "25", "GL000192.1", "chrUn_X", "0", ""})
        EXPECT_EQ(inheritance_of(name), Inheritance::autosomal) << name;
    for (const char* name : {"X", "chrX", "23", "chr23", "CHRX"})
        EXPECT_EQ(inheritance_of(name), Inheritance::x_linked) << name;
    for (const char* name : {"Y", "chrY", "24"})
        EXPECT_EQ(inheritance_of(name), Inheritance::y_linked) << name;
    for (const char* name : {"M", "MT", "chrM", "chrMT", "26"})
        EXPECT_EQ(inheritance_of(name), Inheritance::mitochondrial) << name;
}

TEST(Chromosome, PseudoAutosomalRegions) {
    EXPECT_TRUE(is_pseudo_autosomal("GRCh38", "chrX", 10'001));
    EXPECT_TRUE(is_pseudo_autosomal("GRCh38", "chrX", 2'781'479));
    EXPECT_FALSE(is_pseudo_autosomal("GRCh38", "chrX", 2'781'480));
    EXPECT_TRUE(is_pseudo_autosomal("GRCh38", "23", 155'701'383));
    EXPECT_FALSE(is_pseudo_autosomal("GRCh37", "X", 2'781'479));
    EXPECT_TRUE(is_pseudo_autosomal("GRCh37", "Y", 2'649'520));
    EXPECT_FALSE(is_pseudo_autosomal("GRCh37", "7", 100'000));
    EXPECT_FALSE(is_pseudo_autosomal("GRCh38", "MT", 10'001));
}

void expect_cover(std::uint64_t variants, std::uint64_t samples, std::uint64_t block) {
    const auto units = variant_units(variants, samples, block);
    std::uint64_t next = 0;
    for (const VariantRange unit : units) {
        EXPECT_EQ(unit.begin, next);
        EXPECT_EQ(unit.begin % block, 0U);
        EXPECT_GT(unit.end, unit.begin);
        next = unit.end;
    }
    EXPECT_EQ(next, variants);
    EXPECT_LE(units.size(), 16384U);
}

TEST(VariantUnits, CoverAllVariantsInAlignedRanges) {
    for (const std::uint64_t variants :
         {0ULL, 1ULL, 63ULL, 512ULL, 20'000ULL, 1'000'003ULL, 1'000'000'000ULL})
        for (const std::uint64_t samples : {0ULL, 1ULL, 1000ULL, 1'000'000ULL})
            for (const std::uint64_t block : {64ULL, 512ULL})
                expect_cover(variants, samples, block);
}

TEST(VariantUnits, NumberOfUnits) {
    EXPECT_TRUE(variant_units(0, 1000, 64).empty());
    EXPECT_GE(variant_units(64 * 512, 1000, 512).size(), 64U);
    EXPECT_EQ(variant_units(10, 1000, 512).size(), 1U);
    // 2^31 genotypes of 1,000,000 samples are 2,147 variants: 33 blocks of 64.
    EXPECT_EQ(variant_units(10'000'000, 1'000'000, 64).front().size(), 33U * 64U);
}

TEST(VariantBlock, KeepsDosagesAndPhaseInTheSmallerForm) {
    // Dosages that equal the calls say nothing; few that differ are a list, many a row.
    const auto calls = test::packed_row("0120.101");
    const std::vector<Dosage> equal{0, 16384, 32768, 0, dosage_missing, 16384, 0, 16384};
    std::vector<Dosage> few = equal, many = equal;
    few[4] = 7000; // no hard call, but a dosage
    for (std::size_t i = 0; i < 5; ++i)
        many[i] = static_cast<Dosage>(100 * i + 1);
    const auto phase = test::packed_row("01000002");
    VariantBlock block;
    block.reset(0, 8);
    block.add({.calls = calls, .dosages = equal, .phase = {}});
    block.add({.calls = calls, .dosages = few, .phase = phase});
    block.add({.calls = calls, .dosages = many, .phase = {}});
    EXPECT_FALSE(block.has_dosages(0));
    ASSERT_EQ(block.dosage_list(1).size(), 1U);
    EXPECT_EQ(block.dosage_list(1)[0], (SampleDosage{4, 7000}));
    EXPECT_EQ(block.dosage_row(2).size(), 8U);
    std::vector<Dosage> out(8);
    for (std::size_t v = 0; v < 3; ++v) {
        block.unpack_dosages(v, out);
        EXPECT_EQ(out, v == 0 ? equal : v == 1 ? few : many) << v;
        EXPECT_EQ(test::calls_text(block, v), "0120.101");
    }
    EXPECT_TRUE(block.phased(0).empty());
    const std::vector<Carrier> phased{make_carrier(1, alt_second), make_carrier(7, alt_first)};
    EXPECT_TRUE(std::ranges::equal(block.phased(1), phased));
}

} // namespace
} // namespace salus
