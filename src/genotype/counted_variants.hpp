#pragma once

#include "genotype/genotype_source.hpp"
#include "store/h5.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace salus {

// For plans that are made when results of earlier stages are there: what will take part.

/// Variants of one chromosome that were counted.
struct CountedChromosome {
    std::string name;
    Inheritance inheritance = Inheritance::autosomal;
    std::uint64_t variants = 0;
};

/// Marks of the rows of a slice of the table `variants`: nonzero counts.
using MarkRows = std::function<std::vector<std::uint8_t>(const TableData& slice)>;

/// Counts variants of a result by chromosome, in its order. `columns`: those that `mark` looks at,
/// and `chromosome`. Nothing if there are more than 50 million variants, which take too long.
/// Memory of one slice.
std::optional<std::vector<CountedChromosome>>
count_variants(const H5File& result, const std::vector<std::string>& columns, const MarkRows& mark);

/// Rows of quality that pass and whose rarer allele is at least so frequent, less a tenth: the
/// samples of a later stage are fewer than those of quality.
std::vector<std::uint8_t> passing_rows(const TableData& slice, double frequency_min);
/// The columns that it looks at, and `chromosome`.
std::vector<std::string> passing_columns();

/// Autosomal variants, in all and of each chromosome.
struct CountedAutosomes {
    double variants = 0;
    std::vector<double> of_chromosome;
};
/// What the result of ld keeps, or else what passes in that of quality. Nothing if neither is there
/// yet (null), or if it is of too many variants.
std::optional<CountedAutosomes> count_autosomal(const std::filesystem::path* ld,
                                                const std::filesystem::path* quality,
                                                double frequency_min);

} // namespace salus
