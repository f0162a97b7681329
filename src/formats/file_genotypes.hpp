#pragma once

#include "genotype/counted_variants.hpp"
#include "genotype/genotype_source.hpp"
#include "schema/stage.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

namespace salus {

/// Opens a genotype store folder, or any genotype file that open_genotype_file reads, with the
/// defaults of ingest_genomes. The same variants, genotypes and blocks as from the store that
/// ingest_genomes makes of the file.
///
/// Files by variant number (PLINK 1) are read in place. VCF and BCF are read once from end to end
/// at the first question for a variant, to count variants and to remember where every block begins
/// (16 bytes a block), and again by those who read. So several stages, or many ranks, are better
/// served by a store. DataError as the readers throw it.
std::unique_ptr<GenotypeSource> open_any_genotypes(const std::filesystem::path& path);

/// What is known of the size before reading; 0 variants if only a reading tells.
struct GenotypeSizes {
    std::uint64_t samples = 0, variants = 0;
    bool dosages = false; // or there may be some
};
GenotypeSizes genotype_sizes(const std::filesystem::path& path);

/// Takes them from the input `genotypes`, where it is there; adds the problem if it is bad.
void examine_genotypes(const Inputs& inputs, Workload& sizes, std::vector<Problem>& problems);

/// Autosomal variants that the input `ld` keeps, or without it those that pass in `quality` with at
/// least this frequency: `pruned` and `set_variants`, and how many. Nothing if that result is still
/// to be made or is of too many variants; adds the problem if it is bad.
std::optional<CountedAutosomes> examine_variant_set(const Inputs& inputs, double frequency_min,
                                                    Workload& sizes,
                                                    std::vector<Problem>& problems);

/// Variants of a block of the store.
double block_rows(const Workload& sizes);
/// Bytes that dosages take where at most `rows` variants are read at once (all, or at least a block
/// of the store): 2 a sample and variant, and what a packed block of them is beyond the 4 MiB that
/// are read of calls. 0 where there are none.
double dosage_bytes(const Workload& sizes, double rows);
/// Variants that are read at once by a stage that reads whole blocks of the store, about `bytes` of
/// calls, in work units that are a share 1/`units` of all variants.
double variants_at_once(const Workload& sizes, double bytes, double units);

} // namespace salus
