#pragma once

#include "health/definition.hpp"

#include <string>

namespace salus {

/// Definitions as a file that reads back to the same (parse_definitions): keys that are not at
/// their defaults, in the order of their declaration.
std::string definitions_as_toml(const Definitions& definitions);

} // namespace salus
