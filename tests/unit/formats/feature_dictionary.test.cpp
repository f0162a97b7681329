#include "formats/feature_dictionary.hpp"

#include "formats/feature_rows.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include <unistd.h>

namespace salus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FeatureFiles : public ::testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() /
                  ("salus_features_" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder_);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    std::filesystem::path file(const std::string& name, std::string_view content) const {
        std::ofstream(folder_ / name, std::ios::binary) << content;
        return folder_ / name;
    }
    /// The problems of a dictionary with these rows.
    std::vector<std::string> wrong(const std::string& header, const std::string& rows) const {
        std::vector<Problem> problems;
        read_feature_dictionary(file("d.csv", header + "\n" + rows), problems);
        std::vector<std::string> out;
        for (const Problem& p : problems)
            out.push_back(p.what + " @ " + p.where.substr(p.where.find("line")));
        return out;
    }
    std::filesystem::path folder_;
};

TEST_F(FeatureFiles, ReadsAllColumns) {
    std::vector<Problem> problems;
    const auto d = read_feature_dictionary(
        file("d.csv", "Type,Column,unit,missing,levels,minimum,maximum,name,description,owner\n"
                      "person,eid,,,,,,,,me\n"
                      "number,BP,mmHg,-1 = not known| -3=refused|X,,40,300,sbp,\"a, b\",\n"
                      "category,s,,,0=never|1,,,,,\n"
                      "date,when,,,,1970-01-02,,,,\n"
                      "ignore,1 odd name,,,,,,,,\n"),
        problems);
    ASSERT_TRUE(problems.empty()) << problems.front().what;
    ASSERT_EQ(d.columns.size(), 5U);
    const Feature& bp = d.columns[1].feature;
    EXPECT_EQ(bp.name, "sbp");
    EXPECT_EQ(bp.unit, "mm[Hg]") << "usual ways of writing become UCUM";
    EXPECT_EQ(bp.low, 40);
    ASSERT_EQ(bp.missing.size(), 3U);
    EXPECT_EQ(bp.missing[1].code, "-3");
    EXPECT_EQ(bp.missing[1].reason, "refused");
    EXPECT_EQ(bp.missing[2].reason, "missing");
    EXPECT_EQ(d.columns[2].feature.levels[1].label, "1");
    EXPECT_EQ(d.columns[3].feature.low, 1);
    EXPECT_EQ(d.columns[4].role, ColumnRole::passed_over);
}

TEST_F(FeatureFiles, SaysWhatIsWrongAndWhere) {
    EXPECT_THAT(wrong("column,typ", "a,number\n"),
                ElementsAre(HasSubstr("no column type"), HasSubstr("no column typ")));
    EXPECT_THAT(wrong("column,type,minimun", "a,number,3\n"),
                ElementsAre(HasSubstr("no column minimun @ line 1")));
    EXPECT_THAT(wrong("column,type,unit,missing,levels,minimum,maximum",
                      "a,numbr,,,,,\n"
                      "b,number,furlongs,,,,\n"
                      "c,category,,,only=one,,\n"
                      "d,number,,-1=x|-1.0=y,,,\n"
                      "e,number,,,,5,4\n"
                      "e,number,,,0=a|1=b,,\n"
                      "f g,number,,,,,\n"
                      "h,date,kg,,,,\n"
                      "i,date,,,,12,\n"),
                ElementsAre(HasSubstr("\"numbr\" is not a type @ line 2, column type"),
                            HasSubstr("\"furlongs\" is not a unit @ line 3, column unit"),
                            HasSubstr("fewer than two levels @ line 4"),
                            HasSubstr("a code of column d is declared twice @ line 5"),
                            HasSubstr("the minimum of e is above its maximum @ line 6"),
                            HasSubstr("column e is declared twice @ line 7"),
                            HasSubstr("column e of this type has levels @ line 7"),
                            HasSubstr("the name of column f g cannot be used in results @ line 8"),
                            HasSubstr("column h of this type has a unit @ line 9"),
                            HasSubstr("\"12\" is not a limit of this type @ line 10")));
}

TEST_F(FeatureFiles, MatchesTables) {
    std::vector<Problem> problems;
    const auto d = read_feature_dictionary(
        file("d.csv", "column,type\nb,number\nA,integer\nday,visit_date\nv,visit\n"), problems);
    const FeatureColumns found =
        match_columns(d, "t.csv", {"PERSON_ID", "a", "V", "B", "day"}, false, problems);
    ASSERT_TRUE(problems.empty()) << problems.front().what;
    EXPECT_THAT(found.columns, ElementsAre(1U, 3U));
    EXPECT_EQ(found.features[0].name, "A");
    EXPECT_EQ(found.person, 0U);
    EXPECT_EQ(found.visit, 2U);
    EXPECT_EQ(found.visit_date, 4U);

    match_columns(d, "t.csv", {"eid", "a", "V", "bb", "day"}, false, problems);
    ASSERT_EQ(problems.size(), 3U);
    EXPECT_THAT(problems[0].what, HasSubstr("without a row in the dictionary: eid, bb"));
    EXPECT_THAT(problems[1].what, HasSubstr("the table has no column b"));
    EXPECT_THAT(problems[1].help, HasSubstr("did you mean"));
    EXPECT_THAT(problems[2].what, HasSubstr("no column tells the person"));
    problems.clear();
    match_columns(d, "t.csv", {"person_id", "a", "v", "b", "day", "more"}, true, problems);
    EXPECT_TRUE(problems.empty());
}

TEST_F(FeatureFiles, RowsOfPiecesAreThoseOfTheWhole) {
    std::vector<Problem> problems;
    const auto d = read_feature_dictionary(
        file("d.csv", "column,type,missing\nx,number,-1=refused\ny,integer,\n"), problems);
    std::string content = "person_id,x,y\n";
    for (int i = 0; i < 500; ++i)
        content += "p" + std::to_string(i) + "," + std::to_string(i) + ".5,-1\n";
    const auto path = file("t.csv", content);
    const auto columns = match_columns(d, path, feature_table_columns(path), false, problems);
    ASSERT_TRUE(problems.empty());
    std::vector<CellReader> readers;
    for (const Feature& f : columns.features)
        readers.emplace_back(f, reasons_of(columns.features));
    std::size_t row = 0;
    for (const ByteRange range : feature_table_ranges(path, 700)) {
        const auto rows = open_feature_rows(path, range, columns, readers);
        std::vector<CellBits> cells(2);
        for (; rows->next(); ++row) {
            rows->cells(cells);
            EXPECT_EQ(rows->person(), "p" + std::to_string(row));
            EXPECT_EQ(value_of(cells[0]), static_cast<double>(row) + 0.5);
            EXPECT_EQ(value_of(cells[1]), -1) << "a code of one column is a number in another";
        }
    }
    EXPECT_EQ(row, 500U);
}

} // namespace
} // namespace salus
