#pragma once

#include <filesystem>

/// Ends a test where the reference data beside the source tree are absent.
#define SKIP_WITHOUT_REFERENCE                                                                     \
    if (!std::filesystem::exists(::salus::reference::data)) GTEST_SKIP() << "no reference data"

namespace salus::reference {

inline const std::filesystem::path data =
    std::filesystem::path(SALUS_SOURCE_DIR) / "../shared/data";
inline const std::filesystem::path survival = data / "survival", ehr = data / "ehr",
                                   genomes = data / "genomes";

} // namespace salus::reference
