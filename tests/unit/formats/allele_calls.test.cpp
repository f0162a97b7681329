#include "formats/allele_calls.hpp"

#include "base/random.hpp"
#include "support/genotype_store.hpp"

#include <gtest/gtest.h>

namespace salus {
namespace {

AlleleCalls scratch(std::size_t samples) {
    AlleleCalls calls;
    calls.first.resize(samples);
    calls.second.resize(samples);
    return calls;
}

/// Calls of allele `alt` in the columns, or the error.
std::string read(std::string columns, std::size_t samples, std::size_t alleles = 2,
                 std::uint16_t alt = 1) {
    for (char& c : columns)
        if (c == ' ') c = '\t';
    columns.reserve(columns.size() + 64);
    AlleleCalls calls = scratch(samples);
    const GtError error = read_gt_columns(columns, alleles, calls);
    if (error != GtError::none) return std::string(explain(error));
    std::vector<std::uint8_t> row(packed_bytes(samples));
    pack_calls(calls, alt, row);
    return test::calls_text(row, samples);
}

TEST(AlleleCalls, EveryFormOfGt) {
    EXPECT_EQ(read("0/0 0/1 1|0 1/1 ./. . 1 0 ./1 0|.", 10), "0112..20..");
    EXPECT_EQ(read("0/1:12:3 .:. 1/1:", 3), "1.2");
    EXPECT_EQ(read("/0/1 |1|1 |1", 3), "122"); // leading phase mark of VCF 4.4
}

TEST(AlleleCalls, OtherAltAllelesCountAsZeroCopies) {
    EXPECT_EQ(read("1/2 2/2 0/2 1/1 ./2", 5, 3, 1), "1002.");
    EXPECT_EQ(read("1/2 2/2 0/2 1/1 ./2", 5, 3, 2), "1210.");
    EXPECT_EQ(read("10/11 10 0/10", 3, 12, 10), "121");
}

TEST(AlleleCalls, Errors) {
    EXPECT_EQ(read("0/0/1", 1), explain(GtError::polyploid));
    EXPECT_EQ(read("0/2", 1), explain(GtError::allele_range));
    EXPECT_EQ(read("2", 1), explain(GtError::allele_range));
    EXPECT_EQ(read("99999999999/0", 1), explain(GtError::allele_range));
    EXPECT_EQ(read("0/1", 2), explain(GtError::too_few));
    EXPECT_EQ(read("0/1 0/1", 1), explain(GtError::too_many));
    for (const char* bad : {"", "a", "0/", "0-1", "-1/0", "0/1x", "/", "0//1", "+1/0"})
        EXPECT_EQ(read(bad, 1), explain(GtError::syntax)) << bad;
}

TEST(AlleleCalls, SimpleColumnsEqualTheGeneralReader) {
    Rng rng(2, "gt", 0);
    for (std::size_t samples = 1; samples < 40; ++samples)
        for (int round = 0; round < 20; ++round) {
            const std::string_view alleles = round % 3 == 0 ? "01" : "00000001.";
            std::string columns, bytes;
            for (std::size_t i = 0; i < samples; ++i) {
                const auto draw = [&] { return alleles[rng.below(alleles.size())]; };
                const char a = draw(), b = draw(),
                           phase = rng.below(30) == 0 || round % 2 == 0 ? '/' : '|';
                columns += std::string(i > 0 ? "\t" : "") + a + phase + b;
                for (const char allele : {a, b})
                    bytes += static_cast<char>((allele == '.' ? 0 : (allele - '0' + 1) * 2) |
                                               (phase == '|' ? 1 : 0));
            }
            const std::string expected = read(columns, samples);
            std::vector<std::uint8_t> row(packed_bytes(samples)), bcf_row(packed_bytes(samples));
            std::uint64_t half = 0, bcf_half = 0;
            columns.reserve(columns.size() + 64);
            ASSERT_TRUE(read_simple_gt_columns(columns, samples, row, half)) << columns;
            EXPECT_EQ(test::calls_text(row, samples), expected) << columns;
            ASSERT_TRUE(read_simple_bcf_calls(bytes, samples, bcf_row, bcf_half));
            EXPECT_EQ(bcf_row, row);
            EXPECT_EQ(half, bcf_half);
        }
}

TEST(AlleleCalls, SimpleColumnsRefuseEverythingElse) {
    std::vector<std::uint8_t> row(2);
    std::uint64_t half = 0;
    const std::string good = "0/1\t0/0\t1/1\t0/0\t0/1\t0/0";
    ASSERT_TRUE(read_simple_gt_columns(good, 6, row, half));
    for (std::size_t i = 0; i < good.size(); ++i)
        for (const char wrong : {'2', '\0', ' ', ':', 'a', '\xFF', '\t', '/'}) {
            if (good[i] == wrong) continue;
            std::string bad = good;
            bad[i] = wrong;
            EXPECT_FALSE(read_simple_gt_columns(bad, 6, row, half))
                << i << " " << static_cast<int>(wrong);
        }
    EXPECT_FALSE(read_simple_gt_columns(good, 5, row, half));
    EXPECT_FALSE(read_simple_bcf_calls(std::string("\x02\x81", 2), 1, row, half)); // haploid
    EXPECT_FALSE(read_simple_bcf_calls("\x02\x06\x02\x02\x02\x02\x02\x02", 4, row, half));
}

TEST(PloidyRule, HeterozygousHaploidCallsBecomeMissing) {
    const std::vector<Sex> sex{Sex::male, Sex::female, Sex::unknown, Sex::male, Sex::male};
    PloidyRule rule("GRCh38", sex);
    const auto after = [&](std::string_view chromosome, std::uint32_t position) {
        auto row = test::packed_row("11120");
        rule.move_to(chromosome, position);
        rule.apply(row);
        return test::calls_text(row, 5);
    };
    EXPECT_EQ(after("1", 100), "11120");
    EXPECT_EQ(after("chrX", 50'000'000), ".1120");
    EXPECT_EQ(after("chrX", 100'000), "11120"); // pseudo-autosomal
    EXPECT_EQ(after("Y", 20'000'000), "...20");
    EXPECT_EQ(after("MT", 100), "...20");
    EXPECT_TRUE(rule.expects_two(1) == false);
}

} // namespace
} // namespace salus
