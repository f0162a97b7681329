#pragma once

#include "stages/health_quality/judge.hpp"

#include <filesystem>
#include <optional>
#include <vector>

namespace salus::health_quality {

/// Results that know more than the records; each may be missing.
struct OutsideFiles {
    std::optional<std::filesystem::path> events, quality, kinship;
};

/// What was linked, for the label.
struct Linkage {
    bool known = false;
    std::uint64_t persons = 0, linked = 0, samples = 0, samples_linked = 0;
};

/// Rows that the event store keeps; persons with samples and samples with persons; recorded against
/// genetic sex; one genome twice; declared against genetic kinship. Checks of files that are
/// missing are NOT_APPLICABLE. Memory 100 bytes per linked sample and 16 per person.
Linkage judge_outside(const OutsideFiles& files, const HealthQualityParams& params,
                      std::vector<Finding>& findings);

} // namespace salus::health_quality
