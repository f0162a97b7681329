#pragma once

#include "base/error.hpp"

#include <string>

namespace salus {

enum class Work { none, begun };

/// What the user reads when a command fails: every problem in its four parts, then one closing line
/// with the kind and the exit code. `colour` marks the first word of each problem for a terminal.
std::string error_report(const Error& error, Work work, bool colour);

/// The same as one line of a JSON log.
std::string error_as_json(const Error& error, int rank);

} // namespace salus
