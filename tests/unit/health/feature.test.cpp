#include "health/feature.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

using ::testing::ElementsAre;

struct Column {
    explicit Column(Feature f)
        : feature(std::move(f)), reasons(reasons_of({feature})), reader(feature, reasons) {}
    std::string reason(CellBits cell) const { return reasons.at(reason_of(cell)); }
    std::string reason(std::string_view written) const { return reason(reader.read(written)); }
    double value(std::string_view written) const {
        EXPECT_EQ(reason(written), "") << written;
        return value_of(reader.read(written));
    }
    Feature feature;
    std::vector<std::string> reasons;
    CellReader reader;
};

Feature of_kind(FeatureKind kind) {
    Feature f;
    f.kind = kind;
    return f;
}

TEST(Feature, NumbersAndWhatIsNone) {
    const Column c(of_kind(FeatureKind::number));
    EXPECT_EQ(c.value(" 1.5 "), 1.5);
    EXPECT_EQ(c.value("+2e3"), 2000);
    EXPECT_FALSE(std::signbit(c.value("-0")));
    for (const char* empty : {"", " ", "NA", "NaN", "."})
        EXPECT_EQ(c.reason(empty), "empty") << empty;
    for (const char* bad : {"x", "1,5", "1 2", "inf", "-inf", "0x10", "1e999"})
        EXPECT_EQ(c.reason(bad), "unreadable") << bad;
    EXPECT_TRUE(std::isnan(value_of(c.reader.read("x"))));
}

TEST(Feature, MissingCodesAreReasonsAndNeverNumbers) {
    Feature f = of_kind(FeatureKind::number);
    f.missing = {{"-3", "refused"}, {"-1", "not known"}, {"X", "refused"}, {"NA", "not asked"}};
    f.low = 0;
    f.high = 10;
    const Column c(f);
    EXPECT_THAT(c.reasons, ElementsAre("", "empty", "unreadable", "out_of_range", "not asked",
                                       "not known", "refused"));
    EXPECT_EQ(c.reason("-3"), "refused");
    EXPECT_EQ(c.reason("-3.0"), "refused") << "the same number written otherwise";
    EXPECT_EQ(c.reason("X"), "refused");
    EXPECT_EQ(c.reason("NA"), "not asked") << "a declared code goes before what is always empty";
    EXPECT_EQ(c.reason("-2"), "out_of_range");
    EXPECT_EQ(c.reason("10.001"), "out_of_range");
    EXPECT_EQ(c.value("10"), 10) << "limits are plausible";
    EXPECT_EQ(c.reason(c.reader.read(-1.0)), "not known");
    EXPECT_EQ(c.reason(c.reader.read(std::nan(""))), "empty");
    EXPECT_EQ(value_of(c.reader.read(7.25)), 7.25);
}

TEST(Feature, WholeNumbers) {
    const Column c(of_kind(FeatureKind::integer));
    EXPECT_EQ(c.value("-12"), -12);
    EXPECT_EQ(c.value("12.0"), 12);
    EXPECT_EQ(c.reason("1.5"), "unreadable");
    EXPECT_EQ(c.value("9007199254740992"), 9007199254740992.0);
    EXPECT_EQ(c.reason("9007199254740994"), "unreadable") << "doubles skip whole numbers there";
}

TEST(Feature, LevelsByCodeAndDates) {
    Feature f = of_kind(FeatureKind::ordinal);
    f.levels = {{"1", "low"}, {"2", "middle"}, {"H", "high"}};
    f.missing = {{"9", "refused"}};
    const Column c(f);
    EXPECT_EQ(c.value("1"), 0);
    EXPECT_EQ(c.value("2.0"), 1);
    EXPECT_EQ(c.value("H"), 2);
    EXPECT_EQ(c.reason("9"), "refused");
    EXPECT_EQ(c.reason("3"), "unreadable") << "not a level";
    EXPECT_EQ(c.reason("h"), "unreadable");
    EXPECT_EQ(value_of(c.reader.read(2.0)), 1);

    Feature d = of_kind(FeatureKind::date);
    d.low = 0;
    const Column dates(d);
    EXPECT_EQ(dates.value("1970-01-02"), 1);
    EXPECT_EQ(dates.reason("1969-12-31"), "out_of_range");
    EXPECT_EQ(dates.reason("2001-02-29"), "unreadable");
    EXPECT_EQ(dates.reason("12"), "unreadable");
}

} // namespace
} // namespace salus
