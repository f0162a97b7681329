#include "health/code_system.hpp"

#include "base/error.hpp"
#include "base/random.hpp"

#include <gtest/gtest.h>

#include <set>

namespace salus {
namespace {

TEST(CodeSystems, ShortNamesUrisAndOidsAreOneName) {
    const std::pair<const char*, const char*> expected[] = {
        {"icd-10", "ICD10"},
        {"ICD-10-CM", "ICD10CM"},
        {"icd10gm", "ICD10GM"},
        {"CIM-10", "ICD10FR"},
        {"ICD-9-CM", "ICD9CM"},
        {"RxNorm", "RXNORM"},
        {"SNOMED CT", "SNOMED"},
        {"HPO", "HP"},
        {"http://loinc.org", "LOINC"},
        {"https://loinc.org/", "LOINC"},
        {"http://snomed.info/sct", "SNOMED"},
        {"http://snomed.info/sct/900000000000207008/version/20240101", "SNOMED"},
        {"http://snomed.info/sct|http://snomed.info/sct/11000172109", "SNOMED"},
        {"http://www.whocc.no/atc", "ATC"},
        {"http://www.nlm.nih.gov/research/umls/rxnorm", "RXNORM"},
        {"http://hl7.org/fhir/sid/icd-10", "ICD10"},
        {"http://hl7.org/fhir/sid/icd-10-cm", "ICD10CM"},
        {"http://id.who.int/icd11/mms", "ICD11"},
        {"http://fhir.de/CodeSystem/bfarm/icd-10-gm", "ICD10GM"},
        {"http://unitsofmeasure.org", "UCUM"},
        {"urn:oid:2.16.840.1.113883.6.96", "SNOMED"},
        {"2.16.840.1.113883.6.1", "LOINC"},
        {"2.16.840.1.113883.6.88", "RXNORM"},
        {"2.16.840.1.113883.6.73", "ATC"},
        {"2.16.840.1.113883.6.3", "ICD10"},
        {"2.16.840.1.113883.6.90", "ICD10CM"},
        {"2.16.840.1.113883.6.103", "ICD9CM"},
        {"2.16.840.1.113883.12.292", "CVX"},
        {"2.16.840.1.113883.6.8", "UCUM"},
        {"http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips", "ABSENTUNKNOWN"}};
    for (const auto& [written, name] : expected)
        EXPECT_EQ(normalise_system(written), name) << written;
}

TEST(CodeSystems, UnknownOnesKeepANameOfTheirOwn) {
    EXPECT_EQ(normalise_system("https://www.aifa.gov.it/aic"), "AIFAGOVITAIC");
    EXPECT_EQ(normalise_system("urn:oid:2.16.840.1.113883.2.4.4.7"), "2.16.840.1.113883.2.4.4.7");
    EXPECT_EQ(normalise_system("my codes"), "MYCODES");
    EXPECT_EQ(normalise_system(" "), "");
    EXPECT_EQ(normalise_system("urn:oid:"), "");
    EXPECT_EQ(normalise_system("http://"), "");
}

TEST(CodeSystems, NamesAreStableAndFamiliesExist) {
    std::set<std::string_view> names;
    for (const CodeSystem& system : code_systems()) {
        EXPECT_TRUE(names.insert(system.name).second) << system.name;
        EXPECT_EQ(normalise_system(system.name), system.name);
        const CodeSystem* family = find_code_system(system.family);
        ASSERT_NE(family, nullptr) << system.name;
        EXPECT_EQ(family->family, family->name);
        EXPECT_EQ(family->dots, system.dots);
        EXPECT_TRUE(system.name.starts_with(system.family))
            << "patterns of a family look no further";
    }
    EXPECT_EQ(find_code_system("ICD"), nullptr);
}

TEST(CodeSystems, AliasesOfAUserGoFirst) {
    const auto aliases = CodeSystemAliases::parse("# ours\nalias\tsystem\n"
                                                  "urn:oid:1.2.276.0.76.5.480\tICD-10-GM\n"
                                                  "Hausliste\tLOCAL\r\n"
                                                  "http://loinc.org\tLOCAL\n",
                                                  "aliases.tsv");
    EXPECT_EQ(aliases.size(), 3U);
    EXPECT_EQ(aliases.name("URN:OID:1.2.276.0.76.5.480"), "ICD10GM");
    EXPECT_EQ(aliases.name("hausliste"), "LOCAL");
    EXPECT_EQ(aliases.name("http://loinc.org"), "LOCAL");
    EXPECT_EQ(aliases.name("http://snomed.info/sct"), "SNOMED");
    EXPECT_EQ(CodeSystemAliases{}.name("icd-10"), "ICD10");
    EXPECT_EQ(CodeSystemAliases::parse("", "empty.tsv").size(), 0U);
}

TEST(CodeSystems, EveryBadAliasIsTold) {
    try {
        CodeSystemAliases::parse("alias\tsystem\nonly one\na\tICD10\nA\tICD9\n\tATC\n", "a.tsv");
        FAIL() << "bad aliases were taken";
    } catch (const UsageError& e) {
        ASSERT_EQ(e.problems().size(), 3U);
        EXPECT_EQ(e.problems()[0].where, "a.tsv, line 2");
        EXPECT_EQ(e.problems()[1].what, "an alias is there twice");
        EXPECT_EQ(e.problems()[2].where, "a.tsv, line 5");
    }
    EXPECT_THROW(CodeSystemAliases::parse("a\tICD10\n", "a.tsv"), UsageError) << "no header";
}

TEST(CodeSystems, CodesHaveTheFormOfTheirSystem) {
    EXPECT_EQ(normalise_code("ICD10CM", "s72001a"), "S72.001A");
    EXPECT_EQ(normalise_code("ATC", "c10aa05"), "C10AA05");
    EXPECT_EQ(normalise_code("LOINC", "4548-4 "), "4548-4");
    EXPECT_EQ(normalise_code("SNOMED", "44054006"), "44054006");
    EXPECT_EQ(normalise_code("CVX", "8"), "08");
    EXPECT_EQ(normalise_code("CVX", "141"), "141");
    EXPECT_EQ(normalise_code("HP", "HP:0001250"), "0001250");
    EXPECT_EQ(normalise_code("ORPHA", "ORPHA558"), "558");
    EXPECT_EQ(normalise_code("ORPHA", "orpha:558"), "558");
    EXPECT_EQ(normalise_code("OMIM", "154700"), "154700");
    EXPECT_EQ(normalise_code("RXNORM", "308182"), "308182");
    EXPECT_EQ(normalise_code("ICPC", "t90.02"), "T90.02");
    EXPECT_EQ(normalise_code("MINE", " x Y "), "x Y");
    for (const auto& [system, code] : {std::pair{"LOINC", "4548-5"},
                                       {"SNOMED", "44054007"},
                                       {"ATC", "C1"},
                                       {"HP", "HP:125"},
                                       {"OMIM", "15470"},
                                       {"RXNORM", "a"},
                                       {"CVX", "1234"},
                                       {"ICD10", "diabetes"},
                                       {"MINE", ""}})
        EXPECT_FALSE(normalise_code(system, code)) << system << " " << code;
}

TEST(CodeSystems, FormsAreStable) {
    constexpr std::string_view letters = "AEIXLP019.-+*& ux/";
    std::size_t known = 0;
    for (std::uint64_t i = 0; i < 20000; ++i) {
        Rng rng(3, "code_system.test", i);
        std::string code;
        for (std::uint64_t n = 1 + rng.below(8); n-- > 0;)
            code += letters[rng.below(letters.size())];
        for (const CodeSystem& system : code_systems())
            if (const auto form = normalise_code(system.name, code)) {
                ++known;
                ASSERT_EQ(normalise_code(system.name, *form), form) << system.name << " " << code;
            }
    }
    EXPECT_GT(known, 20000U);
}

TEST(CodeSystems, NoKnownIsNegativeInformation) {
    EXPECT_TRUE(says_absent("ABSENTUNKNOWN", "no-known-allergies"));
    EXPECT_TRUE(says_absent("ABSENTUNKNOWN", "no-problem-info"));
    EXPECT_FALSE(says_absent("ABSENTUNKNOWN", "known"));
    EXPECT_TRUE(says_absent("SNOMED", "716186003"));
    EXPECT_FALSE(says_absent("SNOMED", "44054006"));
    EXPECT_FALSE(says_absent("LOCAL", "no-known-allergies"));
}

} // namespace
} // namespace salus
