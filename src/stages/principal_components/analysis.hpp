#pragma once

#include "models/block_krylov.hpp"
#include "run/context.hpp"
#include "stages/principal_components/principal_components.hpp"
#include "stages/principal_components/products.hpp"
#include "stages/principal_components/selection.hpp"

#include <cstdint>
#include <vector>

namespace salus::components {

/// What all ranks know of the chosen variants.
struct Totals {
    std::uint64_t variants = 0;
    double trace = 0; // sum of all eigenvalues of Z Z' / variants
};

/// Components of the used samples, the same on every rank.
struct Components {
    BlockKrylov::Pairs pairs;   // vectors: [used sample][component]
    std::vector<double> change; // relative change of each eigenvalue in the last iteration
    std::size_t iterations = 0;
};

/// (all) Leading eigenpairs of Z Z' / M. DataError if they have not converged.
Components find_components(const ComponentsParams& params, const RunContext& context,
                           const PackedGenotypes& genotypes, const Standard& standard,
                           const std::vector<std::uint32_t>& used, const Totals& totals);

/// Columns over all samples with these values in the used ones and zero elsewhere.
FixedColumns spread(const std::vector<std::uint32_t>& used, std::size_t samples,
                    const std::vector<std::span<const double>>& columns, unsigned limbs);

/// Z'Y of all chosen variants of this rank: [variant][column].
std::vector<double> all_variant_products(const PackedGenotypes& genotypes, const Standard& standard,
                                         const FixedColumns& y);

} // namespace salus::components
