#include "stages/health_quality/cells.hpp"

#include "base/date.hpp"
#include "base/text.hpp"

#include <cmath>

namespace salus::health_quality {
namespace {

/// A date of exactly ten characters; of a date-time what follows must begin with T or a blank and
/// hold digits, colons, a fraction and a zone only.
bool is_whole_date(std::string_view text, FieldType type) noexcept {
    if (text.size() == 10) return true;
    if (text.size() < 13 || (text[10] != ' ' && text[10] != 'T')) return false;
    const bool clock =
        text.substr(11).find_first_not_of("0123456789:.+-Z") == std::string_view::npos;
    if (!clock || type == FieldType::datetime) return clock;
    return text.substr(11).find_first_not_of("0:.+-Z") == std::string_view::npos; // midnight
}

void read_date(Cell& cell, FieldType type) noexcept {
    const auto day = parse_date(cell.text);
    cell.state = day && is_whole_date(cell.text, type) ? Cell::State::good : Cell::State::bad;
    cell.integer = day.value_or(0);
    cell.number = static_cast<double>(cell.integer);
}

} // namespace

Cell read_cell(const CdmField& field, std::string_view written) noexcept {
    Cell cell;
    cell.text = trim(written);
    if (cell.text.empty()) {
        cell.state = Cell::State::null;
        return cell;
    }
    cell.state = Cell::State::bad;
    switch (field.type) {
    case FieldType::integer:
        if (const auto value = parse_integer(cell.text)) {
            cell.state = Cell::State::good;
            cell.integer = *value;
            cell.number = static_cast<double>(*value);
        }
        break;
    case FieldType::number:
        if (const auto value = parse_double(cell.text); value && std::isfinite(*value)) {
            cell.state = Cell::State::good;
            cell.number = *value;
        }
        break;
    case FieldType::date:
    case FieldType::datetime:
        read_date(cell, field.type);
        break;
    case FieldType::text:
        if (field.width == 0 || cell.text.size() <= field.width) cell.state = Cell::State::good;
        break;
    }
    return cell;
}

} // namespace salus::health_quality
