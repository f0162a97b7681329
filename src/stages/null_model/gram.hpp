#pragma once

#include "stages/null_model/block_genotypes.hpp"
#include "stages/null_model/cohort.hpp"

#include <cstdint>
#include <vector>

namespace salus::whole_genome {

/// Columns over the members of a base as 32-bit fixed-point numbers, their digits as rows of bytes.
class DigitColumns {
public:
    static constexpr std::size_t digits = 4;
    /// \param columns  [column][member].
    explicit DigitColumns(const std::vector<const std::vector<double>*>& columns);
    std::size_t columns() const noexcept { return exponent_.size(); }
    /// [digit][member]; digit 0 counts ones, digit d counts 256^d.
    std::span<const std::uint8_t> row(std::size_t column, std::size_t digit) const noexcept {
        return rows_[column * digits + digit];
    }
    /// A sum of products of the column with bytes, in units of one copy.
    double real(std::size_t column, std::int64_t sum) const noexcept;

private:
    std::vector<int> exponent_;
    std::vector<std::vector<std::uint8_t>> rows_;
};

/// Sums over the samples of a fold, in copies: exact integers of genotypes with each other, and of
/// genotypes with fixed-point columns.
struct FoldSums {
    SquareMatrix gram;                         // lower triangle
    std::vector<std::vector<double>> products; // [column][variant]
};

/// Sums of all variants of a block over `places`, ascending members of a base, fold by fold (ranges
/// of places). Works on all threads of the rank.
std::vector<FoldSums> fold_sums(const BlockGenotypes& genotypes, const Base& base,
                                const DigitColumns& columns, std::span<const std::uint32_t> places,
                                std::span<const Fold> folds);

} // namespace salus::whole_genome
