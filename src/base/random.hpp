#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace salus {

/// Philox4x32-10: 128 random bits as a pure function of a counter and a key.
/// Salmon et al. 2011, doi:10.1145/2063384.2063405.
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                    std::array<std::uint32_t, 2> key) noexcept;

/// Random numbers as a function of (seed, stream, index) and the position in that stream, so that
/// no result depends on who draws first. `stream` names the purpose ("simulate.mosaic"), `index`
/// the sample, variant or person. Copying copies the position.
class Rng {
public:
    Rng(std::uint64_t seed, std::string_view stream, std::uint64_t index) noexcept;

    std::uint32_t next32() noexcept;
    std::uint64_t next64() noexcept;
    /// Uniform in the open interval (0, 1), 53 bits.
    double uniform() noexcept;
    /// Uniform integer in [0, bound), bound > 0, without modulo bias.
    std::uint64_t below(std::uint64_t bound) noexcept;
    /// Standard normal by inversion (one uniform per value).
    double normal() noexcept;
    /// Exponential with mean 1.
    double exponential() noexcept;
    bool bernoulli(double probability) noexcept { return uniform() < probability; }

private:
    std::array<std::uint32_t, 2> key_;
    std::array<std::uint32_t, 4> counter_;
    std::array<std::uint32_t, 4> block_{};
    unsigned used_ = 4;
};

/// Quantile of the standard normal for 0 < p < 1, relative error below 1e-15 (Wichura 1988, AS
/// 241).
double normal_quantile(double p) noexcept;

} // namespace salus
