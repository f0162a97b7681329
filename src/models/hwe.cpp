#include "models/hwe.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

constexpr double hwe_tie = 1e-8;
constexpr double hwe_negligible = 1e-17;
constexpr double hwe_huge = 0x1p600;

/// Probabilities relative to the observed table, summed over the tables on one side of it.
struct SideSum {
    double tail = 0;  // tables at most as probable as the observed one
    double ties = 0;  // of these, the tied ones
    double above = 0; // more probable tables, times 2^(-600 * scale)
    int scale = 0;
};

class SideWalk {
public:
    /// `factor`: probability of the next table over that of the last; `left`: tables still to come.
    /// False when all that is left is negligible.
    bool step(double factor, double left) noexcept {
        term_ *= factor;
        if (term_ > hwe_huge) {
            term_ /= hwe_huge;
            sum_.above /= hwe_huge;
            ++sum_.scale;
            ++scale_;
        } else if (scale_ > 0 && term_ < 0x1p-200) {
            term_ *= hwe_huge;
            --scale_;
        }
        if (scale_ > 0 || term_ > 1 + hwe_tie) {
            // Below the highest scale a term is less than 2^-200 of what is summed already.
            if (scale_ == sum_.scale) sum_.above += term_;
            return true;
        }
        sum_.tail += term_;
        if (term_ > 1 - hwe_tie) sum_.ties += term_;
        return term_ * left > hwe_negligible * sum_.tail;
    }
    const SideSum& sum() const noexcept { return sum_; }

private:
    SideSum sum_;
    double term_ = 1;
    int scale_ = 0;
};

SideSum more_heterozygotes(double hom_a, double het, double hom_b) noexcept {
    SideWalk walk;
    while (hom_a > 0 && hom_b > 0) {
        const double factor = 4 * hom_a * hom_b / ((het + 2) * (het + 1));
        --hom_a, --hom_b, het += 2;
        if (!walk.step(factor, std::min(hom_a, hom_b)) && factor < 1) break;
    }
    return walk.sum();
}

SideSum fewer_heterozygotes(double hom_a, double het, double hom_b) noexcept {
    SideWalk walk;
    while (het > 1) {
        const double factor = het * (het - 1) / (4 * (hom_a + 1) * (hom_b + 1));
        ++hom_a, ++hom_b, het -= 2;
        if (!walk.step(factor, het) && factor < 1) break;
    }
    return walk.sum();
}

} // namespace

HardyWeinberg hardy_weinberg(std::uint64_t hom_a, std::uint64_t het, std::uint64_t hom_b) noexcept {
    if (hom_a + het + hom_b == 0) return {};
    const auto a = static_cast<double>(hom_a), h = static_cast<double>(het),
               b = static_cast<double>(hom_b);
    const SideSum up = more_heterozygotes(a, h, b), down = fewer_heterozygotes(a, h, b);
    const double tail = 1 + up.tail + down.tail;
    const double ties = 1 + up.ties + down.ties;
    // The distribution has one mode, so at most one side rises above the observed table.
    const double above = up.above + down.above;
    const int scale = std::max(up.scale, down.scale);
    const auto neg_log10 = [&](double part) {
        if (scale == 0) return std::log1p((tail + above - part) / part) / std::log(10.0);
        return std::log10(above) + 600 * scale * std::log10(2.0) - std::log10(part);
    };
    return {.neg_log10_p = neg_log10(tail), .neg_log10_midp = neg_log10(tail - ties / 2)};
}

} // namespace salus
