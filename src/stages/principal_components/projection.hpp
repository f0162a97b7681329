#pragma once

#include "genotype/genotype_source.hpp"
#include "run/context.hpp"
#include "stages/principal_components/principal_components.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace salus::components {

/// (all) Coordinates of all samples of the store on the loadings of the input `loadings`.
/// DataError if too few of its variants are there, or the genome builds differ.
void project(const ComponentsParams& params, RunContext& context, const GenotypeSource& source);

/// Moves plain projections of the samples marked 0 in `used` to where they would be had they been
/// in the analysis. \param scores  [component][sample]. \param squares  [sample], sums of z^2.
void correct_shrinkage(std::span<const double> eigenvalues, double variants,
                       std::span<const std::uint8_t> used, std::span<const double> squares,
                       std::span<double> scores);

/// The work units of a store, and those that this rank holds during the iterations.
std::vector<VariantRange> component_units(const GenotypeSource& source);
std::vector<VariantRange> units_of_rank(const Communicator& comm, const GenotypeSource& source);

} // namespace salus::components
