#include "models/model_terms.hpp"

#include "base/numbers.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace salus {
namespace {

constexpr std::size_t most_levels = 100;

double cube(double x) noexcept { return x > 0 ? x * x * x : 0; }

// Column k >= 2 of a natural cubic spline (Harrell 2015, Regression Modeling Strategies, section
// 2.4).
double basis(double x, std::size_t k, std::span<const double> knots) noexcept {
    if (k == 1) return x;
    const double last = knots.back(), before = knots[knots.size() - 2], own = knots[k - 2];
    const double range = last - knots.front();
    return (cube(x - own) - cube(x - before) * (last - own) / (last - before) +
            cube(x - last) * (before - own) / (last - before)) /
           (range * range);
}

/// A call `name(argument, number, ...)` or a bare name.
struct Call {
    std::string name, column;
    std::vector<double> numbers;
    bool bare = false;
};

bool is_name(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '-' || c >= 0x80;
    });
}

std::optional<Call> parse_call(std::string_view written, std::string& why) {
    const std::string_view part = trim(written);
    const std::size_t open = part.find('(');
    if (open == std::string_view::npos) {
        if (is_name(part)) return Call{.name = {}, .column = std::string(part), .bare = true};
        why = text("\"", part, "\" is not the name of a column");
        return std::nullopt;
    }
    if (part.back() != ')') {
        why = text("\"", part, "\" lacks a closing parenthesis");
        return std::nullopt;
    }
    Call call{.name = std::string(trim(part.substr(0, open)))};
    const auto arguments = split(part.substr(open + 1, part.size() - open - 2), ',');
    call.column = trim(arguments.front());
    if (!is_name(call.column)) {
        why = text("\"", call.column, "\" is not the name of a column");
        return std::nullopt;
    }
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const auto number = parse_double(trim(arguments[i]));
        if (!number || !std::isfinite(*number)) {
            why = text("\"", trim(arguments[i]), "\" in \"", part, "\" is not a number");
            return std::nullopt;
        }
        call.numbers.push_back(*number);
    }
    return call;
}

bool strictly_ascending(std::span<const double> values) {
    for (std::size_t i = 1; i < values.size(); ++i)
        if (!(values[i] > values[i - 1])) return false;
    return true;
}

std::optional<TermFactor> close(const Call& call, std::string& why) {
    using Kind = TermFactor::Kind;
    TermFactor out{.column = call.column, .numbers = call.numbers};
    const auto accept = [&](Kind kind, bool good) -> std::optional<TermFactor> {
        out.kind = kind;
        if (good) return out;
        why = text("\"", call.name, "(", call.column, ", ...)\" has the wrong numbers");
        return std::nullopt;
    };
    const std::size_t n = call.numbers.size();
    if (call.bare) return accept(Kind::identity, true);
    if (call.name == "log") return accept(Kind::log, n == 0);
    if (call.name == "square") return accept(Kind::square, n == 0);
    if (call.name == "scale") return accept(Kind::scale, n == 2 && call.numbers[1] != 0);
    if (call.name == "is") return accept(Kind::is, n == 1);
    if (call.name == "basis") {
        const double k = n >= 4 ? call.numbers[0] : 0;
        return accept(Kind::basis, k >= 1 && k < static_cast<double>(n) - 1 && k == std::floor(k) &&
                                       strictly_ascending(std::span(call.numbers).subspan(1)));
    }
    why = text("there is no function \"", call.name,
               "\": use log, square, scale, is, basis, spline or factor");
    return std::nullopt;
}

std::optional<OpenFactor> open(const Call& call, std::string& why) {
    OpenFactor out{.column = call.column, .numbers = call.numbers};
    if (call.name == "factor") {
        out.kind = OpenFactor::Kind::factor;
        if (call.numbers.size() <= 1) return out;
        why = text("factor(", call.column, ", ...) takes at most the reference level");
        return std::nullopt;
    }
    if (call.name == "spline") {
        out.kind = OpenFactor::Kind::spline;
        const auto& n = call.numbers;
        const bool count = n.size() == 1 && n[0] >= 3 && n[0] <= 7 && n[0] == std::floor(n[0]);
        if (count || (n.size() >= 3 && strictly_ascending(n))) return out;
        why = text("spline(", call.column,
                   ", ...) takes 3 to 7 as the number of knots, or three "
                   "or more ascending knots");
        return std::nullopt;
    }
    auto closed = close(call, why);
    if (!closed) return std::nullopt;
    out.closed = std::move(*closed);
    return out;
}

// Splits at a character outside parentheses.
std::vector<std::string_view> split_outside(std::string_view text, char at) {
    std::vector<std::string_view> out;
    std::size_t begin = 0, depth = 0;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        if (i == text.size() || (text[i] == at && depth == 0)) {
            out.push_back(text.substr(begin, i - begin));
            begin = i + 1;
        } else if (text[i] == '(') {
            ++depth;
        } else if (text[i] == ')' && depth > 0) {
            --depth;
        }
    }
    return out;
}

std::optional<OpenTerm> parse_open_term(std::string_view written, std::string& why) {
    OpenTerm term;
    for (const std::string_view part : split_outside(written, ':')) {
        const auto call = parse_call(part, why);
        if (!call) return std::nullopt;
        auto factor = open(*call, why);
        if (!factor) return std::nullopt;
        term.factors.push_back(std::move(*factor));
    }
    return term;
}

template <class T>
void add_columns(const T& term, std::vector<std::string>& names) {
    for (const auto& factor : term.factors)
        if (std::find(names.begin(), names.end(), factor.column) == names.end())
            names.push_back(factor.column);
}

// Quantiles of the knots by their number (Harrell 2015, table 2.3).
std::vector<double> knot_places(std::size_t count) {
    switch (count) {
    case 3:
        return {0.1, 0.5, 0.9};
    case 4:
        return {0.05, 0.35, 0.65, 0.95};
    case 5:
        return {0.05, 0.275, 0.5, 0.725, 0.95};
    case 6:
        return {0.05, 0.23, 0.41, 0.59, 0.77, 0.95};
    default:
        return {0.025, 0.1833, 0.3417, 0.5, 0.6583, 0.8167, 0.975};
    }
}

bool differ_more_than(std::span<const double> values, std::size_t count) {
    std::set<double> seen;
    for (const double v : values) {
        seen.insert(v);
        if (seen.size() > count) return true;
    }
    return false;
}

std::vector<TermFactor> expand_spline(const OpenFactor& factor, const ColumnValues& values) {
    std::vector<double> knots = factor.numbers;
    if (knots.size() == 1) {
        auto data = values(factor.column);
        std::vector<double> found;
        if (differ_more_than(data, static_cast<std::size_t>(knots[0])))
            for (const double p : knot_places(static_cast<std::size_t>(knots[0])))
                found.push_back(quantile_of(data, p));
        knots = std::move(found);
        knots.erase(std::unique(knots.begin(), knots.end()), knots.end());
    }
    std::vector<TermFactor> out{{.column = factor.column}};
    for (std::size_t k = 2; k + 1 <= knots.size() && knots.size() >= 3; ++k) {
        TermFactor column{.kind = TermFactor::Kind::basis, .column = factor.column};
        column.numbers.push_back(static_cast<double>(k));
        column.numbers.insert(column.numbers.end(), knots.begin(), knots.end());
        out.push_back(std::move(column));
    }
    return out;
}

std::vector<TermFactor> expand_levels(const OpenFactor& factor, const ColumnValues& values,
                                      std::string& why) {
    std::set<double> levels;
    for (const double v : values(factor.column)) {
        levels.insert(v);
        if (levels.size() <= most_levels) continue;
        why = text("factor(", factor.column, ") has more than ", most_levels, " levels");
        return {};
    }
    if (!factor.numbers.empty() && levels.count(factor.numbers[0]) == 0) {
        why = text("nobody has the reference level of factor(", factor.column, ", ",
                   factor.numbers[0], ")");
        return {};
    }
    if (levels.empty()) return {};
    const double reference = factor.numbers.empty() ? *levels.begin() : factor.numbers[0];
    std::vector<TermFactor> out;
    for (const double level : levels)
        if (level != reference)
            out.push_back(
                {.kind = TermFactor::Kind::is, .column = factor.column, .numbers = {level}});
    return out;
}

} // namespace

double TermFactor::value(double x) const noexcept {
    if (std::isnan(x)) return nan;
    switch (kind) {
    case Kind::identity:
        break;
    case Kind::log:
        return x > 0 ? std::log(x) : nan;
    case Kind::square:
        return x * x;
    case Kind::scale:
        return (x - numbers[0]) / numbers[1];
    case Kind::is:
        return x == numbers[0] ? 1 : 0;
    case Kind::basis:
        return basis(x, static_cast<std::size_t>(numbers[0]), std::span(numbers).subspan(1));
    }
    return x;
}

std::string ModelTerm::text() const {
    constexpr std::array names{"", "log", "square", "scale", "is", "basis"};
    std::string out;
    for (const TermFactor& factor : factors) {
        if (!out.empty()) out += ':';
        if (factor.kind == TermFactor::Kind::identity) {
            out += factor.column;
            continue;
        }
        out += salus::text(names[static_cast<std::size_t>(factor.kind)], "(", factor.column);
        for (const double number : factor.numbers)
            out += salus::text(", ", number);
        out += ')';
    }
    return out;
}

std::vector<std::string> ModelTerm::columns() const {
    std::vector<std::string> names;
    add_columns(*this, names);
    return names;
}

std::vector<std::string> OpenTerm::columns() const {
    std::vector<std::string> names;
    add_columns(*this, names);
    return names;
}

std::vector<std::string> Formula::columns() const {
    std::vector<std::string> names;
    for (const OpenTerm& term : terms)
        add_columns(term, names);
    return names;
}

std::optional<ModelTerm> parse_term(std::string_view text, std::string& why) {
    ModelTerm term;
    for (const std::string_view part : split_outside(text, ':')) {
        const auto call = parse_call(part, why);
        if (!call) return std::nullopt;
        auto factor = close(*call, why);
        if (!factor) return std::nullopt;
        term.factors.push_back(std::move(*factor));
    }
    return term;
}

std::optional<Formula> parse_formula(std::string_view text, std::string& why) {
    Formula formula;
    if (trim(text) == "1") return formula;
    for (const std::string_view sum : split_outside(text, '+')) {
        const auto sides = split_outside(sum, '*');
        std::vector<OpenTerm> parts;
        for (const std::string_view side : sides) {
            auto term = parse_open_term(side, why);
            if (!term) return std::nullopt;
            parts.push_back(std::move(*term));
        }
        if (parts.size() > 2) {
            why = salus::text("\"", trim(sum), "\" multiplies more than two terms");
            return std::nullopt;
        }
        formula.terms.insert(formula.terms.end(), parts.begin(), parts.end());
        if (parts.size() < 2) continue;
        OpenTerm both = parts[0];
        both.factors.insert(both.factors.end(), parts[1].factors.begin(), parts[1].factors.end());
        formula.terms.push_back(std::move(both));
    }
    return formula;
}

std::vector<ModelTerm> expand(const Formula& formula, const ColumnValues& values,
                              std::string& why) {
    std::vector<ModelTerm> out;
    for (const OpenTerm& term : formula.terms) {
        std::vector<ModelTerm> products(1);
        for (const OpenFactor& factor : term.factors) {
            const std::vector<TermFactor> columns =
                factor.kind == OpenFactor::Kind::spline   ? expand_spline(factor, values)
                : factor.kind == OpenFactor::Kind::factor ? expand_levels(factor, values, why)
                                                          : std::vector{factor.closed};
            std::vector<ModelTerm> next;
            for (const ModelTerm& product : products)
                for (const TermFactor& column : columns) {
                    next.push_back(product);
                    next.back().factors.push_back(column);
                }
            products = std::move(next);
        }
        out.insert(out.end(), products.begin(), products.end());
    }
    return out;
}

std::vector<double> evaluate(const ModelTerm& term, const ColumnValues& values) {
    std::vector<double> out;
    for (std::size_t f = 0; f < term.factors.size(); ++f) {
        const auto column = values(term.factors[f].column);
        if (f == 0) out.assign(column.size(), 1.0);
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] *= term.factors[f].value(column[i]);
    }
    return out;
}

double quantile_of(std::vector<double>& values, double p) {
    if (values.empty()) return nan;
    const double place = p * static_cast<double>(values.size() - 1);
    const auto low = static_cast<std::ptrdiff_t>(std::floor(place));
    std::nth_element(values.begin(), values.begin() + low, values.end());
    const double below = values[static_cast<std::size_t>(low)];
    if (place == std::floor(place)) return below;
    const double above = *std::min_element(values.begin() + low + 1, values.end());
    return below + (place - std::floor(place)) * (above - below);
}

} // namespace salus
