#include "formats/score_file.hpp"

#include "base/error.hpp"
#include "support/variant_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ScoreFiles : public ::testing::Test {
protected:
    std::vector<ScoreEntry> read(std::string_view content, std::vector<std::string> wanted = {}) {
        file_ = std::make_unique<ScoreFile>(
            ScoreSource{folder_.write("height.v2.txt", content), {}}, wanted);
        std::vector<ScoreEntry> entries;
        for (ScoreEntry entry; file_->next(entry);)
            entries.push_back(entry);
        return entries;
    }
    std::string error_of(std::string_view content) {
        try {
            read(content);
        } catch (const DataError& error) {
            return error.what();
        }
        return "no error";
    }
    test::ScratchFolder folder_{"score_files"};
    std::unique_ptr<ScoreFile> file_;
};

TEST_F(ScoreFiles, PgsCatalogWithHarmonisedCoordinates) {
    const auto entries =
        read("###PGS CATALOG SCORING FILE\n#format_version=2.0\n#pgs_id=PGS000001\n"
             "#genome_build=GRCh37\n#HmPOS_build=GRCh38\n"
             "rsID\tchr_name\tchr_position\teffect_allele\tother_allele\t"
             "effect_weight\tallelefrequency_effect\tis_interaction\thm_chr\thm_pos\n"
             "rs1\t1\t100\ta\tG\t0.5\t0.25\tFalse\t1\t110\n"
             "rs2\tX\t200\tT\t\t-1e-3\t\tTrue\t\t\n");
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(file_->name(), "PGS000001");
    EXPECT_EQ(file_->genome_build(), "GRCh38");
    EXPECT_THAT(file_->columns(), ElementsAre(""));
    EXPECT_EQ(entries[0].chromosome, 1);
    EXPECT_EQ(entries[0].position, 110U);
    EXPECT_EQ(entries[0].effect_allele, "A");
    EXPECT_EQ(entries[0].other_allele, "G");
    EXPECT_EQ(entries[0].effect_allele_frequency, 0.25);
    EXPECT_TRUE(entries[0].supported);
    EXPECT_THAT(entries[0].weights, ElementsAre(0.5));
    EXPECT_FALSE(entries[1].supported);
    EXPECT_EQ(entries[1].position, 0U);
}

TEST_F(ScoreFiles, ManyColumnsBetweenCommas) {
    const auto entries =
        read("chr,pos,A1,A2,p1e-8,lasso\n2,5000000,C,T,0,0.1\n2,1e+06,AC,A,1,-2\n");
    EXPECT_EQ(file_->name(), "height");
    EXPECT_THAT(file_->columns(), ElementsAre("p1e-8", "lasso"));
    EXPECT_FALSE(file_->has_ids());
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[1].position, 1000000U);
    EXPECT_EQ(entries[1].effect_allele, "AC");
    EXPECT_THAT(entries[1].weights, ElementsAre(1, -2));
}

TEST_F(ScoreFiles, PlinkWithAndWithoutHeader) {
    const auto plain = read("rs1 A 0.5 1\nrs2 C -1 2\n");
    ASSERT_EQ(plain.size(), 2U);
    EXPECT_EQ(plain[0].id, "rs1");
    EXPECT_THAT(plain[0].weights, ElementsAre(0.5, 1));
    EXPECT_THAT(plain[1].weights, ElementsAre(-1, 2));
    const auto named = read("ID\tA1\tW\tV\nrs1\tA\t1\t2\n");
    EXPECT_THAT(file_->columns(), ElementsAre("W", "V"));
    EXPECT_THAT(named[0].weights, ElementsAre(1, 2));
    EXPECT_THAT(read("ID\tA1\tW\tV\nrs1\tA\t1\t2\n", {"v"})[0].weights, ElementsAre(2));
}

TEST_F(ScoreFiles, SaysWhatIsWrong) {
    EXPECT_THAT(error_of("rsID\teffect_weight\nrs1\t1\n"), HasSubstr("effect allele"));
    EXPECT_THAT(error_of("effect_allele\teffect_weight\nA\t1\n"),
                HasSubstr("neither an identifier"));
    EXPECT_THAT(error_of("rsID\teffect_allele\nrs1\tA\n"), HasSubstr("no column of weights"));
    EXPECT_THAT(error_of("rsID\teffect_allele\teffect_weight\nrs1\tA\tx\n"), HasSubstr("line 2"));
    EXPECT_THAT(error_of("rsID\teffect_allele\teffect_weight\nrs1\tA\n"), HasSubstr("2 cells"));
    EXPECT_THAT(error_of("rsID\teffect_allele\teffect_weight\nrs1\tA\tinf\n"), HasSubstr("finite"));
    EXPECT_THAT(
        error_of("rsID\tchr_name\tchr_position\teffect_allele\teffect_weight\nrs1\t1\t-5\tA\t1\n"),
        HasSubstr("no position"));
}

TEST_F(ScoreFiles, FoldersStandForTheirFiles) {
    const auto b = folder_.write("b.txt", "x"), a = folder_.write("a.txt", "x");
    const std::filesystem::path inputs[] = {folder_.path()};
    const auto sources = list_score_sources(inputs);
    ASSERT_EQ(sources.size(), 2U);
    EXPECT_EQ(sources[0].path, a);
    EXPECT_EQ(sources[1].path, b);
}

TEST_F(ScoreFiles, WideOnesAreReadInSlicesOfColumns) {
    const ScoreSource whole{
        .path = folder_.write("wide.txt", "ID\tA1\ta\tb\tc\tx\ty\nrs1\tA\t1\t2\t3\t4\t5\n"),
        .table = {}};
    EXPECT_THAT(ScoreFile(whole).columns(), ElementsAre("a", "b", "c", "x", "y"));
    const std::uint64_t columns[] = {5};
    const auto parts = split_columns(std::span(&whole, 1), columns, 2);
    ASSERT_EQ(parts.size(), 3U);
    std::vector<std::string> names;
    std::vector<double> weights;
    for (const ScoreSource& part : parts) {
        ScoreFile file(part);
        ScoreEntry entry;
        ASSERT_TRUE(file.next(entry));
        EXPECT_EQ(entry.id, "rs1");
        names.insert(names.end(), file.columns().begin(), file.columns().end());
        weights.insert(weights.end(), entry.weights.begin(), entry.weights.end());
        EXPECT_FALSE(file.next(entry));
    }
    EXPECT_THAT(names, ElementsAre("a", "b", "c", "x", "y"));
    EXPECT_THAT(weights, ElementsAre(1, 2, 3, 4, 5));
}

} // namespace
} // namespace salus
