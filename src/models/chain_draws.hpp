#pragma once

#include "base/random.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace salus {

/// Uniform numbers of a Gibbs sampler: a pure function of (seed, purpose, chain, iteration,
/// variant, place), so that no draw depends on ranks, threads or the cut into blocks.
class ChainDraws {
public:
    ChainDraws(std::uint64_t seed, std::string_view purpose) noexcept;
    struct Pair {
        double first, second; // in (0, 1)
    };
    /// \param variant  below 2^32. \param place  of the pair among those of the variant.
    Pair pair(std::uint64_t chain, std::uint64_t iteration, std::uint64_t variant,
              std::uint32_t place) const noexcept;

private:
    std::array<std::uint32_t, 2> key_;
};

/// Two uniforms of (0, 1) from the bits of a counter and a key.
ChainDraws::Pair uniform_pair(std::array<std::uint32_t, 4> counter,
                              std::array<std::uint32_t, 2> key) noexcept;

/// Gamma with shape >= 1 and scale 1. Marsaglia & Tsang 2000, doi:10.1145/358407.358414.
double gamma_draw(double shape, Rng& rng) noexcept;

/// Generalised inverse Gaussian with p = 1/2: density proportional to
/// x^(-1/2) exp(-(a x + b / x) / 2), a > 0, b >= 0. The reciprocal of an inverse Gaussian, by the
/// larger root of Michael, Schucany & Haas 1976 (doi:10.2307/2683801), which has no cancellation:
/// at b = 0 it is the gamma distribution that is the limit. `normal` and `uniform` are the
/// randomness.
double half_inverse_gaussian(double a, double b, double normal, double uniform) noexcept;

} // namespace salus
