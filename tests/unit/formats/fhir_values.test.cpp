#include "formats/fhir_values.hpp"

#include "health/record_row.hpp"

#include <gtest/gtest.h>

#include <cstdio>

namespace salus {
namespace {

TEST(FhirDates, PartialDatesSpanDays) {
    const auto year = parse_fhir_date("2024");
    ASSERT_TRUE(year);
    EXPECT_EQ(format_date(year->first), "2024-01-01");
    EXPECT_EQ(format_date(year->last), "2024-12-31");
    EXPECT_EQ(year->flags, year_precision);
    const auto month = parse_fhir_date("2024-02");
    ASSERT_TRUE(month);
    EXPECT_EQ(format_date(month->first), "2024-02-01");
    EXPECT_EQ(format_date(month->last), "2024-02-29");
    EXPECT_EQ(month->flags, month_precision);
    EXPECT_EQ(format_date(parse_fhir_date("2023-12")->last), "2023-12-31");
}

TEST(FhirDates, TheDayIsTheOneThatWasWritten) {
    for (const char* written : {"1992-03-15", "1992-03-15T23:59:59.999-11:00",
                                "1992-03-15T00:00:00+14:00", "1992-03-15T02:48:07Z"}) {
        const auto date = parse_fhir_date(written);
        ASSERT_TRUE(date) << written;
        EXPECT_EQ(format_date(date->first), "1992-03-15");
        EXPECT_EQ(date->first, date->last);
        EXPECT_EQ(date->flags, 0);
    }
}

TEST(FhirDates, AgreeWithCalendarDates) {
    for (int year : {1899, 1900, 2000, 2023, 2024})
        for (int month = 0; month <= 13; ++month)
            for (int day = 0; day <= 32; ++day) {
                char written[11];
                std::snprintf(written, sizeof written, "%04d-%02d-%02d", year, month, day);
                const auto expected = parse_date(written);
                const auto found = parse_fhir_date(written);
                ASSERT_EQ(found.has_value(), expected.has_value()) << written;
                if (found && expected) {
                    EXPECT_EQ(found->first, *expected) << written;
                }
            }
}

TEST(FhirDates, NotADate) {
    for (const char* written :
         {"", "199", "19x2", "1992-", "1992-3", "1992-00", "1992-13", "1992-02-30", "1992/02/03",
          "1992-02-0", "1992-02-03 10:00", "15.03.1992", "19920315"})
        EXPECT_FALSE(parse_fhir_date(written)) << written;
}

TEST(FhirDates, BirthAsInOmop) {
    EXPECT_EQ(format_date(day_of_birth(*parse_fhir_date("1950"))), "1950-07-01");
    EXPECT_EQ(format_date(day_of_birth(*parse_fhir_date("1950-02"))), "1950-02-15");
    EXPECT_EQ(format_date(day_of_birth(*parse_fhir_date("1950-02-28"))), "1950-02-28");
}

struct Case {
    const char* written;
    FhirReference::Form form;
    const char *type, *id;
};

TEST(FhirReferences, FourKinds) {
    using Form = FhirReference::Form;
    for (const Case& c : {
             Case{"Patient/x1", Form::typed, "Patient", "x1"},
             Case{"https://host/a/fhir/Patient/x1", Form::typed, "Patient", "x1"},
             Case{"https://host/fhir/Patient/x1/_history/3", Form::typed, "Patient", "x1"},
             Case{"Patient/x1/_history/3", Form::typed, "Patient", "x1"},
             Case{"Organization?identifier=https://h/s|a-1", Form::typed, "Organization", "a-1"},
             Case{"urn:uuid:7b6a", Form::urn, "", "7b6a"},
             Case{"urn:oid:1.2.3", Form::urn, "", "1.2.3"},
             Case{"#m1", Form::contained, "", "m1"},
             Case{"", Form::none, "", ""},
             Case{"x1", Form::none, "", ""},
             Case{"Patient/", Form::none, "", ""},
             Case{"/x", Form::none, "", ""},
             Case{"urn:", Form::none, "", ""},
             Case{"urn:uuid:", Form::none, "", ""},
         }) {
        const FhirReference found = parse_fhir_reference(c.written);
        EXPECT_EQ(found.form, c.form) << c.written;
        EXPECT_EQ(found.type, c.type) << c.written;
        EXPECT_EQ(found.id, c.id) << c.written;
    }
}

} // namespace
} // namespace salus
