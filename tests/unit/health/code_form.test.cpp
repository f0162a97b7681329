#include "health/code_form.hpp"
#include "support/reference_data.hpp"

#include "base/file.hpp"
#include "base/text.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace salus {
namespace {

TEST(CodeForm, Icd10HasOneForm) {
    EXPECT_EQ(normalise_icd10(" e119 "), "E11.9");
    EXPECT_EQ(normalise_icd10("E11.9"), "E11.9");
    EXPECT_EQ(normalise_icd10("I25"), "I25");
    EXPECT_EQ(normalise_icd10("G01*"), "G01");
    EXPECT_EQ(normalise_icd10("A17.0+"), "A17.0");
    EXPECT_EQ(normalise_icd10("A17.0\xE2\x80\xA0"), "A17.0") << "dagger";
    EXPECT_EQ(normalise_icd10("U07.1!"), "U07.1");
    EXPECT_EQ(normalise_icd10("M54.-"), "M54");
    EXPECT_EQ(normalise_icd10("M54-"), "M54");
    EXPECT_EQ(normalise_icd10("S72.001A"), "S72.001A");
    EXPECT_EQ(normalise_icd10("C7A.00"), "C7A.00");
    for (const char* bad :
         {"", "E1", "65363002", "diabetes", "E1.19", "E11.\xC3\xA4", "-", ".-", "E11.9-3"})
        EXPECT_FALSE(normalise_icd10(bad)) << bad;
}

TEST(CodeForm, Icd9HasADotBehindItsCategory) {
    EXPECT_EQ(normalise_icd9("25000"), "250.00");
    EXPECT_EQ(normalise_icd9("250.00"), "250.00");
    EXPECT_EQ(normalise_icd9("410"), "410");
    EXPECT_EQ(normalise_icd9("v270"), "V27.0");
    EXPECT_EQ(normalise_icd9("E8500"), "E850.0");
    EXPECT_EQ(normalise_icd9("E850.0"), "E850.0");
    for (const char* bad : {"", "25", "2500000", "A10", "E85", "V2", "25.0"})
        EXPECT_FALSE(normalise_icd9(bad)) << bad;
}

TEST(CodeForm, Icd11StemsExtensionsAndClusters) {
    EXPECT_EQ(normalise_icd11("5a11"), "5A11");
    EXPECT_EQ(normalise_icd11("CA40.0Z"), "CA40.0Z");
    EXPECT_EQ(normalise_icd11("XN109"), "XN109");
    EXPECT_EQ(normalise_icd11("2C25.Z&XS25/1A00"), "2C25.Z&XS25/1A00");
    for (const char* bad : {"", "E11.9", "5O11", "5A1", "5A11&", "5A11.", "CA40.00000", "51A1"})
        EXPECT_FALSE(normalise_icd11(bad)) << bad;
}

TEST(CodeForm, Opcs4AndRead) {
    EXPECT_EQ(normalise_opcs4("k401"), "K40.1");
    EXPECT_EQ(normalise_opcs4("K40"), "K40");
    EXPECT_FALSE(normalise_opcs4("K4011"));
    EXPECT_FALSE(normalise_opcs4("401"));
    EXPECT_EQ(normalise_read("C10F."), "C10F");
    EXPECT_EQ(normalise_read("C10F.00"), "C10F");
    EXPECT_EQ(normalise_read("C...."), "C");
    EXPECT_EQ(normalise_read("XaIP9"), "XaIP9") << "case matters";
    for (const char* bad :
         {"", ".....", "C10 F", "C10F-", "C1.", "C10F.0011", "E1.u.", "1.91.", "C1.0F00"})
        EXPECT_FALSE(normalise_read(bad)) << bad;
}

TEST(CodeForm, LoincHasACheckDigit) {
    for (const char* code : {"13457-7", "4548-4", "8302-2", "2160-0", "29463-7"})
        EXPECT_TRUE(is_loinc(code)) << code;
    for (const char* code :
         {"13457-8", "4548", "-4", "a548-4", "", "1234567-1", "LA-8", "12345678-9"})
        EXPECT_FALSE(is_loinc(code)) << code;
}

TEST(CodeForm, AtcHasFiveLevels) {
    const std::pair<const char*, int> levels[] = {{"C", 1},     {"C10", 2},     {"C10A", 3},
                                                  {"C10AA", 4}, {"C10AA05", 5}, {"a10ba02", 5}};
    for (const auto& [code, level] : levels)
        EXPECT_EQ(atc_level(code), level) << code;
    for (const char* code : {"", "C1", "C10AA0", "C10AA055", "110AA05", "C10A105", "C10AA0512345"})
        EXPECT_FALSE(is_atc(code)) << code;
}

TEST(CodeForm, VerhoeffOfPublishedNumbers) {
    EXPECT_TRUE(verhoeff_holds("2363")) << "Verhoeff 1969: 236 has the check digit 3";
    EXPECT_FALSE(verhoeff_holds("2364"));
    EXPECT_FALSE(verhoeff_holds("3263")) << "neighbours exchanged";
    EXPECT_FALSE(verhoeff_holds(""));
    EXPECT_FALSE(verhoeff_holds("23a3"));
}

TEST(CodeForm, SnomedConceptsHavePartitionAndCheckDigit) {
    for (const char* code : {"22298006", "44054006", "38341003", "1119349007", "73211009"})
        EXPECT_TRUE(is_snomed(code)) << code;
    for (const char* code : {"22298007", "22298060", "12345", "022298006", "", "44054006a",
                             "37436014", "1234567890123456789"})
        EXPECT_FALSE(is_snomed(code)) << code;
}

TEST(CodeForm, TheLongestKnownCodeIsFound) {
    const std::vector<std::string> known{"E11", "E11.9", "I21"};
    const auto exact = longest_known(known, "E11.9");
    ASSERT_TRUE(exact);
    EXPECT_EQ(exact->index, 1U);
    EXPECT_TRUE(exact->exact);
    const auto longer = longest_known(known, "E11.90");
    ASSERT_TRUE(longer);
    EXPECT_EQ(longer->index, 1U);
    EXPECT_FALSE(longer->exact);
    const auto category = longest_known(known, "E11.2");
    ASSERT_TRUE(category);
    EXPECT_EQ(category->index, 0U);
    EXPECT_FALSE(longest_known(known, "E1"));
    EXPECT_FALSE(longest_known(known, "E12.9"));
    EXPECT_FALSE(longest_known(known, ""));
    EXPECT_FALSE(longest_known({}, "E11"));
}

// Where ../shared/data is present: every SNOMED CT and LOINC code of an OMOP vocabulary.
TEST(CodeForm, CodesOfARealVocabularyHaveTheirForm) {
    const auto path = reference::ehr / "omop54_synthea27/CONCEPT.csv";
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "no shared data";
    std::size_t snomed = 0, loinc = 0;
    const std::string written = read_text_file(path);
    for (const std::string_view line : split(written, '\n')) {
        const auto fields = split(line, ','); // no commas behind the name of a concept
        if (fields.size() < 10) continue;
        const auto code = std::string(fields[fields.size() - 4]);
        const std::string_view system = fields[fields.size() - 7];
        if (system == "SNOMED") {
            ++snomed;
            EXPECT_TRUE(is_snomed(code)) << code;
        }
        if (system == "LOINC" && !code.starts_with("L")) {
            ++loinc;
            EXPECT_TRUE(is_loinc(code)) << code;
        }
    }
    EXPECT_GT(snomed, 50U);
    EXPECT_GT(loinc, 20U);
}

} // namespace
} // namespace salus
