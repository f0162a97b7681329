#include "stages/meta_analysis/meta_analysis.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "run/context.hpp"
#include "stages/meta_analysis/matching.hpp"
#include "stages/meta_analysis/studies.hpp"
#include "store/h5.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

using ::testing::HasSubstr;

const std::string head = "chromosome\tbase_pair_location\teffect_allele\tother_allele\tbeta\t"
                         "standard_error\teffect_allele_frequency\tp_value\tn\n";

class MetaAnalysisStage : public testing::Test {
protected:
    MetaAnalysisStage() {
        folder_ =
            std::filesystem::path(testing::TempDir()) /
            (std::string("meta-") + testing::UnitTest::GetInstance()->current_test_info()->name());
        std::filesystem::remove_all(folder_);
        make_folders(folder_);
    }
    ~MetaAnalysisStage() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path write(const std::string& name, const std::string& content) {
        write_file_atomically(folder_ / name, content);
        return folder_ / name;
    }
    H5File run(std::vector<std::filesystem::path> studies, const MetaAnalysisParams& params = {}) {
        const auto result = folder_ / text("result-", ++runs_, ".h5");
        RunContext context({.comm = {},
                            .log = Log("test", 0, LogLevel::error),
                            .stage = "meta_analysis",
                            .inputs = {{"studies", std::move(studies)}},
                            .outputs = {{"meta_analysis", result}},
                            .work = folder_ / text("work-", runs_),
                            .fingerprint = "f",
                            .provenance = {{"program", "salus"}}});
        run_meta_analysis(params, context);
        return H5File::open(result);
    }
    std::string error_of(std::vector<std::filesystem::path> studies,
                         const MetaAnalysisParams& params = {}) {
        try {
            run(std::move(studies), params);
        } catch (const Error& error) {
            return error.what();
        }
        return "no error";
    }
    static std::uint64_t dropped(const H5File& file, const std::string& study,
                                 const std::string& reason) {
        const TableData rows = file.read("dropped");
        for (std::size_t i = 0; i < rows.rows(); ++i)
            if (rows.column<std::string>("study")[i] == study &&
                rows.column<std::string>("reason")[i] == reason)
                return rows.column<std::uint64_t>("rows")[i];
        return 0;
    }

    std::filesystem::path folder_;
    int runs_ = 0;
};

TEST_F(MetaAnalysisStage, CombinesAndOrders) {
    const auto a = write("a.tsv", head + "2\t9\tA\tG\t0.1\t0.1\t0.2\t0.3\t100\n"
                                         "X\t5\tA\tG\t0.3\t0.1\t0.2\t0.003\t100\n"
                                         "1\t9\tA\tG\t0.1\t0.1\t0.2\t0.3\t100\n");
    const auto b = write("b.tsv", head + "chr2\t9\tT\tC\t-0.3\t0.1\t0.8\t0.003\t300\n");
    const H5File file = run({a, b});
    const TableData variants = file.read("variants");
    EXPECT_EQ(variants.column<std::string>("chromosome"),
              (std::vector<std::string>{"1", "2", "X"}));
    EXPECT_EQ(variants.column<std::string>("direction"),
              (std::vector<std::string>{"+?", "+-", "+?"}));
    const TableData fixed = file.read("traits/fixed_effects");
    EXPECT_NEAR(fixed.column<double>("beta")[1], -0.1, 1e-15); // T is A on the other strand
    EXPECT_NEAR(variants.column<double>("effect_allele_frequency")[1], 0.65, 1e-15);
    EXPECT_EQ(variants.column<double>("n")[1], 400);
    EXPECT_EQ(file.read("studies").column<std::uint64_t>("other_strand"),
              (std::vector<std::uint64_t>{0, 1}));
}

TEST_F(MetaAnalysisStage, StudiesMinimumAndGenomicControl) {
    const auto a = write("a.tsv", head + "1\t5\tA\tG\t0.4\t0.1\t0.2\t6e-5\t100\n"
                                         "1\t6\tA\tG\t0.4\t0.1\t0.2\t6e-5\t100\n");
    const auto b = write("b.tsv", head + "1\t5\tA\tG\t0.01\t0.1\t0.2\t0.9\t100\n");
    const H5File file = run({a, b}, {.studies_min = 2, .genomic_control = true});
    EXPECT_EQ(file.rows("variants"), 1U);
    EXPECT_EQ(dropped(file, "a", "too_few_studies"), 1U);
    const TableData studies = file.read("studies");
    const double lambda = studies.column<double>("lambda_gc")[0];
    EXPECT_GT(lambda, 30);
    EXPECT_DOUBLE_EQ(studies.column<double>("genomic_control")[0], std::sqrt(lambda));
    EXPECT_EQ(studies.column<double>("genomic_control")[1], 1);
    const double wa = 1 / (0.01 * lambda), wb = 1 / 0.01;
    EXPECT_NEAR(file.read("traits/fixed_effects").column<double>("beta")[0],
                (wa * 0.4 + wb * 0.01) / (wa + wb), 1e-14);
    const H5File plain = run({a, b});
    EXPECT_NEAR(plain.read("traits/fixed_effects").column<double>("beta")[0], 0.205, 1e-14);
}

TEST_F(MetaAnalysisStage, ZScoresAloneCountIfAskedFor) {
    const std::string z_head = "CHR\tPOS\tSNP\tA1\tA2\tbeta\tP\tN\n";
    const auto a = write("a.txt", z_head + "1\t5\tr\tA\tG\t0.1\t1e-500\t100\n"
                                           "1\t6\tr\tA\tG\t0.1\t0\t100\n"
                                           "1\t7\tr\tA\tG\t-0.1\t0.5\tNA\n");
    const H5File file = run({a}, {.sample_size_weighted = true});
    EXPECT_EQ(file.rows("variants"), 2U);
    const TableData scores = file.read("traits/sample_size_weighted");
    EXPECT_NEAR(scores.column<double>("neg_log10_p")[0], 500, 1e-9);
    EXPECT_TRUE(std::isnan(scores.column<double>("z")[1]));
    EXPECT_TRUE(std::isnan(file.read("traits/fixed_effects").column<double>("beta")[0]));
    EXPECT_EQ(dropped(file, "a", "p_is_zero"), 1U);
    EXPECT_EQ(dropped(file, "a", "no_sample_size"), 1U);
    EXPECT_EQ(dropped(run({a}), "a", "no_statistic"), 3U);
}

TEST_F(MetaAnalysisStage, PalindromesByFrequencyOrByLetters) {
    const auto a = write("a.tsv", head + "1\t5\tA\tT\t0.1\t0.1\t0.2\t0.3\t100\n"
                                         "1\t6\tA\tT\t0.1\t0.1\t0.45\t0.3\t100\n"
                                         "1\t7\tC\tG\t0.1\t0.1\t0.45\t0.3\t100\n");
    const auto b = write("b.tsv", head + "1\t5\tA\tT\t0.3\t0.1\t0.8\t0.3\t100\n"
                                         "1\t6\tA\tT\t0.1\t0.1\t0.45\t0.3\t100\n");
    const H5File file = run({a, b});
    EXPECT_EQ(file.rows("variants"), 2U); // the lone one of position 7 needs no match
    EXPECT_NEAR(file.read("traits/fixed_effects").column<double>("beta")[0], -0.1, 1e-15);
    EXPECT_EQ(dropped(file, "a", "palindromic"), 1U);
    EXPECT_EQ(dropped(file, "b", "palindromic"), 1U);
    const H5File forward = run({a, b}, {.strand = "forward"});
    EXPECT_EQ(forward.rows("variants"), 3U);
    EXPECT_NEAR(forward.read("traits/fixed_effects").column<double>("beta")[0], 0.2, 1e-15);
}

TEST_F(MetaAnalysisStage, SharedSamplesShowInTheNullCorrelation) {
    std::string a = head, b = head, c = head;
    for (int v = 0; v < 20000; ++v) {
        Rng rng(1, "test.overlap", static_cast<std::uint64_t>(v));
        const double common = rng.normal(), x = rng.normal(), y = rng.normal(), w = rng.normal();
        const auto row = [&](double z) {
            return text("1\t", 1 + 10'000 * v, "\tA\tG\t", 0.1 * z, "\t0.1\t0.3\tNA\t100\n");
        };
        a += row(std::sqrt(0.2) * common + std::sqrt(0.8) * x);
        b += row(std::sqrt(0.2) * common + std::sqrt(0.8) * y);
        c += row(w);
    }
    const TableData overlap =
        run({write("a.tsv", a), write("b.tsv", b), write("c.tsv", c)}).read("overlap");
    const auto& value = overlap.column<double>("null_correlation");
    const auto& error = overlap.column<double>("standard_error");
    ASSERT_EQ(value.size(), 3U); // a-b, a-c, b-c
    EXPECT_NEAR(value[0], 0.2, 4 * error[0]);
    EXPECT_GT(value[0], 4 * error[0]);
    EXPECT_NEAR(value[1], 0, 4 * error[1]);
    EXPECT_NEAR(value[2], 0, 4 * error[2]);
}

TEST_F(MetaAnalysisStage, SaysWhatIsWrong) {
    const auto good = write("good.tsv", head + "1\t5\tA\tT\t0.1\t0.1\t0.2\t0.3\t100\n");
    EXPECT_THAT(error_of({good, good}), HasSubstr("given twice"));
    EXPECT_THAT(error_of({good}, {.names = {"a", "b"}}), HasSubstr("2 names for 1 studies"));
    EXPECT_THAT(error_of({good}, {.sample_sizes = {1, 2}}), HasSubstr("2 values for 1 studies"));
    const auto other = write("other.tsv", head);
    write("good.tsv-meta.yaml", "genome_assembly: GRCh37\n");
    write("other.tsv-meta.yaml", "genome_assembly: GRCh38\n");
    EXPECT_THAT(error_of({good, other}), HasSubstr("builds differ: GRCh37 and GRCh38"));
    EXPECT_THAT(error_of({write("l.sumstats", "SNP\tA1\tA2\tZ\tN\n")}),
                HasSubstr("chromosome and position"));
    EXPECT_THAT(error_of({write("n.tsv", "CHR\tBP\tA1\tA2\tZ\n")}, {.sample_size_weighted = true}),
                HasSubstr("sample size"));
    EXPECT_THAT(error_of({write("x.tsv", head + "1\t5\tA\tT\tzero\t0.1\t0.2\t0.3\t100\n")}),
                HasSubstr("x.tsv, line 2, column beta"));
    const H5File empty = run({write("empty.tsv", head)});
    EXPECT_EQ(empty.rows("variants"), 0U);
}

TEST(RowSorter, SmallFlushesGiveTheSameRows) {
    const auto path = std::filesystem::path(testing::TempDir()) / "meta-sorter.h5";
    PartWriter part(path);
    meta::RowSorter sorter(part, 500);
    std::vector<std::string> ids;
    for (std::uint32_t i = 0; i < 100; ++i)
        ids.push_back(text("v", i));
    for (std::uint32_t i = 0; i < 100; ++i) {
        meta::Row row{.chromosome = static_cast<std::int32_t>(1 + i * 7 % 25),
                      .position = 1 + i * 40'000'003U % 260'000'000U};
        row.beta = i;
        row.effect = "A";
        row.other = "ACGT";
        row.id = ids[i];
        sorter.add(row);
    }
    sorter.finish();
    part.commit();
    const H5File file = H5File::open(path);
    EXPECT_TRUE(file.exists("rows/5"));
    std::vector<meta::Row> rows;
    std::vector<std::vector<std::uint8_t>> kept;
    for (std::size_t w = 0; w < meta::windows; w += 100) {
        kept.push_back(meta::read_windows(file, w, w + 100));
        const std::size_t before = rows.size();
        meta::decode_rows(kept.back(), 3, rows);
        for (std::size_t i = before; i < rows.size(); ++i) {
            const std::size_t window = meta::window_of(rows[i].chromosome, rows[i].position);
            EXPECT_TRUE(window >= w && window < w + 100);
            EXPECT_EQ(rows[i].id, ids[static_cast<std::size_t>(rows[i].beta)]);
            EXPECT_EQ(rows[i].other, "ACGT");
        }
    }
    EXPECT_EQ(rows.size(), 100U);
    std::filesystem::remove(path);
}

TEST(MedianOf, EqualsTheSortedMiddle) {
    std::vector<double> values;
    const auto visit_all = [&](const std::function<void(double)>& visit) {
        for (const double v : values)
            visit(v);
    };
    EXPECT_TRUE(std::isnan(meta::median_of(visit_all)));
    for (std::uint64_t i = 0; i < 1001; ++i) {
        Rng rng(2, "test.median", i);
        const double z = rng.normal();
        values.push_back(z * z);
        auto sorted = values;
        std::sort(sorted.begin(), sorted.end());
        const double expected = (sorted[i / 2] + sorted[(i + 1) / 2]) / 2;
        if (i < 10 || i > 998) {
            EXPECT_EQ(meta::median_of(visit_all), expected) << i;
        }
    }
}

} // namespace
} // namespace salus
