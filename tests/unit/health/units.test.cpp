#include "health/units.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "health/code_form.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace salus {
namespace {

TEST(UnitNames, ConceptsAreUcumAndAscend) {
    EXPECT_EQ(ucum_of_concept(8840), "mg/dL");
    EXPECT_EQ(ucum_of_concept(586323), "Cel");
    EXPECT_EQ(ucum_of_concept(9557), "meq/L");
    EXPECT_EQ(ucum_of_concept(0), "");
    EXPECT_EQ(ucum_of_concept(8841), "");
    EXPECT_EQ(ucum_of_concept(0xFFFFFFFF), "");
    std::size_t known = 0;
    for (std::uint32_t id = 8000; id < 10000; ++id)
        if (const auto ucum = ucum_of_concept(id); !ucum.empty()) {
            ++known;
            EXPECT_TRUE(parse_ucum(ucum)) << id << " " << ucum;
        }
    EXPECT_GT(known, 100U);
}

TEST(UnitNames, UsualWaysOfWriting) {
    for (const auto& [written, ucum] : {std::pair{"mmHg", "mm[Hg]"},
                                        {"beats/minute", "/min"},
                                        {"mcg/mL", "ug/mL"},
                                        {"IU", "[iU]"},
                                        {"MG/DL", "mg/dL"},
                                        {"mg/dl", "mg/dL"},
                                        {"mmol / l", "mmol/L"},
                                        {"\xC2\xB5mol/L", "umol/L"},
                                        {"\xCE\xBCg/L", "ug/L"},
                                        {"K/uL", "10*3/uL"},
                                        {"x10^9/L", "10*9/L"},
                                        {"mEq/L", "meq/L"},
                                        {"kg/m\xC2\xB2", "kg/m2"},
                                        {"C", "Cel"},
                                        {"pH", "[pH]"}})
        EXPECT_TRUE(same_unit(written, ucum)) << written;
    for (const auto& [a, b] : {std::pair{"kg", "mg/dL"}, {"mmHg", "kPa"}, {"n/a", "mg/dL"}})
        EXPECT_FALSE(same_unit(a, b)) << a << " " << b;
    EXPECT_TRUE(unit_meanings("n/a").empty());
    EXPECT_TRUE(unit_meanings(" ").empty());
    const auto letters = unit_meanings("C");
    ASSERT_EQ(letters.size(), 2U);
    EXPECT_EQ(letters[0].reading, UnitReading::ucum) << "the coulomb comes first";
    EXPECT_EQ(letters[1].reading, UnitReading::alias);
}

double value(std::string_view loinc, const char* canonical, double x, const char* unit) {
    return UnitConverter(loinc, canonical).convert(x, unit).value;
}

// Conventional clinical factors, as laboratories print them.
TEST(UnitConverter, MassesAndMolesByAnalyte) {
    EXPECT_NEAR(value("2345-7", "mg/dL", 5, "mmol/L"), 90.08, 1e-9);
    EXPECT_NEAR(value("2345-7", "mmol/L", 90.08, "mg/dL"), 5, 1e-12);
    EXPECT_NEAR(value("2160-0", "umol/L", 1, "mg/dL"), 88.42, 1e-3);
    EXPECT_NEAR(value("2093-3", "mg/dL", 1, "mmol/L"), 38.67, 1e-9);
    EXPECT_NEAR(value("2571-8", "mg/dL", 1, "mmol/L"), 88.57, 1e-9);
    EXPECT_NEAR(value("3094-0", "mg/dL", 1, "mmol/L"), 2.801, 1e-9);
    EXPECT_NEAR(value("17861-6", "mg/dL", 1, "mmol/L"), 4.008, 1e-9);
    EXPECT_NEAR(value("1975-2", "umol/L", 1, "mg/dL"), 17.10, 5e-3);
    EXPECT_NEAR(value("718-7", "mmol/L", 1, "g/dL"), 0.6206, 5e-5);
    EXPECT_NEAR(value("3084-1", "umol/L", 1, "mg/dL"), 59.48, 5e-3);
    EXPECT_NEAR(value("1989-3", "nmol/L", 1, "ng/mL"), 2.496, 5e-4);
    EXPECT_NEAR(value("2143-6", "nmol/L", 1, "ug/dL"), 27.59, 5e-3);
    EXPECT_NEAR(value("2132-9", "pmol/L", 1, "pg/mL"), 0.738, 5e-4);
    EXPECT_NEAR(value("2823-3", "mmol/L", 4.2, "meq/L"), 4.2, 1e-12) << "one charge";
    EXPECT_NEAR(value("2000-8", "mmol/L", 5, "mEq/L"), 2.5, 1e-12) << "two charges";
    EXPECT_NEAR(value("19123-9", "mg/dL", 2, "meq/L"), 2.4305, 1e-9);
    EXPECT_TRUE(std::isnan(value("", "mg/dL", 5, "mmol/L"))) << "of which substance?";
    EXPECT_TRUE(std::isnan(value("10835-7", "mg/dL", 5, "nmol/L"))) << "Lp(a) has no molar mass";
}

TEST(UnitConverter, HbA1cGoesByTheMasterEquation) {
    EXPECT_NEAR(value("4548-4", "mmol/mol", 6.5, "%"), 47.541, 1e-3);
    EXPECT_NEAR(value("4548-4", "mmol/mol", 7, "%"), 53.006, 1e-3);
    EXPECT_NEAR(value("4548-4", "%", 48, "mmol/mol"), 6.5420, 1e-4);
    EXPECT_NEAR(value("59261-8", "%", 53, "mmol/mol"), 6.9995, 1e-4);
    EXPECT_NEAR(value("4548-4", "%", 6.5, "%{HbA1c}"), 6.5, 1e-12);
    EXPECT_EQ(UnitConverter("4548-4", "%").rule("mmol/mol").rule, "ucum+hba1c");
}

TEST(UnitConverter, RulesAreNamed) {
    const UnitConverter glucose("2345-7", "mg/dL");
    EXPECT_EQ(glucose.rule("mg/dL").rule, "same");
    EXPECT_EQ(glucose.rule("g/L").rule, "ucum");
    EXPECT_EQ(glucose.rule("MMOL/L").rule, "folded+molar_mass");
    EXPECT_EQ(glucose.rule("kg").status, UnitStatus::not_convertible);
    EXPECT_EQ(glucose.rule("blue").status, UnitStatus::unit_unknown);
    EXPECT_EQ(UnitConverter("8310-5", "Cel").rule("C").rule, "alias");
    EXPECT_NEAR(value("8310-5", "Cel", 98.6, "F"), 37, 1e-12);
    EXPECT_EQ(value("6690-2", "10*3/uL", 7.5, "K/uL"), 7.5);
    EXPECT_EQ(value("1742-6", "U/L", 30, "IU/L"), 30) << "of enzymes, both say units";
    EXPECT_EQ(UnitConverter("17861-6", "mg/dL").rule("mEq/L").rule, "alias+valence+molar_mass");
}

TEST(UnitConverter, AMissingUnitIsTheOnlyOneThatFits) {
    const UnitConverter glucose("2345-7", "mg/dL");
    EXPECT_EQ(glucose.convert(95, "").value, 95);
    EXPECT_NEAR(glucose.convert(5.5, "").value, 99.088, 1e-9);
    EXPECT_EQ(glucose.convert(5.5, "").rule, "assumed:mmol/L+ucum+molar_mass");
    EXPECT_EQ(glucose.convert(38, "").status, UnitStatus::unit_unknown) << "fits neither";
    EXPECT_EQ(glucose.convert(-5, "").status, UnitStatus::unit_unknown);
    const UnitConverter hba1c("4548-4", "%");
    EXPECT_EQ(hba1c.convert(6.5, "").value, 6.5);
    EXPECT_NEAR(hba1c.convert(48, "").value, 6.542, 1e-3);
    EXPECT_EQ(hba1c.convert(16, "").status, UnitStatus::unit_unknown) << "fits both";
    EXPECT_EQ(UnitConverter("718-7", "g/dL").convert(10, "").status, UnitStatus::unit_unknown);
    EXPECT_EQ(UnitConverter("718-7", "g/dL").convert(140, "").value, 14);
    EXPECT_EQ(UnitConverter("8302-2", "cm").convert(1.75, "").value, 175);
    EXPECT_EQ(UnitConverter("8302-2", "cm").convert(165, "").value, 165);
    EXPECT_EQ(UnitConverter("8302-2", "cm").convert(80, "").status, UnitStatus::unit_unknown)
        << "a small child in cm, or an adult in inches";
    EXPECT_EQ(UnitConverter("29463-7", "kg").convert(20, "").status, UnitStatus::unit_unknown);
    EXPECT_EQ(UnitConverter("", "mg/dL").convert(95, "").status, UnitStatus::unit_unknown);
    EXPECT_EQ(UnitConverter("", "{score}").convert(3, "").value, 3) << "a pure number";
    EXPECT_EQ(UnitConverter("", "%").convert(3, "").status, UnitStatus::unit_unknown);
}

TEST(UnitConverter, LimitsAreInTheCanonicalUnit) {
    const UnitConverter glucose("2345-7", "mmol/L", 1, 50);
    EXPECT_EQ(glucose.convert(50, "mmol/L").value, 50);
    EXPECT_EQ(glucose.convert(51, "mmol/L").status, UnitStatus::implausible);
    EXPECT_TRUE(std::isnan(glucose.convert(51, "mmol/L").value));
    EXPECT_EQ(glucose.convert(90, "mg/dL").status, UnitStatus::converted);
    EXPECT_EQ(glucose.convert(5, "Mmol/L").status, UnitStatus::implausible) << "megamoles";
    EXPECT_TRUE(std::isnan(glucose.convert(NAN, "mmol/L").value));
    EXPECT_THROW(UnitConverter("", "mmHg"), UsageError);
}

TEST(UnitConverter, ThereAndBackIsTheSame) {
    for (const Analyte& analyte : analytes()) {
        const std::string loinc(analyte.loinc.substr(0, analyte.loinc.find(' ')));
        for (const std::string_view a : split(analyte.candidates, ' '))
            for (const std::string_view b : split(analyte.candidates, ' ')) {
                const double there = UnitConverter(loinc, b).convert(17.5, a).value;
                const double back = UnitConverter(loinc, a).convert(there, b).value;
                EXPECT_NEAR(back, 17.5, 1e-11) << analyte.name << " " << a << " " << b;
            }
    }
}

TEST(Analytes, CodesAreLoincAndTellOneAnalyte) {
    std::set<std::string_view> seen;
    for (const Analyte& analyte : analytes()) {
        EXPECT_LT(analyte.low, analyte.high) << analyte.name;
        EXPECT_TRUE(parse_ucum(analyte.unit)) << analyte.name;
        for (const std::string_view loinc : split(analyte.loinc, ' ')) {
            EXPECT_TRUE(is_loinc(loinc)) << analyte.name << " " << loinc;
            EXPECT_TRUE(seen.insert(loinc).second) << loinc;
            EXPECT_EQ(find_analyte(loinc), &analyte);
        }
    }
    EXPECT_EQ(find_analyte(""), nullptr);
    EXPECT_EQ(find_analyte("345-7"), nullptr) << "a whole code, not the end of one";
}

} // namespace
} // namespace salus
