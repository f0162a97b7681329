#include "models/duplicates.hpp"

#include "base/random.hpp"
#include "genotype/packed.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace salus {
namespace {

/// Random genotypes [marker][sample] as packed rows, with `errors` of the calls redrawn in copies.
struct DuplicateCohort {
    std::size_t samples, markers;
    std::vector<std::vector<std::uint8_t>> calls; // [sample][marker]

    DuplicateCohort(std::size_t n, std::size_t m)
        : samples(n), markers(m), calls(n, std::vector<std::uint8_t>(m)) {
        Rng rng(3, "cohort", 0);
        std::vector<double> frequency(m);
        for (double& f : frequency)
            f = 0.2 + 0.6 * rng.uniform();
        for (auto& sample : calls)
            for (std::size_t k = 0; k < m; ++k)
                sample[k] = static_cast<std::uint8_t>(rng.bernoulli(frequency[k]) +
                                                      rng.bernoulli(frequency[k]));
    }
    void copy(std::size_t from, std::size_t to, double errors, double missing_rate) {
        Rng rng(4, "copy", to);
        calls[to] = calls[from];
        for (auto& call : calls[to]) {
            if (rng.bernoulli(errors)) call = static_cast<std::uint8_t>(rng.below(3));
            if (rng.bernoulli(missing_rate)) call = missing;
        }
    }
    MarkerPanel panel() const {
        std::vector<std::uint8_t> rows(markers * packed_bytes(samples));
        for (std::size_t k = 0; k < markers; ++k)
            for (std::size_t i = 0; i < samples; ++i)
                packed_set(std::span(rows).subspan(k * packed_bytes(samples)), i, calls[i][k]);
        return MarkerPanel(rows, samples);
    }
};

TEST(Duplicates, NobodyAndNoMarkers) {
    EXPECT_TRUE(find_duplicates(MarkerPanel({}, 0), {}).empty());
    EXPECT_EQ(find_duplicates(MarkerPanel({}, 3), {}), (std::vector<std::size_t>{0, 1, 2}));
}

TEST(Duplicates, PanelGivesBackTheCalls) {
    DuplicateCohort cohort(37, 130);
    cohort.copy(1, 2, 0, 0.2);
    const MarkerPanel panel = cohort.panel();
    ASSERT_EQ(panel.markers(), 130u);
    for (std::size_t i = 0; i < 37; ++i)
        for (std::size_t k = 0; k < 130; ++k)
            ASSERT_EQ(panel.call(i, k), cohort.calls[i][k]);
    std::uint32_t called = 0;
    for (std::size_t k = 0; k < 130; ++k)
        called += cohort.calls[2][k] != missing;
    EXPECT_EQ(panel.compare(1, 2).compared, called);
    EXPECT_EQ(panel.compare(1, 2).equal, called);
}

TEST(Duplicates, SignaturesAreEqualWhereAllCallsOfTheBandAre) {
    for (const std::size_t markers : {5u, 24u, 47u, 48u, 100u, 1008u}) {
        DuplicateCohort cohort(9, markers);
        for (std::size_t i = 1; i < 9; ++i)
            cohort.copy(0, i, 0.02, 0.005);
        const MarkerPanel panel = cohort.panel();
        ASSERT_EQ(panel.bands(), markers / 24);
        for (std::size_t band = 0; band < panel.bands(); ++band)
            for (std::size_t a = 0; a < 9; ++a)
                for (std::size_t b = 0; b < 9; ++b) {
                    bool equal = true, called = true;
                    for (std::size_t m = band; m < markers; m += panel.bands()) {
                        equal = equal && cohort.calls[a][m] == cohort.calls[b][m];
                        called = called && cohort.calls[a][m] != missing;
                    }
                    EXPECT_EQ(panel.signature(a, band) == 0, !called);
                    if (called) {
                        EXPECT_EQ(panel.signature(a, band) == panel.signature(b, band), equal);
                    }
                }
    }
}

TEST(Duplicates, FindsCopiesWithErrorsAndMissingCalls) {
    DuplicateCohort cohort(400, 1008);
    cohort.copy(10, 399, 0, 0);
    cohort.copy(20, 200, 0.01, 0.01);
    cohort.copy(20, 201, 0.02, 0.03);
    cohort.copy(30, 31, 0.5, 0); // two thirds agree: a relative, not a copy
    const auto groups = find_duplicates(cohort.panel(), {});
    for (std::size_t i = 0; i < 400; ++i) {
        const std::size_t expected = i == 399 ? 10 : i == 200 || i == 201 ? 20 : i;
        EXPECT_EQ(groups[i], expected) << i;
    }
}

TEST(Duplicates, EqualsComparingAllPairs) {
    DuplicateCohort cohort(120, 504);
    for (std::size_t i = 60; i < 90; ++i)
        cohort.copy(i % 7, i, 0.005 * static_cast<double>(i % 5), 0.01);
    const MarkerPanel panel = cohort.panel();
    const auto groups = find_duplicates(panel, {});
    for (std::size_t a = 0; a < 120; ++a)
        for (std::size_t b = 0; b < a; ++b) {
            const auto c = panel.compare(a, b);
            if (c.equal >= 0.95 * c.compared) {
                EXPECT_EQ(groups[a], groups[b]) << a << ' ' << b;
            } else if (a < 60) {
                EXPECT_NE(groups[a], groups[b]);
            }
        }
}

TEST(Duplicates, ManyCopiesOfOneSampleStayCheap) {
    DuplicateCohort cohort(2000, 1008);
    for (std::size_t i = 1; i < 2000; ++i)
        cohort.calls[i] = cohort.calls[0];
    EXPECT_EQ(find_duplicates(cohort.panel(), {}), std::vector<std::size_t>(2000, 0));
}

TEST(Duplicates, SamplesWithoutCallsMatchNobody) {
    DuplicateCohort cohort(50, 240);
    cohort.calls[3].assign(240, missing);
    cohort.calls[7].assign(240, missing);
    const auto groups = find_duplicates(cohort.panel(), {});
    EXPECT_EQ(groups[3], 3u);
    EXPECT_EQ(groups[7], 7u);
}

} // namespace
} // namespace salus
