#include "base/date.hpp"

#include "base/text.hpp"

#include <array>
#include <chrono>
#include <ctime>

namespace salus {
namespace {

using namespace std::chrono;

/// Days from 1970-01-01 to the first of the months of years that records are of.
constexpr unsigned first_year = 1800, table_years = 400;
constexpr auto month_begins = [] {
    std::array<Day, 12 * table_years + 1> begins{};
    Day day = -62091; // 1800-01-01
    for (unsigned m = 0; m < begins.size(); ++m) {
        constexpr std::array<int, 12> lengths{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        const unsigned y = first_year + m / 12;
        const bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
        begins[m] = day;
        day += lengths[m % 12] + (leap && m % 12 == 1 ? 1 : 0);
    }
    return begins;
}();
static_assert(month_begins[12 * (1970 - first_year)] == 0);

std::string padded(unsigned value, std::size_t width) {
    std::string out = text(value);
    return std::string(out.size() < width ? width - out.size() : 0, '0') + out;
}

} // namespace

std::optional<Day> parse_date(std::string_view text) noexcept {
    if (text.size() < 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    if (text.size() > 10 && text[10] != 'T' && text[10] != ' ') return std::nullopt;
    unsigned digit[10], wrong = 0;
    for (const unsigned i : {0U, 1U, 2U, 3U, 5U, 6U, 8U, 9U}) {
        digit[i] = static_cast<unsigned char>(text[i]) - unsigned{'0'};
        wrong |= digit[i] > 9 ? 1U : 0U;
    }
    if (wrong != 0) return std::nullopt;
    const unsigned y = 1000 * digit[0] + 100 * digit[1] + 10 * digit[2] + digit[3];
    const unsigned m = 10 * digit[5] + digit[6], d = 10 * digit[8] + digit[9];
    if (y - first_year < table_years && m - 1 < 12) {
        const Day* const begins = month_begins.data() + 12 * (y - first_year) + m - 1;
        const Day day = begins[0] + static_cast<Day>(d) - 1;
        return d > 0 && day < begins[1] ? std::optional(day) : std::nullopt;
    }
    const year_month_day date{year{static_cast<int>(y)}, month{m}, day{d}};
    if (!date.ok()) return std::nullopt;
    return static_cast<Day>(sys_days{date}.time_since_epoch().count());
}

std::string format_date(Day value) {
    const year_month_day date{sys_days{days{value}}};
    return text(padded(static_cast<unsigned>(static_cast<int>(date.year())), 4), "-",
                padded(static_cast<unsigned>(date.month()), 2), "-",
                padded(static_cast<unsigned>(date.day()), 2));
}

Day day_from_civil(int y, int m, int d) noexcept {
    return static_cast<Day>(sys_days{
        year_month_day{year{y}, month{static_cast<unsigned>(m)}, day{static_cast<unsigned>(d)}}}
                                .time_since_epoch()
                                .count());
}

int year_of(Day value) noexcept {
    return static_cast<int>(year_month_day{sys_days{days{value}}}.year());
}

std::string utc_now() {
    const std::time_t now = system_clock::to_time_t(system_clock::now());
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    char buffer[32];
    const std::size_t length = std::strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return {buffer, length};
}

double monotonic_seconds() noexcept {
    return duration<double>(steady_clock::now().time_since_epoch()).count();
}

} // namespace salus
