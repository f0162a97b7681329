#pragma once

#include "base/cache_lines.hpp"
#include "genotype/genotype_source.hpp"
#include "kernels/call_pairs.hpp"
#include "models/ld.hpp"
#include "stages/ld/selection.hpp"

#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

namespace salus::ld {

/// The samples of LD as bits: one set, or on X those who are not recorded males, and the males.
struct SampleSets {
    SampleBits first, males;
    SampleSets(const LdSamples& samples, bool x_linked);
};

/// A source that several threads read in turn: the file library serves one at a time.
class SharedGenotypes {
public:
    explicit SharedGenotypes(const GenotypeSource& source) : source_(source) {}
    /// Reads the block that holds variant `row`.
    void read_block(std::uint64_t row, VariantBlock& out) const;

private:
    const GenotypeSource& source_;
    mutable std::mutex mutex_;
};

/// Whether r2 of two variants is above the limit, from planes of one set: bounds first, then as
/// many samples as it takes.
bool planes_in_ld(const CallPlanes& a, const CallPlanes& b, const R2Limit& limit) noexcept;

/// Genotypes of a sliding range of the candidates of one chromosome, in the form that pair sums
/// want: planes, or the carrier list where few carry the variant. Not for several threads while it
/// slides; pairs may be asked by many.
/// Memory: 3/8 byte x N per variant of `width` (twice that on X), and one block of the source.
class GenotypeWindow {
public:
    /// \param rows  [candidate] of the store; must live as long
    /// \param width  most candidates at once
    /// \param head_share  as R2Limit::head_share, where in_ld is asked
    GenotypeWindow(const SharedGenotypes& genotypes, std::span<const std::uint64_t> rows,
                   const SampleSets& sets, bool x_linked, std::size_t width, double head_share = 1);

    /// Moves to [begin, end): forgets what is before `begin` and reads up to `end`. Both only
    /// grow, and end - begin is at most the width.
    void slide(std::uint32_t begin, std::uint32_t end);
    std::uint32_t end() const noexcept { return end_; }

    /// Sums over the samples called in both; on X as x_linked_sums.
    CallPairSums pair(std::uint32_t a, std::uint32_t b) const noexcept;
    /// Whether r2 of the pair is above the limit: by the cheapest way that is certain.
    bool in_ld(std::uint32_t a, std::uint32_t b, const R2Limit& limit) const noexcept;
    /// Sums of one variant over its own called samples (on X weighted likewise).
    CallSums sums(std::uint32_t candidate) const noexcept;

private:
    struct Slot {
        bool listed = false;
        std::vector<Carrier> carriers; // members only, if listed
        CallSums sums;                 // of the list
    };
    std::size_t slot(std::uint32_t candidate) const noexcept { return candidate % width_; }
    void load(std::uint32_t candidate);
    CallPairSums first_pair(std::size_t a, std::size_t b) const noexcept;

    const SharedGenotypes& genotypes_;
    std::span<const std::uint64_t> rows_;
    const SampleSets& sets_;
    bool x_linked_;
    std::size_t width_;
    std::uint32_t end_ = 0;
    bool started_ = false;
    VariantBlock block_;
    CallPlaneSlots planes_, male_planes_;
    std::vector<Slot> slots_;
    CacheLines<std::uint8_t> unpacked_; // one padded row
};

} // namespace salus::ld
