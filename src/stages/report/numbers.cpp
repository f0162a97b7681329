#include "stages/report/numbers.hpp"

#include "base/text.hpp"
#include "models/suppression.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace salus::report {
namespace {

constexpr std::string_view minus = "\u2212";

std::string superscript(int value) {
    static constexpr std::array<std::string_view, 10> digits = {
        "\u2070", "\u00b9", "\u00b2", "\u00b3", "\u2074",
        "\u2075", "\u2076", "\u2077", "\u2078", "\u2079"};
    std::string out = value < 0 ? "\u207b" : "";
    for (const char c : std::to_string(std::abs(value)))
        out += digits[static_cast<std::size_t>(c - '0')];
    return out;
}

std::string scientific(double mantissa, int exponent, int digits) {
    if (fixed(mantissa, digits) == fixed(10.0, digits)) {
        mantissa = 1.0;
        ++exponent;
    }
    std::string lead = decimal(mantissa, digits);
    if (lead.ends_with(".0")) lead.resize(lead.size() - 2);
    return text(lead, " \u00d7 10", superscript(exponent));
}

} // namespace

std::string decimal(double value, int digits) {
    if (std::isnan(value)) return "\u2013";
    if (std::isinf(value)) return text(value < 0 ? minus : "", "\u221e");
    std::string plain = fixed(std::abs(value), digits);
    const bool zero = plain.find_first_not_of("0.") == std::string::npos;
    const auto point = std::min(plain.find('.'), plain.size());
    for (std::size_t i = point; i > 3; i -= 3)
        plain.insert(i - 3, ",");
    return text(value < 0 && !zero ? minus : "", plain);
}

std::string measured(double value, int digits) {
    if (!std::isfinite(value) || value == 0.0) return decimal(value, 0);
    const int exponent = static_cast<int>(std::floor(std::log10(std::abs(value))));
    if (exponent < -4 || exponent >= 6)
        return scientific(value / std::pow(10.0, exponent), exponent, digits - 1);
    return decimal(value, std::max(0, digits - 1 - exponent));
}

std::string percent(double proportion, int digits) {
    return decimal(100.0 * proportion, digits) + " %";
}

std::string power_of_ten(int exponent) {
    if (exponent >= 0 && exponent <= 3) return decimal(std::pow(10.0, exponent), 0);
    if (exponent < 0 && exponent >= -2) return decimal(std::pow(10.0, exponent), -exponent);
    return "10" + superscript(exponent);
}

std::string p_value(double neg_log10_p) {
    if (std::isnan(neg_log10_p)) return "\u2013";
    if (neg_log10_p < 3.0) return decimal(std::pow(10.0, -neg_log10_p), neg_log10_p < 1.0 ? 2 : 3);
    const double whole = std::ceil(neg_log10_p);
    return scientific(std::pow(10.0, whole - neg_log10_p), -static_cast<int>(whole), 1);
}

std::string interval(double estimate, double lower, double upper, int digits) {
    return text(decimal(estimate, digits), " (", decimal(lower, digits), " to ",
                decimal(upper, digits), ")");
}

std::string percent_interval(double estimate, double lower, double upper) {
    return text(percent(estimate), " (", decimal(100 * lower, 1), " to ", decimal(100 * upper, 1),
                ")");
}

std::string people(std::uint64_t count, std::uint64_t min_cell) {
    if (count > 0 && count < min_cell) return text("<", min_cell);
    return with_thousands(count);
}

std::vector<std::string> people_cells(std::span<const std::uint64_t> counts,
                                      std::uint64_t min_cell) {
    const auto release = suppress_one_way(counts, min_cell);
    std::vector<std::string> cells;
    for (std::size_t i = 0; i < counts.size(); ++i)
        cells.push_back(release[i] == CellRelease::secondary ? "not shown"
                                                             : people(counts[i], min_cell));
    return cells;
}

std::string trait_label(std::string_view name) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> known = {
        {{"ldl", "LDL"},
         {"hdl", "HDL"},
         {"hba1c", "HbA1c"},
         {"bmi", "BMI"},
         {"egfr", "eGFR"},
         {"crp", "CRP"},
         {"copd", "COPD"},
         {"ckd", "CKD"},
         {"alt", "ALT"},
         {"ast", "AST"},
         {"psa", "PSA"},
         {"ecg", "ECG"}}};
    std::string out;
    for (const auto word : split(name, '_')) {
        if (word.empty()) continue;
        if (!out.empty()) out += ' ';
        const auto at = std::find_if(known.begin(), known.end(),
                                     [&](const auto& k) { return k.first == word; });
        out += at == known.end() ? word : at->second;
    }
    return out;
}

std::string kind_label(std::string_view kind) {
    return kind == "time_to_event" ? "time to event"
           : kind == "date"        ? "first date"
                                   : std::string(kind);
}

std::string enumerate(std::span<const std::string> items) {
    std::string out;
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (i > 0) out += i + 1 == items.size() ? " and " : ", ";
        out += items[i];
    }
    return out;
}

std::string capitalised(std::string value) {
    if (!value.empty() && value[0] >= 'a' && value[0] <= 'z')
        value[0] = static_cast<char>(value[0] - 'a' + 'A');
    return value;
}

namespace {

/// P(Gamma(k) <= x) for whole k: one minus the Poisson probability of fewer than k events.
double gamma_cdf(std::uint64_t k, double x) {
    double term = std::exp(-x), below = 0.0;
    for (std::uint64_t i = 0; i < k; ++i) {
        below += term;
        term *= x / static_cast<double>(i + 1);
    }
    return 1.0 - below;
}

double gamma_quantile(std::uint64_t k, double probability, double z) {
    const double shape = static_cast<double>(k);
    if (k > 60) {
        const double c = 1.0 / (9.0 * shape);
        return shape * std::pow(1.0 - c + z * std::sqrt(c), 3);
    }
    double low = 0.0, high = shape + 10.0 * std::sqrt(shape) + 10.0;
    for (int i = 0; i < 60; ++i) {
        const double middle = 0.5 * (low + high);
        (gamma_cdf(k, middle) < probability ? low : high) = middle;
    }
    return 0.5 * (low + high);
}

} // namespace

OrderBand uniform_order_band(std::uint64_t k, std::uint64_t n) {
    constexpr double z = 1.959963984540054;
    const double size = static_cast<double>(n);
    return {.lower = gamma_quantile(k, 0.025, -z) / size,
            .upper = std::min(1.0, gamma_quantile(k, 0.975, z) / size)};
}

} // namespace salus::report
