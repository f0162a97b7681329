#include "health/units.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace salus {
namespace {

// Ranges are those in which nearly all values of general populations lie, patients included; they
// only tell units apart.
constexpr std::array analyte_table{
    Analyte{"glucose", "2345-7 2339-0 1558-6 41653-7 2340-8 14749-6 15074-8 14771-0", 180.16, 0,
            "mg/dL", 40, 600, "mg/dL mmol/L"},
    Analyte{"creatinine", "2160-0 38483-4 14682-9 2161-8 14683-7", 113.097, 0, "mg/dL", 0.2, 15,
            "mg/dL umol/L"},
    Analyte{"cholesterol", "2093-3 14647-2", 386.7, 0, "mg/dL", 60, 500, "mg/dL mmol/L"},
    Analyte{"HDL cholesterol", "2085-9 14646-4", 386.7, 0, "mg/dL", 12, 150, "mg/dL mmol/L"},
    Analyte{"LDL cholesterol", "2089-1 13457-7 18262-6 22748-8 39469-2", 386.7, 0, "mg/dL", 15, 350,
            "mg/dL mmol/L"},
    Analyte{"triglycerides", "2571-8 14927-8", 885.7, 0, "mg/dL", 25, 1500, "mg/dL mmol/L"},
    Analyte{"urea nitrogen", "3094-0 6299-2 14937-7", 28.01, 0, "mg/dL", 3, 150, "mg/dL mmol/L"},
    Analyte{"urea", "3091-6 22664-7", 60.06, 0, "mg/dL", 6, 320, "mg/dL mmol/L"},
    Analyte{"calcium", "17861-6 2000-8 49765-1 1994-3 1995-0", 40.08, 2, "mg/dL", 5, 16,
            "mg/dL mmol/L"},
    Analyte{"magnesium", "19123-9 2601-3", 24.305, 2, "mg/dL", 0.8, 5, "mg/dL mmol/L"},
    Analyte{"phosphate", "2777-1 14879-1", 30.974, 0, "mg/dL", 1, 12, "mg/dL mmol/L"},
    Analyte{"bilirubin", "1975-2 14631-6 1968-7 14629-0", 584.66, 0, "mg/dL", 0.05, 30,
            "mg/dL umol/L"},
    Analyte{"urate", "3084-1 14933-6", 168.11, 0, "mg/dL", 1, 16, "mg/dL umol/L"},
    Analyte{"iron", "2498-4 14798-3", 55.845, 0, "ug/dL", 8, 350, "ug/dL umol/L"},
    Analyte{"haemoglobin", "718-7 59260-0 20509-6", 16114, 0, "g/dL", 4, 22, "g/dL g/L mmol/L"},
    Analyte{"HbA1c", "4548-4 17856-6 59261-8 4549-2", 0, 0, "%", 3.5, 18, "% mmol/mol"},
    Analyte{"sodium", "2951-2 2947-0", 22.990, 1, "mmol/L", 105, 175, "mmol/L"},
    Analyte{"potassium", "2823-3 6298-4", 39.098, 1, "mmol/L", 2, 8, "mmol/L"},
    Analyte{"chloride", "2075-0 2069-3", 35.45, 1, "mmol/L", 70, 135, "mmol/L"},
    Analyte{"bicarbonate", "1963-8 2028-9 1959-6", 61.017, 1, "mmol/L", 6, 48, "mmol/L"},
    Analyte{"lactate", "2524-7 14118-4", 90.08, 1, "mmol/L", 0.3, 20, "mmol/L"},
    Analyte{"25-hydroxyvitamin D", "1989-3 62292-8 14635-7", 400.64, 0, "ng/mL", 3, 120,
            "ng/mL nmol/L"},
    Analyte{"vitamin B12", "2132-9 14685-2", 1355.4, 0, "pg/mL", 60, 2500, "pg/mL pmol/L"},
    Analyte{"folate", "2284-8 14732-2", 441.40, 0, "ng/mL", 1, 60, "ng/mL nmol/L"},
    Analyte{"cortisol", "2143-6 14675-3", 362.46, 0, "ug/dL", 0.5, 80, "ug/dL nmol/L"},
    Analyte{"testosterone", "2986-8 14913-8", 288.42, 0, "ng/dL", 2, 1800, "ng/dL nmol/L ng/mL"},
    Analyte{"oestradiol", "2243-4 14715-7", 272.38, 0, "pg/mL", 4, 4000, "pg/mL pmol/L"},
    Analyte{"progesterone", "2839-9 14890-8", 314.46, 0, "ng/mL", 0.05, 250, "ng/mL nmol/L"},
    Analyte{"free thyroxine", "3024-7 14920-3", 776.87, 0, "ng/dL", 0.2, 7, "ng/dL pmol/L"},
    Analyte{"free triiodothyronine", "3051-0 14928-6", 650.97, 0, "pg/mL", 0.8, 25, "pg/mL pmol/L"},
    Analyte{"height", "8302-2 3137-7 3138-5", 0, 0, "cm", 40, 215, "cm m [in_i]"},
    Analyte{"weight", "29463-7 3141-9", 0, 0, "kg", 1, 260, "kg [lb_av] g"},
    Analyte{"body temperature", "8310-5 8331-1", 0, 0, "Cel", 33, 42.5, "Cel [degF]"},
    Analyte{"haematocrit", "4544-3 20570-8", 0, 0, "%", 12, 68, "% L/L"},
    Analyte{"leukocytes", "6690-2 26464-8 804-5", 0, 0, "10*3/uL", 0.5, 100, "10*3/uL /uL"},
    Analyte{"platelets", "777-3 26515-7", 0, 0, "10*3/uL", 8, 1300, "10*3/uL /uL"},
    Analyte{"albumin", "1751-7 61151-7", 0, 0, "g/dL", 1.2, 6, "g/dL g/L"},
    Analyte{"C-reactive protein", "1988-5 30522-7", 0, 0, "mg/L", 0.05, 400, "mg/L mg/dL"},
};

/// IFCC to NGSP master equation: mmol/mol = 10.929 x (% - 2.15) (Hoelzel 2004,
/// doi:10.1373/clinchem.2003.024802, as rounded by the IFCC working group).
constexpr double hba1c_slope = 10.929, hba1c_zero = 2.15;

bool has_word(std::string_view words, std::string_view word) noexcept {
    for (std::size_t at = words.find(word); at != std::string_view::npos;
         at = words.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        if ((at == 0 || words[at - 1] == ' ') && (end == words.size() || words[end] == ' '))
            return !word.empty();
    }
    return false;
}

/// The same quantity with `from` of a dimension counted in `to`: 1 `from` = `size` `to`.
Unit exchanged(Unit unit, Unit::Dimension from, Unit::Dimension to, double size) {
    const int exponent = unit.exponent[from];
    unit.factor *= std::pow(size, exponent);
    unit.exponent[to] = static_cast<std::int8_t>(unit.exponent[to] + exponent);
    unit.exponent[from] = 0;
    return unit;
}

std::string_view reading_rule(UnitReading reading) noexcept {
    switch (reading) {
    case UnitReading::ucum:
        return "ucum";
    case UnitReading::alias:
        return "alias";
    case UnitReading::folded:
        return "folded";
    }
    return {};
}

/// The exponents of mmol/mol and of % are both those of a number: told apart by their text.
bool is_ifcc(std::string_view ucum) noexcept { return ucum.starts_with("mmol/mol"); }

/// "1", "{score}": needs no unit. A percentage does.
bool pure_number(const Unit& unit) noexcept {
    return unit.exponent == Unit{}.exponent && unit.arbitrary.empty() && unit.factor == 1 &&
           unit.power == 0;
}

Line then(const Line& first, const Line& second) noexcept {
    return {second.factor * first.factor, second.factor * first.offset + second.offset};
}

} // namespace

std::span<const Analyte> analytes() noexcept { return analyte_table; }

const Analyte* find_analyte(std::string_view loinc) noexcept {
    const auto at =
        std::find_if(analyte_table.begin(), analyte_table.end(),
                     [&](const Analyte& analyte) { return has_word(analyte.loinc, loinc); });
    return at == analyte_table.end() ? nullptr : &*at;
}

std::string_view to_string(UnitStatus status) noexcept {
    switch (status) {
    case UnitStatus::converted:
        return "converted";
    case UnitStatus::unit_unknown:
        return "unit_unknown";
    case UnitStatus::not_convertible:
        return "not_convertible";
    case UnitStatus::implausible:
        return "implausible";
    }
    return {};
}

UnitConverter::UnitConverter(std::string_view loinc, std::string_view canonical, double low,
                             double high)
    : analyte_(find_analyte(loinc)), canonical_(trim(canonical)), low_(low), high_(high) {
    const auto parsed = parse_ucum(canonical_);
    if (!parsed)
        throw UsageError({.what = text("the unit '", canonical_, "' cannot be read"),
                          .where = "unit of a quantitative trait",
                          .why = "units of results are UCUM, in which upper and lower case matter",
                          .help = "for example mg/dL, mmol/L, mm[Hg], Cel, 10*3/uL, [iU]/L"});
    unit_ = *parsed;
    if (analyte_ == nullptr) return;
    const UnitRule range = rule(analyte_->unit);
    if (range.status != UnitStatus::converted) return;
    range_low_ = range.line(analyte_->low);
    range_high_ = range.line(analyte_->high);
    for (const std::string_view unit : split(analyte_->candidates, ' '))
        if (UnitRule one = rule(unit); one.status == UnitStatus::converted)
            candidates_.push_back({std::string(unit), one.line, std::move(one.rule)});
}

std::optional<Line> UnitConverter::by_analyte(const Unit& from, const Unit& to,
                                              std::string& rule) const {
    if (auto line = conversion(from, to)) return line;
    if (analyte_ == nullptr) return std::nullopt;
    const auto in_moles = [&](Unit unit) {
        if (analyte_->valence > 0 && unit.exponent[Unit::equivalents] != 0)
            unit = exchanged(unit, Unit::equivalents, Unit::amount, 1.0 / analyte_->valence);
        return unit;
    };
    const Unit first = in_moles(from), second = in_moles(to);
    const bool valence = first.exponent != from.exponent || second.exponent != to.exponent;
    auto line = conversion(first, second);
    bool molar = false;
    if (!line && analyte_->molar_mass > 0) {
        molar = true;
        const auto in_mass = [&](const Unit& unit) {
            return exchanged(unit, Unit::amount, Unit::mass, analyte_->molar_mass);
        };
        line = conversion(in_mass(first), in_mass(second));
    }
    if (!line) return std::nullopt;
    if (valence) rule += "+valence";
    if (molar) rule += "+molar_mass";
    return line;
}

UnitRule UnitConverter::meaning_rule(const UnitMeaning& meaning) const {
    UnitRule out{.status = UnitStatus::not_convertible, .line = {}, .rule = {}};
    std::string steps(reading_rule(meaning.reading));
    std::optional<Line> line;
    const bool ratio = analyte_ != nullptr && analyte_->name == "HbA1c";
    if (ratio && is_ifcc(meaning.ucum) != is_ifcc(canonical_)) {
        // Both are numbers in UCUM, but measure different things.
        const Line to_ifcc{hba1c_slope, -hba1c_slope * hba1c_zero};
        const Line to_ngsp{1 / hba1c_slope, hba1c_zero};
        const auto percent = parse_ucum("%"), ifcc = parse_ucum("mmol/mol");
        const bool from_ifcc = is_ifcc(meaning.ucum);
        const auto before = conversion(meaning.unit, from_ifcc ? *ifcc : *percent);
        const auto after = conversion(from_ifcc ? *percent : *ifcc, unit_);
        if (before && after) line = then(then(*before, from_ifcc ? to_ngsp : to_ifcc), *after);
        steps += "+hba1c";
    } else {
        line = by_analyte(meaning.unit, unit_, steps);
    }
    if (!line) return out;
    return {UnitStatus::converted, *line, std::move(steps)};
}

UnitRule UnitConverter::rule(std::string_view unit) const {
    if (trim(unit) == canonical_) return {UnitStatus::converted, {}, "same"};
    const auto meanings = unit_meanings(unit);
    UnitRule out;
    for (const UnitMeaning& meaning : meanings) {
        out = meaning_rule(meaning);
        if (out.status == UnitStatus::converted) return out;
    }
    return out;
}

const UnitConverter::Candidate* UnitConverter::only_candidate(double value) const noexcept {
    const Candidate* found = nullptr;
    for (const Candidate& candidate : candidates_) {
        const double converted = candidate.line(value);
        if (!(converted >= range_low_ && converted <= range_high_)) continue;
        if (found != nullptr) return nullptr;
        found = &candidate;
    }
    return found;
}

ConvertedValue UnitConverter::convert(double value, std::string_view unit) const {
    UnitRule how;
    if (!trim(unit).empty()) {
        how = rule(unit);
    } else if (pure_number(unit_) && analyte_ == nullptr) {
        how = {UnitStatus::converted, {}, "same"};
    } else if (const Candidate* only = only_candidate(value)) {
        how = {UnitStatus::converted, only->line, text("assumed:", only->unit, "+", only->rule)};
    }
    ConvertedValue out{.status = how.status, .rule = std::move(how.rule)};
    if (out.status != UnitStatus::converted || std::isnan(value)) return out;
    const double converted = how.line(value);
    if (converted >= low_ && converted <= high_)
        out.value = converted;
    else
        out.status = UnitStatus::implausible;
    return out;
}

} // namespace salus
