#pragma once

#include "base/cache_lines.hpp"
#include "kernels/pair_counts.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// Genotypes of a band of consecutive samples as planes, [sample][chunk][plane_chunk_bytes]: the
/// screen ends soonest if the chunks with most heterozygous calls come first.
class PlaneBand {
public:
    PlaneBand() = default;
    PlaneBand(std::size_t samples, std::size_t chunks)
        : samples_(samples), chunks_(chunks), planes_((samples * chunks + 1) * plane_chunk_bytes) {}
    std::size_t samples() const noexcept { return samples_; }
    std::size_t chunks() const noexcept { return chunks_; }
    const std::uint8_t* at(std::size_t sample, std::size_t chunk = 0) const noexcept {
        return planes_.data() + (sample * chunks_ + chunk) * plane_chunk_bytes;
    }
    std::uint8_t* at(std::size_t sample, std::size_t chunk = 0) noexcept {
        return planes_.data() + (sample * chunks_ + chunk) * plane_chunk_bytes;
    }

private:
    std::size_t samples_ = 0, chunks_ = 0;
    CacheLines<std::uint8_t> planes_;
};

/// `exact` stops to look at a pair as soon as no variant that is left can bring it to the cut-off;
/// it never loses one. `none` counts every pair over all variants.
enum class PairScreen { none, exact };

/// A pair that reached the cut-off; indices in the first and the second band.
struct FoundPair {
    std::uint32_t first = 0, second = 0;
    PairCounts counts;
    std::uint32_t variants = 0; // called in both
    double kinship = 0;
};

struct PairSearch {
    const PlaneBand& first;
    const PlaneBand& second;
    bool same_band = false; // then only pairs first < second are looked at
    double kinship_min = 0;
    PairScreen screen = PairScreen::exact;
    std::span<const std::size_t> looks; // of look_points, for the exact screen
    /// How the screen counts missing calls; as heterozygous it allows for the most that they can
    /// add, one for every missing call. Cheaper where few are missing. Both give the same pairs.
    MissingCall missing_call = MissingCall::skipped;
    Isa isa = best_isa();
};

/// Where the exact screen looks whether a pair can still reach kinship_min, as numbers of chunks:
/// the first a little before unrelated pairs of one ancestry begin to fall below, where those of
/// different ancestry do, then every few chunks. A function of the arguments alone; any choice
/// gives the same pairs. \param chunk_het  heterozygous calls of all samples in each chunk, in the
/// order of the bands.
std::vector<std::size_t> look_points(std::span<const std::uint64_t> chunk_het, double kinship_min);

struct PairTotals {
    std::uint64_t compared = 0;  // pairs
    std::uint64_t evaluated = 0; // pairs that were counted in full
    std::uint64_t chunks = 0;    // chunks looked at, summed over the pairs
};

/// What the exact screen knows of a sample before it is compared.
struct SampleLimit {
    std::uint32_t distance = 0; // largest_distance for its heterozygous calls
    std::uint32_t missing = 0;  // variants without a call
};
/// \param variants  in the chunks of the band; the rest of a chunk is missing in everybody.
std::vector<SampleLimit> distance_limits(const PlaneBand& band, std::size_t variants,
                                         double kinship_min);
/// The way of counting missing calls that is likely to be the faster one: as heterozygous up to 1
/// %.
MissingCall faster_missing_call(std::span<const SampleLimit> first,
                                std::span<const SampleLimit> second, std::size_t variants) noexcept;

/// Samples of the first band per call of search_pairs: work for one thread.
inline constexpr std::size_t search_rows = 16;

/// Pairs of samples [begin, end) of the first band with all of the second whose king_robust is at
/// least kinship_min, ascending. The same for any isa and screen. Cost with AVX-512: 0.003 ns per
/// pair and variant, about a tenth less with the screen at third degree (the bound: a certificate
/// that an unrelated pair is below kinship k must see the share 1 - 2 k of their differences).
std::vector<FoundPair> search_pairs(const PairSearch& search,
                                    std::span<const SampleLimit> limit_first,
                                    std::span<const SampleLimit> limit_second, std::size_t begin,
                                    std::size_t end, PairTotals& totals);

} // namespace salus
