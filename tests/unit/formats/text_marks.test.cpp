#include "formats/text_marks.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <string>

namespace salus {
namespace {

std::string random_text(std::size_t bytes, std::uint64_t seed) {
    constexpr std::string_view alphabet = ",,,\t\n\"ab1- \r\x80\xFF\xC3";
    Rng rng(1, "text marks", seed);
    std::string out;
    for (std::size_t i = 0; i < bytes; ++i)
        out += alphabet[rng.below(alphabet.size())];
    return out;
}

TEST(TextMarks, AllFormsGiveTheSameBits) {
    ASSERT_FALSE(character_bits_forms().empty());
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const std::string text = random_text(64 * 5, seed);
        for (const auto form : character_bits_forms()) {
            std::vector<CharacterBits> bits(5);
            form(text, ',', bits.data());
            for (std::size_t i = 0; i < text.size(); ++i) {
                const auto bit = [i](std::uint64_t word) { return (word >> i % 64 & 1) != 0; };
                EXPECT_EQ(bit(bits[i / 64].separators), text[i] == ',');
                EXPECT_EQ(bit(bits[i / 64].breaks), text[i] == '\n');
                EXPECT_EQ(bit(bits[i / 64].quotes), text[i] == '"');
                EXPECT_EQ(bit(bits[i / 64].high), static_cast<unsigned char>(text[i]) > 127);
            }
        }
    }
}

TEST(TextMarks, MarksEveryPlaceForEveryLength) {
    TextMarks marks; // used again and again: nothing is left of the text before
    for (std::size_t bytes = 0; bytes < 300; ++bytes) {
        const std::string text =
            bytes % 7 == 0 ? std::string(bytes, ',') : random_text(bytes, bytes);
        marks.mark(text, ',');
        std::vector<std::uint32_t> ends, lines, quotes;
        bool ascii = true;
        for (std::uint32_t i = 0; i < text.size(); ++i) {
            if (text[i] == '\n') lines.push_back(static_cast<std::uint32_t>(ends.size()));
            if (text[i] == ',' || text[i] == '\n') ends.push_back(i);
            if (text[i] == '"') quotes.push_back(i);
            ascii = ascii && static_cast<unsigned char>(text[i]) < 128;
        }
        EXPECT_EQ(std::vector(marks.field_ends(), marks.field_ends() + marks.fields()), ends);
        EXPECT_EQ(marks.lines(), lines);
        ASSERT_EQ(marks.quotes().size(), quotes.size() + 1);
        EXPECT_TRUE(std::equal(quotes.begin(), quotes.end(), marks.quotes().begin()));
        EXPECT_GE(marks.quotes().back(), text.size());
        EXPECT_EQ(marks.is_ascii(), ascii);
        marks.end_line(text.size());
        EXPECT_EQ(marks.fields(), ends.size() + 1);
        EXPECT_EQ(marks.field_ends()[marks.lines().back()], text.size());
    }
}

} // namespace
} // namespace salus
