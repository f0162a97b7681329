#pragma once

#include "run/context.hpp"
#include "stages/ld/pairs.hpp"

#include <cstdint>
#include <vector>

namespace salus::ld {

/// What the phases over all pairs look at.
struct PairWork {
    const LdParams& params;
    const SharedGenotypes& genotypes;
    const LdSamples& samples;
    const CandidateIndex& index;
};

/// LD scores of all candidates, in the parts of a phase with one unit per stretch.
class LdScores {
public:
    /// (all) Does the phase.
    LdScores(RunContext& context, const PairWork& work);
    /// Scores of candidates [first, first + count) of a chromosome.
    std::vector<double> read(std::size_t chromosome, std::uint64_t first,
                             std::uint64_t count) const;
    /// [place] of a chromosome: r2 that crosses it, in units of 2^-32.
    std::vector<std::int64_t> crossing(std::size_t chromosome) const;

private:
    struct Chromosome {
        std::vector<LdWindow> stretches;
        std::uint64_t first_unit = 0;
    };
    std::vector<Chromosome> chromosomes_;
    Parts parts_;
};

/// (all) One part per block: a row of the block table, the matrix and the store rows.
Parts make_blocks(RunContext& context, const PairWork& work, const LdScores& scores);
/// Puts the block table and the matrices into the result; `parts` may be of no block.
void publish_blocks(ResultWriter& out, const Parts& parts);

} // namespace salus::ld
