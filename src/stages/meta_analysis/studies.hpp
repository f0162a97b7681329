#pragma once

#include "formats/study_list.hpp"
#include "stages/meta_analysis/meta_analysis.hpp"
#include "stages/meta_analysis/rows.hpp"
#include "store/parts.hpp"

#include <functional>
#include <string>
#include <vector>

namespace salus::meta {

/// What the first pass found out about a study.
struct StudyFacts {
    std::uint64_t rows = 0, kept = 0;
    ReasonCounts dropped{};
    double lambda = 0; // NaN without rows
};

/// First pass over a study: checks its rows, sorts them by window, and finds the median chi-square.
void sort_study(const StudySource& source, std::size_t number, const MetaAnalysisParams& params,
                PartWriter& part);
StudyFacts read_facts(const H5File& part);

/// The genome build that the studies agree on, empty if none tells it. DataError if two differ, or
/// a study has no positions, or no sample sizes where they are needed.
std::string check_studies(const std::vector<StudySource>& studies,
                          const MetaAnalysisParams& params);

/// Median of non-negative values that `visit_all` hands to its argument each time it is called
/// (four times per middle value): exact, 512 KiB whatever their number. NaN without values.
double median_of(const std::function<void(const std::function<void(double)>&)>& visit_all);

} // namespace salus::meta
