#pragma once

#include "store/h5.hpp"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace salus {

/// How a score is given: as it was summed, or relative to ancestry by mean, or by mean and
/// variance (only if the stage score had components).
enum class ScoreScale : std::uint8_t { plain, z_mean, z_variance };

/// Reads score.h5, the result of the stage score. One column is in memory at a time.
class ScoreTable {
public:
    /// DataError if it is no such file.
    explicit ScoreTable(const std::filesystem::path& path);

    /// Names of the scores, in the order of the file.
    const std::vector<std::string>& names() const noexcept { return names_; }
    std::uint64_t samples() const noexcept { return samples_; }
    /// Identifiers in genotype order.
    std::vector<std::string> sample_ids() const;
    bool has(ScoreScale scale) const;
    /// [sample], in genotype order; NaN where a scale has no value. DataError if there is no such
    /// score, with the names that there are, or no such scale.
    std::vector<double> column(const std::string& name, ScoreScale scale = ScoreScale::plain) const;

private:
    H5File file_;
    std::vector<std::string> names_;
    std::uint64_t samples_ = 0;
};

} // namespace salus
