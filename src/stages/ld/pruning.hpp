#pragma once

#include "genotype/genotype_source.hpp"
#include "models/ld.hpp"
#include "models/ld_prune.hpp"
#include "stages/ld/genotype_window.hpp"
#include "stages/ld/selection.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace salus::ld {

/// The windows of one chromosome under the parameters.
std::vector<LdWindow> prune_windows(const Candidates& candidates, const LdParams& params);

/// Consecutive windows of one chromosome that are pruned by themselves, ahead of knowing what the
/// windows before them leave: `warm_up` windows before them are done first, from nothing removed,
/// and what they remove in the overlap is compared with the truth later.
struct Segment {
    std::size_t warm_up = 0, first = 0, last = 0; // windows [warm_up, first) and [first, last)
};
/// Cuts by the windows alone: at least 4,096 candidates and twenty windows' width each.
std::vector<Segment> segments_of(std::span<const LdWindow> windows);

/// What a segment found: flags of removed candidates.
struct SegmentResult {
    std::vector<std::uint8_t> entry;   // [first window begin, end of the window before) on entry
    std::vector<std::uint8_t> removed; // [first window begin, last window end) afterwards
};

/// One chromosome on its way through the pruning.
class ChromosomePruner {
public:
    ChromosomePruner(const SharedGenotypes& genotypes, const Candidates& candidates,
                     std::span<const LdWindow> windows, const LdSamples& samples,
                     const LdParams& params);
    /// Prunes a segment from its warm-up.
    SegmentResult prune(const Segment& segment) const;
    /// Prunes its windows from a known state: `removed` [candidate] holds for the candidates before
    /// the end of the window before, and is filled in up to the end of the last window.
    void prune_from(const Segment& segment, std::vector<std::uint8_t>& removed) const;

private:
    void run(LdPruner& pruner, std::size_t begin, std::size_t end, std::uint32_t base,
             GenotypeWindow& genotypes) const;
    std::size_t width(std::size_t begin, std::size_t end) const;
    const SharedGenotypes& genotypes_;
    const Candidates& candidates_;
    std::span<const LdWindow> windows_;
    SampleSets sets_;
    R2Limit limit_;
};

/// Goes through the segments of a chromosome in order: takes over the result of each whose entry
/// flags are what the segments before left, and does the others again. Exactly what pruning all
/// windows in order gives. \return removed flags [candidate], and how many segments were redone.
struct Joined {
    std::vector<std::uint8_t> removed;
    std::size_t redone = 0;
};
Joined join_segments(const Candidates& candidates, std::span<const LdWindow> windows,
                     std::span<const Segment> segments,
                     const std::function<SegmentResult(std::size_t)>& result_of,
                     const ChromosomePruner& pruner);

} // namespace salus::ld
