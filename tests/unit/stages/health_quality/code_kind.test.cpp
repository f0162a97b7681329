#include "stages/health_quality/code_kind.hpp"

#include <gtest/gtest.h>

namespace salus::health_quality {
namespace {

std::string kind(std::string_view code, bool diagnoses = true) {
    const KindNames names({});
    return names[names.kind_of(0, form_of(code, diagnoses))];
}

TEST(CodeKind, ByTheFormOfTheCode) {
    EXPECT_EQ(kind("E11.9"), "ICD10");
    EXPECT_EQ(kind("e119"), "ICD10") << "E119 is no accident of ICD-9";
    EXPECT_EQ(kind("S72.001A"), "ICD10");
    EXPECT_EQ(kind("250.00"), "ICD9");
    EXPECT_EQ(kind("25000"), "ICD9");
    EXPECT_EQ(kind("E850.0"), "ICD9");
    EXPECT_EQ(kind("V27.0"), "") << "a birth in ICD-9, an accident in ICD-10";
    EXPECT_EQ(kind("25000", false), "digits");
    EXPECT_EQ(kind("4548-4", false), "LOINC");
    EXPECT_EQ(kind("4548-5", false), "digits with dashes") << "a wrong check digit";
    EXPECT_EQ(kind("A10BA02", false), "ATC");
    EXPECT_EQ(kind("44054006"), "SNOMED");
    EXPECT_EQ(kind("99.04", false), "digits with a point");
    EXPECT_EQ(kind("0DTJ4ZZ", false), "letters and digits");
    EXPECT_EQ(kind("GLU"), "letters");
    EXPECT_EQ(kind("type 2 diabetes"), "words");
    EXPECT_EQ(kind(" "), "");
    EXPECT_EQ(kind("icd-10-cm:250.00"), "ICD10") << "it says so itself";
}

TEST(CodeKind, TheVocabularyGoesBeforeTheForm) {
    const KindNames names({{1, {.code = "ICD10CM:E11.9", .domain = "Condition"}},
                           {2, {.code = "Nebraska Lexicon:1", .domain = "Condition"}},
                           {3, {.code = "", .domain = "Condition"}}});
    const std::uint8_t digits = form_of("250.00", true);
    EXPECT_EQ(names[names.kind_of(1, digits)], "ICD10");
    EXPECT_EQ(names.kind_of(1, digits), names.kind_of(0, form_of("E11.9", true)))
        << "one family, one kind";
    EXPECT_EQ(names[names.kind_of(2, digits)], "NEBRASKALEXICON");
    EXPECT_EQ(names[names.kind_of(3, digits)], "ICD9") << "a vocabulary without codes";
    EXPECT_EQ(names[names.kind_of(9, digits)], "ICD9");
}

} // namespace
} // namespace salus::health_quality
