#pragma once

#include "stages/simulate/health.hpp"

#include <string>

namespace salus {

/// One row of features.csv: lifestyle, environment, imaging and proteins of a person, with its
/// line end. A function of the seed and the person's slot alone.
std::string feature_row(const SimulatedCohort& cohort, std::uint64_t person,
                        const LifeCourse& life);
std::string feature_header(const SimulateParams& params);
/// features.dictionary.csv, as `ingest_features` reads it.
std::string feature_dictionary(const SimulateParams& params);

} // namespace salus
