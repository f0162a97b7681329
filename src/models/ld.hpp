#pragma once

#include "kernels/call_pairs.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace salus {

/// Second moments of a pair, each times the square of the number of samples called in both: exact
/// integers below 2^63 for fewer than 2^30 samples.
struct LdMoments {
    std::int64_t covariance = 0, variance_a = 0, variance_b = 0;
};
LdMoments ld_moments(const CallPairSums& sums) noexcept;

/// Squared correlation of the allele counts over the samples called in both; 0 if one of the two
/// does not vary there.
double pairwise_r2(const CallPairSums& sums) noexcept;

/// Bounds of a sum of products of minor copies.
struct ProductRange {
    std::int64_t least = 0, most = 0;
};
/// What the product of two variants can be, from how many people carry one and two copies: the
/// extreme arrangements. Sums of minor copies over `members` samples, missing calls as 0 copies.
ProductRange product_range(const CallSums& a, const CallSums& b, std::int64_t members) noexcept;
/// What samples of which the moments are known can add to the product: the mean product, more or
/// less the root of the product of the variances.
ProductRange rest_range(const Moments& a, const Moments& b) noexcept;

/// Whether r2 of a pair is above the limit, decided as plink2 2.00a3.5 decides it: in double from
/// the exact moments, with a relative allowance of 2^-44. A pair without variation never is.
class R2Limit {
public:
    explicit R2Limit(double r2_max) noexcept;
    bool exceeded(const CallPairSums& sums) const noexcept;
    /// The verdict from bounds of the product alone: `product` is the sum of g'_a g'_b over the
    /// samples called in both, `a` and `b` the sums of g' (minor copies) over the own called ones
    /// of each. Nothing if it hangs on the product or on who is missing; never that if both are
    /// complete and the product is known. Never contradicts `exceeded`.
    std::optional<bool> decide(ProductRange product, const CallSums& a, const CallSums& b,
                               std::int64_t members) const noexcept;
    /// Share of the samples after which most pairs without LD are settled by bounds of the rest.
    double head_share() const noexcept;

private:
    double limit_;
    bool above(double covariance, double variance_a, double variance_b) const noexcept {
        return covariance * covariance > limit_ * variance_a * variance_b;
    }
};

/// Sums of a pair on X as plink2 forms them: everybody who is not a recorded male counts twice
/// (two copies), males once, coded 0 and 2.
CallPairSums x_linked_sums(const CallPairSums& others, const CallPairSums& males) noexcept;

/// Correlation of the allele counts where missing ones are set to the mean of the called ones of
/// their variant: the correlation that regressions on such counts see. `a` and `b` are the sums of
/// each variant over its own called samples. 0 if one of the two does not vary.
double mean_imputed_r(const CallPairSums& pair, const CallSums& a, const CallSums& b) noexcept;

/// r2 without its bias for independent variants: r2 - (1 - r2) / (samples - 2). Bulik-Sullivan et
/// al. 2015, doi:10.1038/ng.3211.
double adjusted_r2(double r2, std::size_t samples) noexcept;

} // namespace salus
