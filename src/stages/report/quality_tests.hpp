#pragma once

#include "stages/report/report_data.hpp"
#include "store/h5.hpp"

#include <string>

namespace salus::report {

/// Counts the rows of `variant_tests` and `variant_groups` that belong to variants [begin, end).
/// Both may be absent.
QualityTests read_quality_tests(const H5File& file, std::uint64_t begin, std::uint64_t end);
void merge(QualityTests& sum, const QualityTests& more);
void write_quality_tests(H5File& part, const QualityTests& tests);
QualityTests read_quality_tests_part(const H5File& part);

/// Batches, groups and trios of the samples.
SampleSets read_sample_sets(const H5File& file);

/// Figures and tables of what was tested by batch, group, case status and trio, as HTML; empty if
/// nothing was.
std::string quality_tests_body(const Quality& quality, std::uint64_t min_cell);

} // namespace salus::report
