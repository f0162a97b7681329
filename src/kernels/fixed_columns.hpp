#pragma once

#include "base/cache_lines.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// Columns of reals over samples as integers times a power of two, ready for exact products with
/// genotypes.
///
/// Column c holds integers q with value ~ q * 2^exponent(c). The exponent is the least for which
/// max|q| <= 2,139,062,143 (four limbs) or 8,355,711 (three limbs), the largest numbers whose
/// balanced base-256 digits all fit int8. So it depends on max|value| alone, and every rank finds
/// the same one. Error of a value: at most half a unit, which is below 2^-30.99 (four limbs) or
/// 2^-22.99 (three) of the largest magnitude in the column; an all-zero column is exact.
///
/// Two copies are kept: whole integers by sample for carrier lists, and digits for 2-bit rows. A
/// plane is one digit of one column; planes are stored in groups of eight (the last may be
/// smaller), each group as [block of 256 samples][shift k = 0..3][plane of the group][j = 0..63]
/// with the digit of sample 4j+k of the block, so that a row byte shifted right by 2k meets it
/// without a shuffle. Memory: samples x columns x (limbs + 4) bytes.
class FixedColumns {
public:
    static constexpr std::size_t block_samples = 256, group_planes = 8;

    FixedColumns() = default;
    /// All zero. `limbs` is 3 or 4.
    FixedColumns(std::size_t samples, std::size_t columns, unsigned limbs = 4);

    /// Fills one column; `values` has one finite number per sample (InternalError otherwise).
    /// Columns may be set from several threads at once, each column by one.
    void set(std::size_t column, std::span<const double> values);
    /// The same as a piece of a longer column whose largest magnitude is `largest`: pieces that are
    /// given the same one have the same exponent, so their integer sums add up.
    void set(std::size_t column, std::span<const double> values, double largest);

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

    std::size_t groups() const noexcept { return (planes() + group_planes - 1) / group_planes; }
    /// Planes in a group.
    std::size_t width(std::size_t group) const noexcept {
        return std::min(group_planes, planes() - group * group_planes);
    }
    /// Digits of one group in one block of samples: [shift][plane of the group][64].
    const std::int8_t* digits(std::size_t group, std::size_t block) const noexcept {
        return digits_.data() + first_digit(group, block);
    }
    /// The integers of one sample, one per column. At least 8 integers can be read from any of
    /// them.
    const std::int32_t* sample(std::size_t i) const noexcept {
        return integers_.data() + i * columns_;
    }

private:
    std::size_t first_digit(std::size_t group, std::size_t block) const noexcept {
        return 256 * (group * group_planes * blocks() + block * width(group));
    }
    std::size_t samples_ = 0, columns_ = 0;
    unsigned limbs_ = 4;
    std::vector<int> exponents_;
    std::vector<std::int64_t> totals_;
    CacheLines<std::int8_t> digits_;
    std::vector<std::int32_t> integers_;
};

} // namespace salus
