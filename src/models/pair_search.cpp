#include "models/pair_search.hpp"

#include "models/kinship.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace salus {
namespace {

constexpr std::size_t band_samples = 32; // of the second band: their planes stay in the cache

/// Groups of pairs of one tile: search_rows x tile_samples.
class Tile {
public:
    Tile(const PairSearch& search, std::span<const SampleLimit> limit_first,
         std::span<const SampleLimit> limit_second, std::size_t begin, std::size_t end)
        : search_(search), limit_first_(limit_first), limit_second_(limit_second), begin_(begin),
          end_(end) {}

    void run(std::size_t j0, std::vector<FoundPair>& found, PairTotals& totals) {
        groups_.clear();
        // The four samples of a group stay in the first-level cache while pairs pass by.
        for (std::size_t j = j0; j < std::min(j0 + band_samples, search_.second.samples());
             j += group_second)
            for (std::size_t i = begin_; i < end_; i += group_first)
                if (const std::uint64_t pairs = pairs_of(i, j)) {
                    groups_.push_back(make_group(i, j));
                    totals.compared += pairs;
                }
        if (search_.screen == PairScreen::exact) screen(totals);
        for (const Group& group : groups_)
            evaluate(group, found, totals);
    }

private:
    struct Group {
        std::size_t i, j;
        PairGroup planes; // of the chunks that come next
        std::array<std::uint32_t, group_pairs> sums;
        std::array<std::int32_t, group_pairs> limits; // -1: not a pair to look at
    };

    bool wanted(std::size_t i, std::size_t j) const noexcept {
        return i < end_ && j < search_.second.samples() && (!search_.same_band || i < j);
    }
    std::uint64_t pairs_of(std::size_t i, std::size_t j) const noexcept {
        std::uint64_t pairs = 0;
        for (std::size_t p = 0; p < group_pairs; ++p)
            pairs += wanted(i + p / group_second, j + p % group_second) ? 1u : 0u;
        return pairs;
    }

    PairGroup planes_of(std::size_t i, std::size_t j) const noexcept {
        PairGroup planes{.first = {}, .second = {}, .chunks = search_.first.chunks()};
        for (std::size_t k = 0; k < group_first; ++k)
            planes.first[k] = search_.first.at(std::min(i + k, end_ - 1));
        for (std::size_t k = 0; k < group_second; ++k)
            planes.second[k] = search_.second.at(std::min(j + k, search_.second.samples() - 1));
        return planes;
    }

    Group make_group(std::size_t i0, std::size_t j0) const noexcept {
        Group group{.i = i0, .j = j0, .planes = planes_of(i0, j0), .sums = {}, .limits = {}};
        for (std::size_t p = 0; p < group_pairs; ++p) {
            const std::size_t i = i0 + p / group_second, j = j0 + p % group_second;
            group.limits[p] = wanted(i, j) ? limit_of(limit_first_[i], limit_second_[j]) : -1;
        }
        return group;
    }

    /// Distances are below 2^31: four times at most 10^7 variants.
    std::int32_t limit_of(const SampleLimit& a, const SampleLimit& b) const noexcept {
        const std::int64_t added =
            search_.missing_call == MissingCall::het ? std::int64_t{a.missing} + b.missing : 0;
        constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
        return static_cast<std::int32_t>(std::min(most, std::min(a.distance, b.distance) + added));
    }

    static bool alive(const Group& group) noexcept {
        bool any = false;
#pragma GCC unroll 8
        for (std::size_t p = 0; p < group_pairs; ++p)
            any |= static_cast<std::int32_t>(group.sums[p]) <= group.limits[p];
        return any;
    }

    /// Drops groups of which no pair can reach the cut-off any more.
    void screen(PairTotals& totals) {
        std::size_t chunk = 0;
        for (const std::size_t end : search_.looks) {
            for (Group& group : groups_) {
                group.planes.chunks = end - chunk;
                add_distances(group.planes, group.sums, search_.missing_call, search_.isa);
                for (const std::uint8_t*& planes : group.planes.first)
                    planes += group.planes.chunks * plane_chunk_bytes;
                for (const std::uint8_t*& planes : group.planes.second)
                    planes += group.planes.chunks * plane_chunk_bytes;
            }
            totals.chunks += group_pairs * (end - chunk) * groups_.size();
            std::erase_if(groups_, [&](const Group& group) { return !alive(group); });
            chunk = end;
        }
    }

    void evaluate(const Group& group, std::vector<FoundPair>& found, PairTotals& totals) const {
        const std::size_t chunks = search_.first.chunks();
        std::array<PairCounts, group_pairs> counts{};
        add_pair_counts(planes_of(group.i, group.j), counts, search_.isa);
        totals.evaluated += pairs_of(group.i, group.j);
        totals.chunks += group_pairs * chunks;
        for (std::size_t p = 0; p < group_pairs; ++p) {
            const std::size_t i = group.i + p / group_second, j = group.j + p % group_second;
            if (!wanted(i, j)) continue;
            const double kinship = king_robust(counts[p]);
            if (!(kinship >= search_.kinship_min)) continue;
            found.push_back(
                {.first = static_cast<std::uint32_t>(i),
                 .second = static_cast<std::uint32_t>(j),
                 .counts = counts[p],
                 .variants = jointly_called(search_.first.at(i), search_.second.at(j), chunks),
                 .kinship = kinship});
        }
    }

    const PairSearch& search_;
    std::span<const SampleLimit> limit_first_, limit_second_;
    std::size_t begin_, end_;
    std::vector<Group> groups_;
};

} // namespace

std::vector<std::size_t> look_points(std::span<const std::uint64_t> chunk_het, double kinship_min) {
    const std::size_t chunks = chunk_het.size();
    const std::uint64_t all = std::accumulate(chunk_het.begin(), chunk_het.end(), std::uint64_t{0});
    // An unrelated pair differs by twice its heterozygous calls, one at the cut-off by 1 - 2 k of
    // it.
    const double share = std::clamp(1 - 2 * kinship_min, 0.0, 1.0) * static_cast<double>(all);
    const std::size_t step = std::max<std::size_t>(1, chunks / 20);
    std::vector<std::size_t> looks;
    std::uint64_t seen = 0;
    for (std::size_t c = 0, last = 0; c < chunks; ++c) {
        seen += chunk_het[c];
        const auto now = static_cast<double>(seen);
        const bool late = now >= 0.85 * share && c + 1 >= last + step;
        if (!late && c + 1 != chunks) continue;
        looks.push_back(c + 1);
        last = c + 1;
    }
    return looks;
}

std::vector<FoundPair> search_pairs(const PairSearch& search,
                                    std::span<const SampleLimit> limit_first,
                                    std::span<const SampleLimit> limit_second, std::size_t begin,
                                    std::size_t end, PairTotals& totals) {
    std::vector<FoundPair> found;
    Tile tile(search, limit_first, limit_second, begin, end);
    const std::size_t first = search.same_band ? begin / band_samples * band_samples : 0;
    for (std::size_t j = first; j < search.second.samples(); j += band_samples)
        tile.run(j, found, totals);
    std::sort(found.begin(), found.end(), [](const FoundPair& a, const FoundPair& b) {
        return std::pair(a.first, a.second) < std::pair(b.first, b.second);
    });
    return found;
}

std::vector<SampleLimit> distance_limits(const PlaneBand& band, std::size_t variants,
                                         double kinship_min) {
    std::vector<SampleLimit> limits(band.samples());
    for (std::size_t i = 0; i < limits.size(); ++i) {
        const SampleCalls calls = count_calls(band.at(i), band.chunks());
        limits[i] = {.distance = largest_distance(calls.het, kinship_min),
                     .missing = static_cast<std::uint32_t>(variants) - calls.called};
    }
    return limits;
}

MissingCall faster_missing_call(std::span<const SampleLimit> first,
                                std::span<const SampleLimit> second,
                                std::size_t variants) noexcept {
    constexpr std::uint64_t share = 100;
    std::uint64_t missing = 0;
    for (const auto& limits : {first, second})
        for (const SampleLimit& limit : limits)
            missing += limit.missing;
    return share * missing <= variants * (first.size() + second.size()) ? MissingCall::het
                                                                        : MissingCall::skipped;
}

} // namespace salus
