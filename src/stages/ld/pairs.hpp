#pragma once

#include "models/ld_prune.hpp"
#include "stages/ld/genotype_window.hpp"
#include "stages/ld/selection.hpp"
#include "store/parts.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace salus::ld {

/// [candidate] end of the candidates at most `reach` base pairs to the right of it.
std::vector<std::uint32_t> reach_ends(std::span<const std::uint32_t> positions,
                                      std::uint64_t reach);
/// Cuts a chromosome into stretches of at least 512 candidates and eight times what a candidate
/// reaches on average, so that little is computed on both sides of a cut.
std::vector<LdWindow> score_stretches(std::span<const std::uint32_t> ends);

/// LD scores of a stretch, and the LD that crosses each place where blocks could be cut.
struct StretchScores {
    std::vector<double> score; // [candidate of the stretch] NaN if it does not vary
    /// Steps of the sum of r2 over pairs (i, j) with i in the stretch and i < place <= j, in units
    /// of 2^-32: [place - begin - 1], up to the last place that pairs of the stretch reach.
    std::vector<std::int64_t> crossing_step;
};

/// All pairs of one chromosome within reach, on mean-imputed genotypes.
class PairScan {
public:
    PairScan(const SharedGenotypes& genotypes, const Candidates& candidates,
             const LdSamples& samples)
        : genotypes_(genotypes), candidates_(candidates), sets_(samples, candidates.x_linked),
          samples_(samples.count()) {}
    /// Score of a candidate: the sum over all candidates within reach, itself included, of r2
    /// adjusted for the sample size, added from left to right.
    StretchScores scores(std::span<const std::uint32_t> ends, LdWindow stretch) const;
    /// Correlations of a block, [row][column], times 32767 and rounded; symmetric.
    std::vector<std::int16_t> matrix(LdWindow block) const;

private:
    const SharedGenotypes& genotypes_;
    const Candidates& candidates_;
    SampleSets sets_;
    std::size_t samples_;
};

/// Cuts a chromosome into blocks of at most `most` candidates: each ends where the least LD
/// crosses, among the places that leave it at least half full (the first of equals).
/// \param crossing  [place] sum of r2 over the pairs with i < place <= j
std::vector<LdWindow> choose_blocks(std::span<const std::int64_t> crossing, std::uint32_t most);

} // namespace salus::ld
