#include "stages/pgs_weights/blocks.hpp"

#include <gtest/gtest.h>

namespace salus::pgs_weights {
namespace {

Statistics variants(const std::vector<std::pair<int, std::uint32_t>>& places) {
    Statistics s;
    for (const auto& [chromosome, position] : places) {
        s.row.push_back(s.row.size());
        s.chromosome.push_back(chromosome);
        s.position.push_back(position);
    }
    return s;
}

std::vector<std::size_t> ends(const Statistics& s, std::size_t most) {
    std::vector<std::size_t> out;
    std::size_t begin = 0;
    for (const BlockRange& block : cut_blocks(s, most)) {
        EXPECT_EQ(block.begin, begin);
        EXPECT_GT(block.size(), 0U);
        EXPECT_LE(block.size(), most);
        begin = block.end;
        out.push_back(block.end);
    }
    EXPECT_EQ(begin, s.size());
    return out;
}

TEST(PgsBlocks, EndWithTheChromosome) {
    EXPECT_TRUE(cut_blocks(variants({}), 10).empty());
    const Statistics s = variants({{1, 5}, {1, 9}, {2, 1}, {2, 2}, {2, 3}});
    EXPECT_EQ(ends(s, 10), (std::vector<std::size_t>{2, 5}));
    EXPECT_EQ(ends(s, 3), (std::vector<std::size_t>{2, 5}));
}

TEST(PgsBlocks, EndAtTheWidestGapOfTheSecondHalf) {
    // Gaps: 10 10 10 50 10 10 10; at most 6 variants, so a block ends after 3 to 6 of them.
    const Statistics s =
        variants({{1, 10}, {1, 20}, {1, 30}, {1, 40}, {1, 90}, {1, 100}, {1, 110}, {1, 120}});
    EXPECT_EQ(ends(s, 6), (std::vector<std::size_t>{4, 8}));
    EXPECT_EQ(ends(s, 8), (std::vector<std::size_t>{8}));
    // Of equal gaps the first.
    const Statistics even = variants({{1, 1}, {1, 2}, {1, 3}, {1, 4}, {1, 5}});
    EXPECT_EQ(ends(even, 4), (std::vector<std::size_t>{2, 5}));
}

TEST(PgsColumns, FollowTheirPathsFromStrongToWeak) {
    PgsWeightsParams params;
    params.methods = {"lassosum2"};
    params.lambda_shares = {0.1, 0.5};
    params.deltas = {0.01, 1};
    const auto columns = columns_of(params);
    ASSERT_EQ(columns.size(), 4U);
    EXPECT_EQ(columns[0].name, "lassosum2_d0.01_l1");
    EXPECT_EQ(columns[0].lambda_share, 0.5);
    EXPECT_EQ(columns[1].lambda_share, 0.1);
    EXPECT_EQ(columns[3].name, "lassosum2_d1_l2");
    params.methods = {"clumping", "infinitesimal"};
    EXPECT_EQ(columns_of(params).size(), 1 + params.clump_r2.size() * params.p_thresholds.size());
}

} // namespace
} // namespace salus::pgs_weights
