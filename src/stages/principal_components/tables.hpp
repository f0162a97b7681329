#pragma once

#include "genotype/genotype_source.hpp"
#include "stages/principal_components/analysis.hpp"
#include "store/h5.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace salus::components {

TableData eigenvalue_rows(const Components& found, const Totals& totals);

/// \param scores  [component][sample].
TableData sample_rows(const SampleTable& samples, std::span<const std::uint8_t> used,
                      std::span<const double> scores);

/// Appends a row; `weights`: one per component.
void append_loading(TableData& table, const Variant& variant, double frequency, double scale,
                    std::span<const double> weights);

} // namespace salus::components
