#include "models/ld.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace salus {
namespace {

constexpr double allowance = 0x1p-44;

// A variant over its called samples in the orientation with fewer copies, and what the samples
// called in it but not in the other variant can hold.
struct Bounded {
    std::int64_t sum, squares, lost_max;
    bool flipped;
    Bounded(const CallSums& s, std::int64_t both) noexcept
        : sum(s.sum), squares(s.squares), flipped(s.sum > s.called) {
        if (flipped) {
            squares += 4 * (s.called - sum);
            sum = 2 * s.called - sum;
        }
        lost_max = std::min(2 * (s.called - both), sum);
    }
    // n^2 times the variance over the n samples called in both, for every number of lost copies:
    // with `lost` copies between `lost` and 2 * `lost` squares are lost.
    std::int64_t least_variance(std::int64_t n) const noexcept {
        const auto at = [&](std::int64_t lost) {
            return n * (squares - 2 * lost) - (sum - lost) * (sum - lost);
        };
        return std::max<std::int64_t>(0, std::min(at(0), at(lost_max))); // concave in between
    }
    std::int64_t most_variance(std::int64_t n) const noexcept {
        return n * squares - (sum - lost_max) * (sum - lost_max);
    }
};

// How many people carry at least one and at least two copies.
struct Carriers {
    std::int64_t one, two;
};
Carriers carriers_of(const CallSums& sums) noexcept {
    const std::int64_t two = (sums.squares - sums.sum) / 2;
    return {.one = sums.sum - two, .two = two};
}

} // namespace

LdMoments ld_moments(const CallPairSums& s) noexcept {
    return {.covariance = s.samples * s.product - s.sum_a * s.sum_b,
            .variance_a = s.samples * s.squares_a - s.sum_a * s.sum_a,
            .variance_b = s.samples * s.squares_b - s.sum_b * s.sum_b};
}

double pairwise_r2(const CallPairSums& sums) noexcept {
    const LdMoments m = ld_moments(sums);
    if (m.variance_a == 0 || m.variance_b == 0) return 0;
    const auto covariance = static_cast<double>(m.covariance);
    return covariance / static_cast<double>(m.variance_a) *
           (covariance / static_cast<double>(m.variance_b));
}

R2Limit::R2Limit(double r2_max) noexcept : limit_(r2_max * (1 + allowance)) {}

bool R2Limit::exceeded(const CallPairSums& sums) const noexcept {
    const LdMoments m = ld_moments(sums);
    return above(static_cast<double>(m.covariance), static_cast<double>(m.variance_a),
                 static_cast<double>(m.variance_b));
}

bool R2Limit::reachable(const CallSums& a, const CallSums& b) const noexcept {
    const std::int64_t n = a.called;
    const Carriers x = carriers_of(a), y = carriers_of(b);
    // The product is the sum over copies k, l of the people with at least k of a and l of b.
    const auto together = [&](auto&& overlap) {
        return overlap(x.one, y.one) + overlap(x.one, y.two) + overlap(x.two, y.one) +
               overlap(x.two, y.two);
    };
    const std::int64_t most =
        together([](std::int64_t p, std::int64_t q) { return std::min(p, q); });
    const std::int64_t least = together(
        [n](std::int64_t p, std::int64_t q) { return std::max<std::int64_t>(0, p + q - n); });
    const std::int64_t covariance =
        std::max(std::abs(n * most - a.sum * b.sum), std::abs(n * least - a.sum * b.sum));
    return above(static_cast<double>(covariance),
                 static_cast<double>(n * a.squares - a.sum * a.sum),
                 static_cast<double>(n * b.squares - b.sum * b.sum));
}

std::optional<bool> R2Limit::decide(const CallPairGlance& pair, const CallSums& a,
                                    const CallSums& b) const noexcept {
    const std::int64_t n = pair.samples;
    const Bounded x(a, n), y(b, n);
    const std::int64_t product = n * (x.flipped == y.flipped ? pair.product : -pair.product);
    // With g = x + 1 the covariance is n sum(x_a x_b) - (n - sum g_a) (n - sum g_b).
    std::int64_t low = std::numeric_limits<std::int64_t>::max(), high = -low;
    for (const std::int64_t lost_a : {std::int64_t{0}, x.lost_max})
        for (const std::int64_t lost_b : {std::int64_t{0}, y.lost_max}) {
            const std::int64_t covariance = product - (n - x.sum + lost_a) * (n - y.sum + lost_b);
            low = std::min(low, covariance);
            high = std::max(high, covariance);
        }
    const auto most = static_cast<double>(std::max(std::abs(low), std::abs(high)));
    if (!above(most, static_cast<double>(x.least_variance(n)),
               static_cast<double>(y.least_variance(n))))
        return false;
    const std::int64_t least = low > 0 ? low : high < 0 ? high : 0;
    if (above(static_cast<double>(least), static_cast<double>(x.most_variance(n)),
              static_cast<double>(y.most_variance(n))))
        return true;
    return std::nullopt;
}

CallPairSums x_linked_sums(const CallPairSums& others, const CallPairSums& males) noexcept {
    return {.samples = 2 * others.samples + males.samples,
            .sum_a = 2 * others.sum_a + males.sum_a,
            .sum_b = 2 * others.sum_b + males.sum_b,
            .squares_a = 2 * others.squares_a + males.squares_a,
            .squares_b = 2 * others.squares_b + males.squares_b,
            .product = 2 * others.product + males.product};
}

double mean_imputed_r(const CallPairSums& pair, const CallSums& a, const CallSums& b) noexcept {
    if (a.called == 0 || b.called == 0) return 0;
    const std::int64_t variance_a = a.called * a.squares - a.sum * a.sum;
    const std::int64_t variance_b = b.called * b.squares - b.sum * b.sum;
    if (variance_a == 0 || variance_b == 0) return 0;
    const auto n_a = static_cast<double>(a.called), n_b = static_cast<double>(b.called);
    const double mean_a = static_cast<double>(a.sum) / n_a,
                 mean_b = static_cast<double>(b.sum) / n_b;
    const double covariance = static_cast<double>(pair.product) -
                              mean_a * static_cast<double>(pair.sum_b) -
                              mean_b * static_cast<double>(pair.sum_a) +
                              static_cast<double>(pair.samples) * mean_a * mean_b;
    const double scale = std::sqrt(static_cast<double>(variance_a) / n_a) *
                         std::sqrt(static_cast<double>(variance_b) / n_b);
    return std::clamp(covariance / scale, -1.0, 1.0);
}

double adjusted_r2(double r2, std::size_t samples) noexcept {
    return r2 - (1 - r2) / (static_cast<double>(samples) - 2);
}

} // namespace salus
