#include "models/duplicates.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

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
                   std::span<const std::size_t> bucket, Groups& groups) {
    std::vector<std::size_t> distinct;
    for (const std::size_t sample : bucket) {
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

/// Eight rows of eight bits -> eight columns of eight bits.
std::uint64_t transpose_bits(std::uint64_t x) noexcept {
    std::uint64_t t = (x ^ x >> 7) & 0x00aa00aa00aa00aa;
    x ^= t ^ t << 7;
    t = (x ^ x >> 14) & 0x0000cccc0000cccc;
    x ^= t ^ t << 14;
    t = (x ^ x >> 28) & 0x00000000f0f0f0f0;
    return x ^ t ^ t << 28;
}

/// Signatures that come more than once, ascending: all others have nobody to meet.
std::vector<std::uint64_t> repeated(std::span<const std::uint64_t> signatures,
                                    std::vector<std::uint64_t>& slots) {
    slots.assign(std::bit_ceil(2 * signatures.size() + 2), 0);
    const std::size_t last = slots.size() - 1;
    std::vector<std::uint64_t> found;
    for (const std::uint64_t s : signatures) {
        if (s == 0) continue;
        std::size_t at = (s >> 20) & last;
        while (slots[at] != 0 && slots[at] != s)
            at = (at + 1) & last;
        if (slots[at] == s) found.push_back(s);
        slots[at] = s;
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

} // namespace

MarkerPanel::MarkerPanel(std::span<const std::uint8_t> rows, std::size_t samples,
                         std::size_t band_markers)
    : samples_(samples), markers_(samples == 0 ? 0 : rows.size() / ((samples + 3) / 4)),
      words_((markers_ + 63) / 64), bands_(markers_ / std::max<std::size_t>(1, band_markers)),
      low_(samples * words_), high_(samples * words_) {
    const std::size_t bytes = (samples + 3) / 4;
    std::vector<const std::uint8_t*> row_at(words_ * 64, nullptr);
    for (std::size_t m = 0; m < markers_; ++m)
        row_at[place_of(m)] = rows.data() + m * bytes;
    for (std::size_t group = 0; group < words_ * 8; ++group) { // of eight markers
        const std::span eight = std::span(row_at).subspan(8 * group, 8);
        const std::size_t word = group / 8, shift = 8 * (group % 8);
        for (std::size_t b = 0; b < bytes; ++b) {
            std::uint64_t calls = 0;
            for (std::size_t m = 0; m < 8 && eight[m] != nullptr; ++m)
                calls |= std::uint64_t{eight[m][b]} << (8 * m);
            calls = transpose_bits(calls);
            for (std::size_t i = 4 * b; i < std::min(samples, 4 * b + 4); ++i) {
                low_[i * words_ + word] |= (calls & 0xff) << shift;
                high_[i * words_ + word] |= (calls >> 8 & 0xff) << shift;
                calls >>= 16;
            }
        }
    }
}

/// Band b holds the markers b, b + bands ...; the first markers % bands bands have one more.
std::size_t MarkerPanel::place_of(std::size_t marker) const noexcept {
    if (bands_ == 0) return marker;
    const std::size_t band = marker % bands_;
    return band * (markers_ / bands_) + std::min(band, markers_ % bands_) + marker / bands_;
}

std::uint8_t MarkerPanel::call(std::size_t sample, std::size_t marker) const noexcept {
    const std::size_t place = place_of(marker), word = sample * words_ + place / 64;
    const auto shift = place % 64;
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

std::uint64_t MarkerPanel::signature(std::size_t sample, std::size_t band) const noexcept {
    const std::size_t begin = place_of(band), end = begin + (markers_ - band + bands_ - 1) / bands_;
    const std::uint64_t wanted = (std::uint64_t{1} << (end - begin)) - 1;
    const auto bits = [&](const std::vector<std::uint64_t>& plane) {
        const std::uint64_t* const words = plane.data() + sample * words_ + begin / 64;
        std::uint64_t x = words[0] >> (begin % 64);
        if (begin / 64 != (end - 1) / 64) x |= words[1] << (64 - begin % 64);
        return x & wanted;
    };
    const std::uint64_t low = bits(low_), high = bits(high_);
    return (low & high) != 0 ? 0 : mix(mix(low) ^ high) | 1;
}

std::vector<std::size_t> find_duplicates(const MarkerPanel& panel, const DuplicateSearch& search) {
    Groups groups(panel.samples());
    std::vector<std::uint64_t> signatures(panel.samples()), slots;
    for (std::size_t band = 0; band < panel.bands(); ++band) {
        for (std::size_t i = 0; i < panel.samples(); ++i)
            signatures[i] = panel.signature(i, band);
        const std::vector<std::uint64_t> shared = repeated(signatures, slots);
        if (shared.empty()) continue;
        std::vector<std::vector<std::size_t>> buckets(shared.size()); // samples, ascending
        for (std::size_t i = 0; i < panel.samples(); ++i) {
            const auto at = std::lower_bound(shared.begin(), shared.end(), signatures[i]);
            if (at != shared.end() && *at == signatures[i])
                buckets[static_cast<std::size_t>(at - shared.begin())].push_back(i);
        }
        for (const auto& bucket : buckets)
            search_bucket(panel, search, bucket, groups);
    }
    std::vector<std::size_t> representative(panel.samples());
    for (std::size_t i = 0; i < panel.samples(); ++i)
        representative[i] = groups.find(i);
    return representative;
}

} // namespace salus
