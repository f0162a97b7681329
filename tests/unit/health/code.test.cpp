#include "health/code.hpp"

#include <gtest/gtest.h>

namespace salus {
namespace {

TEST(Codes, EventsGetACodeFromSourceOrConcept) {
    using enum EventKind;
    EXPECT_EQ(event_code(condition, "e119", 201826), "ICD10:E11.9");
    EXPECT_EQ(event_code(death, "I21", 0), "ICD10:I21");
    EXPECT_EQ(event_code(measurement, "13457-7", 3028288), "LOINC:13457-7");
    EXPECT_EQ(event_code(drug, "c10aa05", 1), "ATC:C10AA05");
    EXPECT_EQ(event_code(drug, "308182", 19073183), "OMOP:19073183");
    EXPECT_EQ(event_code(drug, "308182", 19073183, "RxNorm"), "RXNORM:308182");
    EXPECT_EQ(event_code(condition, "ICD-10-CM:E119", 1), "ICD10CM:E11.9");
    EXPECT_EQ(event_code(condition, "E119", 1, "ICD-10-CM"), "ICD10CM:E11.9");
    EXPECT_EQ(event_code(condition, "25000", 1, "ICD-9-CM"), "ICD9CM:250.00");
    EXPECT_EQ(event_code(condition, "HP:0001250", 0), "HP:0001250");
    EXPECT_EQ(event_code(condition, "Orphanet:558", 0), "ORPHA:558");
    EXPECT_EQ(event_code(condition, "not a code", 1, "ICD-10-CM"), "ICD10CM:not a code")
        << "what has not the form of its system stays as written";
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
    EXPECT_EQ(event_unit("mmHg", 8876), "mmHg") << "the same unit, as written";
    EXPECT_EQ(event_unit("MG/DL", 8840), "MG/DL");
    EXPECT_EQ(event_unit("see text", 8840), "mg/dL") << "only the concept tells";
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

TEST(Codes, APatternOfAFamilyTakesInItsMembers) {
    EXPECT_TRUE(matches("ICD10:E11", "ICD10CM:E11.9"));
    EXPECT_TRUE(matches("ICD10:E11-E14", "ICD10GM:E13.90"));
    EXPECT_TRUE(matches("CIM-10:E11", "ICD10FR:E11.9"));
    EXPECT_TRUE(matches("ICD9:250", "ICD9CM:250.00"));
    EXPECT_TRUE(matches("READ:C10F*", "READ2:C10FJ"));
    EXPECT_FALSE(matches("ICD10CM:E11", "ICD10:E11.9")) << "a member takes in only itself";
    EXPECT_FALSE(matches("ICD10CM:E11", "ICD10GM:E11.9"));
    EXPECT_FALSE(matches("ICD10:0", "ICD10PCS:0SG00A0")) << "procedures are another family";
    EXPECT_FALSE(matches("ICD1:E11", "ICD10:E11"));
}

TEST(Codes, PatternsTakeMarksAndOpenEnds) {
    EXPECT_TRUE(matches("ICD10:M54.-", "ICD10:M54.5"));
    EXPECT_TRUE(matches("ICD10:A17.0+", "ICD10:A17.0"));
    EXPECT_FALSE(matches("ICD10:M54.-", "ICD10:M55"));
    EXPECT_TRUE(matches("HPO:HP:0001250", "HP:0001250"));
    EXPECT_TRUE(matches("ORPHANET:558", "ORPHA:558"));
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
    for (const char* bad :
         {"E11", ":E11", "ICD10:", "OMOP:abc", "OMOP:0", "OMOP:-3", "", "ICD10:I25-I20", "ICD10:-"})
        EXPECT_FALSE(CodePattern::parse(bad)) << bad;
}

} // namespace
} // namespace salus
