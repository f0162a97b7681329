#pragma once

#include "models/score_terms.hpp"
#include "stages/score/matching.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace salus::score {

/// A column that is summed: a score, or the alleles that were counted in the scores of a file.
struct SumColumns {
    std::vector<std::uint32_t> first; // [file] its first column; SIZE of none if it is not chosen
    std::vector<std::uint32_t> width; // [file] columns of weights, and one more if alleles count
    std::uint32_t total = 0;
    bool counts_alleles = false;
};

/// What the sums are made from.
struct SumWork {
    const GenotypeSource& genotypes;
    const Parts& matches;
    std::span<const UsedRow> used;
    std::span<const double> frequencies;     // [used]; empty: of the samples
    std::span<const std::uint8_t> reference; // [sample] who the frequencies are of
    std::span<const std::uint8_t> chosen;    // [file]
    SumColumns columns;
    ScoreMode mode = ScoreMode::additive;
    MissingRule missing = MissingRule::expected;
};

/// Sums of all columns over all used variants (phase `sums`). A part is of some store blocks in a
/// row and has sums [sample][column] as doubles; parts are added in their order. The cut depends on
/// the data alone: a part has at least 2,048 and 32 x columns variants, so that all parts together
/// take no more bytes than the packed genotypes of the used variants, or 8 B x N x columns.
Parts sum_scores(const SumWork& work, RunContext& context);

/// Samples [begin, end) of the sums of all parts, [sample][column].
std::vector<double> read_sums(const Parts& parts, std::uint64_t begin, std::uint64_t end,
                              std::size_t columns);

} // namespace salus::score
