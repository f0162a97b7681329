#pragma once

#include "models/point_normal.hpp"
#include "stages/pgs_weights/statistics.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace salus::pgs_weights {

/// Used variants [begin, end) of one chromosome.
struct BlockRange {
    std::size_t begin = 0, end = 0;
    std::size_t size() const noexcept { return end - begin; }
};

/// Cuts chromosomes into blocks of at most `most` variants: each ends at the widest gap between
/// neighbours among the places that leave it at least half full (the first of equals).
std::vector<BlockRange> cut_blocks(const Statistics& statistics, std::size_t most);

/// Correlations of the variants of each block over the LD samples, missing calls at the mean of
/// the variant (phase `ld`). A part has r [row][column] and the LD scores within the block.
Parts compute_ld(const GenotypeSource& genotypes, const LdSamples& samples,
                 const Statistics& statistics, std::span<const BlockRange> blocks,
                 RunContext& context);

/// Statistics and correlations of one block.
struct LoadedBlock {
    BlockRange range;
    std::vector<double> r;
    LdBlock view(const Statistics& s) const {
        const auto part = [&](const std::vector<double>& all) {
            return std::span<const double>(all).subspan(range.begin, range.size());
        };
        return {part(s.effect), part(s.n), r};
    }
};
LoadedBlock load_block(const Parts& ld, std::span<const BlockRange> blocks, std::size_t block);

/// A set of weights that is made.
struct Column {
    std::string name, method;
    double lambda_share = 0, delta = 0; // lassosum2
    double r2 = 0, p = 0;               // clumping
};
std::vector<Column> columns_of(const PgsWeightsParams& params);

/// Weights per ALT copy by all methods but auto (phase `weights`): a part has weights
/// [column][variant] and whether each was found, [column].
Parts block_weights(const PgsWeightsParams& params, const Statistics& statistics, const Parts& ld,
                    std::span<const BlockRange> blocks, std::span<const Column> columns, double h2,
                    RunContext& context);

} // namespace salus::pgs_weights
