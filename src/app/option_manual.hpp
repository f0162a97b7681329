#pragma once

#include "schema/manual.hpp"

#include <CLI/CLI.hpp>

#include <string>

namespace salus {

/// "salus plan JOB [OPTIONS]".
std::string synopsis(const CLI::App& sub);
/// The options of a command, those of its groups last.
ManualSection options_section(const CLI::App& sub, const std::string& title);

} // namespace salus
