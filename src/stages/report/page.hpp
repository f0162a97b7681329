#pragma once

#include "stages/report/report_data.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace salus::report {

/// The whole report as one HTML page that needs nothing else: no network, no script. Pure and
/// without times, so equal data give equal bytes.
std::string page(const ReportData& data, const std::vector<std::string>& findings);

/// The style sheet: light, dark, phone and print.
std::string_view style_sheet();

} // namespace salus::report
