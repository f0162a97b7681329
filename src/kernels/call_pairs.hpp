#pragma once

#include "base/cache_lines.hpp"
#include "genotype/packed.hpp"
#include "kernels/isa.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// Sums of the ALT copies g of one variant over the called samples of a set.
struct CallSums {
    std::int64_t called = 0, sum = 0, squares = 0;
    friend bool operator==(const CallSums&, const CallSums&) = default;
};

/// Exact sums over the samples of a set that are called in both variants of a pair.
struct CallPairSums {
    std::int64_t samples = 0;                  // called in both
    std::int64_t sum_a = 0, sum_b = 0;         // of g
    std::int64_t squares_a = 0, squares_b = 0; // of g * g
    std::int64_t product = 0;                  // of g_a * g_b
    friend bool operator==(const CallPairSums&, const CallPairSums&) = default;
};

/// Samples of a set as one bit each, padded with zeros to a multiple of 64 bytes.
class SampleBits {
public:
    SampleBits() = default;
    /// `members`: one value per sample, nonzero = in the set.
    explicit SampleBits(std::span<const std::uint8_t> members);
    std::size_t samples() const noexcept { return samples_; }
    std::size_t count() const noexcept { return count_; }
    /// Members from word `word` of a plane on, a multiple of 8.
    std::size_t count_from(std::size_t word) const noexcept { return after_[word / 8]; }
    /// 64-bit words of one plane; a multiple of 8.
    std::size_t words() const noexcept { return words_; }
    const std::uint64_t* data() const noexcept { return bits_.data(); }
    bool contains(std::size_t sample) const noexcept {
        return (data()[sample / 64] >> (sample % 64) & 1) != 0;
    }

private:
    std::size_t samples_ = 0, count_ = 0, words_ = 0;
    CacheLines<std::uint64_t> bits_;
    std::vector<std::size_t> after_; // [line] members of it and of later ones
};

/// What a heterozygous call counts: one copy, or (males on X) no valid call.
enum class HetCall : std::uint8_t { one_copy, missing };

/// Sums over n samples in the form that bounds of products want: sum / sqrt(n), and the root of the
/// squared distances from the mean. Both 0 without samples.
struct Moments {
    double mean = 0, spread = 0;
};
Moments moments_of(const CallSums& sums) noexcept;

/// One variant as three bit planes over the samples of a set (N/8 bytes each), zero outside the
/// set. Planes count the minor allele, g' = 2 - g where ALT is the major one, and take a missing
/// call as g' = 0, so that products over all samples are those over the samples called in both:
/// homozygous (g' = 0 or 2, or missing), two (g' = 2), called. The planes are 64-byte aligned and
/// `words` 64-bit words long.
struct CallPlanes {
    const std::uint64_t *homozygous = nullptr, *two = nullptr, *called = nullptr;
    std::size_t words = 0, head = 0; // head: the first words, looked at first
    CallSums sums;                   // of g
    CallSums minor;                  // of g', over the called
    CallSums rest;                   // of g' beyond the head; all samples count as called
    Moments rest_moments;
    std::int64_t members = 0; // samples of the set
    bool flipped = false;     // g' = 2 - g
    bool complete = false;    // nobody in the set is missing
};

/// Planes of a fixed number of variants in one allocation: 3/8 byte per variant and sample.
class CallPlaneSlots {
public:
    CallPlaneSlots() = default;
    /// `head_share`: of a plane that a glance looks at first, in (0, 1].
    CallPlaneSlots(std::size_t slots, std::size_t words, double head_share = 1);
    /// Fills a slot from a 2-bit row that is readable, and zero beyond the samples, up to a
    /// multiple of 64 bytes.
    void set(std::size_t slot, std::span<const std::uint8_t> row, const SampleBits& members,
             HetCall het_call = HetCall::one_copy, Isa isa = best_isa());
    const CallPlanes& operator[](std::size_t slot) const noexcept { return planes_[slot]; }
    std::size_t size() const noexcept { return planes_.size(); }

private:
    std::uint64_t* words_of(std::size_t slot) noexcept { return bits_.data() + 3 * words_ * slot; }
    std::size_t words_ = 0, head_ = 0;
    CacheLines<std::uint64_t> bits_;
    std::vector<CallPlanes> planes_;
};

/// A part of two planes: words [begin, end), multiples of 8.
struct WordRange {
    std::size_t begin = 0, end = 0;
};
/// Sum of (g'_a - 1) (g'_b - 1) over the samples of the set in a range of words, missing calls as
/// g' = 0: two population counts per 64 samples, whoever is missing. With the sums of g' it gives
/// the sum of g'_a g'_b over the samples called in both.
std::int64_t centred_product(const CallPlanes& a, const CallPlanes& b, WordRange range,
                             Isa isa = best_isa()) noexcept;

/// Exact pair sums by population count: two counts per 64 samples where both are complete, seven
/// where both have missing calls. Both planes are of the same set. About 0.004 ns per sample with
/// AVX-512. Never throws; `isa` must be supported.
CallPairSums pair_sums(const CallPlanes& a, const CallPlanes& b, Isa isa = best_isa()) noexcept;

/// Pair sums of a carrier list against planes; `carriers` holds members of the set only, and
/// `sums` are its own sums over the set. O(carriers).
CallPairSums pair_sums(std::span<const Carrier> carriers, const CallSums& sums,
                       const CallPlanes& b) noexcept;
/// The same for two carrier lists over `samples` members. O(carriers of both).
CallPairSums pair_sums(std::span<const Carrier> a, const CallSums& sums_a,
                       std::span<const Carrier> b, const CallSums& sums_b,
                       std::size_t samples) noexcept;

/// Sums of a carrier list of members over a set of `samples`.
CallSums call_sums(std::span<const Carrier> carriers, std::size_t samples) noexcept;

namespace reference {
/// The obvious loop over two 2-bit rows; `members` as in SampleBits.
CallPairSums pair_sums(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b,
                       std::span<const std::uint8_t> members, HetCall het_call);
} // namespace reference

} // namespace salus
