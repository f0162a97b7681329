#include "models/record_signs.hpp"

#include "models/median.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace salus {
namespace {

std::vector<double> part(std::span<const double> all, std::size_t begin, std::size_t count) {
    const auto from = all.subspan(begin, count);
    return {from.begin(), from.end()};
}

/// A jump, and the difference of the means, by which the best of several places of one z is known.
struct Jump {
    RateBreak found;
    double means = 0;
};

/// The jump at one place, whatever its size.
Jump jump_at(std::span<const double> raw, std::span<const double> stable, std::size_t at,
             std::size_t window, double dispersion) {
    const auto before = part(stable, at - window, window), behind = part(stable, at, window);
    std::vector<double> change, distance;
    for (std::size_t i = 0; i < window; ++i)
        change.push_back(behind[i] - before[i]);
    const double middle = median(change);
    for (const double y : change)
        distance.push_back(std::fabs(y - middle));
    const double spread = std::max(std::sqrt(2 * dispersion), 1.4826 * median(std::move(distance)));
    const double error = spread * std::sqrt(std::numbers::pi / 2 / static_cast<double>(window));
    const double means = std::accumulate(behind.begin(), behind.end(), 0.0) -
                         std::accumulate(before.begin(), before.end(), 0.0);
    return {
        .found = {.at = at,
                  .ratio = median(part(raw, at, window)) / median(part(raw, at - window, window)),
                  .z = middle / error},
        .means = means};
}

struct Group {
    std::uint64_t values = 0, filled = 0;
    std::size_t peak = 0;
    double median_bin = 0;
};

Group group_of(std::span<const std::uint64_t> counts, std::span<const std::uint64_t> smooth,
               std::size_t begin, std::size_t end) {
    Group group{.peak = begin};
    for (std::size_t b = begin; b < end; ++b) {
        group.values += counts[b];
        if (smooth[b] > smooth[group.peak]) group.peak = b;
    }
    for (std::size_t b = std::max(begin + 3, group.peak) - 3; b < std::min(end, group.peak + 4);
         ++b)
        group.filled += counts[b] > 0 ? 1U : 0U;
    std::uint64_t passed = 0;
    for (std::size_t b = begin; b < end; ++b) {
        passed += counts[b];
        if (2 * passed < group.values) continue;
        group.median_bin = static_cast<double>(b);
        break;
    }
    return group;
}

} // namespace

std::vector<RateBreak> rate_breaks(std::span<const std::uint64_t> counts, std::size_t window,
                                   double z_min, double ratio_min, double dispersion) {
    std::vector<double> raw, stable;
    for (const std::uint64_t x : counts) {
        raw.push_back(static_cast<double>(x) + 0.5);
        stable.push_back(2 * std::sqrt(static_cast<double>(x) + 0.375));
    }
    std::vector<Jump> found;
    for (std::size_t at = window; at + window <= raw.size(); ++at) {
        const Jump jump = jump_at(raw, stable, at, window, dispersion);
        const double ratio = jump.found.ratio;
        if (std::fabs(jump.found.z) >= z_min && std::max(ratio, 1 / ratio) >= ratio_min)
            found.push_back(jump);
    }
    std::stable_sort(found.begin(), found.end(), [](const Jump& a, const Jump& b) {
        if (std::fabs(a.found.z) != std::fabs(b.found.z))
            return std::fabs(a.found.z) > std::fabs(b.found.z);
        return std::fabs(a.means) > std::fabs(b.means);
    });
    std::vector<RateBreak> kept;
    for (const auto& [jump, means] : found)
        if (std::none_of(kept.begin(), kept.end(), [&, at = jump.at](const RateBreak& k) {
                return std::max(k.at, at) - std::min(k.at, at) < window;
            }))
            kept.push_back(jump);
    std::sort(kept.begin(), kept.end(),
              [](const RateBreak& a, const RateBreak& b) { return a.at < b.at; });
    return kept;
}

namespace {

/// Sums of counts up to each place.
std::vector<std::uint64_t> running_sums(std::span<const std::uint64_t> counts) {
    std::vector<std::uint64_t> sums(counts.size() + 1, 0);
    std::partial_sum(counts.begin(), counts.end(), sums.begin() + 1);
    return sums;
}

/// Rows of kinds before and behind every place.
class SwitchSearch {
public:
    SwitchSearch(std::span<const std::vector<std::uint64_t>> counts,
                 std::span<const std::uint64_t> totals, const SwitchRule& rule)
        : rule_(rule), places_(totals.size()), total_(running_sums(totals)) {
        for (const auto& kind : counts)
            kinds_.push_back(running_sums(kind));
        std::vector<std::uint64_t> filled;
        for (const std::uint64_t count : totals)
            filled.push_back(count > 0 ? 1 : 0);
        filled_ = running_sums(filled);
    }

    void find(std::size_t from, std::size_t to, std::vector<KindSwitch>& out) const {
        std::vector<std::size_t> run;
        for (std::size_t at = 1; at < places_; ++at) {
            if (!holds(at, from, to)) continue;
            if (!run.empty() && at - run.back() > rule_.window) {
                out.push_back(best_of(run, from, to));
                run.clear();
            }
            run.push_back(at);
        }
        if (!run.empty()) out.push_back(best_of(run, from, to));
    }

private:
    struct Range {
        std::size_t begin, end;
    };
    Range before(std::size_t at) const {
        const std::size_t end = at - std::min(at, rule_.transition);
        return {end - std::min(end, rule_.window), end};
    }
    Range behind(std::size_t at) const {
        const std::size_t begin = std::min(places_, at + rule_.transition);
        return {begin, std::min(places_, begin + rule_.window)};
    }
    static std::uint64_t sum(const std::vector<std::uint64_t>& sums, Range range) {
        return sums[range.end] - sums[range.begin];
    }
    double share(std::size_t kind, Range range) const {
        return static_cast<double>(sum(kinds_[kind], range)) /
               static_cast<double>(sum(total_, range));
    }
    bool enough(Range range) const {
        return sum(filled_, range) >= rule_.filled_min && sum(total_, range) >= rule_.rows_min;
    }
    bool holds(std::size_t at, std::size_t from, std::size_t to) const {
        const Range first = before(at), second = behind(at);
        return enough(first) && enough(second) && share(from, first) >= rule_.share_min &&
               share(from, second) <= rule_.rest_max && share(to, first) <= rule_.rest_max &&
               share(to, second) >= rule_.share_min;
    }
    KindSwitch best_of(const std::vector<std::size_t>& run, std::size_t from,
                       std::size_t to) const {
        const Range whole{before(run.front()).begin, behind(run.back()).end};
        const auto misplaced = [&](std::size_t at) {
            return sum(kinds_[from], {at, whole.end}) + sum(kinds_[to], {whole.begin, at});
        };
        const std::size_t at =
            *std::min_element(run.begin(), run.end(), [&](std::size_t a, std::size_t b) {
                return misplaced(a) < misplaced(b);
            });
        return {.at = at,
                .from = from,
                .to = to,
                .before = share(from, before(at)),
                .behind = share(to, behind(at))};
    }

    const SwitchRule& rule_;
    std::size_t places_;
    std::vector<std::uint64_t> total_, filled_;
    std::vector<std::vector<std::uint64_t>> kinds_;
};

} // namespace

std::vector<KindSwitch> kind_switches(std::span<const std::vector<std::uint64_t>> counts,
                                      std::span<const std::uint64_t> totals,
                                      const SwitchRule& rule) {
    const SwitchSearch search(counts, totals, rule);
    std::vector<KindSwitch> found;
    for (std::size_t from = 0; from < counts.size(); ++from)
        for (std::size_t to = 0; to < counts.size(); ++to)
            if (from != to) search.find(from, to, found);
    return found;
}

double digit_preference(const std::array<std::uint64_t, 10>& counts) noexcept {
    const auto total = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
    if (total == 0) return 0;
    double distance = 0;
    for (const std::uint64_t count : counts)
        distance += std::fabs(static_cast<double>(count) / static_cast<double>(total) - 0.1);
    return distance / 2;
}

std::optional<UnitMixture> find_mixture(std::span<const std::uint64_t> counts, double share_min) {
    constexpr std::uint64_t filled_min = 4; // of the 7 bins around a peak
    const std::size_t bins = counts.size();
    std::vector<std::uint64_t> smooth(bins);
    for (std::size_t b = 0; b < bins; ++b)
        smooth[b] = counts[b] + (b > 0 ? counts[b - 1] : 0) + (b + 1 < bins ? counts[b + 1] : 0);
    const double total =
        static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}));
    std::optional<UnitMixture> best;
    for (std::size_t cut = 1; cut < bins; ++cut) {
        const Group low = group_of(counts, smooth, 0, cut),
                    high = group_of(counts, smooth, cut, bins);
        const std::uint64_t smaller = std::min(low.values, high.values);
        if (low.filled < filled_min || high.filled < filled_min ||
            static_cast<double>(smaller) < share_min * total)
            continue;
        const auto lowest = static_cast<double>(
            *std::min_element(smooth.begin() + static_cast<std::ptrdiff_t>(low.peak),
                              smooth.begin() + static_cast<std::ptrdiff_t>(high.peak) + 1));
        const auto peak = static_cast<double>(std::min(smooth[low.peak], smooth[high.peak]));
        const double ratio = std::exp2((high.median_bin - low.median_bin) / 8);
        if (static_cast<double>(smooth[cut]) > lowest || 4 * lowest > peak ||
            peak - lowest < 4 * std::sqrt(peak) || ratio < 1.5)
            continue;
        if (!best || smaller > best->smaller)
            best = UnitMixture{.cut = cut, .smaller = smaller, .ratio = ratio};
    }
    return best;
}

} // namespace salus
