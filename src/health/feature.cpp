#include "health/feature.hpp"

#include "base/date.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace salus {
namespace {

constexpr double largest_exact_integer = 9007199254740992.0; // 2^53

bool stands_for_nothing(std::string_view written) noexcept {
    return written.empty() || written == "." || written == "NA" || written == "NaN" ||
           written == "nan" || written == "na" || written == "NAN";
}

} // namespace

std::string_view to_string(FeatureKind kind) noexcept {
    constexpr std::array<std::string_view, 5> names{"number", "integer", "date", "category",
                                                    "ordinal"};
    return names[static_cast<std::size_t>(kind)];
}

const std::vector<std::string>& builtin_reasons() {
    static const std::vector<std::string> names{"", "empty", "unreadable", "out_of_range"};
    return names;
}

std::vector<std::string> reasons_of(const std::vector<Feature>& features) {
    std::set<std::string> declared;
    for (const Feature& feature : features)
        for (const MissingCode& code : feature.missing)
            declared.insert(code.reason);
    std::vector<std::string> all = builtin_reasons();
    for (const std::string& reason : all)
        declared.erase(reason);
    all.insert(all.end(), declared.begin(), declared.end());
    return all;
}

CellReader::CellReader(const Feature& feature, const std::vector<std::string>& reasons)
    : kind_(feature.kind), low_(feature.low), high_(feature.high) {
    for (const MissingCode& code : feature.missing) {
        const auto at = std::find(reasons.begin() + 1, reasons.end(), code.reason);
        SALUS_ASSERT(at != reasons.end() && at - reasons.begin() <= cell_reason::most);
        codes_.push_back({code.code, parse_double(code.code),
                          cell_without_value(static_cast<std::uint8_t>(at - reasons.begin()))});
    }
    for (std::size_t l = 0; l < feature.levels.size(); ++l)
        codes_.push_back({feature.levels[l].code, parse_double(feature.levels[l].code),
                          std::bit_cast<CellBits>(static_cast<double>(l))});
}

const CellReader::Code* CellReader::find(std::string_view written) const noexcept {
    for (const Code& code : codes_)
        if (code.text == written) return &code;
    return nullptr;
}

const CellReader::Code* CellReader::find(double number) const noexcept {
    for (const Code& code : codes_)
        if (code.number == number) return &code;
    return nullptr;
}

CellBits CellReader::plain(double value) const noexcept {
    if (!std::isfinite(value)) return cell_without_value(cell_reason::unreadable);
    if (kind_ == FeatureKind::integer &&
        (value != std::floor(value) || std::abs(value) > largest_exact_integer))
        return cell_without_value(cell_reason::unreadable);
    if (value < low_ || value > high_) return cell_without_value(cell_reason::out_of_range);
    return std::bit_cast<CellBits>(value == 0 ? 0.0 : value); // no -0
}

CellBits CellReader::read(double number) const noexcept {
    if (std::isnan(number)) return cell_without_value(cell_reason::empty);
    if (const Code* code = find(number)) return code->cell;
    if (kind_ == FeatureKind::number || kind_ == FeatureKind::integer) return plain(number);
    return cell_without_value(cell_reason::unreadable); // a date is written, a level declared
}

CellBits CellReader::read(std::string_view written) const noexcept {
    written = trim(written);
    if (!codes_.empty())
        if (const Code* code = find(written)) return code->cell;
    if (stands_for_nothing(written)) return cell_without_value(cell_reason::empty);
    if (kind_ == FeatureKind::date)
        if (const auto day = parse_date(written)) return plain(*day);
    const auto number = parse_double(written);
    return number ? read(*number) : cell_without_value(cell_reason::unreadable);
}

} // namespace salus
