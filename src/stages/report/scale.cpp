#include "stages/report/scale.hpp"

#include "stages/report/numbers.hpp"

#include <algorithm>
#include <cmath>

namespace salus::report {

double Scale::operator()(double value) const noexcept {
    const double share = scaling == Scaling::log10 ? (std::log10(value) - std::log10(low)) /
                                                         (std::log10(high) - std::log10(low))
                                                   : (value - low) / (high - low);
    return from + share * (to - from);
}

namespace {

double nice_step(double span, int count) {
    const double raw = span / std::max(1, count);
    const double power = std::pow(10.0, std::floor(std::log10(raw)));
    const double lead = raw / power;
    return power * (lead <= 1.0 ? 1.0 : lead <= 2.0 ? 2.0 : lead <= 5.0 ? 5.0 : 10.0);
}

double step_of(const std::vector<double>& ticks) {
    return ticks.size() > 1 ? ticks[1] - ticks[0] : 1.0;
}

} // namespace

std::vector<double> nice_ticks(double low, double high, int count) {
    if (!(high > low)) high = low + 1.0;
    const double step = nice_step(high - low, count);
    const double first = std::floor(low / step + 1e-9);
    const double last = std::ceil(high / step - 1e-9);
    std::vector<double> ticks;
    for (double i = first; i <= last; i += 1.0)
        ticks.push_back(i * step);
    return ticks;
}

std::string tick_label(double value, double step) {
    const int decimals = std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 9);
    return decimal(value, decimals);
}

Axis linear_axis(std::string label, double low, double high, int count) {
    const auto values = nice_ticks(low, high, count);
    Axis axis{.label = std::move(label), .low = values.front(), .high = values.back()};
    for (const double v : values)
        axis.ticks.push_back({.at = v, .label = tick_label(v, step_of(values))});
    return axis;
}

Axis decade_axis(std::string label, double low, double high) {
    const int first = static_cast<int>(std::floor(std::log10(low) + 1e-9));
    const int last = std::max(first + 1, static_cast<int>(std::ceil(std::log10(high) - 1e-9)));
    Axis axis{.label = std::move(label),
              .low = std::pow(10.0, first),
              .high = std::pow(10.0, last),
              .scaling = Scaling::log10};
    for (int k = first; k <= last; ++k)
        axis.ticks.push_back({.at = std::pow(10.0, k), .label = power_of_ten(k)});
    return axis;
}

Axis percent_axis(std::string label, double low, double high, int count) {
    const auto values = nice_ticks(low, high, count);
    Axis axis{.label = std::move(label), .low = values.front(), .high = values.back()};
    for (const double v : values)
        axis.ticks.push_back({.at = v, .label = tick_label(100 * v, 100 * step_of(values)) + " %"});
    return axis;
}

} // namespace salus::report
