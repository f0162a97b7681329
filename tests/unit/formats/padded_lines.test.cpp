#include "formats/padded_lines.hpp"

#include "base/error.hpp"
#include "formats/delimited.hpp"
#include "support/variant_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <unistd.h>
#include <zstd.h>

namespace salus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PaddedLinesTest : public ::testing::Test {
protected:
    void SetUp() override {
        folder_ =
            std::filesystem::temp_directory_path() / ("salus-lines-" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder_);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    std::filesystem::path file(std::string_view content) const {
        std::ofstream(folder_ / "t.ndjson", std::ios::binary) << content;
        return folder_ / "t.ndjson";
    }
    std::filesystem::path folder_;
};

std::vector<std::string> all(PaddedLines lines) {
    std::vector<std::string> out;
    while (lines.next())
        out.push_back(lines.too_long() ? "(too long)" : std::string(lines.line()));
    return out;
}

TEST_F(PaddedLinesTest, EndsOfLines) {
    EXPECT_THAT(all(PaddedLines(file(""), {}, 100)), ElementsAre());
    EXPECT_THAT(all(PaddedLines(file("\n\n  \n"), {}, 100)), ElementsAre());
    EXPECT_THAT(all(PaddedLines(file("\xEF\xBB\xBF{}\r\n\n{1}\n{2}"), {}, 100)),
                ElementsAre("{}", "{1}", "{2}"));
}

TEST_F(PaddedLinesTest, NumbersAndPlaces) {
    PaddedLines lines(file("a\n\nb\nc\n"), {}, 100);
    while (lines.next() && lines.line() != "b") {
    }
    EXPECT_EQ(lines.number(), 3U);
    EXPECT_THAT(lines.where(), HasSubstr("t.ndjson, line 3"));
    EXPECT_TRUE(lines.next());
    EXPECT_FALSE(lines.next());
    EXPECT_EQ(lines.lines_passed(), 4U);
    EXPECT_EQ(lines.next_byte(), 7U);
    PaddedLines later(folder_ / "t.ndjson", {2, 6}, 100);
    EXPECT_TRUE(later.next());
    EXPECT_EQ(later.line(), "b");
    EXPECT_EQ(later.number(), 2U); // in its range: the empty line before it belongs to it
    EXPECT_THAT(later.where(), HasSubstr("line 3"));
}

/// Cuts `path` into pieces of every size and expects the lines of `content`, each once.
void expect_every_cut(const std::filesystem::path& path, const std::string& content,
                      const std::vector<std::string>& expected) {
    for (std::uint64_t bytes = 1; bytes <= content.size() + 1; bytes += 1 + bytes / 6) {
        std::vector<std::string> found;
        std::uint64_t end = 0, passed = 0;
        for (const ByteRange range : delimited_ranges(path, bytes)) {
            PaddedLines lines(path, range, 100);
            EXPECT_EQ(lines.first_byte(), end);
            while (lines.next()) {
                if (bytes > 50) {
                    EXPECT_THAT(
                        lines.where(),
                        ::testing::EndsWith("line " + std::to_string(passed + lines.number())));
                }
                found.emplace_back(lines.line());
            }
            end = lines.next_byte();
            passed += lines.lines_passed();
        }
        ASSERT_EQ(found, expected) << bytes;
        EXPECT_EQ(passed,
                  static_cast<std::uint64_t>(std::count(content.begin(), content.end(), '\n')));
    }
}

TEST_F(PaddedLinesTest, EveryCutGivesEachLineOnce) {
    std::string content, frames;
    std::vector<std::string> expected;
    for (int i = 0; i < 23; ++i) {
        expected.push_back(std::string(static_cast<std::size_t>(1 + i * i % 7), 'a') +
                           std::to_string(i));
        content += expected.back() + (i % 5 == 0 ? "\n\n" : "\n");
    }
    expect_every_cut(file(content), content, expected);
    const auto packed = folder_ / "t.ndjson.gz";
    for (const std::size_t block : {1U, 5U, 17U, 60U}) {
        std::ofstream(packed, std::ios::binary) << test::bgzf(content, block);
        expect_every_cut(packed, content, expected);
    }
    for (std::size_t i = 0; i < content.size(); i += 9) {
        std::string frame(ZSTD_compressBound(9), '\0');
        frame.resize(ZSTD_compress(frame.data(), frame.size(), content.data() + i,
                                   std::min<std::size_t>(9, content.size() - i), 1));
        frames += frame;
    }
    const auto zstd = folder_ / "t.ndjson.zst";
    std::ofstream(zstd, std::ios::binary) << frames;
    expect_every_cut(zstd, content, expected);
    EXPECT_GT(delimited_ranges(zstd, 40).size(), 3U);
}

TEST_F(PaddedLinesTest, AByteOrderMarkLosesNoLineInAnyCut) {
    const auto path = file("\xEF\xBB\xBFone\ntwo\n");
    for (std::uint64_t bytes = 1; bytes < 12; ++bytes) {
        std::vector<std::string> found;
        for (const ByteRange range : delimited_ranges(path, bytes))
            for (const std::string& line : all(PaddedLines(path, range, 100)))
                found.push_back(line);
        EXPECT_EQ(found, (std::vector<std::string>{"one", "two"})) << bytes;
    }
}

TEST_F(PaddedLinesTest, LinesBeyondTheLimitArePassedOver) {
    const std::string longest(300000, 'x'); // more than the buffer
    const auto path = file("a\n" + longest + "\nb\n" + longest);
    EXPECT_THAT(all(PaddedLines(path, {}, 1000)),
                ElementsAre("a", "(too long)", "b", "(too long)"));
    EXPECT_THAT(all(PaddedLines(path, {}, 300000)), ElementsAre("a", longest, "b", longest));
}

TEST_F(PaddedLinesTest, CompressedFiles) {
    std::string content;
    for (int i = 0; i < 2000; ++i)
        content += "{\"line\":" + std::to_string(i * 7919) + "}\n";
    const auto path = file(content);
    const auto packed = folder_ / "t.ndjson.gz";
    ASSERT_EQ(std::system(("gzip -c " + path.string() + " >" + packed.string()).c_str()), 0);
    EXPECT_EQ(all(PaddedLines(packed, {}, 100)), all(PaddedLines(path, {}, 100)));
    EXPECT_EQ(delimited_ranges(packed, 10).size(), 1U);
    std::string frame(ZSTD_compressBound(content.size()), '\0');
    frame.resize(ZSTD_compress(frame.data(), frame.size(), content.data(), content.size(), 1));
    const auto zstd = folder_ / "t.ndjson.zst";
    std::ofstream(zstd, std::ios::binary) << frame;
    EXPECT_EQ(all(PaddedLines(zstd, {}, 100)), all(PaddedLines(path, {}, 100)));
    EXPECT_EQ(delimited_ranges(zstd, 10).size(), 1U);
    std::filesystem::resize_file(zstd, frame.size() / 2);
    EXPECT_THROW(all(PaddedLines(zstd, {}, 100)), DataError);
    std::filesystem::resize_file(packed, std::filesystem::file_size(packed) / 2);
    EXPECT_THROW(all(PaddedLines(packed, {}, 100)), DataError);
}

TEST_F(PaddedLinesTest, BytesBehindALineMayBeRead) {
    PaddedLines lines(file("{}"), {}, 100);
    ASSERT_TRUE(lines.next());
    volatile char sum = 0; // the address sanitizer watches
    for (std::size_t i = 0; i < PaddedLines::padding; ++i)
        sum = static_cast<char>(sum + lines.line().data()[lines.line().size() + i]);
}

TEST_F(PaddedLinesTest, WholeFile) {
    const auto path = file("{\n \"a\": 1\n}\n");
    PaddedLines lines(path, {}, 100, TextCut::whole_file);
    ASSERT_TRUE(lines.next());
    EXPECT_EQ(lines.line(), "{\n \"a\": 1\n}\n");
    EXPECT_EQ(lines.lines_passed(), 3U);
    EXPECT_FALSE(lines.next());
    PaddedLines small(path, {}, 5, TextCut::whole_file);
    ASSERT_TRUE(small.next());
    EXPECT_TRUE(small.too_long());
    EXPECT_FALSE(small.next());
}

} // namespace
} // namespace salus
