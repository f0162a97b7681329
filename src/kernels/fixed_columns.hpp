#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// Columns of reals over samples as integers times a power of two, ready for exact products with
/// genotypes.
///
/// Column c holds integers q with value ~ q * 2^exponent(c). The exponent is the least for which
/// max|q| <= 2,139,062,143 (four limbs) or 8,355,711 (three limbs), the largest numbers whose balanced
/// base-256 digits all fit int8. So it depends on max|value| alone, and every rank finds the same one.
/// Error of a value: at most half a unit, which is below 2^-30.99 (four limbs) or 2^-22.99 (three) of
/// the largest magnitude in the column; an all-zero column is exact.
///
/// Two copies are kept: digits for 2-bit rows (blocks of 256 samples; in each, for shift k = 0..3 and
/// each plane = column x limb, the digits of samples 4j+k, j = 0..63, so that a row byte shifted by 2k
/// meets them without a shuffle), and whole integers by sample for carrier lists.
/// Memory: samples x columns x (limbs + 4) bytes.
class FixedColumns {
public:
    static constexpr std::size_t block_samples = 256;

    FixedColumns() = default;
    /// All zero. `limbs` is 3 or 4.
    FixedColumns(std::size_t samples, std::size_t columns, unsigned limbs = 4);

    /// Fills one column; `values` has one finite number per sample (InternalError otherwise). Columns may
    /// be set from several threads at once, each column by one.
    void set(std::size_t column, std::span<const double> values);

    std::size_t samples() const noexcept { return samples_; }
    std::size_t columns() const noexcept { return columns_; }
    unsigned limbs() const noexcept { return limbs_; }
    std::size_t blocks() const noexcept { return (samples_ + block_samples - 1) / block_samples; }
    std::size_t planes() const noexcept { return columns_ * limbs_; }

    int exponent(std::size_t column) const noexcept { return exponents_[column]; }
    /// Sum of the integers of a column over all samples.
    std::int64_t total(std::size_t column) const noexcept { return totals_[column]; }
    /// `sum` of integers of this column as a real; exact below 2^53, else correctly rounded.
    double real(std::size_t column, std::int64_t sum) const noexcept;

    /// Digits of a block of samples: [shift 0..3][plane][64].
    const std::int8_t* digits(std::size_t block) const noexcept {
        return lines_[block * 4 * planes()].byte;
    }
    /// The integers of one sample, one per column.
    const std::int32_t* sample(std::size_t i) const noexcept {
        return integers_.data() + i * columns_;
    }

private:
    struct alignas(64) Line {
        std::int8_t byte[64];
    };
    std::size_t samples_ = 0, columns_ = 0;
    unsigned limbs_ = 4;
    std::vector<int> exponents_;
    std::vector<std::int64_t> totals_;
    std::vector<Line> lines_;
    std::vector<std::int32_t> integers_;
};

}  // namespace salus
