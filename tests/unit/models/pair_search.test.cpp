#include "models/pair_search.hpp"

#include "base/random.hpp"
#include "models/kinship.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

/// Samples in groups of ten whose members share a part of their genome, with missing calls.
PlaneBand random_band(std::size_t samples, std::size_t chunks, double missing_rate) {
    PlaneBand band(samples, chunks);
    const std::size_t variants = chunks * plane_variants;
    for (std::size_t v = 0; v < variants; ++v) {
        Rng rng(5, "test.band", v);
        const double f = 0.05 + 0.45 * rng.uniform();
        const auto draw = [&] {
            return static_cast<std::uint8_t>(rng.bernoulli(f) + rng.bernoulli(f));
        };
        std::uint8_t shared = 0;
        for (std::size_t i = 0; i < samples; ++i) {
            if (i % 10 == 0) shared = draw();
            const std::uint8_t own = draw();
            const bool common = rng.uniform() < 0.08 * static_cast<double>(i % 10);
            const int call = rng.bernoulli(missing_rate) ? 3 : common ? shared : own;
            std::uint8_t* const at = band.at(i, v / plane_variants) + v % plane_variants / 8;
            const auto bit = static_cast<std::uint8_t>(1u << (v % 8));
            if (call == hom_ref || call == hom_alt) at[0] |= bit;
            if (call == hom_ref || call == het) at[plane_chunk_bytes / 2] |= bit;
        }
    }
    return band;
}

std::vector<std::uint64_t> het_of(const PlaneBand& band) {
    std::vector<std::uint64_t> het(band.chunks());
    for (std::size_t c = 0; c < het.size(); ++c)
        for (std::size_t i = 0; i < band.samples(); ++i)
            het[c] += count_calls(band.at(i, c), 1).het;
    return het;
}

struct Result {
    std::vector<FoundPair> found;
    PairTotals totals;
};

Result search_all(PairSearch search) {
    const auto looks = look_points(het_of(search.first), search.kinship_min);
    search.looks = looks;
    const auto first =
        distance_limits(search.first, search.first.chunks() * plane_variants, search.kinship_min);
    const auto second =
        distance_limits(search.second, search.second.chunks() * plane_variants, search.kinship_min);
    Result result;
    for (std::size_t i = 0; i < search.first.samples(); i += search_rows) {
        const auto found =
            search_pairs(search, first, second, i,
                         std::min(i + search_rows, search.first.samples()), result.totals);
        result.found.insert(result.found.end(), found.begin(), found.end());
    }
    return result;
}

// Every pair from its calls, one after the other.
std::vector<FoundPair> search_slowly(const PairSearch& search) {
    std::vector<FoundPair> found;
    const std::size_t variants = search.first.chunks() * plane_variants;
    for (std::size_t i = 0; i < search.first.samples(); ++i)
        for (std::size_t j = search.same_band ? i + 1 : 0; j < search.second.samples(); ++j) {
            FoundPair pair{.first = static_cast<std::uint32_t>(i),
                           .second = static_cast<std::uint32_t>(j)};
            for (std::size_t v = 0; v < variants; ++v) {
                const int a = plane_call(search.first.at(i), v),
                          b = plane_call(search.second.at(j), v);
                if (a == missing || b == missing) continue;
                ++pair.variants;
                pair.counts.het_het += a == het && b == het;
                pair.counts.het_hom += a == het && b != het;
                pair.counts.hom_het += a != het && b == het;
                pair.counts.ibs0 += a + b == 2 && a != b;
            }
            pair.kinship = king_robust(pair.counts);
            if (pair.kinship >= search.kinship_min) found.push_back(pair);
        }
    return found;
}

void expect_same(const std::vector<FoundPair>& a, const std::vector<FoundPair>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t k = 0; k < a.size(); ++k) {
        ASSERT_EQ(a[k].first, b[k].first);
        ASSERT_EQ(a[k].second, b[k].second);
        ASSERT_EQ(a[k].counts, b[k].counts);
        ASSERT_EQ(a[k].variants, b[k].variants);
        ASSERT_EQ(a[k].kinship, b[k].kinship);
    }
}

TEST(PairSearch, ScreenAndInstructionSetsFindWhatTheSlowSearchFinds) {
    const PlaneBand a = random_band(67, 11, 0.02), b = random_band(35, 11, 0.3);
    for (const bool same : {true, false}) {
        const auto all = search_slowly(
            {.first = a, .second = same ? a : b, .same_band = same, .kinship_min = -5});
        for (const double least : {-5.0, -0.02, 0.0442, 0.1, 0.177}) {
            PairSearch search{
                .first = a, .second = same ? a : b, .same_band = same, .kinship_min = least};
            std::vector<FoundPair> expected;
            std::copy_if(all.begin(), all.end(), std::back_inserter(expected),
                         [&](const FoundPair& p) { return p.kinship >= least; });
            for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512_vnni})
                for (const auto& [screen, missing_call] :
                     {std::pair{PairScreen::none, MissingCall::skipped},
                      std::pair{PairScreen::exact, MissingCall::skipped},
                      std::pair{PairScreen::exact, MissingCall::het}}) {
                    if (!is_supported(isa)) continue;
                    search.isa = isa, search.screen = screen, search.missing_call = missing_call;
                    const Result result = search_all(search);
                    expect_same(result.found, expected);
                    EXPECT_EQ(result.totals.compared, same ? 67u * 66 / 2 : 67u * 35);
                }
            if (least == -5) {
                EXPECT_EQ(expected.size(), same ? 67u * 66 / 2 : 67u * 35);
            }
            if (least == 0.1) {
                EXPECT_GT(expected.size(), 10u);
            }
        }
    }
}

TEST(PairSearch, ScreenLeavesFewPairsToCountInFull) {
    const PlaneBand band = random_band(100, 40, 0.002);
    const PairSearch search{.first = band, .second = band, .same_band = true, .kinship_min = 0.177};
    const Result result = search_all(search);
    EXPECT_LT(result.totals.evaluated, result.totals.compared / 4);
    EXPECT_GT(result.found.size(), 0u);
}

TEST(PairSearch, LooksEndWithTheLastChunk) {
    EXPECT_TRUE(look_points({}, 0.1).empty());
    const std::vector<std::uint64_t> het(100, 7);
    for (const double least : {-10.0, 0.0, 0.0442, 0.3, 0.5}) {
        const auto looks = look_points(het, least);
        ASSERT_FALSE(looks.empty());
        EXPECT_TRUE(std::is_sorted(looks.begin(), looks.end(), std::less_equal<>()));
        EXPECT_EQ(looks.back(), 100u);
    }
    EXPECT_GT(look_points(het, 0.0442).front(), 60u);
    EXPECT_LT(look_points(het, 0.354).front(), 30u);
}

TEST(PairSearch, NobodyAndNothing) {
    const PlaneBand none(0, 3), blank(5, 3), empty(5, 0);
    PairTotals totals;
    EXPECT_TRUE(search_pairs({.first = blank, .second = none}, distance_limits(blank, 0, 0), {}, 0,
                             5, totals)
                    .empty());
    for (const PlaneBand* band : {&blank, &empty}) {
        const auto limits = distance_limits(*band, 0, -1);
        EXPECT_TRUE(
            search_pairs({.first = *band, .second = *band, .same_band = true, .kinship_min = -1},
                         limits, limits, 0, 5, totals)
                .empty());
    }
}

} // namespace
} // namespace salus
