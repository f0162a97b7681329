#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus::report {

/// Fixed decimals, thousands separators, a real minus sign; "–" for NaN: decimal(-1234.5, 1) ==
/// "−1,234.5".
std::string decimal(double value, int digits);
/// About `digits` significant digits without exponent between 1e-4 and 1e6, else "1.2 × 10⁻⁷".
std::string measured(double value, int digits = 3);
/// "12.3 %" of a proportion.
std::string percent(double proportion, int digits = 1);
/// 10^k as a reader writes it: 1, 10, 100, 1,000, 10⁴, 0.1, 0.01, 10⁻³.
std::string power_of_ten(int exponent);
/// p = 10^-value as "3.1 × 10⁻⁴⁶"; plain decimals above 0.001.
std::string p_value(double neg_log10_p);
/// "0.71 (0.66–0.76)".
std::string interval(double estimate, double lower, double upper, int digits);
std::string percent_interval(double estimate, double lower, double upper);

/// A number of persons, or "<min_cell" if it is above zero and below `min_cell`.
std::string people(std::uint64_t count, std::uint64_t min_cell);
/// The same for the cells of one total: where a hidden cell could be found by subtraction, others
/// are hidden too ("not shown"; suppress_one_way).
std::vector<std::string> people_cells(std::span<const std::uint64_t> counts,
                                      std::uint64_t min_cell);

/// A trait's name for readers: "ldl_cholesterol" -> "LDL cholesterol".
std::string trait_label(std::string_view name);
/// A kind of trait for readers: "time_to_event" -> "time to event".
std::string kind_label(std::string_view kind);
/// "a", "a and b", "a, b and c".
std::string enumerate(std::span<const std::string> items);
/// First letter in upper case (ASCII).
std::string capitalised(std::string text);

/// Limits of the central 95 % of the k-th smallest of n uniform values, k counted from 1.
/// Gamma(k)/n, which is the limit of Beta(k, n - k + 1) for k << n; Wilson & Hilferty 1931 above k
/// = 60. Relative error < 1 % for k < n / 100; at larger k the band is wider than it should be.
struct OrderBand {
    double lower = 0, upper = 0;
};
OrderBand uniform_order_band(std::uint64_t k, std::uint64_t n);

} // namespace salus::report
