#pragma once

#include "kernels/call_pairs.hpp"
#include "models/summary_quality.hpp"
#include "run/context.hpp"
#include "stages/pgs_weights/pgs_weights.hpp"
#include "stages/score/matching.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace salus::pgs_weights {

/// Who the LD is of.
struct LdSamples {
    std::vector<std::uint8_t> members; // [sample]
    SampleBits bits;
};

/// Used variants in genotype order, the same on every rank. Memory: 100 bytes each.
struct Statistics {
    std::string trait; // name of the result's table
    std::vector<std::uint64_t> row;
    std::vector<std::int32_t> chromosome; // 1 to 22
    std::vector<std::uint32_t> position;
    std::vector<double> beta, scale, n, neg_log10_p; // per ALT copy
    std::vector<double> effect;                      // beta / scale
    std::vector<double> log_variance; // of 2 f (1 - f) of the LD samples, less the mean of all
    // What became of the rows of the file.
    std::uint64_t rows = 0, unmatched = 0, mismatched = 0, not_autosomal = 0, duplicates = 0,
                  untested = 0;
    std::array<std::uint64_t, summary_defects> defects{};
    std::size_t size() const noexcept { return row.size(); }
};

/// Reads statistics (phase `statistics`), finds their variants (phase `variants`), counts their
/// alleles in the LD samples (phase `frequencies`) and checks them. DataError if nothing or too
/// little is left.
Statistics read_statistics(const PgsWeightsParams& params, const GenotypeSource& genotypes,
                           const LdSamples& samples, RunContext& context);

} // namespace salus::pgs_weights
