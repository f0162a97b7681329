#include "kernels/fixed_columns.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

// Largest n whose balanced base-256 digits are all <= 127.
constexpr double largest_integer(unsigned limbs) noexcept {
    return limbs == 4 ? 2139062143.0 : 8355711.0;
}

double largest_magnitude(std::span<const double> values) {
    double largest = 0;
    for (const double value : values) {
        SALUS_ASSERT(std::isfinite(value));
        largest = std::max(largest, std::fabs(value));
    }
    return largest;
}

int exponent_for(double largest, unsigned limbs) noexcept {
    if (largest == 0) return 0;
    int exponent = std::ilogb(largest) - (limbs == 4 ? 30 : 22);
    // Rounding to nearest must stay in range too.
    while (std::nearbyint(std::ldexp(largest, -exponent)) > largest_integer(limbs))
        ++exponent;
    return exponent;
}

} // namespace

FixedColumns::FixedColumns(std::size_t samples, std::size_t columns, unsigned limbs)
    : samples_(samples), columns_(columns), limbs_(limbs), exponents_(columns), totals_(columns),
      digits_(blocks() * 256 * columns * limbs), integers_(samples * columns + group_planes) {
    SALUS_ASSERT(limbs == 3 || limbs == 4);
}

void FixedColumns::set(std::size_t column, std::span<const double> values) {
    set(column, values, largest_magnitude(values));
}

void FixedColumns::set(std::size_t column, std::span<const double> values, double largest) {
    SALUS_ASSERT(column < columns_ && values.size() == samples_);
    SALUS_ASSERT(largest_magnitude(values) <= largest && std::isfinite(largest));
    const int exponent = exponent_for(largest, limbs_);
    std::int64_t total = 0;
    for (std::size_t i = 0; i < samples_; ++i) {
        const auto integer =
            static_cast<std::int32_t>(std::nearbyint(std::ldexp(values[i], -exponent)));
        integers_[i * columns_ + column] = integer;
        total += integer;
        const std::size_t shift = i % 4, byte = i % block_samples / 4;
        std::int64_t rest = integer;
        for (unsigned limb = 0; limb < limbs_; ++limb) {
            const auto digit = static_cast<std::int8_t>(rest & 255);
            const std::size_t plane = column * limbs_ + limb, group = plane / group_planes;
            digits_.data()[first_digit(group, i / block_samples) +
                           64 * (shift * width(group) + plane % group_planes) + byte] = digit;
            rest = (rest - digit) / 256;
        }
    }
    exponents_[column] = exponent;
    totals_[column] = total;
}

double FixedColumns::real(std::size_t column, std::int64_t sum) const noexcept {
    return std::ldexp(static_cast<double>(sum), exponents_[column]);
}

} // namespace salus
