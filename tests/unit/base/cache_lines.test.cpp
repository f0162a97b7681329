#include "base/cache_lines.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace salus {
namespace {

template <class T>
bool begins_at_a_line(const CacheLines<T>& lines) {
    return reinterpret_cast<std::uintptr_t>(lines.data()) % 64 == 0;
}

TEST(CacheLines, HoldsWholeLinesOfZeros) {
    for (const std::size_t numbers : {1U, 7U, 8U, 9U, 64U, 65U}) {
        CacheLines<std::uint64_t> words(numbers);
        EXPECT_EQ(words.size(), (numbers + 7) / 8 * 8);
        EXPECT_TRUE(begins_at_a_line(words));
        EXPECT_TRUE(std::ranges::all_of(words.all(), [](std::uint64_t w) { return w == 0; }));
    }
    EXPECT_EQ(CacheLines<std::uint8_t>(65).size(), 128u);
    EXPECT_EQ(CacheLines<std::uint8_t>().size(), 0u);
}

TEST(CacheLines, KeepsWhatItHoldsWhenItGrowsOrMoves) {
    CacheLines<std::uint8_t> bytes(64);
    std::ranges::fill(bytes.all(), std::uint8_t{7});
    bytes.resize(1000);
    ASSERT_EQ(bytes.size(), 1024u);
    EXPECT_TRUE(begins_at_a_line(bytes));
    EXPECT_EQ(std::ranges::count(bytes.all(), 7), 64);
    EXPECT_EQ(bytes.data()[64], 0);
    const std::uint8_t* const before = bytes.data();
    const CacheLines<std::uint8_t> moved = std::move(bytes);
    EXPECT_EQ(moved.data(), before); // spans of it stay
}

} // namespace
} // namespace salus
