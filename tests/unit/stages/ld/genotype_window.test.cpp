#include "stages/ld/genotype_window.hpp"

#include "base/random.hpp"
#include "unit/kernels/random_genotypes.hpp"

#include <gtest/gtest.h>

namespace salus::ld {
namespace {

std::vector<std::uint8_t> drawn(std::size_t samples, std::uint64_t key, double missing_share) {
    Rng rng(9, "window", key);
    const double f = 0.02 + 0.9 * rng.uniform();
    std::vector<std::uint8_t> calls(samples);
    for (auto& call : calls) {
        call = static_cast<std::uint8_t>(rng.bernoulli(f) + rng.bernoulli(f));
        if (rng.bernoulli(missing_share)) call = missing;
    }
    return calls;
}

/// Pairs in LD, of `pairs` pairs that share more or less of their calls; each verdict is that of
/// the sums over all samples.
std::size_t in_ld(std::size_t samples, std::uint64_t pairs, double missing_share,
                  const R2Limit& limit) {
    const SampleBits bits(std::vector<std::uint8_t>(samples, 1));
    CallPlaneSlots slots(2, bits.words(), limit.head_share());
    std::size_t found = 0;
    for (std::uint64_t key = 0; key < pairs; ++key) {
        const auto a = drawn(samples, 2 * key, missing_share);
        auto b = drawn(samples, 2 * key + 1, missing_share);
        Rng rng(9, "share", key);
        const double share = rng.uniform();
        for (std::size_t i = 0; i < samples; ++i)
            if (a[i] != missing && b[i] != missing && rng.bernoulli(share))
                b[i] = key % 2 == 0 ? a[i] : static_cast<std::uint8_t>(2 - a[i]);
        slots.set(0, test::pack(a).bytes(), bits);
        slots.set(1, test::pack(b).bytes(), bits);
        const bool verdict = planes_in_ld(slots[0], slots[1], limit);
        EXPECT_EQ(verdict, limit.exceeded(pair_sums(slots[0], slots[1]))) << samples << ' ' << key;
        found += verdict ? 1 : 0;
    }
    return found;
}

TEST(PlanesInLd, BoundsNeverChangeTheVerdict) {
    for (const double r2_max : {0.05, 0.2, 0.8})
        for (const double missing_share : {0.0, 0.01, 0.2})
            for (const std::size_t samples : {500U, 1400U, 4200U}) {
                const std::size_t found = in_ld(samples, 60, missing_share, R2Limit(r2_max));
                EXPECT_GT(found, 0U); // both verdicts are met
                EXPECT_LT(found, 60U);
            }
}

TEST(PlanesInLd, NorDoExtremeArrangementsOfManySamples) {
    EXPECT_GT(in_ld(33000, 12, 0, R2Limit(0.2)), 0U);
    EXPECT_GT(in_ld(33000, 12, 0.01, R2Limit(0.2)), 0U);
}

} // namespace
} // namespace salus::ld
