#include "health/ucum.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

double converted(double value, const char* from, const char* to) {
    const auto a = parse_ucum(from), b = parse_ucum(to);
    if (!a || !b) {
        ADD_FAILURE() << from << " or " << to << " is not read";
        return NAN;
    }
    const auto line = conversion(*a, *b);
    return line ? (*line)(value) : NAN;
}

struct Known {
    const char *from, *to;
    double factor;
};

// NIST SP 811 (2008) appendix B and the UCUM specification, table by table.
TEST(Ucum, PublishedFactors) {
    const Known table[] = {{"[in_i]", "cm", 2.54},
                           {"[ft_i]", "m", 0.3048},
                           {"[mi_i]", "km", 1.609344},
                           {"[in_us]", "cm", 2.54000508},
                           {"[lb_av]", "kg", 0.45359237},
                           {"[oz_av]", "g", 28.349523125},
                           {"[stone_av]", "kg", 6.35029318},
                           {"[gr]", "mg", 64.79891},
                           {"mm[Hg]", "Pa", 133.3220},
                           {"cm[H2O]", "Pa", 98.0665},
                           {"[psi]", "kPa", 6.894757293168361},
                           {"atm", "kPa", 101.325},
                           {"bar", "kPa", 100},
                           {"[gal_us]", "L", 3.785411784},
                           {"[foz_us]", "mL", 29.5735295625},
                           {"cal", "J", 4.184},
                           {"kcal", "[Cal]", 1},
                           {"eV", "J", 1.602176634e-19},
                           {"Ci", "GBq", 37},
                           {"RAD", "Gy", 0.01},
                           {"U", "nkat", 1000.0 / 60},
                           {"a", "d", 365.25},
                           {"mo", "d", 30.4375},
                           {"wk", "h", 168},
                           {"deg", "rad", 0.017453292519943295},
                           {"[lb_av]/[in_i]2", "kg/m2", 703.0695796391593},
                           {"[wood'U]", "dyn.s/cm5", 79.9932},
                           {"[MET]", "mL/kg/min", 3.5},
                           {"P", "Pa.s", 0.1},
                           {"g%", "g/dL", 1}};
    for (const Known& k : table) {
        EXPECT_NEAR(converted(1, k.from, k.to) / k.factor, 1, 3e-9) << k.from << " in " << k.to;
        EXPECT_NEAR(converted(converted(7.25, k.from, k.to), k.to, k.from), 7.25, 1e-13) << k.from;
    }
}

TEST(Ucum, PowersOfTenAreExact) {
    const Known table[] = {{"mg/dL", "g/L", 0.01},      {"g/dL", "g/L", 10},
                           {"mmol/L", "umol/L", 1000},  {"ug/L", "ng/mL", 1},
                           {"10*3/uL", "10*9/L", 1},    {"10^3/uL", "/L", 1e9},
                           {"{cells}/uL", "10*6/L", 1}, {"mm3", "uL", 1},
                           {"mL/min", "L/min", 0.001},  {"%", "1", 0.01},
                           {"L/L", "%", 100},           {"[ppm]", "mg/kg", 1},
                           {"kat", "mol/s", 1},         {"daPa", "Pa", 10},
                           {"m[iU]/L", "u[iU]/mL", 1},  {"k[iU]", "[IU]", 1000},
                           {"100.mL", "dL", 1},         {"mg/(24.h)", "mg/d", 1},
                           {"meq/L", "eq/L", 0.001},    {"kg.m2/s2", "J", 1},
                           {"m.s-2", "m/s2", 1},        {"J/(kg.K)", "J/kg/K", 1}};
    for (const Known& k : table)
        EXPECT_EQ(converted(1, k.from, k.to), k.factor) << k.from << " in " << k.to;
}

TEST(Ucum, TemperaturesHaveAZero) {
    EXPECT_NEAR(converted(98.6, "[degF]", "Cel"), 37, 1e-12);
    EXPECT_NEAR(converted(32, "[degF]", "Cel"), 0, 1e-12);
    EXPECT_NEAR(converted(37, "Cel", "K"), 310.15, 1e-12);
    EXPECT_NEAR(converted(-40, "Cel", "[degF]"), -40, 1e-12);
    EXPECT_NEAR(converted(300, "K", "[degF]"), 80.33, 1e-12);
    EXPECT_EQ(converted(36.6, "Cel", "Cel"), 36.6);
    for (const char* bad : {"Cel/h", "/Cel", "Cel2", "g.Cel", "mCel"})
        EXPECT_FALSE(parse_ucum(bad)) << bad << ": a scale has no place in a product";
}

TEST(Ucum, CaseMatters) {
    EXPECT_EQ(converted(1, "Mg", "mg"), 1e9);
    EXPECT_TRUE(std::isnan(converted(1, "C", "Cel"))) << "coulomb";
    EXPECT_TRUE(std::isnan(converted(1, "cd", "d"))) << "candela";
    EXPECT_EQ(converted(1, "Pa", "N/m2"), 1) << "not a peta-year";
    for (const char* bad : {"MG/DL", "mmhg", "Kg", "cel"})
        EXPECT_FALSE(parse_ucum(bad)) << bad;
}

TEST(Ucum, OtherQuantitiesDoNotConvert) {
    for (const auto& [from, to] : {std::pair{"mg/dL", "mmol/L"},
                                   {"[iU]/L", "U/L"},
                                   {"[arb'U]", "[iU]"},
                                   {"meq/L", "mmol/L"},
                                   {"mosm/kg", "mmol/kg"},
                                   {"kg", "kg/m2"},
                                   {"[iU]", "1"},
                                   {"/min", "min"}})
        EXPECT_TRUE(std::isnan(converted(1, from, to))) << from << " " << to;
    EXPECT_EQ(converted(1, "[CFU]/mL", "[CFU]/L"), 1000) << "arbitrary units with themselves";
    EXPECT_EQ(converted(1, "[iU]/[iU]", "1"), 1);
}

TEST(Ucum, WhatIsNotAUnitIsRefused) {
    for (const char* bad : {"",
                            "mmHg",
                            "beats/minute",
                            "IU",
                            "mcg",
                            "mg/",
                            "mg//dL",
                            "(mg",
                            "mg)",
                            "{open",
                            "mg{a",
                            "m[",
                            "[",
                            "[]",
                            "10*999",
                            "m200",
                            "0",
                            "1e3",
                            "mg dL",
                            "mg+dL",
                            ".g",
                            "g.",
                            "\xC2\xB5g",
                            "kkg",
                            "m-",
                            "((((((((((g))))))))))",
                            "1234567890123456"})
        EXPECT_FALSE(parse_ucum(bad)) << bad;
    EXPECT_FALSE(parse_ucum(std::string(5000, '('))) << "deep nesting";
    EXPECT_FALSE(parse_ucum("m99.m99")) << "exponents have a limit";
}

TEST(Ucum, AnnotationsMeanNothing) {
    EXPECT_EQ(converted(1, "mL/min/{1.73_m2}", "mL/min"), 1);
    EXPECT_EQ(converted(1, "{score}", "1"), 1);
    EXPECT_EQ(converted(1, "ug{FEU}/mL", "mg/L"), 1);
    EXPECT_EQ(converted(1, "mg/g{creat}", "mg/g"), 1);
}

} // namespace
} // namespace salus
