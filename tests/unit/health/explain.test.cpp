#include "health/explain.hpp"

#include <gtest/gtest.h>

namespace salus {
namespace {

std::string told(std::string_view toml) {
    const Definitions read = parse_definitions(toml, "test");
    EXPECT_TRUE(read.problems.empty()) << UsageError(read.problems).what();
    return read.traits.empty() ? "" : explain(read, read.traits.front());
}

TEST(Explain, ACaseWithEverything) {
    EXPECT_EQ(told(R"(
[[trait]]
name = "dvt"
doc = "Thrombosis"
kind = "time_to_event"
sex = "female"
codes = ["@thrombosis", "LOINC:3255-7"]
except_codes = ["ICD10:I82.1"]
sources = ["inpatient", "death_certificate"]
value = ["> 500"]
unit = "ug/L"
known_units = false
with = ["other 0..30 times 2"]
without = ["other ..-1"]
min_dates = 2
within_days = 90
date = "confirmed"
washout_days = 365
min_age = 18
case_exclude = ["ICD10:D68"]
control_exclude_if = ["other"]
follow_until = ["other"]
admin_end = "2020-12-31"
[[trait]]
name = "other"
codes = ["ATC:B01"]
[[code_set]]
name = "thrombosis"
codes = ["ICD10:I80-I82"]
except_codes = ["ICD10:I80.0"]
)"),
              R"(dvt (time to an event)
  Thrombosis
  - Concerns: women, persons with an observation period.
  - Counts: events with the code set thrombosis or LOINC:3255-7, but not ICD10:I82.1 and below.
  - Only: not recorded as absent, inside observation, recorded as inpatient or death certificate, with a value > 500 ug/L.
  - Units: ug/L.
  - With: 2 different dates of other from the same day to 30 days after.
  - Without: a date of other up to 1 day before.
  - Case: at least 2 different dates within 90 days.
  - Date: the day on which all this was fulfilled.
  - Too early: a case in the first 365 days of observation is neither case nor control.
  - Age: at least 18 years at the date of the case.
  - Neither case nor control with: ICD10:D68 and below.
  - Control: everybody else, without dates that are not enough or other.
  - Follow-up: from the start of observation and 365 days until the case, death, the end of observation, the date of other or 2020-12-31, whichever is first.
  - Years: since the start of follow-up.
  - Code set thrombosis: ICD10:I80-I82 and below, but not ICD10:I80.0 and below.
)");
}

TEST(Explain, Values) {
    EXPECT_EQ(told(R"(
[[trait]]
name = "sbp"
kind = "quantitative"
unit = "mm[Hg]"
codes = ["LOINC:8480-6"]
low = 60
high = 280
summary = "mean"
adjust_drugs = ["ATC:C02"]
adjust_add = 15
index = "start"
index_window = "-365..0"
[[trait]]
name = "start"
kind = "criterion"
codes = ["*"]
)"),
              R"(sbp (a value in mm[Hg])
  - Concerns: persons with an observation period.
  - Counts: events with LOINC:8480-6.
  - Only: not recorded as absent, inside observation.
  - Time: around the date of start, from 365 days before to the same day.
  - Units: mm[Hg], or any that can be converted to it.
  - Plausible: from 60 to 280 mm[Hg].
  - Treated: within 365 days after ATC:C02 and below 15 is added.
  - Result: mean of the values, of at least 1.
)");
}

} // namespace
} // namespace salus
