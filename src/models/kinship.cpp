#include "models/kinship.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace salus {
namespace {

double kinship(std::uint32_t distance, std::uint32_t het) noexcept {
    return 0.5 - static_cast<double>(distance) / (4 * static_cast<double>(het));
}

} // namespace

double king_robust(const PairCounts& counts) noexcept {
    const std::uint32_t least = std::min(counts.het_first(), counts.het_second());
    if (least == 0) return std::numeric_limits<double>::quiet_NaN();
    return kinship(counts.distance(), least);
}

std::uint32_t largest_distance(std::uint32_t het, double kinship_min) noexcept {
    if (het == 0) return 0;
    // Rounding is monotone, so the distances that pass are 0 to some largest one.
    std::uint32_t passes = 0, fails = std::numeric_limits<std::uint32_t>::max();
    if (!(kinship(passes, het) >= kinship_min)) return 0;
    if (kinship(fails, het) >= kinship_min) return fails;
    while (fails - passes > 1) {
        const std::uint32_t middle = passes + (fails - passes) / 2;
        (kinship(middle, het) >= kinship_min ? passes : fails) = middle;
    }
    return passes;
}

double kinship_of_degree(unsigned degree) noexcept { return std::exp2(-1.5 - degree); }

std::uint8_t degree_of(double kinship) noexcept {
    std::uint8_t degree = 0;
    while (degree < beyond_third_degree && !(kinship > kinship_of_degree(degree)))
        ++degree;
    return degree;
}

std::string_view relation_of(std::uint8_t degree, double ibs0_ratio,
                             double parent_child_max) noexcept {
    constexpr std::array<std::string_view, 5> names{"duplicate_or_twin", "full_siblings",
                                                    "second_degree", "third_degree", "further"};
    if (degree == 1 && ibs0_ratio <= parent_child_max) return "parent_child";
    return names[std::min<std::size_t>(degree, beyond_third_degree)];
}

} // namespace salus
