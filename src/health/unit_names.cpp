#include "health/unit_names.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace salus {
namespace {

struct ConceptUnit {
    std::uint32_t concept_id;
    std::string_view ucum;
};
// OMOP standard unit concepts that laboratories and vital signs use, ascending. Units that OMOP
// writes in another way (10*-3.eq/L, [U]/L) are given as UCUM wants them.
constexpr std::array concept_units{
    ConceptUnit{8482, "[pH]"},
    ConceptUnit{8483, "{counts}/min"},
    ConceptUnit{8504, "g"},
    ConceptUnit{8505, "h"},
    ConceptUnit{8510, "U"},
    ConceptUnit{8511, "wk"},
    ConceptUnit{8512, "d"},
    ConceptUnit{8519, "L"},
    ConceptUnit{8523, "{ratio}"},
    ConceptUnit{8525, "{titer}"},
    ConceptUnit{8529, "{index}"},
    ConceptUnit{8541, "/min"},
    ConceptUnit{8549, "10*6"},
    ConceptUnit{8550, "min"},
    ConceptUnit{8554, "%"},
    ConceptUnit{8555, "s"},
    ConceptUnit{8564, "pg"},
    ConceptUnit{8566, "10*3"},
    ConceptUnit{8576, "mg"},
    ConceptUnit{8577, "nm"},
    ConceptUnit{8582, "cm"},
    ConceptUnit{8583, "fL"},
    ConceptUnit{8587, "mL"},
    ConceptUnit{8588, "mm"},
    ConceptUnit{8605, "mosm"},
    ConceptUnit{8617, "m2"},
    ConceptUnit{8636, "g/L"},
    ConceptUnit{8645, "U/L"},
    ConceptUnit{8647, "/uL"},
    ConceptUnit{8698, "L/min"},
    ConceptUnit{8713, "g/dL"},
    ConceptUnit{8718, "[iU]"},
    ConceptUnit{8719, "mU/mL"},
    ConceptUnit{8720, "ug/g"},
    ConceptUnit{8723, "mg/g"},
    ConceptUnit{8725, "ng/L"},
    ConceptUnit{8729, "pmol/L"},
    ConceptUnit{8734, "10*12/L"},
    ConceptUnit{8736, "nmol/L"},
    ConceptUnit{8739, "[lb_av]"},
    ConceptUnit{8745, "fmol/L"},
    ConceptUnit{8748, "ug/L"},
    ConceptUnit{8749, "umol/L"},
    ConceptUnit{8750, "uU/L"},
    ConceptUnit{8751, "mg/L"},
    ConceptUnit{8752, "mm/h"},
    ConceptUnit{8753, "mmol/L"},
    ConceptUnit{8763, "U/mL"},
    ConceptUnit{8784, "{cells}/uL"},
    ConceptUnit{8785, "/mm3"},
    ConceptUnit{8786, "/[HPF]"},
    ConceptUnit{8795, "mL/min"},
    ConceptUnit{8799, "{copies}/mL"},
    ConceptUnit{8807, "g/(24.h)"},
    ConceptUnit{8815, "10*6/uL"},
    ConceptUnit{8816, "10*6/mL"},
    ConceptUnit{8817, "ng/dL"},
    ConceptUnit{8820, "pg/dL"},
    ConceptUnit{8837, "ug/dL"},
    ConceptUnit{8839, "umol/dL"},
    ConceptUnit{8840, "mg/dL"},
    ConceptUnit{8842, "ng/mL"},
    ConceptUnit{8843, "nmol/mL"},
    ConceptUnit{8845, "pg/mL"},
    ConceptUnit{8848, "10*3/uL"},
    ConceptUnit{8857, "L/(24.h)"},
    ConceptUnit{8859, "ug/mL"},
    ConceptUnit{8860, "uU/mL"},
    ConceptUnit{8861, "mg/mL"},
    ConceptUnit{8862, "mosm/kg"},
    ConceptUnit{8875, "ueq/L"},
    ConceptUnit{8876, "mm[Hg]"},
    ConceptUnit{8888, "{cells}/mm3"},
    ConceptUnit{8906, "ug/(24.h)"},
    ConceptUnit{8907, "umol/(24.h)"},
    ConceptUnit{8909, "mg/(24.h)"},
    ConceptUnit{8910, "mmol/(24.h)"},
    ConceptUnit{8923, "[iU]/L"},
    ConceptUnit{8930, "mL/(24.h)"},
    ConceptUnit{8931, "10*6/mm3"},
    ConceptUnit{8961, "10*3/mm3"},
    ConceptUnit{8985, "[iU]/mL"},
    ConceptUnit{8989, "ug{FEU}/mL"},
    ConceptUnit{9014, "ug/g{creat}"},
    ConceptUnit{9017, "mg/g{creat}"},
    ConceptUnit{9018, "mmol/g{creat}"},
    ConceptUnit{9019, "mmol/mol{creat}"},
    ConceptUnit{9040, "m[iU]/L"},
    ConceptUnit{9058, "k[iU]/L"},
    ConceptUnit{9072, "ug/mg{creat}"},
    ConceptUnit{9075, "mg/mmol{creat}"},
    ConceptUnit{9093, "u[iU]/mL"},
    ConceptUnit{9225, "%{HbA1c}"},
    ConceptUnit{9252, "/kg"},
    ConceptUnit{9254, "/L"},
    ConceptUnit{9257, "/mL"},
    ConceptUnit{9260, "[arb'U]"},
    ConceptUnit{9278, "[CFU]"},
    ConceptUnit{9289, "[degF]"},
    ConceptUnit{9306, "[ft_i]"},
    ConceptUnit{9327, "[in_i]"},
    ConceptUnit{9330, "[in_us]"},
    ConceptUnit{9332, "[iU]/dL"},
    ConceptUnit{9360, "[MET]"},
    ConceptUnit{9373, "[oz_av]"},
    ConceptUnit{9387, "[ppm]"},
    ConceptUnit{9435, "10*3/L"},
    ConceptUnit{9436, "10*3/mL"},
    ConceptUnit{9442, "10*6/L"},
    ConceptUnit{9444, "10*9/L"},
    ConceptUnit{9445, "10*9/mL"},
    ConceptUnit{9448, "a"},
    ConceptUnit{9482, "cL"},
    ConceptUnit{9483, "cm2"},
    ConceptUnit{9490, "eq/L"},
    ConceptUnit{9501, "fmol/mL"},
    ConceptUnit{9512, "g/kg"},
    ConceptUnit{9514, "g/mL"},
    ConceptUnit{9529, "kg"},
    ConceptUnit{9530, "kg/L"},
    ConceptUnit{9531, "kg/m2"},
    ConceptUnit{9532, "kg/m3"},
    ConceptUnit{9546, "m"},
    ConceptUnit{9550, "m[iU]/mL"},
    ConceptUnit{9557, "meq/L"},
    ConceptUnit{9559, "meq/mL"},
    ConceptUnit{9562, "mg/kg"},
    ConceptUnit{9563, "mg/m2"},
    ConceptUnit{9573, "mmol"},
    ConceptUnit{9575, "mmol/dL"},
    ConceptUnit{9577, "mmol/kg"},
    ConceptUnit{9579, "mmol/mol"},
    ConceptUnit{9580, "mo"},
    ConceptUnit{9586, "mol/L"},
    ConceptUnit{9591, "mosm/L"},
    ConceptUnit{9593, "ms"},
    ConceptUnit{9600, "ng"},
    ConceptUnit{9608, "nmol/dL"},
    ConceptUnit{9625, "pg/L"},
    ConceptUnit{9631, "pmol/dL"},
    ConceptUnit{9632, "pmol/mL"},
    ConceptUnit{9655, "ug"},
    ConceptUnit{9665, "uL"},
    ConceptUnit{9666, "um"},
    ConceptUnit{9673, "umol/mL"},
    ConceptUnit{9688, "ug/kg/min"},
    ConceptUnit{32700, "L/s"},
    ConceptUnit{32707, "ng{FEU}/mL"},
    ConceptUnit{32710, "L/min/m2"},
    ConceptUnit{32738, "cm/s"},
    ConceptUnit{32964, "ug/m3"},
    ConceptUnit{32995, "ukat/L"},
    ConceptUnit{33013, "nkat/L"},
    ConceptUnit{586323, "Cel"},
    ConceptUnit{720838, "mL/kg/min"},
    ConceptUnit{720870, "mL/min/{1.73_m2}"},
    ConceptUnit{44777557, "/h"},
    ConceptUnit{44777561, "[arb'U]/L"},
    ConceptUnit{44777569, "{cells}/L"},
    ConceptUnit{44777578, "mU/L"},
    ConceptUnit{44777583, "u[iU]/L"},
    ConceptUnit{44777590, "cm[H2O]"},
    ConceptUnit{44777602, "kPa"},
    ConceptUnit{44777604, "L/L"},
    ConceptUnit{44777606, "m/s"},
    ConceptUnit{44777659, "/s"},
    ConceptUnit{44777660, "10*9"},
};

struct UnitAlias {
    std::string_view written, ucum;
};
// Usual ways of writing that are not UCUM, or are another unit of UCUM than is meant. Some stand
// for several: the first that fits the quantity is taken.
constexpr std::array aliases{
    UnitAlias{"mmHg", "mm[Hg]"},
    UnitAlias{"mm Hg", "mm[Hg]"},
    UnitAlias{"cmH2O", "cm[H2O]"},
    UnitAlias{"cm H2O", "cm[H2O]"},
    UnitAlias{"C", "Cel"},
    UnitAlias{"degC", "Cel"},
    UnitAlias{"deg C", "Cel"},
    UnitAlias{"\xC2\xB0"
              "C",
              "Cel"},
    UnitAlias{"Celsius", "Cel"},
    UnitAlias{"F", "[degF]"},
    UnitAlias{"degF", "[degF]"},
    UnitAlias{"deg F", "[degF]"},
    UnitAlias{"\xC2\xB0"
              "F",
              "[degF]"},
    UnitAlias{"Fahrenheit", "[degF]"},
    UnitAlias{"beats/minute", "/min"},
    UnitAlias{"beats/min", "/min"},
    UnitAlias{"beats per minute", "/min"},
    UnitAlias{"bpm", "/min"},
    UnitAlias{"breaths/minute", "/min"},
    UnitAlias{"breaths/min", "/min"},
    UnitAlias{"breaths per minute", "/min"},
    UnitAlias{"per minute", "/min"},
    UnitAlias{"1/min", "/min"},
    UnitAlias{"IU", "[iU]"},
    UnitAlias{"IU/L", "[iU]/L"},
    UnitAlias{"IU/L", "U/L"},
    UnitAlias{"U/L", "[iU]/L"},
    UnitAlias{"[iU]/L", "U/L"},
    UnitAlias{"IU/mL", "[iU]/mL"},
    UnitAlias{"mIU/L", "m[iU]/L"},
    UnitAlias{"mIU/mL", "m[iU]/mL"},
    UnitAlias{"uIU/mL", "u[iU]/mL"},
    UnitAlias{"mU/L", "m[iU]/L"},
    UnitAlias{"uU/mL", "u[iU]/mL"},
    UnitAlias{"mU/mL", "m[iU]/mL"},
    UnitAlias{"kIU/L", "k[iU]/L"},
    UnitAlias{"units/L", "U/L"},
    UnitAlias{"units", "U"},
    UnitAlias{"unit/L", "U/L"},
    UnitAlias{"mcg", "ug"},
    UnitAlias{"mcg/L", "ug/L"},
    UnitAlias{"mcg/dL", "ug/dL"},
    UnitAlias{"mcg/mL", "ug/mL"},
    UnitAlias{"mcg/kg/min", "ug/kg/min"},
    UnitAlias{"mcL", "uL"},
    UnitAlias{"mcmol/L", "umol/L"},
    UnitAlias{"gm", "g"},
    UnitAlias{"gm/dL", "g/dL"},
    UnitAlias{"gms", "g"},
    UnitAlias{"grams", "g"},
    UnitAlias{"kgs", "kg"},
    UnitAlias{"kilograms", "kg"},
    UnitAlias{"cc", "mL"},
    UnitAlias{"cms", "cm"},
    UnitAlias{"K/uL", "10*3/uL"},
    UnitAlias{"K/mm3", "10*3/mm3"},
    UnitAlias{"K/cumm", "10*3/mm3"},
    UnitAlias{"M/uL", "10*6/uL"},
    UnitAlias{"M/mm3", "10*6/mm3"},
    UnitAlias{"thou/uL", "10*3/uL"},
    UnitAlias{"Thousand/uL", "10*3/uL"},
    UnitAlias{"mil/uL", "10*6/uL"},
    UnitAlias{"Million/uL", "10*6/uL"},
    UnitAlias{"x10E3/uL", "10*3/uL"},
    UnitAlias{"x10E6/uL", "10*6/uL"},
    UnitAlias{"x10(3)/uL", "10*3/uL"},
    UnitAlias{"x10(6)/uL", "10*6/uL"},
    UnitAlias{"x10^3/uL", "10*3/uL"},
    UnitAlias{"x10^6/uL", "10*6/uL"},
    UnitAlias{"10e3/uL", "10*3/uL"},
    UnitAlias{"10e6/uL", "10*6/uL"},
    UnitAlias{"10^3/mcL", "10*3/uL"},
    UnitAlias{"10^6/mcL", "10*6/uL"},
    UnitAlias{"10e9/L", "10*9/L"},
    UnitAlias{"10e12/L", "10*12/L"},
    UnitAlias{"x10^9/L", "10*9/L"},
    UnitAlias{"x10^12/L", "10*12/L"},
    UnitAlias{"x10E9/L", "10*9/L"},
    UnitAlias{"x10E12/L", "10*12/L"},
    UnitAlias{"G/L", "10*9/L"},
    UnitAlias{"Gpt/L", "10*9/L"},
    UnitAlias{"T/L", "10*12/L"},
    UnitAlias{"Tpt/L", "10*12/L"},
    UnitAlias{"cells/uL", "{cells}/uL"},
    UnitAlias{"cells/mcL", "{cells}/uL"},
    UnitAlias{"cells/mm3", "{cells}/mm3"},
    UnitAlias{"copies/mL", "{copies}/mL"},
    UnitAlias{"/cumm", "/mm3"},
    UnitAlias{"mEq/L", "meq/L"},
    UnitAlias{"meq/l", "meq/L"},
    UnitAlias{"mval/L", "meq/L"},
    UnitAlias{"mOsm/kg", "mosm/kg"},
    UnitAlias{"mOsm/L", "mosm/L"},
    UnitAlias{"mg%", "mg/dL"},
    UnitAlias{"percent", "%"},
    UnitAlias{"lb", "[lb_av]"},
    UnitAlias{"lbs", "[lb_av]"},
    UnitAlias{"pounds", "[lb_av]"},
    UnitAlias{"oz", "[oz_av]"},
    UnitAlias{"in", "[in_i]"},
    UnitAlias{"inch", "[in_i]"},
    UnitAlias{"inches", "[in_i]"},
    UnitAlias{"[in_us]", "[in_i]"},
    UnitAlias{"ft", "[ft_i]"},
    UnitAlias{"st", "[stone_av]"},
    UnitAlias{"stone", "[stone_av]"},
    UnitAlias{"kg/m^2", "kg/m2"},
    UnitAlias{"kg/m\xC2\xB2", "kg/m2"},
    UnitAlias{"mm/hr", "mm/h"},
    UnitAlias{"sec", "s"},
    UnitAlias{"seconds", "s"},
    UnitAlias{"mins", "min"},
    UnitAlias{"minutes", "min"},
    UnitAlias{"hr", "h"},
    UnitAlias{"hrs", "h"},
    UnitAlias{"hours", "h"},
    UnitAlias{"days", "d"},
    UnitAlias{"weeks", "wk"},
    UnitAlias{"months", "mo"},
    UnitAlias{"yr", "a"},
    UnitAlias{"years", "a"},
    UnitAlias{"mL/min/1.73m2", "mL/min/{1.73_m2}"},
    UnitAlias{"mL/min/1.73 m2", "mL/min/{1.73_m2}"},
    UnitAlias{"mL/min/1.73m^2", "mL/min/{1.73_m2}"},
    UnitAlias{"mL/min/1.73", "mL/min/{1.73_m2}"},
    UnitAlias{"mL/min/(173.10*-2.m2)", "mL/min/{1.73_m2}"},
    UnitAlias{"mL/min/m2", "mL/min/{1.73_m2}"},
    UnitAlias{"ratio", "{ratio}"},
    UnitAlias{"score", "{score}"},
    UnitAlias{"index", "{index}"},
    UnitAlias{"INR", "{INR}"},
    UnitAlias{"pH", "[pH]"},
};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos;
         at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

/// Without blanks, with the micro sign and the Greek mu as u.
std::string tidy(std::string_view written) {
    std::string out(written);
    replace_all(out, "\xC2\xB5", "u");
    replace_all(out, "\xCE\xBC", "u");
    std::erase(out, ' ');
    return out;
}

std::string folded(std::string_view written) { return lower(tidy(written)); }

void add(std::vector<UnitMeaning>& out, std::string_view ucum, UnitReading reading) {
    const auto there = [&](const UnitMeaning& m) { return m.ucum == ucum; };
    if (std::any_of(out.begin(), out.end(), there)) return;
    if (auto unit = parse_ucum(ucum)) out.push_back({std::string(ucum), std::move(*unit), reading});
}

} // namespace

std::string_view ucum_of_concept(std::uint32_t concept_id) noexcept {
    const auto at = std::lower_bound(
        concept_units.begin(), concept_units.end(), concept_id,
        [](const ConceptUnit& unit, std::uint32_t id) { return unit.concept_id < id; });
    return at == concept_units.end() || at->concept_id != concept_id ? std::string_view{}
                                                                     : at->ucum;
}

std::vector<UnitMeaning> unit_meanings(std::string_view written) {
    std::vector<UnitMeaning> out;
    const std::string_view unit = trim(written);
    if (unit.empty()) return out;
    add(out, unit, UnitReading::ucum);
    for (const UnitAlias& alias : aliases)
        if (alias.written == unit) add(out, alias.ucum, UnitReading::alias);
    const std::string form = folded(unit);
    add(out, tidy(unit), UnitReading::folded);
    for (const UnitAlias& alias : aliases)
        if (folded(alias.written) == form) add(out, alias.ucum, UnitReading::folded);
    for (const ConceptUnit& known : concept_units)
        if (folded(known.ucum) == form) add(out, known.ucum, UnitReading::folded);
    return out;
}

bool same_unit(std::string_view a, std::string_view b) {
    if (trim(a) == trim(b)) return true;
    const auto first = unit_meanings(a), second = unit_meanings(b);
    return std::any_of(first.begin(), first.end(), [&](const UnitMeaning& x) {
        return std::any_of(second.begin(), second.end(), [&](const UnitMeaning& y) {
            return conversion(x.unit, y.unit) == Line{};
        });
    });
}

} // namespace salus
