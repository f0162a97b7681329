#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace salus {

/// A unit of the Unified Code for Units of Measure (UCUM) as a number times base units.
///
/// Other than in UCUM, amount of substance (mol), equivalents (eq) and osmoles (osm) are dimensions
/// of their own, so that no factor hides behind "moles" that depends on the substance; arbitrary
/// units ([iU], [arb'U], [CFU], [pH] ...) are convertible to nothing but themselves.
struct Unit {
    enum Dimension : std::uint8_t {
        length,
        time,
        mass,
        angle,
        temperature,
        charge,
        luminosity,
        amount,
        equivalents,
        osmoles,
        dimensions
    };
    double factor = 1; // the unit is factor x 10^power base units
    int power = 0;
    double zero = 0; // base value = (value + zero) x factor, for temperatures; else 0
    std::array<std::int8_t, dimensions> exponent{};
    std::string arbitrary; // "[iU]", "[iU]2"; "" = none

    /// True if values in one can be given in the other.
    bool commensurable(const Unit& other) const noexcept {
        return exponent == other.exponent && arbitrary == other.arbitrary;
    }
};

/// Reads a unit in case-sensitive UCUM: prefixes, exponents (`m2`, `10*3`), products and quotients
/// (`mg/dL`, `kg.m/s2`, `/min`), parentheses, annotations in braces (without meaning), Cel and
/// [degF]. Nothing if it is not UCUM, or takes a temperature scale into a product. Never throws.
std::optional<Unit> parse_ucum(std::string_view code);

/// value' = factor * value + offset; exact to a rounding of the last bit for powers of ten.
struct Line {
    double factor = 1, offset = 0;
    double operator()(double value) const noexcept { return factor * value + offset; }
    bool operator==(const Line&) const = default;
};
/// From one unit to another; nothing if they are not commensurable.
std::optional<Line> conversion(const Unit& from, const Unit& to) noexcept;

} // namespace salus
