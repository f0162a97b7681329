#pragma once

#include "genotype/genotype_source.hpp"
#include "genotype/store_writer.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace salus {

/// What the stores have in common: the same samples at other variants, or other samples.
enum class MergeKind : std::uint8_t { variants, samples };

/// Where the variants of one chromosome are in each store.
struct MergeChromosome {
    std::string name;
    std::vector<VariantRange> ranges; // [store], empty where a store has none
};

/// Variants of one chromosome at positions from `begin` to before `end`.
struct MergeUnit {
    std::size_t chromosome;
    std::uint64_t begin, end;
};

struct MergePlan {
    MergeKind kind = MergeKind::samples;
    StoreDescription result;
    /// [store][sample of the result] -> sample of the store; for kind `variants`, and empty where
    /// the order is the same.
    std::vector<std::vector<std::uint32_t>> order;
    std::vector<MergeChromosome> chromosomes; // in the order of the result
    std::vector<MergeUnit> units;
    std::vector<std::string> warnings;
};

using GenotypeStores = std::vector<std::unique_ptr<GenotypeSource>>;
/// DataError with all problems at once.
GenotypeStores open_stores(std::span<const std::filesystem::path> paths);

/// Decides how the stores are merged: a function of the stores alone. DataError if samples overlap
/// in part, sexes or genome builds contradict each other, or chromosomes come in contradicting
/// orders. Looks up O(stores x chromosomes x log variants) variants.
MergePlan plan_merge(const GenotypeStores& stores, std::span<const std::filesystem::path> paths);

/// First variant of `range`, which is on one chromosome, at `position` or behind it. Looks up
/// O(log variants).
std::uint64_t first_at(const GenotypeSource& store, VariantRange range, std::uint64_t position);

} // namespace salus
