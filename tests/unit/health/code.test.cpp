#include "health/code.hpp"

#include <gtest/gtest.h>

namespace salus {
namespace {

TEST(Codes, Icd10HasOneForm) {
    EXPECT_EQ(normalise_icd10(" e119 "), "E11.9");
    EXPECT_EQ(normalise_icd10("E11.9"), "E11.9");
    EXPECT_EQ(normalise_icd10("I25"), "I25");
    EXPECT_EQ(normalise_icd10("G01*"), "G01");
    EXPECT_EQ(normalise_icd10("A17.0+"), "A17.0");
    EXPECT_EQ(normalise_icd10("S72.001A"), "S72.001A");
    EXPECT_EQ(normalise_icd10("C7A.00"), "C7A.00");
    EXPECT_FALSE(normalise_icd10(""));
    EXPECT_FALSE(normalise_icd10("E1"));
    EXPECT_FALSE(normalise_icd10("65363002"));
    EXPECT_FALSE(normalise_icd10("diabetes"));
    EXPECT_FALSE(normalise_icd10("E1.19"));
}

TEST(Codes, LoincHasACheckDigit) {
    for (const char* code : {"13457-7", "4548-4", "8302-2", "2160-0", "29463-7"})
        EXPECT_TRUE(is_loinc(code)) << code;
    for (const char* code : {"13457-8", "4548", "-4", "a548-4", "", "1234567-1"})
        EXPECT_FALSE(is_loinc(code)) << code;
}

TEST(Codes, AtcHasFiveLevels) {
    for (const char* code : {"C", "C10", "C10A", "C10AA", "C10AA05", "a10ba02"})
        EXPECT_TRUE(is_atc(code)) << code;
    for (const char* code : {"", "C1", "C10AA0", "C10AA055", "110AA05", "C10A105"})
        EXPECT_FALSE(is_atc(code)) << code;
}

TEST(Codes, EventsGetACodeFromSourceOrConcept) {
    using enum EventKind;
    EXPECT_EQ(event_code(condition, "e119", 201826), "ICD10:E11.9");
    EXPECT_EQ(event_code(death, "I21", 0), "ICD10:I21");
    EXPECT_EQ(event_code(measurement, "13457-7", 3028288), "LOINC:13457-7");
    EXPECT_EQ(event_code(drug, "c10aa05", 1), "ATC:C10AA05");
    EXPECT_EQ(event_code(drug, "308182", 19073183), "OMOP:19073183");
    EXPECT_EQ(event_code(drug, "308182", 19073183, "RxNorm"), "RXNORM:308182");
    EXPECT_EQ(event_code(condition, "ICD-10-CM:E119", 1), "ICD10:E11.9");
    EXPECT_EQ(event_code(condition, "ward 3: fever", 437663), "OMOP:437663");
    EXPECT_EQ(event_code(condition, "fever", 0), "LOCAL:fever");
    EXPECT_EQ(event_code(condition, "", 0), "OMOP:0");
    EXPECT_EQ(event_code(measurement, "E11.9", 5), "OMOP:5")
        << "ICD-10 is not looked for among measurements";
}

TEST(Codes, UnitsFromSourceOrConcept) {
    EXPECT_EQ(event_unit("mg/dL", 8840), "mg/dL");
    EXPECT_EQ(event_unit("", 8840), "mg/dL");
    EXPECT_EQ(event_unit("mg/dL", 0), "mg/dL");
    EXPECT_EQ(event_unit("kg", 8840), "kg?");
    EXPECT_EQ(event_unit("", 99), "OMOP:99");
    EXPECT_EQ(event_unit("{score}", 99), "{score}");
    EXPECT_EQ(event_unit("", 0), "");
}

bool matches(const char* pattern, const char* code, std::uint32_t concept_id = 0) {
    const auto parsed = CodePattern::parse(pattern);
    return parsed && parsed->matches(code, concept_id);
}

TEST(Codes, PatternsOfHierarchiesArePrefixes) {
    EXPECT_TRUE(matches("ICD10:E11", "ICD10:E11.9"));
    EXPECT_TRUE(matches("icd-10:e11.9", "ICD10:E11.9"));
    EXPECT_TRUE(matches("ICD10:E119", "ICD10:E11.90"));
    EXPECT_TRUE(matches("ICD10:E", "ICD10:E11.9"));
    EXPECT_FALSE(matches("ICD10:E11.9", "ICD10:E11"));
    EXPECT_FALSE(matches("ICD10:E11", "ICD10:E10.9"));
    EXPECT_FALSE(matches("ICD10:E11", "ICD9:E11.9"));
    EXPECT_TRUE(matches("ATC:C10AA", "ATC:C10AA05"));
    EXPECT_TRUE(matches("ATC:C10AA*", "ATC:C10AA05"));
}

TEST(Codes, PatternsCanBeRanges) {
    for (const char* code : {"ICD10:I20", "ICD10:I20.0", "ICD10:I23.8", "ICD10:I25.9"})
        EXPECT_TRUE(matches("ICD10:I20-I25", code)) << code;
    for (const char* code : {"ICD10:I19.9", "ICD10:I26", "ICD10:I2", "ATC:I21"})
        EXPECT_FALSE(matches("ICD10:I20-I25", code)) << code;
}

TEST(Codes, OtherSystemsMatchExactly) {
    EXPECT_TRUE(matches("LOINC:4548-4", "LOINC:4548-4"));
    EXPECT_FALSE(matches("LOINC:4548", "LOINC:4548-4"));
    EXPECT_TRUE(matches("LOINC:4548*", "LOINC:4548-4"));
    EXPECT_FALSE(matches("RXNORM:68", "RXNORM:6809"));
    EXPECT_TRUE(matches("OMOP:3004410", "LOINC:4548-4", 3004410)) << "by standard concept";
    EXPECT_FALSE(matches("OMOP:300441", "LOINC:4548-4", 3004410));
}

TEST(Codes, PatternsThatCannotBeRead) {
    for (const char* bad : {"E11", ":E11", "ICD10:", "OMOP:abc", "OMOP:0", "OMOP:-3", ""})
        EXPECT_FALSE(CodePattern::parse(bad)) << bad;
}

} // namespace
} // namespace salus
