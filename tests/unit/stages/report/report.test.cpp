#include "stages/report/report.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "run/context.hpp"
#include "stages/report/findings.hpp"
#include "stages/report/page.hpp"
#include "unit/stages/report/example_results.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

namespace salus {
namespace {

using example::occurrences;
using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

std::filesystem::path fresh_folder(const std::string& name) {
    const auto folder =
        std::filesystem::path(testing::TempDir()) / (name + "-" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    return folder;
}

struct Result {
    std::string html, findings;
};

Result run_in(const std::filesystem::path& folder, Inputs inputs, const ReportParams& params = {}) {
    RunContext context(
        {.comm = {},
         .log = Log("report", 0, LogLevel::error),
         .stage = "report",
         .seed = 1,
         .threads = 1,
         .inputs = std::move(inputs),
         .outputs = {{"report", folder / "report.html"}, {"findings", folder / "findings.txt"}},
         .work = folder / "work",
         .fingerprint = "f",
         .provenance = {}});
    run_report(params, context);
    return {read_text_file(folder / "report.html"), read_text_file(folder / "findings.txt")};
}

TEST(Report, ShowsEverySectionAndPicture) {
    const auto folder = fresh_folder("report_all");
    const auto result = run_in(folder, example::write_all(folder));
    for (const char* id : {"cohort", "quality", "structure", "association", "risk", "methods",
                           "glossary", "main-findings"})
        EXPECT_THAT(result.html, HasSubstr(text("<section id=\"", id, "\"")));
    // 5 of quality; Manhattan, QQ and effects of three traits; score, deciles, calibration, forest
    // of three; one
    // ROC; two scatter plots, eigenvalues and kinship of population structure
    EXPECT_EQ(occurrences(result.html, "<svg "), 5u + 9u + 12u + 1u + 4u + 2u);
    EXPECT_EQ(occurrences(result.html, "<svg "), occurrences(result.html, "aria-label=\"") -
                                                     occurrences(result.html, "role=\"region\"") -
                                                     1);
    EXPECT_LT(result.html.size(), 1'500'000u);
    EXPECT_EQ(occurrences(result.findings, "\n"), 4u);
    EXPECT_THAT(result.html, HasSubstr("Example cohort"));
}

TEST(Report, NeedsNoNetworkAndNoScript) {
    const auto folder = fresh_folder("report_alone");
    const auto html = run_in(folder, example::write_all(folder)).html;
    EXPECT_THAT(html, Not(HasSubstr(" src=")));
    EXPECT_THAT(html, Not(HasSubstr("@import")));
    EXPECT_THAT(html, Not(HasSubstr("url(")));
    EXPECT_THAT(html, Not(HasSubstr("http://")));
    EXPECT_EQ(occurrences(html, "https://"), occurrences(html, "<a href=\"https://doi.org/"));
    EXPECT_EQ(occurrences(html, "<script"), 1u);
}

TEST(Report, NamesNoSample) {
    const auto folder = fresh_folder("report_names");
    const auto html = run_in(folder, example::write_all(folder)).html;
    const auto names_sample = ContainsRegex("(^|[^A-Za-z0-9_])S[0-9]+($|[^A-Za-z0-9_])");
    EXPECT_THAT("<td>S17</td>", names_sample);
    EXPECT_THAT(html, Not(names_sample));
}

TEST(Report, SameResultsGiveTheSameBytes) {
    const auto folder = fresh_folder("report_bytes");
    const auto inputs = example::write_all(folder, {.samples = 100, .variants = 500});
    const auto first = run_in(folder, inputs);
    std::filesystem::remove_all(folder / "work");
    EXPECT_EQ(run_in(folder, inputs).html, first.html);
}

TEST(Report, EachInputAloneIsEnough) {
    const auto folder = fresh_folder("report_each");
    for (const auto& [port, paths] : example::write_all(folder, {.samples = 60, .variants = 300})) {
        std::filesystem::remove_all(folder / "work");
        const auto result = run_in(folder, {{port, paths}});
        const bool structure =
            port == "components" || port == "ancestry" || port == "kinship" || port == "ld";
        const std::string id = port == "phenotypes" ? "cohort" : structure ? "structure" : port;
        EXPECT_THAT(result.html, HasSubstr(text("<section id=\"", id, "\"")));
    }
}

TEST(Report, TraitsAboveTheLimitKeepTheirRowButNoPicture) {
    const auto folder = fresh_folder("report_limit");
    ReportParams params;
    params.max_traits = 1;
    const auto inputs = example::write_all(folder, {.samples = 60, .variants = 300});
    const auto html = run_in(folder, {{"association", inputs.at("association")}}, params).html;
    EXPECT_EQ(occurrences(html, "<svg "), 5u);
    EXPECT_THAT(html, HasSubstr("id=\"association-type_2_diabetes\""));
}

TEST(Report, HidesSmallGroups) {
    const auto folder = fresh_folder("report_cells");
    const auto html =
        run_in(folder, example::write_all(folder, {.samples = 20, .variants = 100})).html;
    EXPECT_THAT(html, HasSubstr("&lt;5"));
    EXPECT_THAT(html, HasSubstr("not shown"));
}

TEST(Report, RefusesAFileThatIsNoResult) {
    const auto folder = fresh_folder("report_bad");
    write_file_atomically(folder / "x.h5", "not HDF5");
    EXPECT_THROW(run_in(folder, {{"quality", {folder / "x.h5"}}}), DataError);
}

TEST(Report, AsksForAtLeastOneInput) {
    const auto folder = fresh_folder("report_none");
    try {
        run_in(folder, {});
        FAIL() << "no error";
    } catch (const UsageError& error) {
        EXPECT_THAT(error.problems()[0].help, HasSubstr("association"));
    }
    EXPECT_FALSE(std::filesystem::exists(folder / "report.html"));
}

TEST(ReportStage, RefusesLevelsInTheWrongOrder) {
    const Stage stage = report_stage();
    ReportParams params;
    params.suggestive = 1e-9;
    Workload sizes;
    std::vector<Problem> problems;
    stage.examine(&params, {}, sizes, problems);
    ASSERT_THAT(problems, SizeIs(1));
    EXPECT_THAT(problems[0].what, HasSubstr("suggestive"));
}

TEST(MainFindings, SayWhatWasFoundInWords) {
    report::ReportData data;
    data.association = {{.name = "ldl_cholesterol",
                         .kind = "quantitative",
                         .n = 900,
                         .tested = 1000,
                         .significant_loci = 2,
                         .loci = {{.chromosome = "chr19",
                                   .other_allele = "C",
                                   .effect_allele = "T",
                                   .position = 44908822,
                                   .neg_log10_p = 45.5}}},
                        {.name = "body_height", .kind = "quantitative", .n = 900, .tested = 1000}};
    data.quality.emplace();
    data.quality->samples = {
        .total = 1000, .passed = 990, .reasons = {{"sex_mismatch", 3}, {"duplicate", 7}}};
    data.quality->variants.total = 5000;
    data.quality->variants.passed = 4900;
    data.quality->variants.reasons = {{"low_call_rate", 100}};
    data.risk = {{.name = "ldl_cholesterol",
                  .kind = "quantitative",
                  .measures = {{.group = "all",
                                .metric = "r2",
                                .model = "score",
                                .estimate = 0.123,
                                .lower = 0.08,
                                .upper = 0.169,
                                .n = 450}}}};
    EXPECT_THAT(report::main_findings(data),
                ElementsAre("1 of the 2 traits tested reaches genome-wide significance (p < 5 "
                            "\u00d7 10\u207b\u2078), most strongly LDL cholesterol at "
                            "19:44,908,822 C>T (p = 3.2 \u00d7 10\u207b\u2074\u2076).",
                            "Quality control marks 10 of 1,000 samples (duplicate not shown, sex "
                            "mismatch <5) and 100 of 5,000 variants (low call rate 100).",
                            "In people who were not used to build it, the genetic score explains "
                            "12.3 % of the variance of LDL cholesterol "
                            "(95 % CI 8.0 to 16.9 %)."));
}

TEST(MainFindings, SayWhenNothingIsSignificant) {
    report::ReportData data;
    data.association = {{.name = "body_height", .kind = "quantitative", .tested = 10}};
    EXPECT_THAT(report::main_findings(data),
                ElementsAre(HasSubstr("No variant reaches genome-wide significance")));
    EXPECT_THAT(report::main_findings({}), SizeIs(0));
}

TEST(MainFindings, TellMetaAnalysesAndSetsOfVariants) {
    report::ReportData data;
    data.meta_analysis.emplace();
    data.meta_analysis->studies.resize(3);
    data.meta_analysis->hits.resize(1);
    data.meta_analysis->hits[0].locus = {.chromosome = "chr2",
                                         .other_allele = "A",
                                         .effect_allele = "G",
                                         .position = 1000,
                                         .neg_log10_p = 4};
    data.genes = {{.name = "body_height", .tests = 10, .threshold = 2.3},
                  {.name = "ldl_cholesterol", .tests = 10, .threshold = 2.3}};
    data.genes[0].hits.resize(1);
    data.genes[0].hits[0].set = "ACAN";
    data.genes[0].hits[0].best = 2;
    data.genes[1].hits = data.genes[0].hits;
    data.genes[1].hits[0].set = "LDLR";
    data.genes[1].hits[0].best = 1;
    EXPECT_THAT(report::main_findings(data),
                ElementsAre(HasSubstr("in the meta-analysis of 3 studies; the strongest signal is "
                                      "at 2:1,000 A>G (p = "),
                            HasSubstr("trait; the strongest is ACAN for body height (p = 0.01")));
    data.meta_analysis->hits[0].locus.neg_log10_p = 20;
    data.genes[1].hits[0].best = 8;
    data.genes[1].significant = 1;
    EXPECT_THAT(report::main_findings(data),
                ElementsAre(HasSubstr("The meta-analysis of 3 studies reaches genome-wide"),
                            HasSubstr("1 gene or other set of variants reaches p < 0.05 over all "
                                      "tests of its trait, most strongly LDLR for LDL")));
}

/// Writes the page that the browser test looks at.
TEST(Report, WritesAnExampleWhereAsked) {
    const char* folder = std::getenv("SALUS_REPORT_EXAMPLE");
    if (folder == nullptr) GTEST_SKIP() << "SALUS_REPORT_EXAMPLE names no folder";
    const auto inputs = example::write_all(folder, {.samples = 2000, .variants = 120000});
    EXPECT_THAT(run_in(folder, inputs).html, HasSubstr("</html>"));
}

TEST(ReasonLabel, KeepsNames) {
    EXPECT_EQ(report::reason_label("hardy_weinberg"), "Hardy\u2013Weinberg");
    EXPECT_EQ(report::reason_label("mendel_errors"), "Mendel errors");
    EXPECT_EQ(report::reason_label("low_call_rate"), "low call rate");
}

} // namespace
} // namespace salus
