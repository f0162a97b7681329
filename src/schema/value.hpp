#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace salus {

/// A parameter value, free of TOML and command line.
using Value = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>,
                           std::vector<double>>;

std::string type_name(const Value& value); // "number", "list of text" ...
std::string to_toml(const Value& value);   // as written in a job file
std::string to_json(const Value& value);
/// Shortest text of a number, whole numbers below 10^15 without an exponent: "100000", "1e-15".
std::string number_text(double value);

} // namespace salus
