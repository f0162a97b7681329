#pragma once

#include <string>
#include <vector>

namespace salus::report {

enum class Scaling { linear, log10 };

/// Maps data values to drawing units. On a log10 scale `low` and every value must be positive.
struct Scale {
    double low = 0, high = 1; // data
    double from = 0, to = 1;  // drawing units
    Scaling scaling = Scaling::linear;
    double operator()(double value) const noexcept;
};

struct Tick {
    double at = 0;
    std::string label;  // empty: a grid line without words
    bool minor = false; // its label is left out on small screens
};

struct Axis {
    std::string label;
    double low = 0, high = 1;
    Scaling scaling = Scaling::linear;
    std::vector<Tick> ticks;
};

/// Steps of 1, 2 or 5 times a power of ten that cover [low, high] in about `count` steps.
std::vector<double> nice_ticks(double low, double high, int count);

/// An axis from 0 or `low` up to the first nice tick at or above `high`; empty ranges are widened.
Axis linear_axis(std::string label, double low, double high, int count = 5);
/// An axis over whole decades around [low, high], both positive, with ticks 10^k written as powers.
Axis decade_axis(std::string label, double low, double high);
/// Proportions from `low` to `high` written in per cent.
Axis percent_axis(std::string label, double low, double high, int count = 5);

/// Shortest text of a tick that lies on a grid of `step`: 0.25, 1,000, -3; with a real minus sign.
std::string tick_label(double value, double step);

} // namespace salus::report
