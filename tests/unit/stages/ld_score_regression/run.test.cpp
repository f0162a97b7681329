#include "stages/ld_score_regression/ld_score_regression.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "run/context.hpp"
#include "stages/ld_score_regression/studies.hpp"
#include "store/h5.hpp"

#include <gmock/gmock.h>

#include <cmath>

namespace salus {
namespace {

using ::testing::HasSubstr;

class LdScoreRegressionStage : public testing::Test {
protected:
    LdScoreRegressionStage() {
        folder_ =
            std::filesystem::path(testing::TempDir()) /
            (std::string("ldsc-") + testing::UnitTest::GetInstance()->current_test_info()->name());
        std::filesystem::remove_all(folder_);
        make_folders(folder_);
        std::string scores = "CHR SNP BP L2\n", study = "SNP\tA1\tA2\tZ\tN\n";
        for (int v = 0; v < 300; ++v) {
            scores += text("1 rs", v, " ", 1000 + v, " ", 1 + v % 50, "\n");
            study += text("rs", v, "\tA\tG\t", std::sqrt(1 + 0.1 * (1 + v % 50)), "\t1000\n");
        }
        write("s.l2.ldscore", scores);
        write("s.l2.M_5_50", "10000\n");
        write("a.sumstats", study);
    }
    ~LdScoreRegressionStage() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path write(const std::string& name, const std::string& content) {
        write_file_atomically(folder_ / name, content);
        return folder_ / name;
    }
    H5File run(std::vector<std::filesystem::path> statistics,
               const LdScoreRegressionParams& params = {}) {
        const auto result = folder_ / text("result-", runs_++, ".h5");
        RunContext context({.comm = {},
                            .log = Log("test", 0, LogLevel::error),
                            .stage = "ld_score_regression",
                            .inputs = {{"statistics", std::move(statistics)},
                                       {"ld_scores", {folder_ / "s.l2.ldscore"}}},
                            .outputs = {{"ld_score_regression", result}},
                            .work = folder_ / text("work-", runs_),
                            .fingerprint = "f",
                            .provenance = {{"program", "salus"}}});
        run_ld_score_regression(params, context);
        return H5File::open(result);
    }
    std::string error_of(const std::string& study, const LdScoreRegressionParams& params = {}) {
        try {
            run({write("bad.sumstats", study)}, params);
        } catch (const Error& error) {
            return error.what();
        }
        return "no error";
    }

    std::filesystem::path folder_;
    int runs_ = 0;
};

TEST_F(LdScoreRegressionStage, FindsThePlantedHeritability) {
    const H5File file = run({folder_ / "a.sumstats"});
    const TableData rows = file.read("heritability");
    EXPECT_EQ(rows.column<std::string>("name"), (std::vector<std::string>{"a"}));
    EXPECT_NEAR(rows.column<double>("h2")[0], 0.1 * 10000 / 1000, 1e-9); // rounding of sums
    EXPECT_NEAR(rows.column<double>("intercept")[0], 1, 1e-9);
    EXPECT_EQ(file.rows("genetic_correlations"), 0U);
}

TEST_F(LdScoreRegressionStage, CountsEveryRowThatIsLeftOut) {
    const std::string content = "SNP\tA1\tA2\tbeta\tse\tp\tN\tEAF\n"
                                "rs0\tA\tG\t0.1\t0.1\t0.3\t1000\t0.2\n"
                                "rs1\tA\tG\t0.1\tNA\t0\t1000\t0.2\n"
                                "rs2\tA\tG\tNA\tNA\tNA\t1000\t0.2\n"
                                "rs3\tA\tG\t0.1\t0.1\t0.3\tNA\t0.2\n"
                                "rs4\tA\tG\t0.1\t0.1\t0.3\t1000\t0.999\n"
                                "rs5\tA\tG\t0.1\t0.1\t0.3\t1000\t0.2\n"
                                "rs5\tA\tG\t0.2\t0.1\t0.3\t1000\t0.2\n"
                                "other\tA\tG\t0.1\t0.1\t0.3\t1000\t0.2\n"
                                "rs6\tA\tG\t0.1\t0\t0.3\t1000\t0.2\n"
                                "rs7\tA\tG\t0.3\t0.1\t0.3\t1000\t0.2\n";
    const TableData rows = run({write("b.sumstats", content)}).read("studies");
    const auto count = [&](const char* column) { return rows.column<std::uint64_t>(column)[0]; };
    EXPECT_EQ(count("rows"), 10U);
    EXPECT_EQ(count("variants"), 3U);
    EXPECT_EQ(count("p_is_zero"), 1U);
    EXPECT_EQ(count("no_statistic"), 1U);
    EXPECT_EQ(count("no_sample_size"), 1U);
    EXPECT_EQ(count("low_frequency"), 1U);
    EXPECT_EQ(count("repeated"), 2U);
    EXPECT_EQ(count("not_in_ld_scores"), 1U);
}

// Another variant at the same place is not the one with the LD score.
TEST_F(LdScoreRegressionStage, ComparesAllelesWhereBothTellThem) {
    std::string scores = "CHR SNP BP A1 A2 L2\n";
    std::string study = "CHR\tBP\tSNP\tA1\tA2\tZ\tN\n";
    const char* const alleles[] = {"A\tG", "G\tA", "T\tC", "A\tC", "A\tT", "A\tAG"};
    for (int v = 0; v < 300; ++v) {
        scores += text("1 rs", v, " ", 1000 + v, v % 7 == 6 ? " A AG " : " A G ", 1 + v % 50, "\n");
        study += text("1\t", 1000 + v, "\tother", v, "\t", alleles[v % 6], "\t",
                      std::sqrt(1 + 0.1 * (1 + v % 50)), "\t1000\n");
    }
    write("s.l2.ldscore", scores);
    const H5File file = run({write("b.sumstats", study)}, {.match = "position"});
    std::uint64_t fit = 0;
    for (int v = 0; v < 300; ++v)
        fit += (v % 7 == 6 ? v % 6 == 5 : v % 6 < 3) ? 1U : 0U;
    const TableData rows = file.read("studies");
    EXPECT_EQ(rows.column<std::uint64_t>("variants")[0], fit);
    EXPECT_EQ(rows.column<std::uint64_t>("other_alleles")[0], 300 - fit);
}

TEST_F(LdScoreRegressionStage, SaysWhatIsWrong) {
    EXPECT_THAT(error_of("SNP\tA1\tA2\tZ\nrs1\tA\tG\t1\n"), HasSubstr("sample size"));
    EXPECT_THAT(error_of("SNP\tA1\tA2\tZ\tN\nrsX\tA\tG\t1\t100\n"), HasSubstr("no variant"));
    EXPECT_THAT(error_of("SNP\tZ\tN\nrsX\t1\t100\n"), HasSubstr("effect allele"));
    EXPECT_THAT(error_of("SNP\tA1\tA2\tZ\tN\nrs1\tA\tG\t1\t9\n", {.match = "position"}),
                HasSubstr("chromosome and position"));
    EXPECT_THAT(error_of("SNP\tA1\tA2\tZ\tN\nrs1\tA\tG\t1\t9\n", {.sample_sizes = {1, 2}}),
                HasSubstr("2 values for 1 studies"));
    EXPECT_THAT(error_of("SNP\tA1\tA2\tZ\tN\nrs1\tA\tG\t1\t9\n", {.traits = {"ldl"}}),
                HasSubstr("no file has the trait 'ldl'"));
    std::filesystem::remove(folder_ / "s.l2.M_5_50");
    EXPECT_THAT(error_of("SNP\tA1\tA2\tZ\tN\nrs1\tA\tG\t1\t9\n"), HasSubstr("s.l2.M_5_50"));
}

TEST(AllelePair, StrandsAgreeAndPalindromesDoNotCount) {
    using namespace ld_scores;
    EXPECT_EQ(allele_pair("A", "C"), allele_pair("G", "T"));
    EXPECT_EQ(allele_pair("A", "G"), allele_pair("C", "T"));
    EXPECT_NE(allele_pair("A", "G"), allele_pair("A", "C"));
    for (const auto& [a, b] : {std::pair("A", "T"), {"C", "G"}, {"A", "AT"}, {"", "G"}, {"A", "A"}})
        EXPECT_EQ(allele_pair(a, b), 0) << a << b;
    EXPECT_TRUE(counts_effect_allele("T") && !counts_effect_allele("C"));
}

} // namespace
} // namespace salus
