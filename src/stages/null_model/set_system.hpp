#pragma once

#include "stages/null_model/gram.hpp"

#include <span>
#include <vector>

namespace salus::whole_genome {

/// The ridge systems of one sample set on the variants of a block: standardised genotypes without
/// covariates, by fold.
struct SetSystem {
    std::vector<SquareMatrix> folds; // A_k, lower triangle
    SquareMatrix total;              // their sum
    std::vector<double> scale;       // [variant] 1 / standard deviation; 0 if it does not vary
    std::vector<std::vector<double>> covariates; // [basis column of the set][variant]: X Q
    /// [fold][column]: G_k y_k of the columns after the basis.
    std::vector<std::vector<std::vector<double>>> right;

    /// total - A_k, both triangles.
    SquareMatrix without(std::size_t fold) const;
    /// Sum of `right` but for one fold; `fold` = number of folds: of all.
    std::vector<double> right_without(std::size_t fold, std::size_t column) const;
    std::uint64_t flat() const noexcept;
};

/// \param sums   of the base, by fold; the first products are with its basis.
/// \param absent the same of the samples that the set lacks; empty if it lacks none.
/// \param columns  which of the products, counted after the basis, are of the set, and for each the
///     product with the basis of the set, [fold][basis column].
struct SetInput {
    const Base& base;
    const SampleSet& set;
    std::span<const FoldSums> sums, absent;
    std::vector<std::size_t> columns;
    std::vector<const std::vector<std::vector<double>>*> along;
};
SetSystem make_system(const SetInput& input);

} // namespace salus::whole_genome
