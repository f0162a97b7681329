#pragma once

#include "base/error.hpp"

#include <CLI/CLI.hpp>

namespace salus {

/// What CLI11 found wrong with the words behind `sub`, in our words; `help` where there is none
/// better. Mistakes that have no words of ours are told in those of CLI11.
Problem parse_mistake(const CLI::ParseError& error, const CLI::App& sub, const std::string& help);

} // namespace salus
