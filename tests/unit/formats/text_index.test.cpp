#include "formats/text_index.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace salus {
namespace {

TEST(TextIndex, NumbersPairsInOrderOfAppearance) {
    TextIndex index;
    std::map<std::pair<std::uint32_t, std::string>, std::uint32_t> plain;
    for (std::uint32_t i = 0; i < 20000; ++i) {
        const std::uint32_t h = i * 2654435761U;
        const std::uint32_t number = h >> 20 & 15;
        const std::string key(h % 19, static_cast<char>('a' + (h >> 8) % 26));
        const auto [place, fresh] = plain.try_emplace({number, key}, plain.size());
        const TextIndex::Found found = index.add(number, key);
        ASSERT_EQ(found.fresh, fresh);
        ASSERT_EQ(found.index, place->second);
    }
    EXPECT_EQ(index.size(), plain.size());
}

TEST(TextIndex, NumbersTextsOfAnyLength) {
    TextIndex index;
    std::map<std::string, std::uint32_t> plain;
    for (std::uint32_t i = 0; i < 60000; ++i) {
        const std::uint32_t h = i * 2654435761U >> 8;
        const std::string key = (i % 3 == 0 ? "person" : "") + std::to_string(h % 20000);
        const auto [place, fresh] = plain.try_emplace(key, plain.size());
        const TextIndex::Found found = index.add(key);
        ASSERT_EQ(found.fresh, fresh);
        ASSERT_EQ(found.index, place->second);
    }
    EXPECT_EQ(index.size(), plain.size());
}

TEST(TextIndex, TellsTextsFromTheirBeginningsAndZeros) {
    TextIndex index;
    const std::string zeros(12, '\0');
    std::uint32_t expected = 0;
    for (std::size_t length = 0; length <= zeros.size(); ++length)
        EXPECT_EQ(index.add(std::string_view(zeros).substr(0, length)).index, expected++);
    EXPECT_TRUE(index.add(1, "").fresh);
    EXPECT_TRUE(index.add(1, "a").fresh);
    EXPECT_TRUE(index.add("a").fresh);
    EXPECT_FALSE(index.add("").fresh);
    EXPECT_FALSE(index.add(1, "a").fresh);
}

} // namespace
} // namespace salus
