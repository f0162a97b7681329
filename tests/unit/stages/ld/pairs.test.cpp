#include "stages/ld/pairs.hpp"

#include "base/random.hpp"
#include "models/ld.hpp"
#include "support/genotype_store.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

namespace salus::ld {
namespace {

TEST(ReachEnds, IncludeTheDistanceItself) {
    EXPECT_TRUE(reach_ends({}, 5).empty());
    EXPECT_EQ(reach_ends(std::vector<std::uint32_t>{1, 6, 7, 7, 20}, 5),
              (std::vector<std::uint32_t>{2, 4, 4, 4, 5}));
}

TEST(ScoreStretches, CoverTheChromosomeOnce) {
    EXPECT_TRUE(score_stretches({}).empty());
    std::vector<std::uint32_t> ends(3000);
    for (std::uint32_t i = 0; i < ends.size(); ++i)
        ends[i] = std::min<std::uint32_t>(3000, i + 100);
    const auto stretches = score_stretches(ends);
    ASSERT_GT(stretches.size(), 1u);
    std::uint32_t next = 0;
    for (const LdWindow stretch : stretches) {
        EXPECT_EQ(stretch.begin, next);
        EXPECT_GE(stretch.size(), 512u);
        next = stretch.end;
    }
    EXPECT_EQ(next, 3000u);
}

TEST(ChooseBlocks, CutsWhereLeastLdCrosses) {
    EXPECT_TRUE(choose_blocks({}, 4).empty());
    EXPECT_EQ(choose_blocks(std::vector<std::int64_t>{0, 1, 1, 1}, 4),
              (std::vector<LdWindow>{{0, 4}}));
    EXPECT_EQ(choose_blocks(std::vector<std::int64_t>{0, 0, 5, 2, 5, 5, 1}, 4),
              (std::vector<LdWindow>{{0, 3}, {3, 7}}));
    EXPECT_EQ(choose_blocks(std::vector<std::int64_t>{0, 5, 5, 5, 5}, 4),
              (std::vector<LdWindow>{{0, 2}, {2, 5}})); // the first of equals
}

/// One chromosome of 1,400 variants in a store, so that scores are made in two stretches.
class PairScanTest : public testing::Test {
protected:
    static constexpr std::size_t samples = 45, variants = 1400;
    PairScanTest() {
        folder_ = std::filesystem::path(testing::TempDir()) / "ld-pairs";
        std::filesystem::remove_all(folder_);
        StoreDescription store;
        store.genome_build = "GRCh38";
        for (std::size_t i = 0; i < samples; ++i) {
            store.samples.id.push_back("s" + std::to_string(i));
            store.samples.sex.push_back(Sex::unknown);
        }
        std::vector<test::SmallPart> parts(1);
        std::vector<std::uint8_t> row(packed_bytes(samples));
        candidates_.chromosome = "1";
        for (std::size_t v = 0; v < variants; ++v) {
            Rng rng(6, "pairs", v);
            for (std::size_t i = 0; i < samples; ++i)
                if (v == 0 || rng.bernoulli(0.4))
                    packed_set(row, i, static_cast<std::uint8_t>(rng.below(v % 4 == 0 ? 4 : 3)));
            if (v == 9) std::fill(row.begin(), row.end(), std::uint8_t{0});
            const auto position = static_cast<std::uint32_t>(1000 + 10 * v);
            parts[0].variants.push_back(
                {.chromosome = "1", .position = position, .ref = "A", .alt = "C"});
            parts[0].rows.push_back(row);
            candidates_.row.push_back(v);
            candidates_.position.push_back(position);
            candidates_.major_frequency.push_back(0.5);
            candidates_.varies.push_back(v == 9 ? 0 : 1);
        }
        rows_ = parts[0].rows;
        test::write_small_store(folder_ / "store", store, parts);
        genotypes_ = open_genotypes(folder_ / "store");
        chosen_ = select_samples(genotypes_->samples(), variants, nullptr);
    }
    ~PairScanTest() override { std::filesystem::remove_all(folder_); }
    double plain_r(std::size_t a, std::size_t b) const {
        const std::vector<std::uint8_t> all(samples, 1);
        const auto sums = [&](std::size_t v) {
            const auto own = reference::pair_sums(rows_[v], rows_[v], all, HetCall::one_copy);
            return CallSums{own.samples, own.sum_a, own.squares_a};
        };
        return mean_imputed_r(reference::pair_sums(rows_[a], rows_[b], all, HetCall::one_copy),
                              sums(a), sums(b));
    }
    std::filesystem::path folder_;
    Candidates candidates_;
    std::vector<std::vector<std::uint8_t>> rows_;
    std::unique_ptr<GenotypeSource> genotypes_;
    LdSamples chosen_;
};

TEST_F(PairScanTest, ScoresAndCrossingsOfAllStretchesEqualThePlainSums) {
    const auto ends = reach_ends(candidates_.position, 200);
    const SharedGenotypes shared(*genotypes_);
    const PairScan scan(shared, candidates_, chosen_);
    std::vector<double> scores;
    std::vector<std::int64_t> places(variants + 1);
    for (const LdWindow stretch : score_stretches(ends)) {
        const StretchScores found = scan.scores(ends, stretch);
        scores.insert(scores.end(), found.score.begin(), found.score.end());
        for (std::size_t k = 0; k < found.crossing_step.size(); ++k)
            places[stretch.begin + 1 + k] += found.crossing_step[k];
    }
    ASSERT_EQ(scores.size(), variants);
    std::vector<double> crossing(variants + 1);
    for (std::size_t i = 0; i < variants; ++i) {
        double expected = 0;
        for (std::size_t j = i > 20 ? i - 20 : 0; j < std::min(variants, i + 21); ++j) {
            if (candidates_.varies[j] == 0) continue;
            const double r = plain_r(i, j);
            expected += i == j ? 1 : adjusted_r2(r * r, samples);
            for (std::size_t p = i + 1; j > i && p <= j; ++p)
                crossing[p] += candidates_.varies[i] != 0 ? r * r : 0;
        }
        if (i == 9)
            EXPECT_TRUE(std::isnan(scores[i]));
        else
            EXPECT_NEAR(scores[i], expected, 1e-12) << i; // 41 terms of size 1
    }
    std::int64_t sum = 0;
    for (std::size_t p = 1; p < variants; ++p) {
        sum += places[p];
        EXPECT_NEAR(static_cast<double>(sum) * 0x1p-32, crossing[p], 1e-7) << p; // 400 roundings
    }
}

TEST_F(PairScanTest, MatrixIsSymmetricAndRounded) {
    const SharedGenotypes shared(*genotypes_);
    const auto matrix = PairScan(shared, candidates_, chosen_).matrix({5, 45});
    ASSERT_EQ(matrix.size(), 1600u);
    for (std::size_t i = 0; i < 40; ++i)
        for (std::size_t j = 0; j < 40; ++j) {
            const double expected = i == j ? (i == 4 ? 0 : 1) : plain_r(5 + i, 5 + j);
            EXPECT_NEAR(matrix[40 * i + j], expected * 32767, 0.5 + 1e-9) << i << ' ' << j;
            EXPECT_EQ(matrix[40 * i + j], matrix[40 * j + i]);
        }
}

} // namespace
} // namespace salus::ld
