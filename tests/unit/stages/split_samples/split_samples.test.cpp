#include "stages/split_samples/split_samples.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

std::vector<std::string> people(std::size_t n) {
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < n; ++i)
        ids.push_back("p" + std::to_string(i));
    return ids;
}

TEST(SplitSamples, TakesTheShareThatIsAskedFor) {
    const auto marks = tuning_marks(people(20000), {}, {.tuning_fraction = 0.3});
    const auto tuning = static_cast<double>(std::count(marks.begin(), marks.end(), 1));
    EXPECT_NEAR(tuning, 6000, 5 * std::sqrt(20000 * 0.3 * 0.7)); // binomial
}

TEST(SplitSamples, IsAFunctionOfTheIdentifierAndTheSeed) {
    auto ids = people(1000);
    const auto before = tuning_marks(ids, {}, {});
    std::reverse(ids.begin(), ids.end());
    auto after = tuning_marks(ids, {}, {});
    std::reverse(after.begin(), after.end());
    EXPECT_EQ(before, after);
    EXPECT_NE(before, tuning_marks(people(1000), {}, {.split_seed = 2}));
}

TEST(SplitSamples, FamiliesStayTogether) {
    const auto ids = people(3000);
    std::vector<std::uint32_t> family(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i)
        family[i] = static_cast<std::uint32_t>(i < 1500 ? 1 + i % 500 : 0);
    const auto marks = tuning_marks(ids, family, {.tuning_fraction = 0.5});
    std::vector<std::uint32_t> shuffled = family; // other numbers, the same families
    for (auto& f : shuffled)
        if (f != 0) f = 1000 - f;
    EXPECT_EQ(marks, tuning_marks(ids, shuffled, {.tuning_fraction = 0.5}));
    for (std::size_t i = 500; i < 1500; ++i)
        EXPECT_EQ(marks[i], marks[i - 500]);
    EXPECT_EQ(std::vector<std::uint8_t>(marks.begin() + 1500, marks.end()), [&] {
        const auto alone = tuning_marks(ids, {}, {.tuning_fraction = 0.5});
        return std::vector<std::uint8_t>(alone.begin() + 1500, alone.end());
    }());
}

} // namespace
} // namespace salus
