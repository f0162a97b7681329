#pragma once

#include "schema/manual.hpp"

#include <CLI/CLI.hpp>

#include <string>

namespace salus {

/// "N", without what the checks of CLI11 add to it.
std::string value_name(const CLI::Option& option);
/// "--ranks", or "JOB" of a word without a flag.
std::string shown_name(const CLI::Option& option);
/// "salus plan JOB [OPTIONS]".
std::string synopsis(const CLI::App& sub);
/// The options of a command, those of its groups last.
ManualSection options_section(const CLI::App& sub, const std::string& title);

} // namespace salus
