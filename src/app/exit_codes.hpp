#pragma once

#include "schema/manual.hpp"

#include <vector>

namespace salus {

/// Every exit code of the program and its meaning, for manuals.
std::vector<ManualEntry> exit_codes();

} // namespace salus
