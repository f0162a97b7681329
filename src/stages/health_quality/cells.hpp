#pragma once

#include "stages/health_quality/fields.hpp"

#include <cstdint>
#include <string_view>

namespace salus::health_quality {

/// One field of one row, read as what the specification says it is.
struct Cell {
    enum class State : std::uint8_t { absent, null, bad, good };
    State state = State::absent;
    std::string_view text;    // trimmed; valid until the next row
    std::int64_t integer = 0; // of an integer; days of a date or date-time
    double number = 0;        // the same, or the value of a number

    bool good() const noexcept { return state == State::good; }
    bool written() const noexcept { return state == State::bad || good(); }
};
Cell read_cell(const CdmField& field, std::string_view written) noexcept;

} // namespace salus::health_quality
