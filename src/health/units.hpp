#pragma once

#include "health/ucum.hpp"
#include "health/unit_names.hpp"

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// What must be known of a measured substance to bring its values into one unit.
struct Analyte {
    std::string_view name;
    std::string_view loinc;   // codes that measure it, separated by blanks
    double molar_mass = 0;    // g/mol; 0: masses and moles are not converted
    int valence = 0;          // charges per particle; 0: equivalents are not converted
    std::string_view unit;    // in which low and high are given
    double low = 0, high = 0; // nearly all values of patients of any age: chosen wide, not estimated
    std::string_view candidates; // units in which laboratories report it, separated by blanks
};

/// Substances with known conversions; molar masses from IUPAC standard atomic weights, creatinine,
/// haemoglobin (monomer) and triglycerides (as triolein) by the usual clinical factors.
std::span<const Analyte> analytes() noexcept;
/// The analyte that a LOINC code measures; nullptr if it is none of them.
const Analyte* find_analyte(std::string_view loinc) noexcept;

enum class UnitStatus : std::uint8_t {
    converted,
    unit_unknown,    // no unit, or one that cannot be read, and no single candidate fits
    not_convertible, // a unit of another quantity
    implausible,     // converted, but outside the limits
};
std::string_view to_string(UnitStatus status) noexcept;

/// How one written unit is brought to the canonical one. `rule` names the steps in order, joined by
/// `+`: same, ucum, alias, folded (how the unit was read), molar_mass, valence, hba1c, assumed
/// (there was no unit). Empty if the unit cannot be used.
struct UnitRule {
    UnitStatus status = UnitStatus::unit_unknown;
    Line line;
    std::string rule;
};

struct ConvertedValue {
    double value = std::numeric_limits<double>::quiet_NaN(); // NaN unless converted
    UnitStatus status = UnitStatus::unit_unknown;
    std::string rule;
};

/// Brings values of one quantity into one unit. The raw value, its unit and its comparator stay in
/// the event store; `rule` says what was done.
///
/// A value without unit is taken in the one candidate unit of the analyte in which it lies within
/// its range, if it lies outside in all others; else its unit is unknown.
class UnitConverter {
public:
    /// \param loinc      code of the quantity, "" or unknown: only ordinary conversions
    /// \param canonical  UCUM unit of the results; UsageError if it cannot be read
    /// \param low,high   plausible values in the canonical unit, limits included
    UnitConverter(std::string_view loinc, std::string_view canonical,
                  double low = -std::numeric_limits<double>::infinity(),
                  double high = std::numeric_limits<double>::infinity());

    /// The same for all values with this unit; for the missing unit "" see convert.
    UnitRule rule(std::string_view unit) const;
    ConvertedValue convert(double value, std::string_view unit) const;
    const Analyte* analyte() const noexcept { return analyte_; }

private:
    struct Candidate {
        std::string unit;
        Line line;
        std::string rule;
    };
    UnitRule meaning_rule(const UnitMeaning& meaning) const;
    std::optional<Line> by_analyte(const Unit& from, const Unit& to, std::string& rule) const;
    const Candidate* only_candidate(double value) const noexcept;

    const Analyte* analyte_;
    std::string canonical_;
    Unit unit_;
    double low_, high_;
    double range_low_ = 0, range_high_ = 0; // of the analyte, in the canonical unit; 0: not known
    std::vector<Candidate> candidates_;
};

} // namespace salus
