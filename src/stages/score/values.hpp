#pragma once

#include "models/score_normalisation.hpp"
#include "stages/score/sums.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace salus::score {

/// Components of all samples, and who is a reference person.
struct Ancestry {
    std::vector<std::vector<double>> components; // [component][sample], NaN where not known
    std::vector<std::uint8_t> reference;         // [sample]
};
/// \param path  result of principal_components, or text with sample_id (or IID) and pc1, pc2 ...
/// \param list  who is a reference person; empty: those with `used` in the result, or all of text.
Ancestry read_ancestry(const std::filesystem::path& path, const std::filesystem::path& list,
                       const SampleTable& samples, std::size_t count);

/// Scores from sums: the columns that are published, and how.
struct Values {
    std::vector<std::string> names;     // [score]
    std::vector<std::uint32_t> column;  // [score] of the sums
    std::vector<std::uint32_t> alleles; // [score] column of its allele count; if counted
    std::vector<double> denominator;    // [score] 1: sums; alleles of all used variants: means
    bool by_counted_alleles = false;
};
/// Writes the table `scores`, a unit for some samples (phase `scores`).
Parts write_scores(const Values& values, const Parts& sums, std::size_t columns,
                   const SampleTable& samples, RunContext& context);
/// Writes z_mean and z_variance from it (phases `fits` and `normalised`).
Parts write_normalised(const Values& values, const Parts& scores, std::size_t columns,
                       const Ancestry& ancestry, RunContext& context);

} // namespace salus::score
