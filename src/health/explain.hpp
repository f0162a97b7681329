#pragma once

#include "health/definition.hpp"

#include <string>

namespace salus {

/// A definition in plain English, one rule per line in the order in which they are applied; the
/// same text for the same definition. Names of other definitions stand as they are.
std::string explain(const Definitions& definitions, const TraitDefinition& trait);

} // namespace salus
