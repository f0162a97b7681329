#pragma once

#include "stages/simulate/cohort.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace salus {

/// Takes the text of a file piece by piece.
using TextSink = std::function<void(std::string_view)>;

// Text files of the cohort that follow from the SimulatedCohort alone. O(samples) time, O(1)
// memory.
void write_sample_sheet(const SimulatedCohort& cohort, const TextSink& out);
void write_fam(const SimulatedCohort& cohort, const TextSink& out);
void write_links(const SimulatedCohort& cohort, const TextSink& out);
void write_families(const SimulatedCohort& cohort, const TextSink& out);
void write_sample_faults(const SimulatedCohort& cohort, const TextSink& out);
void write_variant_faults(const SimulatedCohort& cohort, const TextSink& out);
void write_causal_variants(const SimulatedCohort& cohort, const TextSink& out);
/// The planted effects on one trait as a polygenic score, in the layout of the PGS Catalog.
void write_true_score(const SimulatedCohort& cohort, std::size_t trait, const TextSink& out);
std::string truth_readme();

} // namespace salus
