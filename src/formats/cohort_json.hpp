#pragma once

#include "health/definition.hpp"

#include <string>
#include <string_view>

namespace salus {

/// A cohort definition of OHDSI (Circe JSON, as ATLAS and PhenotypeLibrary write it) as definitions
/// of ours: a binary trait `name`, and the criteria and code sets that it needs.
///
/// Taken: concept sets (descendants, exclusions); entry events by concept set, first ever or not,
/// with observation before and behind; the limits of events; additional criteria and inclusion
/// rules of type ALL with windows around the entry, at least one or none; numeric values with a
/// unit; sex and age; exit at the end of observation or a fixed number of days behind the entry.
/// Everything else is a problem that names its place in the JSON, and nothing is passed over that
/// would change who is in the cohort. docs/phenotypes.md tells where the two languages differ.
///
/// DataError if the text is not JSON; otherwise all problems are in the result.
Definitions cohort_definitions(std::string_view json, std::string_view file, std::string_view name);

} // namespace salus
