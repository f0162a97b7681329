#include "models/duplicates.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

namespace salus {
namespace {

/// Mixing function of SplitMix64.
std::uint64_t mix(std::uint64_t x) noexcept {
    x += 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

/// Disjoint sets whose representative is the lowest member.
class Groups {
public:
    explicit Groups(std::size_t n) : parent_(n) { std::iota(parent_.begin(), parent_.end(), 0u); }
    std::size_t find(std::size_t i) noexcept {
        while (parent_[i] != i)
            i = parent_[i] = parent_[parent_[i]];
        return i;
    }
    void join(std::size_t a, std::size_t b) noexcept {
        a = find(a), b = find(b);
        parent_[std::max(a, b)] = std::min(a, b);
    }

private:
    std::vector<std::size_t> parent_;
};

void search_bucket(const MarkerPanel& panel, const DuplicateSearch& search,
                   std::span<const std::pair<std::uint64_t, std::size_t>> bucket, Groups& groups) {
    std::vector<std::size_t> distinct;
    for (const auto& [signature, sample] : bucket) {
        const bool known = std::any_of(distinct.begin(), distinct.end(), [&](std::size_t other) {
            if (groups.find(other) == groups.find(sample)) return true;
            const auto c = panel.compare(other, sample);
            const bool same =
                c.compared >= search.compared_min && c.equal >= search.concordance_min * c.compared;
            if (same) groups.join(other, sample);
            return same;
        });
        if (!known && distinct.size() < search.compared_per_bucket) distinct.push_back(sample);
    }
}

} // namespace

MarkerPanel::MarkerPanel(std::span<const std::uint8_t> rows, std::size_t samples)
    : samples_(samples), markers_(samples == 0 ? 0 : rows.size() / ((samples + 3) / 4)),
      words_((markers_ + 63) / 64), low_(samples * words_), high_(samples * words_) {
    const std::size_t bytes = (samples + 3) / 4;
    for (std::size_t w = 0; w < words_; ++w) {
        const std::size_t count = std::min<std::size_t>(64, markers_ - 64 * w);
        const std::uint8_t* const first = rows.data() + 64 * w * bytes;
        for (std::size_t i = 0; i < samples; ++i) {
            std::uint64_t low = 0, high = 0;
            for (std::size_t m = 0; m < count; ++m) {
                const std::uint64_t call =
                    std::uint64_t{first[m * bytes + i / 4]} >> (2 * (i % 4)) & 3u;
                low |= (call & 1) << m;
                high |= (call >> 1) << m;
            }
            low_[i * words_ + w] = low;
            high_[i * words_ + w] = high;
        }
    }
}

std::uint8_t MarkerPanel::call(std::size_t sample, std::size_t marker) const noexcept {
    const std::size_t word = sample * words_ + marker / 64;
    const auto shift = marker % 64;
    return static_cast<std::uint8_t>((low_[word] >> shift & 1) | (high_[word] >> shift & 1) << 1);
}

MarkerPanel::Concordance MarkerPanel::compare(std::size_t a, std::size_t b) const noexcept {
    Concordance result;
    for (std::size_t w = 0; w < words_; ++w) {
        const std::uint64_t la = low_[a * words_ + w], ha = high_[a * words_ + w];
        const std::uint64_t lb = low_[b * words_ + w], hb = high_[b * words_ + w];
        std::uint64_t called = ~(la & ha) & ~(lb & hb);
        if (w + 1 == words_ && markers_ % 64 != 0)
            called &= (std::uint64_t{1} << (markers_ % 64)) - 1;
        const std::uint64_t equal = called & ~(la ^ lb) & ~(ha ^ hb);
        result.compared += static_cast<std::uint32_t>(std::popcount(called));
        result.equal += static_cast<std::uint32_t>(std::popcount(equal));
    }
    return result;
}

std::uint64_t MarkerPanel::signature(std::size_t sample, std::size_t band,
                                     std::size_t step) const noexcept {
    std::uint64_t calls = 0, hash = 1;
    std::size_t taken = 0;
    for (std::size_t m = band; m < markers_; m += step) {
        const std::uint8_t c = call(sample, m);
        if (c == 3) return 0;
        calls = calls << 2 | c;
        if (++taken % 32 == 0) hash = mix(hash ^ calls), calls = 0;
    }
    return mix(hash ^ calls) | 1;
}

std::vector<std::size_t> find_duplicates(const MarkerPanel& panel, const DuplicateSearch& search) {
    Groups groups(panel.samples());
    const std::size_t bands = panel.markers() / std::max<std::size_t>(1, search.band_markers);
    std::vector<std::pair<std::uint64_t, std::size_t>> signatures;
    for (std::size_t band = 0; band < bands; ++band) {
        signatures.clear();
        for (std::size_t i = 0; i < panel.samples(); ++i)
            if (const std::uint64_t s = panel.signature(i, band, bands))
                signatures.emplace_back(s, i);
        std::sort(signatures.begin(), signatures.end());
        for (std::size_t begin = 0; begin < signatures.size();) {
            std::size_t end = begin + 1;
            while (end < signatures.size() && signatures[end].first == signatures[begin].first)
                ++end;
            if (end - begin > 1)
                search_bucket(panel, search, std::span(signatures).subspan(begin, end - begin),
                              groups);
            begin = end;
        }
    }
    std::vector<std::size_t> representative(panel.samples());
    for (std::size_t i = 0; i < panel.samples(); ++i)
        representative[i] = groups.find(i);
    return representative;
}

} // namespace salus
