#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// What the values of a feature are: a column of a feature table, as its dictionary declares it.
enum class FeatureKind : std::uint8_t {
    number,
    integer,
    date,     // days since 1970-01-01
    category, // place in Feature::levels, without an order
    ordinal,  // the same, in ascending order
};
std::string_view to_string(FeatureKind kind) noexcept;

struct FeatureLevel {
    std::string code, label;
};
/// A code that stands for no value, and what it says.
struct MissingCode {
    std::string code, reason;
};

struct Feature {
    std::string name;   // in results
    std::string column; // in the table
    FeatureKind kind = FeatureKind::number;
    std::string unit = "1"; // UCUM
    std::string doc;
    double low = -std::numeric_limits<double>::infinity(),
           high = std::numeric_limits<double>::infinity(); // plausible values, limits included
    std::vector<FeatureLevel> levels;                      // of category and ordinal
    std::vector<MissingCode> missing;

    bool has_levels() const noexcept {
        return kind == FeatureKind::category || kind == FeatureKind::ordinal;
    }
};

/// Why a cell holds no value; those that dictionaries declare follow. 0: it holds one.
namespace cell_reason {
inline constexpr std::uint8_t none = 0, empty = 1, unreadable = 2, out_of_range = 3, declared = 4,
                              most = 255;
} // namespace cell_reason
/// Names of the reasons that are not declared, from 0 on.
const std::vector<std::string>& builtin_reasons();
/// builtin_reasons() and behind them what the missing codes of the features say, ascending.
std::vector<std::string> reasons_of(const std::vector<Feature>& features);

/// A cell in eight bytes: the bits of its value, or of a NaN that tells the reason.
using CellBits = std::uint64_t;
inline constexpr CellBits missing_cell = 0x7FF8'0000'0000'0000;
constexpr CellBits cell_without_value(std::uint8_t reason) noexcept {
    return missing_cell | reason;
}
constexpr std::uint8_t reason_of(CellBits cell) noexcept {
    return (cell & ~CellBits{cell_reason::most}) == missing_cell ? static_cast<std::uint8_t>(cell)
                                                                 : cell_reason::none;
}
constexpr double value_of(CellBits cell) noexcept {
    return reason_of(cell) == cell_reason::none ? std::bit_cast<double>(cell)
                                                : std::numeric_limits<double>::quiet_NaN();
}

/// Reads the cells of one feature. No allocation, never throws.
class CellReader {
public:
    /// \param reasons  as of reasons_of, with those of this feature among them
    CellReader(const Feature& feature, const std::vector<std::string>& reasons);
    /// Empty, NA, NaN and `.` are empty, unless they are codes of the feature.
    CellBits read(std::string_view written) const noexcept;
    /// A cell that is a number already; NaN is empty.
    CellBits read(double number) const noexcept;

private:
    struct Code {
        std::string text;
        std::optional<double> number; // what the text says as a number
        CellBits cell = 0;
    };
    CellBits plain(double value) const noexcept;
    const Code* find(std::string_view written) const noexcept;
    const Code* find(double number) const noexcept;

    FeatureKind kind_;
    double low_, high_;
    std::vector<Code> codes_; // missing codes and levels
};

} // namespace salus
