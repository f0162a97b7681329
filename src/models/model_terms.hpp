#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// One column of a design: a product of simple functions of named columns. Written and read as
/// `log(crp):is(sex_male, 1)`:
///   NAME                    the column itself
///   log(NAME)               natural logarithm; not above 0 is missing
///   square(NAME)
///   scale(NAME, C, D)       (value - C) / D
///   is(NAME, V)             1 where the value is V, else 0
///   basis(NAME, K, T1, T2, ...)  K-th column of a natural cubic spline with knots T1 < T2 < ...:
///                           the first is the value itself, the others are 0 below T1 and linear
///                           above the last knot, over (last - first)^2
struct TermFactor {
    enum class Kind : std::uint8_t { identity, log, square, scale, is, basis };
    Kind kind = Kind::identity;
    std::string column;
    std::vector<double> numbers;
    double value(double x) const noexcept; // NaN where missing
};
struct ModelTerm {
    std::vector<TermFactor> factors;
    std::string text() const;
    std::vector<std::string> columns() const;
};
/// Nothing if it is not written so; `why` then says what is wrong.
std::optional<ModelTerm> parse_term(std::string_view text, std::string& why);

/// Part of a formula that becomes one or more columns once the data are known.
struct OpenFactor {
    enum class Kind : std::uint8_t { closed, spline, factor };
    Kind kind = Kind::closed;
    TermFactor closed; // what is not spline or factor
    std::string column;
    std::vector<double> numbers; // spline: number of knots or the knots; factor: reference level
};
struct OpenTerm {
    std::vector<OpenFactor> factors;
    std::vector<std::string> columns() const;
};

/// `age + spline(bmi, 4) + factor(site) + pgs:sex_male + a*b` (a*b is a + b + a:b).
/// spline(x, K) has K = 3 .. 7 knots at quantiles of the people in the model; spline(x, T1, T2, T3,
/// ...) has these knots. factor(x) has a column for every level but the first, factor(x, V) for
/// every level but V.
struct Formula {
    std::vector<OpenTerm> terms;
    std::vector<std::string> columns() const; // all that are named, each once
};
std::optional<Formula> parse_formula(std::string_view text, std::string& why);

/// Values of a named column for the people of the model, none missing.
using ColumnValues = std::function<std::vector<double>(const std::string& column)>;

/// Columns of the design. Knots that coincide are one; a spline that is left with fewer than three,
/// or of a column with no more different values than knots, is linear. Levels are those of the
/// data, ascending; more than 100 are refused (`why`).
std::vector<ModelTerm> expand(const Formula& formula, const ColumnValues& values, std::string& why);

/// Values of a term for every person, NaN where a part is missing.
std::vector<double> evaluate(const ModelTerm& term, const ColumnValues& values);

/// Quantile of values (type 7 of Hyndman & Fan), for p in [0, 1]; values are reordered.
double quantile_of(std::vector<double>& values, double p);

} // namespace salus
