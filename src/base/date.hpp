#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace salus {

/// Of dates that are numbers.
inline constexpr const char* date_unit = "days since 1970-01-01";

/// Days since 1970-01-01 in the proleptic Gregorian calendar.
using Day = std::int32_t;

/// `YYYY-MM-DD`, also as the head of a date-time; nothing if it is not a real calendar date.
std::optional<Day> parse_date(std::string_view text) noexcept;
std::string format_date(Day day);
Day day_from_civil(int year, int month, int day) noexcept;
int year_of(Day day) noexcept;

/// Now in UTC, e.g. 2025-03-01T12:00:07Z.
std::string utc_now();
/// Seconds of a clock that never goes back.
double monotonic_seconds() noexcept;

} // namespace salus
