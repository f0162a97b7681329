#include "models/population_panel.hpp"

#include "base/error.hpp"
#include "base/random.hpp"

#include <algorithm>
#include <cmath>

namespace salus {

FounderPanel::FounderPanel(std::vector<AncestryGroup> groups, std::uint32_t per_group,
                           double scale_cm, std::uint64_t seed)
    : groups_(std::move(groups)), per_group_(per_group), seed_(seed),
      draws_(seed, "simulate.panel") {
    SALUS_ASSERT(!groups_.empty() && per_group_ >= 2 && (groups_.size() + 1) * per_group_ <= 65535);
    constexpr double usual_drift = 0.1;
    for (std::uint32_t j = 1; j <= per_group_; ++j)
        rank_.push_back(j);
    for (const AncestryGroup& group : groups_)
        for (std::uint32_t k = 0; k < per_group_; ++k)
            rank_.push_back((1 - group.f_st) / group.f_st + k);
    for (std::uint32_t j = 0; j < size(); ++j) {
        const double drift = j < per_group_ ? usual_drift : groups_[j / per_group_ - 1].f_st;
        length_.push_back(scale_cm * std::sqrt(rank_[j]) * drift / usual_drift);
    }
    double total = 0;
    for (std::uint32_t j = 0; j < size(); ++j)
        cumulative_.push_back(total += j == 0 ? 0 : 1 / std::max(1.0, rank_[j]));
    for (double& value : cumulative_)
        value /= total;
}

std::uint32_t FounderPanel::source(std::uint32_t lineage, std::uint32_t draw) const noexcept {
    if (lineage < per_group_) return lineage == 0 ? 0 : scaled(draw, lineage);
    const std::uint32_t k = (lineage - per_group_) % per_group_;
    const double share = draw * 0x1p-32 * rank_[lineage]; // in [0, a + k)
    if (share < k) return lineage - k + static_cast<std::uint32_t>(share);
    const double rest = (share - k) / (rank_[lineage] - k);
    return std::min(per_group_ - 1, static_cast<std::uint32_t>(rest * per_group_));
}

void FounderPanel::move_to(std::uint32_t region, float at, Sources& sources) const {
    if (sources.region != region) {
        sources.region = region;
        sources.parent.assign(size(), 0);
        sources.end.assign(size(), -1.0F);
    }
    for (std::uint32_t j = 1; j < size(); ++j) {
        if (at < sources.end[j]) continue;
        const MosaicSegment segment = mosaic_segment(draws_, j, region, at, length_[j]);
        sources.parent[j] = static_cast<std::uint16_t>(source(j, segment.draw));
        sources.end[j] = segment.end;
    }
}

void FounderPanel::spread(std::uint32_t origin, std::uint8_t value, const Sources& sources,
                          std::span<std::uint8_t> allele) const {
    std::vector<bool> descends(size(), false);
    descends[origin] = true;
    allele[origin] = value;
    for (std::uint32_t j = origin + 1; j < size(); ++j)
        if (descends[sources.parent[j]]) {
            descends[j] = true;
            allele[j] = value;
        }
}

void FounderPanel::count(SiteDraw& draw) const {
    draw.frequency.assign(groups_.size(), 0);
    draw.alt_frequency = 0;
    for (std::size_t g = 0; g < groups_.size(); ++g) {
        const auto begin = draw.allele.begin() + first(g);
        draw.frequency[g] =
            static_cast<double>(std::count(begin, begin + per_group_, 1)) / per_group_;
        draw.alt_frequency += groups_[g].proportion * draw.frequency[g];
    }
}

void FounderPanel::draw_site(const SimulatedSite& site, const Sources& sources, double minor_min,
                             std::size_t alts, SiteDraw& out) const {
    constexpr int attempts = 200; // a share of a tenth and more is accepted at sensible minor_min
    Rng rng(seed_, "simulate.mutation", site.id);
    const auto lineage = [&] {
        const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end(), rng.uniform());
        return std::min(size() - 1, static_cast<std::uint32_t>(found - cumulative_.begin()));
    };
    for (int attempt = 0; attempt < attempts; ++attempt) {
        out.allele.assign(size(), 0);
        spread(lineage(), 1, sources, out.allele);
        if (alts > 1) spread(lineage(), 2, sources, out.allele);
        count(out);
        if (std::min(out.alt_frequency, 1 - out.alt_frequency) >= minor_min) return;
    }
}

} // namespace salus
