#pragma once

#include "schema/stage.hpp"

#include <vector>

namespace salus {

/// Every stage of the program, in the order of a full pipeline.
const std::vector<Stage>& all_stages();

} // namespace salus
