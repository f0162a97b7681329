#include "kernels/pair_form.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace salus {
namespace {

TEST(PairForm, WithoutPairsIsEmpty) {
    const PairForm form(5, {});
    EXPECT_TRUE(form.empty());
    EXPECT_EQ(form.value(std::vector<double>()), 0);
}

TEST(PairForm, IsTheDenseFormAndTheSameBitsFromAFewValues) {
    constexpr std::size_t n = 40;
    Rng rng(3, "pairs", 0);
    std::vector<PairForm::Entry> entries;
    std::vector<double> h(n);
    double expected = 0;
    for (double& value : h)
        value = rng.bernoulli(0.3) ? 1 + rng.uniform() : 0;
    for (std::uint32_t i = 0; i < n; ++i)
        for (std::uint32_t j = i + 1; j < n; ++j) {
            if (i % 5 == 0 || j % 5 == 0 || !rng.bernoulli(0.2)) continue; // some have no pair
            entries.push_back({i, j, rng.normal()});
            expected += 2 * h[i] * h[j] * entries.back().weight;
        }
    const PairForm form(n, entries);
    std::vector<double> values;
    std::vector<std::uint32_t> places;
    for (const std::uint32_t sample : form.samples()) {
        EXPECT_EQ(form.place(sample), values.size());
        if (h[sample] != 0) places.push_back(form.place(sample));
        values.push_back(h[sample]);
    }
    EXPECT_EQ(form.place(5), PairForm::none);
    ASSERT_LT(places.size(), values.size());
    EXPECT_NEAR(form.value(values), expected, 1e-13 * static_cast<double>(entries.size()));
    EXPECT_EQ(form.value(values), form.value(values, places));
}

} // namespace
} // namespace salus
