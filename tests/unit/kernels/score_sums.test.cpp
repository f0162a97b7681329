#include "kernels/score_sums.hpp"

#include "unit/kernels/random_genotypes.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

using test::pack;
using test::random_calls;

double shape(CallShape s, double g) {
    return s == CallShape::copies    ? g
           : s == CallShape::carrier ? std::min(g, 1.0)
                                     : std::max(g - 1, 0.0);
}

ScoreTerm random_term(std::uint64_t index) {
    Rng rng(5, "test.terms", index);
    ScoreTerm term;
    term.shape = static_cast<CallShape>(rng.below(3));
    term.slope = rng.normal() * (index % 7 == 0 ? 1e-6 : 1);
    term.constant = 2 * rng.normal();
    term.missing = 2 * rng.normal();
    return term;
}

struct Data {
    std::vector<std::vector<std::uint8_t>> calls;
    std::vector<test::PaddedRow> rows;
    std::vector<std::vector<Dosage>> dosages;
    std::vector<ScoredGenotypes> genotypes;
    std::vector<ScoreTerm> terms;
};

Data make(std::size_t samples, std::size_t variants, std::size_t columns,
          std::size_t dosage_every) {
    Data d;
    d.rows.reserve(variants);
    d.dosages.reserve(variants);
    for (std::size_t v = 0; v < variants; ++v) {
        d.calls.push_back(random_calls(samples, v, v % 3 != 0));
        d.rows.push_back(pack(d.calls.back()));
        d.dosages.emplace_back(samples);
        Rng rng(6, "test.dosages", v);
        for (auto& dosage : d.dosages.back())
            dosage = rng.below(9) == 0 ? dosage_missing : static_cast<Dosage>(rng.below(32769));
        if (dosage_every != 0 && v % dosage_every == 1)
            d.genotypes.push_back({.row = nullptr, .dosages = d.dosages.back()});
        else
            d.genotypes.push_back({.row = d.rows.back().bytes().data(), .dosages = {}});
    }
    for (std::size_t i = 0; i < variants * columns; ++i)
        d.terms.push_back(random_term(i));
    return d;
}

// The obvious sum in long double.
std::vector<long double> slowly(const Data& d, std::size_t samples, std::size_t columns) {
    std::vector<long double> sums(samples * columns);
    for (std::size_t v = 0; v < d.genotypes.size(); ++v)
        for (std::size_t i = 0; i < samples; ++i)
            for (std::size_t c = 0; c < columns; ++c) {
                const ScoreTerm& t = d.terms[v * columns + c];
                const bool called = d.genotypes[v].row != nullptr
                                        ? d.calls[v][i] != missing
                                        : d.dosages[v][i] != dosage_missing;
                const double g =
                    d.genotypes[v].row != nullptr ? d.calls[v][i] : d.dosages[v][i] / 16384.0;
                sums[i * columns + c] +=
                    called ? t.slope * shape(t.shape, g) + t.constant : t.missing;
            }
    return sums;
}

// Tolerance: 2^-46 of the largest term (about 5) for each of the terms.
TEST(ScoreSums, EqualsTheObviousSum) {
    for (const auto& [samples, variants, columns, every] : {std::array<std::size_t, 4>{1, 1, 1, 0},
                                                            {1, 1, 1, 1},
                                                            {300, 37, 3, 0},
                                                            {519, 300, 5, 4},
                                                            {70, 2, 17, 0},
                                                            {257, 1000, 2, 0}}) {
        const Data d = make(samples, variants, columns, every);
        std::vector<std::uint32_t> where(columns);
        for (std::size_t c = 0; c < columns; ++c)
            where[c] = static_cast<std::uint32_t>(2 * c); // every other column
        const ScoreJob job(d.genotypes, where, d.terms);
        std::vector<double> sums(samples * 2 * columns, 0.5);
        for (std::size_t begin = 0; begin < samples; begin += 256)
            job.add(begin, std::min(samples, begin + 256), sums.data() + begin * 2 * columns,
                    2 * columns);
        const auto expected = slowly(d, samples, columns);
        const double tolerance = static_cast<double>(variants) * std::ldexp(8.0, -46);
        for (std::size_t i = 0; i < samples * columns; ++i) {
            EXPECT_NEAR(sums[2 * i] - 0.5, static_cast<double>(expected[i]), tolerance);
            EXPECT_EQ(sums[2 * i + 1], 0.5);
        }
    }
}

TEST(ScoreSums, SamplesDoNotDependOnHowTheyAreCut) {
    const std::size_t samples = 1100, columns = 3;
    const Data d = make(samples, 64, columns, 5);
    const ScoreJob job(d.genotypes, {0, 1, 2}, d.terms);
    std::vector<double> whole(samples * columns), cut(samples * columns);
    job.add(0, samples, whole.data(), columns);
    for (std::size_t begin = 0; begin < samples; begin += 512)
        job.add(begin, std::min(samples, begin + 512), cut.data() + begin * columns, columns);
    EXPECT_EQ(whole, cut);
}

TEST(ScoreSums, ZeroTermsAddNothing) {
    const Data d = make(10, 4, 2, 0);
    const ScoreJob job(d.genotypes, {0, 1}, std::vector<ScoreTerm>(8));
    std::vector<double> sums(20, 0.0);
    job.add(0, 10, sums.data(), 2);
    EXPECT_EQ(sums, std::vector<double>(20, 0.0));
}

} // namespace
} // namespace salus
