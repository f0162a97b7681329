#include "health/definition.hpp"

#include "base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace salus {
namespace {

using ::testing::HasSubstr;

std::string problems(std::string_view toml) {
    const Definitions read = parse_definitions(toml, "d.toml");
    return read.problems.empty() ? "" : UsageError(read.problems).what();
}

TEST(Definitions, ReadsAllKeys) {
    const Definitions read = parse_definitions(R"(
[[trait]]
name = "ldl"
kind = "quantitative"
codes = ["LOINC:13457-7"]
unit = "mg/dL"
convert = ["mmol/L * 38.67"]
low = 10
high = 1000
summary = "mean"
adjust_drugs = ["ATC:C10AA"]
adjust_divide = 0.7

[[trait]]
name = "t2d"
codes = ["ICD10:E11"]
min_dates = 2
case_exclude = "ICD10:E10"
)",
                                               "d.toml");
    ASSERT_TRUE(read.problems.empty()) << UsageError(read.problems).what();
    ASSERT_EQ(read.traits.size(), 2u);
    EXPECT_EQ(read.traits[0].low, 10);
    EXPECT_EQ(read.traits[0].adjust_divide, 0.7);
    EXPECT_EQ(read.traits[1].kind, "binary");
    EXPECT_EQ(read.traits[1].case_exclude, std::vector<std::string>{"ICD10:E10"});
    EXPECT_EQ(read.traits[1].min_dates, 2);
}

TEST(Definitions, TellsAllMistakesAtOnceWithLines) {
    const std::string text = problems(R"(
[[trait]]
name = "a b"
codes = ["E11"]
min_date = 2

[[trait]]
name = "ldl"
kind = "quantitativ"
codes = ["LOINK:4548-4"]

[[trait]]
name = "hba1c"
kind = "quantitative"
codes = ["LOINC:4548-4"]
convert = ["mmol/mol 0.09148"]
min_dates = 2
low = 20
high = 3

[[traits]]
name = "x"
)");
    EXPECT_THAT(text, HasSubstr("line 3"));
    EXPECT_THAT(text, HasSubstr("cannot be used"));
    EXPECT_THAT(text, HasSubstr("cannot read the code 'E11'"));
    EXPECT_THAT(text, HasSubstr("min_dates"));
    EXPECT_THAT(text, HasSubstr("line 9"));
    EXPECT_THAT(text, HasSubstr("quantitative"));
    EXPECT_THAT(text, HasSubstr("did you mean LOINC?"));
    EXPECT_THAT(text, HasSubstr("cannot read the conversion"));
    EXPECT_THAT(text, HasSubstr("'min_dates' has no meaning for a trait of kind quantitative"));
    EXPECT_THAT(text, HasSubstr("needs a unit"));
    EXPECT_THAT(text, HasSubstr("low is not below high"));
    EXPECT_THAT(text, HasSubstr("unknown key 'traits'"));
}

TEST(Definitions, RequiredKeysAndDoubleNames) {
    EXPECT_THAT(problems("[[trait]]\nname = \"a\"\n"), HasSubstr("codes"));
    EXPECT_THAT(problems("[[trait]]\nname = \"a\"\ncodes = [\"ICD10:E\"]\n[[trait]]\nname = "
                         "\"a\"\ncodes = [\"ICD10:E\"]\n"),
                HasSubstr("there twice"));
    EXPECT_THAT(problems("[[trait]]\nname = \"a\"\ncodes = []\n"), HasSubstr("has no codes"));
    EXPECT_THAT(problems(""), HasSubstr("defines no trait"));
    EXPECT_THROW(parse_definitions("[[trait]\n", "d.toml"), UsageError);
}

TEST(Definitions, Conversions) {
    const auto linear = parse_conversion("mmol/mol * 0.09148 + 2.152");
    ASSERT_TRUE(linear);
    EXPECT_EQ(linear->unit, "mmol/mol");
    EXPECT_EQ(linear->factor, 0.09148);
    EXPECT_EQ(linear->offset, 2.152);
    EXPECT_EQ(parse_conversion("10*3/uL * 1e-3")->unit, "10*3/uL");
    EXPECT_EQ(parse_conversion("10*3/uL * 1e-3")->factor, 1e-3);
    EXPECT_EQ(parse_conversion("[degF] * 0.5 - 17")->offset, -17);
    EXPECT_EQ(parse_conversion("x * -2")->factor, -2);
    for (const char* bad :
         {"", "mg/dL", "mg/dL * ", "mg/dL * 0", "* 3", " * 3", "mg/dL * a", "mg/dL * 2 + b"})
        EXPECT_FALSE(parse_conversion(bad)) << bad;
}

TEST(Definitions, Names) {
    EXPECT_TRUE(is_trait_name("type_2.diabetes-x"));
    for (const char* bad : {"", "2x", "a b", "a/b", "_a", "\xC3\xA4"})
        EXPECT_FALSE(is_trait_name(bad)) << bad;
}

} // namespace
} // namespace salus
