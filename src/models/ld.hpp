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

/// Whether r2 of a pair is above the limit, decided as plink2 2.00a3.5 decides it: in double from
/// the exact moments, with a relative allowance of 2^-44. A pair without variation never is.
class R2Limit {
public:
    explicit R2Limit(double r2_max) noexcept;
    bool exceeded(const CallPairSums& sums) const noexcept;
    /// False only if no two variants with these sums over the same samples, none of them missing,
    /// can exceed the limit: O(1), from the extreme arrangements of the genotypes.
    bool reachable(const CallSums& a, const CallSums& b) const noexcept;
    /// The verdict from the product and the number of samples called in both, given the sums of
    /// each variant over its own called samples; nothing if it hangs on who is missing. Never
    /// contradicts `exceeded`.
    std::optional<bool> decide(const CallPairGlance& pair, const CallSums& a,
                               const CallSums& b) const noexcept;

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
