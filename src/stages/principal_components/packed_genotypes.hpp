#pragma once

#include "base/cache_lines.hpp"
#include "genotype/genotype_source.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace salus::components {

/// Consecutive chosen variants of a rank as 2-bit rows, by variant and by sample.
class Batch {
public:
    Batch(std::size_t samples, std::size_t capacity);

    std::size_t samples() const noexcept { return samples_; }
    std::size_t size() const noexcept { return size_; }
    bool full() const noexcept { return size_ == capacity_; }
    /// Chosen variants of this rank before those of the batch.
    std::size_t first = 0;

    std::span<const std::uint8_t> row(std::size_t v) const noexcept {
        return {by_variant_.data() + v * row_bytes_, row_bytes_};
    }
    std::span<const std::uint8_t> sample_row(std::size_t i) const noexcept {
        return {by_sample_.data() + i * sample_bytes_, sample_bytes_};
    }
    std::vector<const std::uint8_t*> rows() const;
    std::size_t bytes() const noexcept { return by_variant_.size() + by_sample_.size(); }

    /// Takes calls of variants of a block, as many as fit; returns how many.
    std::size_t add(const VariantBlock& block, std::span<const std::size_t> chosen);
    void clear() noexcept { size_ = 0; }
    /// Makes the rows by sample of what was added; on all threads of the rank.
    void finish();

private:
    std::size_t samples_ = 0, capacity_ = 0, size_ = 0, row_bytes_ = 0, sample_bytes_ = 0;
    CacheLines<std::uint8_t> by_variant_, by_sample_;
};

/// The chosen variants of the work units of one rank: in memory if they fit, else read again on
/// every visit. Rank-local; never communicates.
class PackedGenotypes {
public:
    /// Positions in the block that are chosen, ascending. Called for every block once, in order.
    using Choose = std::function<std::vector<std::size_t>(const VariantBlock& block)>;

    PackedGenotypes(const GenotypeSource& source, std::vector<VariantRange> units,
                    double memory_max_bytes, const Choose& choose);

    std::size_t samples() const noexcept { return source_.samples().size(); }
    std::size_t variants() const noexcept { return chosen_.size(); }
    bool in_memory() const noexcept { return in_memory_; }
    void for_each_batch(const std::function<void(const Batch&)>& visit) const;
    /// Places in the genotypes of the chosen variants of this rank, ascending.
    std::span<const std::uint64_t> chosen() const noexcept { return chosen_; }
    /// 2-bit rows of some of them, packed_bytes(samples()) each; `which`: into chosen(), ascending.
    std::vector<std::uint8_t> rows(std::span<const std::size_t> which) const;

private:
    using Consume = std::function<void(Batch&)>;
    void stream(const Choose& choose, const Consume& consume) const;

    const GenotypeSource& source_;
    std::vector<VariantRange> units_;
    std::vector<std::uint64_t> chosen_; // index in the store, ascending
    std::vector<Batch> batches_;
    bool in_memory_ = true;
};

/// Variants per read: whole blocks, about 64 MiB of 2-bit rows.
std::uint64_t read_length(const GenotypeSource& genotypes);
/// Variants per batch, a function of N: 256 to 16,384, about 128 MiB by variant.
std::size_t batch_variants(std::size_t samples) noexcept;

} // namespace salus::components
