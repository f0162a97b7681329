#pragma once

#include "formats/loco_predictions.hpp"

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace salus {

/// Opens a `_pred.list` (trait and file per line). A file that is not where the list says is looked
/// for beside the list.
std::unique_ptr<LocoPredictions::Source> open_regenie_loco(const std::filesystem::path& list,
                                                           const SampleTable& samples);

/// The text of a .loco file as regenie step 2 reads it: a line `FID_IID ID_ID ...`, then a line per
/// chromosome with its predictions, NA where there is none. FID and IID are both the identifier.
/// \param rows  [chromosome][sample], quantitative traits in standard deviations.
std::string regenie_loco_text(std::span<const std::string> ids,
                              std::span<const std::string> chromosomes,
                              std::span<const std::vector<double>> rows);

} // namespace salus
