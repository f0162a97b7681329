#pragma once

#include "schema/stage.hpp"

#include <string>
#include <vector>

namespace salus {

/// Completion of commands, stages and their options for bash, from the declarations.
std::string bash_completion(const std::vector<Stage>& stages);

} // namespace salus
