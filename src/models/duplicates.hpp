#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// Hard calls of many samples at a set of common variants, sample by sample, for fast comparison.
/// Memory: samples x markers / 4 bytes.
class MarkerPanel {
public:
    /// `rows`: one 2-bit row of packed_bytes(samples) bytes per marker, one after another. The
    /// markers are dealt out to bands of at least `band_markers` (at most 32), or one band if there
    /// are fewer: marker m goes to band m % bands.
    MarkerPanel(std::span<const std::uint8_t> rows, std::size_t samples,
                std::size_t band_markers = 24);

    std::size_t samples() const noexcept { return samples_; }
    std::size_t markers() const noexcept { return markers_; }
    std::uint8_t call(std::size_t sample, std::size_t marker) const noexcept;

    struct Concordance {
        std::uint32_t compared = 0, equal = 0; // markers called in both
    };
    Concordance compare(std::size_t a, std::size_t b) const noexcept;
    /// Number of bands; 0 if there are fewer markers than one takes.
    std::size_t bands() const noexcept { return bands_; }
    /// Hash of the calls of a sample at the markers of a band; 0 if any is missing.
    std::uint64_t signature(std::size_t sample, std::size_t band) const noexcept;

private:
    std::size_t place_of(std::size_t marker) const noexcept;

    std::size_t samples_, markers_, words_, bands_;
    std::vector<std::uint64_t> low_, high_; // [sample][word] bit planes over markers, band by band
};

struct DuplicateSearch {
    double concordance_min = 0.95;    // share of equal calls among markers called in both
    std::uint32_t compared_min = 100; // fewer common markers decide nothing
    std::size_t compared_per_bucket =
        64; // distinct samples that a newcomer of a bucket is compared with
};

/// Groups samples that are the same genome (duplicates, identical twins): representative[i] is the
/// lowest sample index of the group of i, i itself where it is alone.
///
/// Samples that agree on all markers of one of the disjoint bands of the panel become candidates,
/// and a candidate pair is confirmed on all markers. Two samples that differ at a share e of their
/// markers meet with probability 1 - (1 - (1 - e)^24)^bands: above 1 - 1e-9 for e <= 0.02 and 42
/// bands. Cost O(bands x samples) and a few comparisons per candidate. Indyk & Motwani 1998,
/// doi:10.1145/276698.276876 (locality-sensitive hashing).
std::vector<std::size_t> find_duplicates(const MarkerPanel& panel, const DuplicateSearch& search);

} // namespace salus
