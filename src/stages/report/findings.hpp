#pragma once

#include "stages/report/report_data.hpp"

#include <string>
#include <vector>

namespace salus::report {

/// The main findings, one sentence each, plain text: the strongest association per trait, places of
/// a meta-analysis, sets of variants, the quality faults, the performance of the scores. What was
/// not part of the run is left out. Counts of people below `data.min_cell` are not given.
std::vector<std::string> main_findings(const ReportData& data);

/// The measure that speaks for a score: everybody, R2 or AUC, the score alone if there is such a
/// model.
const ScoreMeasure* headline_measure(const TraitRisk& trait);
/// The same measure in one group.
const ScoreMeasure* headline_measure(const TraitRisk& trait, const std::string& group);

/// "19:44,908,822 C>T".
std::string locus_label(const Locus& locus);

/// "sex_mismatch" -> "sex mismatch".
std::string reason_label(const std::string& reason);

} // namespace salus::report
