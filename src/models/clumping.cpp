#include "models/clumping.hpp"

#include "genotype/packed.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

namespace salus {
namespace {

/// Integer sums over the samples called in both variants.
struct HardcallSums {
    std::int64_t n = 0, x = 0, xx = 0, y = 0, yy = 0, xy = 0;
};

struct Planes {
    const std::uint64_t *het, *hom, *missing;
};

[[gnu::target_clones("popcnt", "default")]] HardcallSums
pair_sums(Planes a, Planes b, std::size_t words, std::size_t samples) noexcept {
    std::int64_t het_a = 0, hom_a = 0, het_b = 0, hom_b = 0, one = 0, two = 0, four = 0, absent = 0;
    for (std::size_t w = 0; w < words; ++w) {
        const std::uint64_t lost = a.missing[w] | b.missing[w], ok = ~lost;
        const std::uint64_t ha = a.het[w] & ok, oa = a.hom[w] & ok, hb = b.het[w] & ok,
                            ob = b.hom[w] & ok;
        absent += std::popcount(lost);
        het_a += std::popcount(ha), hom_a += std::popcount(oa);
        het_b += std::popcount(hb), hom_b += std::popcount(ob);
        one += std::popcount(ha & hb);
        two += std::popcount((ha & ob) | (oa & hb));
        four += std::popcount(oa & ob);
    }
    return {.n = static_cast<std::int64_t>(samples) - absent,
            .x = het_a + 2 * hom_a,
            .xx = het_a + 4 * hom_a,
            .y = het_b + 2 * hom_b,
            .yy = het_b + 4 * hom_b,
            .xy = one + 2 * two + 4 * four};
}

} // namespace

LdRows::LdRows(std::vector<std::uint32_t> members)
    : members_(std::move(members)), words_((members_.size() + 63) / 64) {}

void LdRows::add(std::span<const std::uint8_t> row) {
    planes_.resize(planes_.size() + 3 * words_);
    std::uint64_t* const planes = planes_.data() + 3 * words_ * size_++;
    for (std::size_t i = 0; i < members_.size(); ++i) {
        const std::uint8_t call = packed_get(row, members_[i]);
        if (call != hom_ref) planes[(call - 1u) * words_ + i / 64] |= std::uint64_t{1} << (i % 64);
    }
}

double LdRows::r2(std::size_t a, std::size_t b) const noexcept {
    const auto planes = [&](std::size_t v) {
        const std::uint64_t* first = planes_.data() + 3 * words_ * v;
        return Planes{first, first + words_, first + 2 * words_};
    };
    const HardcallSums s = pair_sums(planes(a), planes(b), words_, members_.size());
    // Below 2^31 samples every product of two sums fits.
    const double covariance = static_cast<double>(s.n * s.xy - s.x * s.y);
    const double variance_a = static_cast<double>(s.n * s.xx - s.x * s.x);
    const double variance_b = static_cast<double>(s.n * s.yy - s.y * s.y);
    return variance_a > 0 && variance_b > 0 ? covariance * covariance / (variance_a * variance_b)
                                            : 0;
}

std::vector<ClumpPlace> clump_members(std::span<const ClumpCandidate> candidates,
                                      const LdRows& rows, const ClumpRule& rule,
                                      double index_neg_log10_p) {
    std::vector<std::size_t> order(candidates.size());
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return candidates[a].neg_log10_p > candidates[b].neg_log10_p;
    });
    std::vector<ClumpPlace> places(candidates.size());
    for (const std::size_t i : order) {
        if (candidates[i].neg_log10_p < index_neg_log10_p) break;
        if (places[i].index != SIZE_MAX) continue;
        places[i] = {.index = i, .r2 = 1};
        const std::uint32_t here = candidates[i].position;
        const auto claim = [&](std::size_t k) {
            if (places[k].index != SIZE_MAX) return;
            const double r2 = rows.r2(i, k);
            if (r2 >= rule.r2_min) places[k] = {.index = i, .r2 = r2};
        };
        for (std::size_t k = i; k-- > 0 && here - candidates[k].position <= rule.window_bp;)
            claim(k);
        for (std::size_t k = i + 1;
             k < candidates.size() && candidates[k].position - here <= rule.window_bp; ++k)
            claim(k);
    }
    return places;
}

std::vector<std::size_t> clump(std::span<const ClumpCandidate> candidates, const LdRows& rows,
                               const ClumpRule& rule) {
    const auto places =
        clump_members(candidates, rows, rule, -std::numeric_limits<double>::infinity());
    std::vector<std::size_t> index;
    for (std::size_t i = 0; i < places.size(); ++i)
        if (places[i].index == i) index.push_back(i);
    return index;
}

} // namespace salus
