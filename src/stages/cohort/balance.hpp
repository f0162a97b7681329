#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace salus::matching {

/// Weighted moments of one variable in one group; missing values are left out.
struct Moments {
    std::uint64_t people = 0, positive = 0;    // with a value; of these with the value 1
    double weight = 0, mean = 0, variance = 0; // of the sum of weights - 1 (frequency weights)
};
/// \param values  [person], NaN = missing  \param weights  [person], 0 = not in the group
/// Two passes in the order of the persons.
Moments moments_of(std::span<const double> values, std::span<const double> weights);

/// How far two groups are apart in one variable: difference of the means over a standard deviation
/// of the groups before matching; NaN if that is 0. Austin 2009, doi:10.1002/sim.3697.
enum class Standard : std::uint8_t { pooled, cases }; // sqrt of the mean variance, or of the cases
double standardised_difference(const Moments& cases, const Moments& controls,
                               const Moments& cases_before, const Moments& controls_before,
                               Standard standard) noexcept;

} // namespace salus::matching
