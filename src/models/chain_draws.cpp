#include "models/chain_draws.hpp"

#include "base/hash.hpp"

#include <cmath>

namespace salus {

ChainDraws::Pair uniform_pair(std::array<std::uint32_t, 4> counter,
                              std::array<std::uint32_t, 2> key) noexcept {
    const auto words = philox(counter, key);
    const auto uniform = [](std::uint32_t a, std::uint32_t b) {
        const std::uint64_t bits = std::uint64_t{a} << 32 | b;
        return (static_cast<double>(bits >> 11) + 0.5) * 0x1p-53;
    };
    return {uniform(words[0], words[1]), uniform(words[2], words[3])};
}

ChainDraws::ChainDraws(std::uint64_t seed, std::string_view purpose) noexcept {
    const std::uint64_t mixed = hash64(purpose, seed);
    key_ = {static_cast<std::uint32_t>(mixed), static_cast<std::uint32_t>(mixed >> 32)};
}

ChainDraws::Pair ChainDraws::pair(std::uint64_t chain, std::uint64_t iteration,
                                  std::uint64_t variant, std::uint32_t place) const noexcept {
    return uniform_pair({static_cast<std::uint32_t>(variant), place,
                         static_cast<std::uint32_t>(iteration), static_cast<std::uint32_t>(chain)},
                        key_);
}

double gamma_draw(double shape, Rng& rng) noexcept {
    const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
    for (;;) {
        const double x = rng.normal(), v = std::pow(1 + c * x, 3);
        if (v <= 0) continue;
        if (std::log(rng.uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
    }
}

double half_inverse_gaussian(double a, double b, double normal, double uniform) noexcept {
    // 1 / X is inverse Gaussian with mean sqrt(a / b) and shape a.
    const double nu = normal * normal, inverse_mean = std::sqrt(b / a);
    const double root = inverse_mean + (nu + std::sqrt(nu * (nu + 4 * a * inverse_mean))) / (2 * a);
    if (!(root > 0)) return 0;
    return uniform * (root + inverse_mean) <= root ? root : b / a / root;
}

} // namespace salus
