#include "stages/ld/pruning.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <cmath>

namespace salus::ld {
namespace {

constexpr std::uint32_t segment_candidates = 4096, segment_windows = 20, warm_up_windows = 2;

std::vector<double> slice(std::span<const double> values, std::uint32_t begin, std::uint32_t end) {
    return {values.begin() + begin, values.begin() + end};
}

// Flags of candidates that are out from the start.
std::vector<std::uint8_t> constant(const Candidates& candidates, std::uint32_t begin,
                                   std::uint32_t end) {
    std::vector<std::uint8_t> flags(end - begin);
    for (std::uint32_t i = begin; i < end; ++i)
        flags[i - begin] = candidates.varies[i] != 0 ? 0 : 1;
    return flags;
}

} // namespace

std::vector<LdWindow> prune_windows(const Candidates& candidates, const LdParams& params) {
    if (params.window_kb > 0)
        return distance_windows(candidates.position, static_cast<std::uint64_t>(std::floor(
                                                         params.window_kb * 1000 * (1 + 0x1p-44))));
    return count_windows(candidates.size(), static_cast<std::uint32_t>(params.window_variants),
                         static_cast<std::uint32_t>(params.step_variants));
}

std::vector<Segment> segments_of(std::span<const LdWindow> windows) {
    std::vector<Segment> segments;
    for (std::size_t first = 0; first < windows.size();) {
        const std::uint32_t begin = windows[first].begin, width = windows[first].size();
        const std::uint32_t length = std::max(segment_candidates, segment_windows * width);
        std::size_t last = first + 1;
        while (last < windows.size() && windows[last].begin - begin < length)
            ++last;
        const std::uint32_t overlap = warm_up_windows * width;
        std::size_t warm_up = first;
        while (warm_up > 0 && (warm_up == first || begin - windows[warm_up - 1].begin <= overlap))
            --warm_up;
        segments.push_back({.warm_up = warm_up, .first = first, .last = last});
        first = last;
    }
    return segments;
}

ChromosomePruner::ChromosomePruner(const SharedGenotypes& genotypes, const Candidates& candidates,
                                   std::span<const LdWindow> windows, const LdSamples& samples,
                                   const LdParams& params)
    : genotypes_(genotypes), candidates_(candidates), windows_(windows),
      sets_(samples, candidates.x_linked), limit_(params.r2_max) {}

std::size_t ChromosomePruner::width(std::size_t begin, std::size_t end) const {
    std::uint32_t most = 0;
    for (std::size_t w = begin; w < end; ++w)
        most = std::max(most, windows_[w].size());
    return most;
}

void ChromosomePruner::run(LdPruner& pruner, std::size_t begin, std::size_t end, std::uint32_t base,
                           GenotypeWindow& genotypes) const {
    for (std::size_t w = begin; w < end; ++w) {
        genotypes.slide(windows_[w].begin, windows_[w].end);
        pruner.prune({windows_[w].begin - base, windows_[w].end - base},
                     [&](std::uint32_t a, std::uint32_t b) {
                         return genotypes.in_ld(a + base, b + base, limit_);
                     });
    }
}

SegmentResult ChromosomePruner::prune(const Segment& segment) const {
    const std::uint32_t base = windows_[segment.warm_up].begin,
                        end = windows_[segment.last - 1].end, begin = windows_[segment.first].begin;
    LdPruner pruner(slice(candidates_.major_frequency, base, end),
                    constant(candidates_, base, end));
    GenotypeWindow genotypes(genotypes_, candidates_.row, sets_, candidates_.x_linked,
                             width(segment.warm_up, segment.last), limit_.head_share());
    run(pruner, segment.warm_up, segment.first, base, genotypes);
    SegmentResult result;
    if (segment.first > segment.warm_up) {
        const std::uint32_t known = std::max(begin, windows_[segment.first - 1].end);
        result.entry.assign(pruner.removed().begin() + (begin - base),
                            pruner.removed().begin() + (known - base));
    }
    run(pruner, segment.first, segment.last, base, genotypes);
    result.removed.assign(pruner.removed().begin() + (begin - base), pruner.removed().end());
    return result;
}

void ChromosomePruner::prune_from(const Segment& segment,
                                  std::vector<std::uint8_t>& removed) const {
    const std::uint32_t base = windows_[segment.first].begin, end = windows_[segment.last - 1].end;
    const std::uint32_t known =
        segment.first == 0 ? 0 : std::max(base, windows_[segment.first - 1].end);
    std::vector<std::uint8_t> flags = constant(candidates_, base, end);
    std::copy(removed.begin() + base, removed.begin() + known, flags.begin());
    LdPruner pruner(slice(candidates_.major_frequency, base, end), std::move(flags));
    pruner.resume(known - base);
    GenotypeWindow genotypes(genotypes_, candidates_.row, sets_, candidates_.x_linked,
                             width(segment.first, segment.last), limit_.head_share());
    run(pruner, segment.first, segment.last, base, genotypes);
    std::copy(pruner.removed().begin(), pruner.removed().end(), removed.begin() + base);
}

Joined join_segments(const Candidates& candidates, std::span<const LdWindow> windows,
                     std::span<const Segment> segments,
                     const std::function<SegmentResult(std::size_t)>& result_of,
                     const ChromosomePruner& pruner) {
    Joined joined{.removed = std::vector<std::uint8_t>(candidates.size())};
    for (std::size_t s = 0; s < segments.size(); ++s) {
        const SegmentResult found = result_of(s);
        const std::uint32_t begin = windows[segments[s].first].begin;
        if (std::equal(found.entry.begin(), found.entry.end(), joined.removed.begin() + begin)) {
            std::copy(found.removed.begin(), found.removed.end(), joined.removed.begin() + begin);
        } else {
            pruner.prune_from(segments[s], joined.removed);
            ++joined.redone;
        }
    }
    return joined;
}

} // namespace salus::ld
