#include "models/ld.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

constexpr double allowance = 0x1p-44;

// How many samples are called in both variants, at least and at most.
struct BothCalled {
    std::int64_t least, most;
    BothCalled(const CallSums& a, const CallSums& b, std::int64_t members) noexcept
        : least(std::max<std::int64_t>(0, a.called + b.called - members)),
          most(std::min(a.called, b.called)) {}
};

// Minor copies of a variant over the samples called in both: `lost` copies, and between `lost` and
// 2 * `lost` squares, are with those who are missing in the other one.
struct Bounded {
    std::int64_t most_sum, least_sum;
    std::int64_t least_variance, most_variance; // times the square of the samples called in both
    Bounded(const CallSums& s, const BothCalled& both) noexcept : most_sum(s.sum) {
        const std::int64_t lost = std::min(2 * (s.called - both.least), s.sum);
        least_sum = s.sum - lost;
        const std::int64_t none = both.least * s.squares - s.sum * s.sum,
                           all = both.least * (s.squares - 2 * lost) - least_sum * least_sum;
        least_variance = std::max<std::int64_t>(0, std::min(none, all)); // concave in between
        most_variance = both.most * s.squares - least_sum * least_sum;
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

ProductRange product_range(const CallSums& a, const CallSums& b, std::int64_t members) noexcept {
    const Carriers x = carriers_of(a), y = carriers_of(b);
    // The product is the sum over copies k, l of the people with at least k of a and l of b.
    const auto together = [&](auto&& overlap) {
        return overlap(x.one, y.one) + overlap(x.one, y.two) + overlap(x.two, y.one) +
               overlap(x.two, y.two);
    };
    return {.least = together([members](std::int64_t p, std::int64_t q) {
                return std::max<std::int64_t>(0, p + q - members);
            }),
            .most = together([](std::int64_t p, std::int64_t q) { return std::min(p, q); })};
}

ProductRange rest_range(const Moments& a, const Moments& b) noexcept {
    const double mean = a.mean * b.mean, reach = a.spread * b.spread;
    // One more on either side covers all rounding, below 2^30 samples.
    return {.least = static_cast<std::int64_t>(mean - reach) - 1,
            .most = static_cast<std::int64_t>(mean + reach) + 1};
}

std::optional<bool> R2Limit::decide(ProductRange product, const CallSums& a, const CallSums& b,
                                    std::int64_t members) const noexcept {
    const BothCalled both(a, b, members);
    const Bounded x(a, both), y(b, both);
    const std::int64_t least = std::max<std::int64_t>(0, product.least);
    const std::int64_t low = both.least * least - x.most_sum * y.most_sum,
                       high = both.most * product.most - x.least_sum * y.least_sum;
    const auto most = static_cast<double>(std::max(std::abs(low), std::abs(high)));
    if (!above(most, static_cast<double>(x.least_variance), static_cast<double>(y.least_variance)))
        return false;
    const auto nearest = static_cast<double>(low > 0 ? low : high < 0 ? high : 0);
    if (above(nearest, static_cast<double>(x.most_variance), static_cast<double>(y.most_variance)))
        return true;
    return std::nullopt;
}

double R2Limit::head_share() const noexcept {
    return std::clamp(1.07 - std::sqrt(std::max(0.0, limit_)), 0.1, 1.0);
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
