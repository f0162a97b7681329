#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// Hard calls of variants over a set of samples as bit planes, for exact pairwise LD.
/// Memory: 3/8 byte per variant and sample.
class LdRows {
public:
    /// \param members  ascending sample indices that enter the LD.
    explicit LdRows(std::vector<std::uint32_t> members);

    /// Appends a variant from a 2-bit row of the whole cohort.
    void add(std::span<const std::uint8_t> row);
    std::size_t size() const noexcept { return size_; }

    /// Squared correlation of the allele counts over samples called in both, from exact integer
    /// sums; 0 if one of the two does not vary. O(samples / 64).
    double r2(std::size_t a, std::size_t b) const noexcept;

private:
    std::vector<std::uint32_t> members_;
    std::size_t words_, size_ = 0;
    std::vector<std::uint64_t> planes_; // [variant][het | hom_alt | missing][word]
};

struct ClumpCandidate {
    std::uint32_t position = 0; // bp, ascending over the candidates of a chromosome
    double neg_log10_p = 0;
};

struct ClumpRule {
    std::uint32_t window_bp = 250'000; // farthest distance from an index variant
    double r2_min = 0.1;               // least r2 with it to be claimed
};

/// Index variants of one chromosome in order of position: candidates by falling significance (ties:
/// the first), each claims all unclaimed candidates in the window whose r2 with it is at least
/// r2_min. `rows`: the candidates in the same order. Purcell et al. 2007, doi:10.1086/519795. Cost
/// O(index variants x candidates per window) comparisons.
std::vector<std::size_t> clump(std::span<const ClumpCandidate> candidates, const LdRows& rows,
                               const ClumpRule& rule);

/// The clump of a candidate, and its r2 with the index variant.
struct ClumpPlace {
    std::size_t index = SIZE_MAX; // candidate that is the index variant; SIZE_MAX: in no clump
    double r2 = 0;
};
/// The same, but only candidates with at least `index_neg_log10_p` become index variants, as in
/// PLINK's --clump with p1 and p2. [candidate]; an index variant is in its own clump, with r2 1.
std::vector<ClumpPlace> clump_members(std::span<const ClumpCandidate> candidates,
                                      const LdRows& rows, const ClumpRule& rule,
                                      double index_neg_log10_p);

} // namespace salus
