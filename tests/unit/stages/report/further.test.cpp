#include "stages/report/further.hpp"
#include "base/numbers.hpp"
#include "stages/report/sections.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>

namespace salus::report {
namespace {

using testing::HasSubstr;
using testing::Not;

class FurtherResults : public testing::Test {
protected:
    FurtherResults() {
        path_ = std::filesystem::path(testing::TempDir()) /
                (std::string("further-") +
                 testing::UnitTest::GetInstance()->current_test_info()->name() + ".h5");
        std::filesystem::remove(path_);
    }
    ~FurtherResults() override { std::filesystem::remove(path_); }

    struct Words {
        std::string name;
        std::vector<std::string> values;
    };
    struct Numbers {
        std::string name;
        std::vector<double> values;
    };
    static TableData table(const std::string& name, const std::vector<Words>& words,
                           const std::vector<Numbers>& numbers) {
        TableSpec spec{.name = name, .row = "row", .doc = "d", .columns = {}};
        for (const Words& column : words)
            spec.columns.push_back({column.name, ColumnType::text, "", "d"});
        for (const Numbers& column : numbers)
            spec.columns.push_back({column.name, ColumnType::f64, "1", "d"});
        TableData data(spec);
        for (const Words& column : words)
            data.column<std::string>(column.name) = column.values;
        for (const Numbers& column : numbers)
            data.column<double>(column.name) = column.values;
        return data;
    }
    std::filesystem::path path_;
};

TEST_F(FurtherResults, GenesAreShownInTheirBestMaskAndCountedAgainstAllTests) {
    H5File file = H5File::create(path_);
    file.write(table("sets", {{"set", {"A", "B"}}, {"chromosome", {"1", "2"}}},
                     {{"first_location", {1000, 2000}}}));
    file.write(table("tests",
                     {{"set", {"A", "A", "B", "B"}},
                      {"mask", {"lof", "all", "lof", "all"}},
                      {"frequency_bin", {"0.01", "0.01", "0.01", "0.01"}}},
                     {}));
    file.write(table("trait_summary", {{"name", {"ldl"}}, {"kind", {"quantitative"}}},
                     {{"n", {500}}, {"n_cases", {0}}}));
    file.write(table("traits/ldl", {},
                     {{"variants", {3, 9, 2, 5}},
                      {"carriers", {10, 20, 2, 9}},
                      {"burden_beta", {0.1, 0.2, nan, -0.5}},
                      {"burden_standard_error", {1, 1, nan, 1}},
                      {"burden_neg_log10_p", {1, 2, nan, 3}},
                      {"skat_o_neg_log10_p", {1, 2, nan, 9}},
                      {"acat_o_neg_log10_p", {0.5, 1.5, nan, 8}}}));
    file.close();
    ReportData data;
    data.genes = read_gene_tests(H5File::open(path_), 10);
    ASSERT_EQ(data.genes.size(), 1U);
    const TraitGenes& genes = data.genes[0];
    EXPECT_EQ(genes.tests, 3U); // one row has no test
    EXPECT_NEAR(genes.threshold, -std::log10(0.05 / 3), 1e-12);
    EXPECT_EQ(genes.significant, 1U);
    ASSERT_EQ(genes.hits.size(), 2U);
    EXPECT_EQ(genes.hits[0].set, "B");
    EXPECT_EQ(genes.hits[0].chromosome, "2");
    EXPECT_EQ(genes.hits[1].mask, "all");
    EXPECT_EQ(genes.hits[1].carriers, 20U);
    data.genes[0].hits[0].carriers = 3; // fewer people than may be shown
    EXPECT_THAT(genes_section(data), HasSubstr("&lt;5"));
}

TEST_F(FurtherResults, ListedVariantsOfAMetaAnalysisAreApart) {
    H5File file = H5File::create(path_);
    file.write(table("studies", {{"name", {"one", "two"}}},
                     {{"rows", {9, 8}},
                      {"variants", {7, 6}},
                      {"swapped", {1, 2}},
                      {"lambda_gc", {1.01, 0.99}}}));
    file.write(table("dropped", {{"study", {"one", "two"}}, {"meaning", {"no effect", "never"}}},
                     {{"rows", {2, 0}}}));
    file.write(table("variants",
                     {{"chromosome", {"1", "1", "1", "2"}},
                      {"variant_id", {"a", "b", "c", "d"}},
                      {"other_allele", {"A", "A", "A", "A"}},
                      {"effect_allele", {"C", "C", "C", "C"}},
                      {"direction", {"++", "+-", "--", "?+"}}},
                     {{"base_pair_location", {499000, 501000, 2000000, 501000}},
                      {"effect_allele_frequency", {0.1, 0.2, 0.3, 0.4}},
                      {"studies", {2, 2, 2, 1}}}));
    file.write(table("traits/fixed_effects", {},
                     {{"beta", {1, 2, 3, 4}},
                      {"standard_error", {1, 1, 1, 1}},
                      {"neg_log10_p", {8, 9, std::nan(""), 3}}}));
    file.close();
    ReportData data;
    data.meta_analysis = read_meta_analysis(H5File::open(path_), 10);
    ASSERT_EQ(data.meta_analysis->hits.size(), 2U); // a is too near to b, c has no test
    EXPECT_EQ(data.meta_analysis->hits[0].locus.id, "b");
    EXPECT_EQ(data.meta_analysis->hits[1].locus.id, "d");
    EXPECT_EQ(data.meta_analysis->dropped.size(), 1U);
    const std::string html = meta_analysis_section(data);
    EXPECT_THAT(html, HasSubstr("no effect"));
    EXPECT_THAT(html, Not(HasSubstr("never")));
}

TEST(FurtherSections, KindsOfTraitsHaveNamesOfTheirOwn) {
    ReportData data;
    EXPECT_EQ(phenome_section(data) + prediction_section(data) + genes_section(data) +
                  interaction_section(data) + meta_analysis_section(data) + ld_score_section(data),
              "");
    const Locus locus{.chromosome = "1", .id = "rs1", .position = 5, .neg_log10_p = 9};
    data.association = {{.name = "death", .kind = "time_to_event", .n = 100, .cases = 30},
                        {.name = "grade", .kind = "ordinal", .n = 100}};
    for (TraitAssociation& trait : data.association)
        trait.loci = {locus};
    const std::string html = association_section(data);
    EXPECT_THAT(html, HasSubstr("time to event"));
    EXPECT_THAT(html, HasSubstr("30 / 70"));
    EXPECT_THAT(html, Not(HasSubstr("quantitative")));
    data.phenome = {.variant = locus,
                    .tests = {{.trait = "death", .kind = "time_to_event", .neg_log10_p = 9},
                              {.trait = "grade", .kind = "ordinal"}}};
    const std::string together = phenome_section(data);
    EXPECT_THAT(together, HasSubstr("The strongest variant in all traits"));
    EXPECT_THAT(together, HasSubstr("ordinal"));
}

} // namespace
} // namespace salus::report
