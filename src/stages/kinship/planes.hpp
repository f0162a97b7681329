#pragma once

#include "models/pair_search.hpp"
#include "run/context.hpp"
#include "stages/kinship/selection.hpp"

#include <cstdint>
#include <vector>

namespace salus::relatedness {

/// How samples of the cohort are cut into bands: a function of their number alone.
struct Bands {
    std::uint64_t samples = 0; // of the cohort
    std::uint64_t size = 1;    // samples in a band; the last may hold fewer
    explicit Bands(std::uint64_t samples);
    std::uint64_t count() const noexcept { return (samples + size - 1) / size; }
    std::uint64_t begin(std::uint64_t band) const noexcept { return band * size; }
    std::uint64_t length(std::uint64_t band) const noexcept {
        return std::min(size, samples - begin(band));
    }
};

/// Chosen variants per unit of the transposition: whole chunks, at most 2^27 bytes of calls.
std::uint64_t group_variants(std::uint64_t samples) noexcept;

/// (all) Writes the calls of the chosen variants sample by sample into parts: one array per band.
/// Within a group the variants with most heterozygous calls come first. Scratch: N M / 4 bytes.
Parts write_planes(RunContext& context, const GenotypeSource& genotypes, const Cohort& cohort,
                   const ChosenVariants& chosen);

/// Bands read back, chunks with most heterozygous calls first. Keeps the two bands used last.
class BandReader {
public:
    BandReader(const Parts& parts, const Bands& bands);
    const PlaneBand& band(std::uint64_t index);
    /// Heterozygous calls of the cohort in every chunk, in the order of the bands.
    const std::vector<std::uint64_t>& chunk_het() const noexcept { return chunk_het_; }

private:
    struct Place {
        std::uint64_t het;
        std::uint64_t part;
        std::size_t chunk;
    };
    struct Held {
        std::uint64_t index = ~std::uint64_t{0};
        std::uint64_t used = 0;
        PlaneBand planes;
    };
    PlaneBand read(std::uint64_t index) const;

    const Parts& parts_;
    Bands bands_;
    std::vector<std::vector<std::size_t>> place_; // [part][chunk] where it goes
    std::size_t chunks_ = 0;
    std::vector<std::uint64_t> chunk_het_;
    Held held_[2];
    std::uint64_t clock_ = 0;
};

} // namespace salus::relatedness
