#pragma once

#include "stages/report/report_data.hpp"

#include <string>

namespace salus::report {

/// Sections of the page as HTML; pure. Each is empty if its data are not there.
std::string cohort_section(const ReportData& data);
std::string trajectories_section(const ReportData& data);
std::string records_section(const ReportData& data);
std::string quality_section(const ReportData& data);
std::string structure_section(const ReportData& data);
std::string association_section(const ReportData& data);
std::string loci_section(const ReportData& data);
std::string phenome_section(const ReportData& data);
std::string prediction_section(const ReportData& data);
std::string genes_section(const ReportData& data);
std::string interaction_section(const ReportData& data);
std::string meta_analysis_section(const ReportData& data);
std::string ld_score_section(const ReportData& data);
std::string risk_section(const ReportData& data);
std::string risk_models_section(const ReportData& data);
std::string methods_section(const ReportData& data);
std::string glossary_section(const ReportData& data);

/// An identifier for links to the part of a trait: "association-ldl_cholesterol".
std::string anchor(const std::string& section, const std::string& trait);

} // namespace salus::report
