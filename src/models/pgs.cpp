#include "models/pgs.hpp"

#include "base/error.hpp"
#include "base/hash.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace salus {

SamplePlace place_sample(std::string_view sample_id, const SplitRule& rule) noexcept {
    const double u = static_cast<double>(hash64(sample_id, 3 * rule.seed) >> 11) * 0x1p-53;
    return {.validation = u >= rule.discovery_fraction,
            .tuning_fold =
                static_cast<std::uint8_t>(hash64(sample_id, 3 * rule.seed + 1) % rule.tuning_folds),
            .validation_fold = static_cast<std::uint8_t>(hash64(sample_id, 3 * rule.seed + 2) %
                                                         rule.validation_folds)};
}

ScoreSum::ScoreSum(std::size_t samples, double largest, std::size_t variants) : sum_(samples) {
    SALUS_ASSERT(std::isfinite(largest));
    // Every sum stays below 2^61 units: 2 copies x variants x largest.
    const double bound =
        2 * std::max(largest, 1e-300) * static_cast<double>(std::max<std::size_t>(1, variants));
    exponent_ = std::ilogb(bound) + 1 - 61;
}

void ScoreSum::add(std::span<const std::uint8_t> row, double weight, double alt_frequency) {
    const auto units = [&](double copies) {
        return static_cast<std::int64_t>(std::llround(std::ldexp(weight * copies, -exponent_)));
    };
    const std::array<std::int64_t, 4> add{0, units(1), units(2), units(2 * alt_frequency)};
    for (std::size_t i = 0; i < sum_.size(); ++i)
        sum_[i] += add[packed_get(row, i)];
}

void ScoreSum::add(std::span<const Dosage> dosages, double weight, double alt_frequency) {
    const auto units = [&](double copies) {
        return static_cast<std::int64_t>(std::llround(std::ldexp(weight * copies, -exponent_)));
    };
    const std::int64_t absent = units(2 * alt_frequency);
    for (std::size_t i = 0; i < sum_.size(); ++i)
        sum_[i] += dosages[i] == dosage_missing ? absent : units(dosages[i] * (1.0 / dosage_one));
}

double ScoreSum::score(std::size_t sample) const noexcept {
    return std::ldexp(static_cast<double>(sum_[sample]), exponent_);
}

} // namespace salus
