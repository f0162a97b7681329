#include "schema/document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace salus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Rule {
    double call_rate_min = 0.98;
    int copies = 2;
    unsigned count = 0;
    bool strict = false;
    std::string mode = "fail";
    std::vector<std::string> names;
    std::vector<double> levels;
    std::string title;
};

RecordOf<Rule> rule() {
    RecordOf<Rule> record;
    record.param("call_rate_min", &Rule::call_rate_min,
                 {.doc = "Smallest call rate.", .unit = "proportion", .min = 0, .max = 1});
    record.param("copies", &Rule::copies, {.doc = "Copies."});
    record.param("count", &Rule::count, {.doc = "Count."});
    record.param("strict", &Rule::strict, {.doc = "Strict."});
    record.param("mode", &Rule::mode, {.doc = "On a bad record.", .choices = {"fail", "skip"}});
    record.param("names", &Rule::names, {.doc = "Names."});
    record.param("levels", &Rule::levels, {.doc = "Levels.", .min = 0});
    record.required("title", &Rule::title, {.doc = "Title of the rule."});
    return record;
}

struct Reading {
    Rule rule;
    std::vector<Problem> problems;
};

Reading read(std::string_view toml) {
    Reading out;
    out.rule = rule().read(parse_toml(toml, "rules.toml"), "rules.toml", "rule", out.problems);
    return out;
}

Problem only_problem(std::string_view toml) {
    const auto problems = read(toml).problems;
    EXPECT_THAT(problems, SizeIs(1)) << toml;
    return problems.empty() ? Problem{} : problems.front();
}

UsageError parse_failure(std::string_view toml) {
    try {
        parse_toml(toml, "bad.toml");
    } catch (const UsageError& error) {
        return error;
    }
    ADD_FAILURE() << "accepted: " << toml;
    return UsageError(Problem{});
}

TEST(Document, DefaultsStayWhereNothingIsGiven) {
    const auto [r, problems] = read("title = 'a'");
    EXPECT_THAT(problems, IsEmpty());
    EXPECT_EQ(r.call_rate_min, 0.98);
    EXPECT_EQ(r.mode, "fail");
}

TEST(Document, ReadsEveryType) {
    const auto [r, problems] =
        read("call_rate_min = 1\ncopies = 1e3\ncount = 7\nstrict = true\nmode = 'skip'\n"
             "names = ['a', 'b']\nlevels = [1, 2.5]\ntitle = 'x'\n");
    EXPECT_THAT(problems, IsEmpty());
    EXPECT_EQ(r.call_rate_min, 1.0);
    EXPECT_EQ(r.copies, 1000);
    EXPECT_EQ(r.count, 7u);
    EXPECT_TRUE(r.strict);
    EXPECT_EQ(r.mode, "skip");
    EXPECT_THAT(r.names, ElementsAre("a", "b"));
    EXPECT_THAT(r.levels, ElementsAre(1, 2.5));
}

TEST(Document, SingleValueStandsForList) {
    const auto [r, problems] = read("names = 'a'\nlevels = 3\ntitle = 'x'");
    EXPECT_THAT(problems, IsEmpty());
    EXPECT_THAT(r.names, ElementsAre("a"));
    EXPECT_THAT(r.levels, ElementsAre(3.0));
}

TEST(Document, EmptyListFitsNumbersToo) {
    const auto [r, problems] = read("names = []\nlevels = []\ntitle = 'x'");
    EXPECT_THAT(problems, IsEmpty());
}

TEST(Document, UnknownKeyNamesLineAndNearMiss) {
    const Problem p = only_problem("title = 'x'\n\n  callrate = 0.9\n");
    EXPECT_EQ(p.what, "no parameter 'callrate' in rule");
    EXPECT_EQ(p.where, "rules.toml, line 3, column 3");
    EXPECT_THAT(p.help, HasSubstr("did you mean 'call_rate_min'? it has: call_rate_min, copies"));
}

TEST(Document, WrongTypeSaysWhatWasExpectedAndFound) {
    const Problem p = only_problem("title = 'x'\ncall_rate_min = 'high'\n");
    EXPECT_EQ(p.what, "'call_rate_min' must be a number, but found text \"high\"");
    EXPECT_EQ(p.where, "rules.toml, line 2, column 1");
    EXPECT_EQ(p.why, "Smallest call rate.");
    EXPECT_THAT(only_problem("title = 'x'\nstrict = 1\n").what,
                HasSubstr("must be true or false, but found whole number 1"));
    EXPECT_THAT(only_problem("title = 'x'\ncopies = 1.5\n").what,
                HasSubstr("must be a whole number, but found number 1.5"));
    EXPECT_THAT(only_problem("title = 'x'\ncopies = { a = 1 }\n").what,
                HasSubstr("but found a table"));
    EXPECT_THAT(only_problem("title = 'x'\nnames = ['a', 1]\n").what,
                HasSubstr("a list of mixed values"));
}

TEST(Document, OutOfRangeNamesTheRange) {
    const Problem p = only_problem("title = 'x'\ncall_rate_min = 1.5\n");
    EXPECT_EQ(p.what, "'call_rate_min' = 1.5 is out of range");
    EXPECT_EQ(p.help, "give a value between 0 and 1 proportion");
    EXPECT_THAT(only_problem("title = 'x'\nlevels = [1, -2]").what, HasSubstr("'levels' = -2"));
    EXPECT_THAT(only_problem("title = 'x'\ncall_rate_min = nan").what, HasSubstr("out of range"));
    EXPECT_THAT(only_problem("title = 'x'\ncount = -1").what, HasSubstr("out of range"));
    EXPECT_THAT(only_problem("title = 'x'\ncopies = 3000000000").what, HasSubstr("out of range"));
}

TEST(Document, ChoiceIsChecked) {
    const Problem p = only_problem("title = 'x'\nmode = 'skp'\n");
    EXPECT_EQ(p.what, "'mode' has no choice \"skp\"");
    EXPECT_EQ(p.help, "did you mean 'skip'? it has: fail, skip");
}

TEST(Document, MissingRequiredParameter) {
    const Problem p = only_problem("copies = 1");
    EXPECT_EQ(p.what, "rule needs the parameter 'title'");
    EXPECT_EQ(p.why, "Title of the rule.");
}

TEST(Document, AllProblemsAreCollectedInLineOrder) {
    const auto problems = read("title = 'x'\nmode = 3\ncolour = 1\ncall_rate_min = 2").problems;
    ASSERT_THAT(problems, SizeIs(3));
    EXPECT_THAT(problems[0].where, HasSubstr("line 2"));
    EXPECT_THAT(problems[1].where, HasSubstr("line 3"));
    EXPECT_THAT(problems[2].where, HasSubstr("line 4"));
}

TEST(Document, SyntaxErrorHasLineAndColumn) {
    const auto error = parse_failure("a = 1\nb = \n");
    EXPECT_EQ(error.exit_code(), 2);
    EXPECT_THAT(error.problems().front().where, HasSubstr("bad.toml, line 2"));
}

TEST(Document, DuplicateKeyIsRefused) { parse_failure("a = 1\na = 2\n"); }

TEST(Document, LatinOneIsRefused) {
    EXPECT_THAT(parse_failure("a = \"caf\xe9\"\n").what(), HasSubstr("not UTF-8"));
}

TEST(Document, ByteOrderMarkAndCarriageReturnsAreRead) {
    const Node root = parse_toml("\xEF\xBB\xBF"
                                 "a = 1\r\nb = 'x'\r\n",
                                 "n");
    EXPECT_EQ(std::get<std::string>(root.find("b")->value()), "x");
    EXPECT_EQ(root.find("b")->line, 2);
}

TEST(Document, ArraysOfTablesAreLists) {
    const Node root = parse_toml("[[stage]]\nuse = 'a'\n[[stage]]\nuse = 'b'\n", "n");
    ASSERT_TRUE(root.find("stage")->is_list());
    EXPECT_THAT(root.find("stage")->list(), SizeIs(2));
    EXPECT_EQ(root.find("stage")->list()[1].find("use")->line, 4);
}

TEST(Document, DatesAreText) {
    const Node root = parse_toml("day = 2020-02-29", "n");
    EXPECT_EQ(std::get<std::string>(root.find("day")->value()), "2020-02-29");
}

TEST(Document, MissingFileIsUsageError) {
    EXPECT_THROW(read_toml("no/such/job.toml"), UsageError);
    EXPECT_THROW(read_toml(std::filesystem::temp_directory_path()), UsageError);
}

TEST(Value, TomlAndJsonText) {
    EXPECT_EQ(to_toml(Value(1.0)), "1.0");
    EXPECT_EQ(to_toml(Value(1e-300)), "1e-300");
    EXPECT_EQ(to_toml(Value(std::string("a\"b\\c"))), "\"a\\\"b\\\\c\"");
    EXPECT_EQ(to_toml(Value(std::vector<double>{1, 0.5})), "[1.0, 0.5]");
    EXPECT_EQ(to_json(Value(std::vector<std::string>{"a", "b"})), "[\"a\", \"b\"]");
    EXPECT_EQ(to_json(Value(std::numeric_limits<double>::infinity())), "null");
    EXPECT_EQ(to_toml(Value(true)), "true");
}

} // namespace
} // namespace salus
