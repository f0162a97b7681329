#pragma once

#include "stages/simulate/cohort.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace salus {

/// Takes the text of a file piece by piece.
using TextSink = std::function<void(std::string_view)>;

// Text files of the cohort that follow from the Cohort alone. O(samples) time, O(1) memory.
void write_sample_sheet(const Cohort& cohort, const TextSink& out);
void write_fam(const Cohort& cohort, const TextSink& out);
void write_links(const Cohort& cohort, const TextSink& out);
void write_families(const Cohort& cohort, const TextSink& out);
void write_sample_faults(const Cohort& cohort, const TextSink& out);
void write_variant_faults(const Cohort& cohort, const TextSink& out);
void write_causal_variants(const Cohort& cohort, const TextSink& out);
std::string truth_readme();

}  // namespace salus
