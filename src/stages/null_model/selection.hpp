#pragma once

#include "genotype/genotype_source.hpp"
#include "run/context.hpp"
#include "stages/null_model/null_model.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace salus::whole_genome {

/// Why a variant does not enter the model.
enum class Drop : std::uint8_t { chromosome, quality, in_ld, not_called, monomorphic, rare };
inline constexpr std::size_t drop_count = 6;
std::string_view to_string(Drop drop) noexcept;

/// Consecutive chosen variants of one chromosome.
struct Block {
    std::size_t chromosome = 0;          // in BlockPlan::chromosomes
    std::vector<std::uint64_t> variants; // in the genotypes, ascending
};

/// The blocks of level 0: a function of genotypes, quality, pruning and eligible samples.
struct BlockPlan {
    std::vector<std::string> chromosomes; // in the order of the genotypes
    std::vector<Block> blocks;
    std::array<std::uint64_t, drop_count> dropped{};
    std::uint64_t variants = 0; // in all blocks
};

/// (all) Autosomal variants that pass and are common enough among the eligible samples, cut into
/// blocks of equal size per chromosome. DataError if there are none. Memory 8 bytes per chosen
/// variant.
BlockPlan plan_blocks(RunContext& context, const GenotypeSource& genotypes,
                      const std::vector<std::uint8_t>& eligible, const NullModelParams& params);

} // namespace salus::whole_genome
