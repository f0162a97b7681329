#include "models/mosaic.hpp"

#include <gtest/gtest.h>

namespace salus {
namespace {

const CounterDraws mosaic_draws(7, "test.mosaic");

TEST(Mosaic, RandomAccessFindsWhatAWalkFinds) {
    for (std::uint64_t haplotype = 0; haplotype < 50; ++haplotype) {
        MosaicSegment walked{.draw = 0, .end = -1};
        for (int step = 0; step < 2000; ++step) {
            const float at = static_cast<float>(step) * 0.01F;
            if (at >= walked.end) walked = mosaic_segment(mosaic_draws, haplotype, 3, at, 0.5);
            const MosaicSegment found = mosaic_segment(mosaic_draws, haplotype, 3, at, 0.5);
            ASSERT_EQ(found.draw, walked.draw);
            ASSERT_EQ(found.end, walked.end);
        }
    }
}

TEST(Mosaic, SegmentsHaveTheMeanLength) {
    double length = 0;
    int segments = 0;
    for (std::uint64_t haplotype = 0; haplotype < 200; ++haplotype)
        for (float at = 0; at < 50; ++segments) {
            const MosaicSegment segment = mosaic_segment(mosaic_draws, haplotype, 0, at, 0.5);
            ASSERT_GT(segment.end, at);
            ASSERT_LE(segment.end - at, 1.0F);
            length += static_cast<double>(segment.end - at);
            at = segment.end;
        }
    EXPECT_NEAR(length / segments, 0.5, 0.01); // first segments are cut: about 1 in 100
}

TEST(Mosaic, HaplotypesAndRegionsDiffer) {
    const auto first = mosaic_segment(mosaic_draws, 1, 0, 1.0F, 0.5);
    EXPECT_NE(first.draw, mosaic_segment(mosaic_draws, 2, 0, 1.0F, 0.5).draw);
    EXPECT_NE(first.draw, mosaic_segment(mosaic_draws, 1, 1, 1.0F, 0.5).draw);
    EXPECT_NE(first.end, mosaic_segment(mosaic_draws, 2, 0, 1.0F, 0.5).end);
}

TEST(Mosaic, ScaledDrawsStayInRange) {
    EXPECT_EQ(scaled(0, 10), 0U);
    EXPECT_EQ(scaled(0xFFFFFFFF, 10), 9U);
}

} // namespace
} // namespace salus
