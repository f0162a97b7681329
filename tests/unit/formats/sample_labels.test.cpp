#include "formats/sample_labels.hpp"

#include "base/error.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

namespace salus {
namespace {

using ::testing::ElementsAre;

std::filesystem::path file(const std::string& name, const std::string& content) {
    const auto path = std::filesystem::path(testing::TempDir()) / ("labels-" + name);
    std::ofstream(path) << content;
    return path;
}

TEST(SampleLabels, ColumnsInAnyOrder) {
    const auto labels = read_sample_labels(
        file("a.tsv", "batch\tsample_id\tmother\tfather\tgroup\nb1\tkid\tma\tpa\tEUR\n"
                      " b2 \tma\t0\tNA\t\nb1\tpa\t.\t\tAFR\n"));
    EXPECT_THAT(labels.id, ElementsAre("kid", "ma", "pa"));
    EXPECT_THAT(labels.batch, ElementsAre("b1", "b2", "b1"));
    EXPECT_THAT(labels.group, ElementsAre("EUR", "", "AFR"));
    EXPECT_THAT(labels.father, ElementsAre("pa", "", ""));
    EXPECT_THAT(labels.mother, ElementsAre("ma", "", ""));
    EXPECT_TRUE(labels.has_batch && labels.has_group && labels.has_parents);
    const auto joined = labels_of(labels, {"pa", "stranger", "kid"});
    EXPECT_THAT(joined.group, ElementsAre("AFR", "", "EUR"));
    EXPECT_THAT(joined.mother, ElementsAre("", "", "ma"));
}

TEST(SampleLabels, ColumnsThatAreNotThere) {
    const auto labels = read_sample_labels(file("b.tsv", "sample_id\tsex\na\t1\n"));
    EXPECT_THAT(labels.batch, ElementsAre(""));
    EXPECT_FALSE(labels.has_batch || labels.has_group || labels.has_parents);
}

TEST(SampleLabels, FamFile) {
    const auto labels = read_sample_labels(
        file("c.fam", "F1 kid pa ma 1 -9\nF1\tpa\t0\t0\t1\t-9\n\nF1 ma 0 0 2 -9\n"));
    EXPECT_THAT(labels.id, ElementsAre("kid", "pa", "ma"));
    EXPECT_THAT(labels.father, ElementsAre("pa", "", ""));
    EXPECT_THAT(labels.mother, ElementsAre("ma", "", ""));
}

TEST(SampleLabels, ParentsWithAGenome) {
    const auto sheet = read_sample_labels(file("p.tsv", "sample_id\tfather_id\tmother_id\n"
                                                        "kid\tpa\tma\nelsewhere\tpa\tma\n"));
    const auto parents = declared_parents(labels_of(sheet, {"pa", "stranger", "kid"}));
    EXPECT_THAT(parents, ElementsAre(DeclaredParents{}, DeclaredParents{},
                                     DeclaredParents{.father = 0, .mother = no_parent}));
    const auto without = read_sample_labels(file("q.tsv", "sample_id\nkid\n"));
    EXPECT_TRUE(declared_parents(labels_of(without, {"kid"})).empty());
}

TEST(SampleLabels, MistakesNameTheLine) {
    const auto where = [](const std::string& name, const std::string& content) {
        try {
            read_sample_labels(file(name, content));
        } catch (const DataError& error) {
            return error.problems().front().where;
        }
        return std::string();
    };
    EXPECT_THAT(where("d.tsv", "sample_id\na\na\n"), ::testing::HasSubstr("line 3"));
    EXPECT_THAT(where("e.tsv", "sample_id,father\na,a\n"), ::testing::HasSubstr("line 2"));
    EXPECT_THAT(where("f.fam", "F a 0\n"), ::testing::HasSubstr("line 1"));
    EXPECT_THAT(where("g.tsv", "name\na\n"), ::testing::HasSubstr("g.tsv"));
}

} // namespace
} // namespace salus
