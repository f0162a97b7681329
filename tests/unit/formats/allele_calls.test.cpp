#include "formats/allele_calls.hpp"

#include "base/random.hpp"
#include "support/variant_files.hpp"

#include <gtest/gtest.h>

namespace salus {
namespace {

AlleleCalls scratch(std::size_t samples) {
    AlleleCalls calls;
    calls.resize(samples);
    return calls;
}

/// Calls of allele `alt` in the columns, or the error.
std::string read_calls(std::string columns, std::size_t samples, std::size_t alleles = 2,
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

/// Phase of allele `alt` in the columns: '<' the first allele, '>' the second, '-' neither.
std::string read_phase(std::string columns, std::size_t samples, std::size_t alleles = 2,
                       std::uint16_t alt = 1) {
    for (char& c : columns)
        if (c == ' ') c = '\t';
    columns.reserve(columns.size() + 64);
    AlleleCalls calls = scratch(samples);
    EXPECT_EQ(read_gt_columns(columns, alleles, calls), GtError::none);
    std::vector<std::uint8_t> row(packed_bytes(samples), 0xFF);
    const bool any = pack_phase(calls, alt, row);
    const std::string text = test::phase_text(row, samples);
    EXPECT_EQ(any, text.find_first_of("<>") != std::string::npos);
    return text;
}

TEST(AlleleCalls, Phase) {
    EXPECT_EQ(read_phase("0/1 0|1 1|0 1|1 .|1 1|. 1 0|0 1/0", 9), "-><------");
    EXPECT_EQ(read_phase("1|2 2|1 2|2 1|0 0/2", 5, 3, 1), "<>-<-");
    EXPECT_EQ(read_phase("1|2 2|1 2|2 1|0 0|2", 5, 3, 2), "><-->");
    EXPECT_EQ(read_phase("|0|1 /1|0 |0/1 |1", 4), "><--"); // VCF 4.4: the mark before the second
    EXPECT_EQ(read_phase("0/1 1/0", 2), "--");
}

TEST(AlleleCalls, PhaseIsKeptForHeterozygousCallsAlone) {
    auto phase = test::packed_row("1221"); // as Phase: > < < >
    keep_phase_of_hets(test::packed_row("1.12"), phase);
    EXPECT_EQ(test::phase_text(phase, 4), ">-<-");
}

TEST(AlleleCalls, EveryFormOfGt) {
    EXPECT_EQ(read_calls("0/0 0/1 1|0 1/1 ./. . 1 0 ./1 0|.", 10), "0112..20..");
    EXPECT_EQ(read_calls("0/1:12:3 .:. 1/1:", 3), "1.2");
    EXPECT_EQ(read_calls("/0/1 |1|1 |1", 3), "122"); // leading phase mark of VCF 4.4
}

TEST(AlleleCalls, OtherAltAllelesCountAsZeroCopies) {
    EXPECT_EQ(read_calls("1/2 2/2 0/2 1/1 ./2", 5, 3, 1), "1002.");
    EXPECT_EQ(read_calls("1/2 2/2 0/2 1/1 ./2", 5, 3, 2), "1210.");
    EXPECT_EQ(read_calls("10/11 10 0/10", 3, 12, 10), "121");
}

TEST(AlleleCalls, Errors) {
    EXPECT_EQ(read_calls("0/0/1", 1), explain(GtError::polyploid));
    EXPECT_EQ(read_calls("0/2", 1), explain(GtError::allele_range));
    EXPECT_EQ(read_calls("2", 1), explain(GtError::allele_range));
    EXPECT_EQ(read_calls("99999999999/0", 1), explain(GtError::allele_range));
    EXPECT_EQ(read_calls("0/1", 2), explain(GtError::too_few));
    EXPECT_EQ(read_calls("0/1 0/1", 1), explain(GtError::too_many));
    for (const char* bad : {"", "a", "0/", "0-1", "-1/0", "0/1x", "/", "0//1", "+1/0"})
        EXPECT_EQ(read_calls(bad, 1), explain(GtError::syntax)) << bad;
}

struct CallRows {
    explicit CallRows(std::size_t samples)
        : calls(packed_bytes(samples)),
          phase(packed_bytes(samples)), rows{.calls = calls, .phase = phase} {}
    std::vector<std::uint8_t> calls, phase;
    SimpleRows rows;
};

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
            const std::string expected = read_calls(columns, samples);
            CallRows text_rows(samples), bcf_rows(samples);
            columns.reserve(columns.size() + 64);
            ASSERT_TRUE(read_simple_gt_columns(columns, samples, text_rows.rows)) << columns;
            EXPECT_EQ(test::calls_text(text_rows.calls, samples), expected) << columns;
            EXPECT_EQ(test::phase_text(text_rows.phase, samples), read_phase(columns, samples));
            ASSERT_TRUE(read_simple_bcf_calls(bytes, samples, bcf_rows.rows));
            EXPECT_EQ(bcf_rows.calls, text_rows.calls);
            EXPECT_EQ(bcf_rows.phase, text_rows.phase);
            EXPECT_EQ(bcf_rows.rows.half_missing, text_rows.rows.half_missing);
            EXPECT_EQ(bcf_rows.rows.any_phased, text_rows.rows.any_phased);
        }
}

TEST(AlleleCalls, SimpleColumnsRefuseEverythingElse) {
    CallRows row(6);
    const std::string good = "0/1\t0/0\t1/1\t0/0\t0/1\t0/0";
    ASSERT_TRUE(read_simple_gt_columns(good, 6, row.rows));
    for (std::size_t i = 0; i < good.size(); ++i)
        for (const char wrong : {'2', '\0', ' ', ':', 'a', '\xFF', '\t', '/'}) {
            if (good[i] == wrong) continue;
            std::string bad = good;
            bad[i] = wrong;
            EXPECT_FALSE(read_simple_gt_columns(bad, 6, row.rows))
                << i << " " << static_cast<int>(wrong);
        }
    EXPECT_FALSE(read_simple_gt_columns(good, 5, row.rows));
    EXPECT_FALSE(read_simple_bcf_calls(std::string("\x02\x81", 2), 1, row.rows)); // haploid
    EXPECT_FALSE(read_simple_bcf_calls("\x02\x06\x02\x02\x02\x02\x02\x02", 4, row.rows));
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
