#include "health/ucum.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace salus {
namespace {

/// A unit symbol: factor x 10^power times the unit `of`, or a base or arbitrary unit if that is "".
struct Atom {
    std::string_view symbol;
    bool metric; // takes prefixes
    double factor;
    int power;
    std::string_view of; // in terms of symbols above it
};

constexpr std::array<std::string_view, Unit::dimensions> base_units{"m", "s",  "g",   "rad", "K",
                                                                    "C", "cd", "mol", "eq",  "osm"};

// Table 1 to 5 of the UCUM specification (https://ucum.org/ucum), the units that health records
// and exposures are measured in; factors of customary units after NIST SP 811, appendix B.
constexpr std::array atoms{
    Atom{"10*", false, 1, 1, "1"},
    Atom{"10^", false, 1, 1, "1"},
    Atom{"[pi]", false, 3.14159265358979323846, 0, "1"},
    Atom{"%", false, 1, -2, "1"},
    Atom{"[ppth]", false, 1, -3, "1"},
    Atom{"[ppm]", false, 1, -6, "1"},
    Atom{"[ppb]", false, 1, -9, "1"},
    Atom{"[pptr]", false, 1, -12, "1"},
    Atom{"sr", true, 1, 0, "rad2"},
    Atom{"Hz", true, 1, 0, "s-1"},
    Atom{"N", true, 1, 3, "g.m/s2"},
    Atom{"Pa", true, 1, 0, "N/m2"},
    Atom{"J", true, 1, 0, "N.m"},
    Atom{"W", true, 1, 0, "J/s"},
    Atom{"A", true, 1, 0, "C/s"},
    Atom{"V", true, 1, 0, "J/C"},
    Atom{"F", true, 1, 0, "C/V"},
    Atom{"Ohm", true, 1, 0, "V/A"},
    Atom{"S", true, 1, 0, "Ohm-1"},
    Atom{"Wb", true, 1, 0, "V.s"},
    Atom{"T", true, 1, 0, "Wb/m2"},
    Atom{"H", true, 1, 0, "Wb/A"},
    Atom{"lm", true, 1, 0, "cd.sr"},
    Atom{"lx", true, 1, 0, "lm/m2"},
    Atom{"Bq", true, 1, 0, "s-1"},
    Atom{"Gy", true, 1, 0, "J/kg"},
    Atom{"Sv", true, 1, 0, "J/kg"},
    Atom{"kat", true, 1, 0, "mol/s"},
    Atom{"U", true, 1, 0, "umol/min"},
    Atom{"[U]", false, 1, 0, "umol/min"},
    Atom{"l", true, 1, 0, "dm3"},
    Atom{"L", true, 1, 0, "dm3"},
    Atom{"g%", true, 1, 0, "g/dL"},
    Atom{"ar", true, 1, 2, "m2"},
    Atom{"t", true, 1, 3, "kg"},
    Atom{"bar", true, 1, 5, "Pa"},
    Atom{"u", true, 1.66053906660, -24, "g"},
    Atom{"eV", true, 1.602176634, -19, "J"},
    Atom{"min", false, 60, 0, "s"},
    Atom{"h", false, 60, 0, "min"},
    Atom{"d", false, 24, 0, "h"},
    Atom{"wk", false, 7, 0, "d"},
    Atom{"a_j", false, 365.25, 0, "d"},
    Atom{"a_g", false, 365.2425, 0, "d"},
    Atom{"a_t", false, 365.24219, 0, "d"},
    Atom{"a", false, 1, 0, "a_j"},
    Atom{"mo_s", false, 29.53059, 0, "d"},
    Atom{"mo_j", false, 30.4375, 0, "d"},
    Atom{"mo_g", false, 30.436875, 0, "d"},
    Atom{"mo", false, 1, 0, "mo_j"},
    Atom{"deg", false, 0.01745329251994329577, 0, "rad"},
    Atom{"'", false, 0.01745329251994329577 / 60, 0, "rad"},
    Atom{"''", false, 0.01745329251994329577 / 3600, 0, "rad"},
    Atom{"dyn", true, 1, 0, "g.cm/s2"},
    Atom{"erg", true, 1, 0, "dyn.cm"},
    Atom{"P", true, 1, 0, "dyn.s/cm2"},
    Atom{"St", true, 1, 0, "cm2/s"},
    Atom{"G", true, 1, -4, "T"},
    Atom{"Ci", true, 37, 9, "Bq"},
    Atom{"R", true, 2.58, -4, "C/kg"},
    Atom{"RAD", true, 100, 0, "erg/g"},
    Atom{"REM", true, 1, 0, "RAD"},
    Atom{"Ang", false, 1, -1, "nm"},
    Atom{"[g]", true, 9.80665, 0, "m/s2"},
    Atom{"gf", true, 1, 0, "g.[g]"},
    Atom{"m[Hg]", true, 133.3220, 0, "kPa"},
    Atom{"m[H2O]", true, 9.80665, 0, "kPa"},
    Atom{"atm", false, 101325, 0, "Pa"},
    Atom{"[in_i]", false, 2.54, 0, "cm"},
    Atom{"[in_us]", false, 1.0 / 39.37, 0, "m"},
    Atom{"[ft_i]", false, 12, 0, "[in_i]"},
    Atom{"[yd_i]", false, 3, 0, "[ft_i]"},
    Atom{"[mi_i]", false, 5280, 0, "[ft_i]"},
    Atom{"[gr]", false, 64.79891, 0, "mg"},
    Atom{"[lb_av]", false, 7000, 0, "[gr]"},
    Atom{"[lb_us]", false, 1, 0, "[lb_av]"}, // as OMOP writes it
    Atom{"[oz_av]", false, 437.5, 0, "[gr]"},
    Atom{"[stone_av]", false, 14, 0, "[lb_av]"},
    Atom{"[lbf_av]", false, 1, 0, "[lb_av].[g]"},
    Atom{"[psi]", false, 1, 0, "[lbf_av]/[in_i]2"},
    Atom{"[in_i'Hg]", false, 2.54, -2, "m[Hg]"},
    Atom{"[in_i'H2O]", false, 2.54, -2, "m[H2O]"},
    Atom{"[gal_us]", false, 3.785411784, 0, "L"},
    Atom{"[qt_us]", false, 0.946352946, 0, "L"},
    Atom{"[pt_us]", false, 473.176473, 0, "mL"},
    Atom{"[cup_us]", false, 236.5882365, 0, "mL"},
    Atom{"[foz_us]", false, 29.5735295625, 0, "mL"},
    Atom{"[tbs_us]", false, 14.78676478125, 0, "mL"},
    Atom{"[tsp_us]", false, 4.92892159375, 0, "mL"},
    Atom{"[drp]", false, 0.05, 0, "mL"},
    Atom{"cal_th", true, 4.184, 0, "J"},
    Atom{"cal_IT", true, 4.1868, 0, "J"},
    Atom{"cal", true, 1, 0, "cal_th"},
    Atom{"[Cal]", false, 1, 0, "kcal_th"},
    Atom{"[MET]", false, 3.5, 0, "mL/min/kg"},
    Atom{"[Ch]", false, 1.0 / 3.0, 0, "mm"},
    Atom{"[diop]", false, 1, 0, "m-1"},
    Atom{"[HPF]", false, 1, 0, "1"},
    Atom{"[LPF]", false, 100, 0, "1"},
    Atom{"[PRU]", false, 1, 0, "mm[Hg].s/mL"},
    Atom{"[wood'U]", false, 1, 0, "mm[Hg].min/L"},
    Atom{"[iU]", true, 1, 0, ""},
    Atom{"[IU]", true, 1, 0, "[iU]"},
};

constexpr std::array<std::pair<std::string_view, int>, 20> prefixes{
    {{"da", 1}, {"Y", 24},  {"Z", 21},  {"E", 18},  {"P", 15},  {"T", 12}, {"G", 9},
     {"M", 6},  {"k", 3},   {"h", 2},   {"d", -1},  {"c", -2},  {"m", -3}, {"u", -6},
     {"n", -9}, {"p", -12}, {"f", -15}, {"a", -18}, {"z", -21}, {"y", -24}}};

const Atom* find_atom(std::string_view symbol) noexcept {
    const auto at = std::find_if(atoms.begin(), atoms.end(),
                                 [&](const Atom& atom) { return atom.symbol == symbol; });
    return at == atoms.end() ? nullptr : &*at;
}

/// base^exponent of all parts; nothing for powers of arbitrary or temperature scales but the first.
std::optional<Unit> raised(const Unit& unit, int exponent) {
    if (exponent == 1) return unit;
    if (unit.zero != 0 || std::abs(exponent) > 99) return std::nullopt;
    Unit out;
    out.factor = std::pow(unit.factor, exponent);
    out.power = unit.power * exponent;
    for (std::size_t d = 0; d < out.exponent.size(); ++d) {
        const int e = unit.exponent[d] * exponent;
        if (std::abs(e) > 100) return std::nullopt;
        out.exponent[d] = static_cast<std::int8_t>(e);
    }
    if (unit.arbitrary.empty()) return out;
    if (exponent != -1) return std::nullopt;
    out.arbitrary =
        unit.arbitrary.starts_with('/') ? unit.arbitrary.substr(1) : "/" + unit.arbitrary;
    return out;
}

std::optional<Unit> product(const Unit& a, const Unit& b) {
    if (a.zero != 0 || b.zero != 0) return std::nullopt;
    Unit out = a;
    out.factor *= b.factor;
    out.power += b.power;
    for (std::size_t d = 0; d < out.exponent.size(); ++d) {
        const int e = a.exponent[d] + b.exponent[d];
        if (std::abs(e) > 100) return std::nullopt;
        out.exponent[d] = static_cast<std::int8_t>(e);
    }
    if (b.arbitrary.empty()) return out;
    if (a.arbitrary.empty())
        out.arbitrary = b.arbitrary;
    else if (a.arbitrary == "/" + b.arbitrary || "/" + a.arbitrary == b.arbitrary)
        out.arbitrary.clear();
    else
        return std::nullopt;
    return out;
}

/// Recursive descent over the grammar of UCUM, section 2.2.
class Parser {
public:
    explicit Parser(std::string_view text) : rest_(text) {}

    std::optional<Unit> whole() {
        if (rest_.empty() || rest_.size() > 100) return std::nullopt;
        auto unit = term(0);
        return rest_.empty() ? unit : std::nullopt;
    }

private:
    bool take(char c) noexcept {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }

    std::optional<Unit> term(int depth) {
        if (depth > 8) return std::nullopt;
        std::optional<Unit> unit = Unit{};
        bool divide = take('/'), first = true;
        while (true) {
            auto next = component(depth);
            if (next && divide) next = raised(*next, -1);
            if (!next) return std::nullopt;
            // A temperature scale stands alone.
            unit = first && !divide ? next : product(*unit, *next);
            if (!unit) return std::nullopt;
            first = false;
            if (take('/'))
                divide = true;
            else if (take('.'))
                divide = false;
            else
                return unit;
        }
    }

    std::optional<Unit> component(int depth) {
        std::optional<Unit> unit;
        if (take('(')) {
            unit = term(depth + 1);
            if (!take(')')) return std::nullopt;
        } else if (rest_.starts_with('{')) {
            unit = Unit{};
        } else {
            const std::string_view symbol = next_symbol();
            if (symbol.empty()) return std::nullopt;
            unit = simple(symbol);
        }
        return annotation() ? unit : std::nullopt;
    }

    /// Up to the next operator outside brackets.
    std::string_view next_symbol() noexcept {
        std::size_t end = 0;
        bool bracket = false;
        for (; end < rest_.size(); ++end) {
            const char c = rest_[end];
            if (c == '[') bracket = true;
            if (c == ']') bracket = false;
            if (!bracket && (c == '.' || c == '/' || c == '(' || c == ')' || c == '{')) break;
        }
        const std::string_view symbol = rest_.substr(0, bracket ? 0 : end);
        rest_.remove_prefix(symbol.size());
        return symbol;
    }

    /// A comment in braces, if there is one; false if it does not end.
    bool annotation() noexcept {
        if (!take('{')) return true;
        const std::size_t end = rest_.find('}');
        if (end == std::string_view::npos) return false;
        rest_.remove_prefix(end + 1);
        return true;
    }

    static std::optional<Unit> simple(std::string_view symbol) {
        if (std::all_of(symbol.begin(), symbol.end(), is_digit)) return number(symbol);
        if (auto unit = prefixed(symbol)) return unit; // symbols that end with a digit
        std::size_t end = symbol.size();
        while (end > 0 && is_digit(symbol[end - 1]))
            --end;
        if (end == symbol.size()) return std::nullopt;
        const std::string_view digits = symbol.substr(end);
        if (digits.size() > 2) return std::nullopt;
        int exponent = 0;
        for (const char c : digits)
            exponent = 10 * exponent + (c - '0');
        if (end > 0 && (symbol[end - 1] == '-' || symbol[end - 1] == '+'))
            if (symbol[--end] == '-') exponent = -exponent;
        const auto unit = prefixed(symbol.substr(0, end));
        return unit ? raised(*unit, exponent) : std::nullopt;
    }

    static std::optional<Unit> number(std::string_view digits) {
        if (digits.size() > 15) return std::nullopt;
        Unit unit;
        unit.factor = 0;
        for (const char c : digits)
            unit.factor = 10 * unit.factor + (c - '0');
        while (unit.factor > 0 && std::fmod(unit.factor, 10) == 0) {
            unit.factor /= 10;
            ++unit.power;
        }
        return unit.factor > 0 ? std::optional(unit) : std::nullopt;
    }

    static std::optional<Unit> prefixed(std::string_view symbol) {
        if (auto unit = plain(symbol, false)) return unit;
        for (const auto& [prefix, power] : prefixes) {
            if (!symbol.starts_with(prefix)) continue;
            if (auto unit = plain(symbol.substr(prefix.size()), true)) {
                unit->power += power;
                return unit;
            }
        }
        return std::nullopt;
    }

    /// A symbol without prefix; `metric`: only one that takes prefixes.
    static std::optional<Unit> plain(std::string_view symbol, bool metric) {
        Unit unit;
        for (std::size_t d = 0; d < base_units.size(); ++d)
            if (symbol == base_units[d]) {
                unit.exponent[d] = 1;
                return unit;
            }
        if (!metric && (symbol == "Cel" || symbol == "[degF]")) {
            unit.exponent[Unit::temperature] = 1;
            unit.factor = symbol == "Cel" ? 1 : 5.0 / 9;
            unit.zero = symbol == "Cel" ? 273.15 : 459.67;
            return unit;
        }
        const Atom* atom = find_atom(symbol);
        if (atom == nullptr) { // an arbitrary unit of any name: no conversion is known
            if (metric || symbol.size() < 3 || symbol.front() != '[' || symbol.back() != ']')
                return std::nullopt;
            unit.arbitrary = symbol;
            return unit;
        }
        if (metric && !atom->metric) return std::nullopt;
        if (atom->of.empty()) {
            unit.arbitrary = symbol;
            return unit;
        }
        auto defined = Parser(atom->of).whole();
        if (!defined) return std::nullopt;
        defined->factor *= atom->factor;
        defined->power += atom->power;
        return defined;
    }

    std::string_view rest_;
};

/// x * 10^power with one rounding where 10^|power| is exact.
double shifted(double x, int power) noexcept {
    return power >= 0 ? x * std::pow(10.0, power) : x / std::pow(10.0, -power);
}

} // namespace

std::optional<Unit> parse_ucum(std::string_view code) { return Parser(code).whole(); }

std::optional<Line> conversion(const Unit& from, const Unit& to) noexcept {
    if (!from.commensurable(to)) return std::nullopt;
    const double ratio = from.factor == to.factor ? 1 : from.factor / to.factor;
    const double factor = shifted(ratio, from.power - to.power);
    return Line{factor, factor * from.zero - to.zero};
}

} // namespace salus
