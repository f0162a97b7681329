#include "base/file_ranges.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/file_operations.hpp"
#include "base/random.hpp"
#include "support/variant_files.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <optional>

namespace salus {
namespace {

std::string text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string read_range(const FileRanges& ranges, std::uint64_t offset, std::size_t count) {
    std::vector<std::byte> bytes(count);
    return ranges.read("f", offset, bytes) ? text_of(bytes) : "not known";
}

TEST(FileRanges, AgreesWithAFileWhereverItsBytesAreKnown) {
    std::string content(300, ' ');
    Rng rng(1, "file_ranges", 0);
    for (char& c : content)
        c = static_cast<char>('a' + rng.below(26));
    FileRanges ranges;
    std::vector<bool> known(content.size());
    for (int turn = 0; turn < 40; ++turn) {
        const std::size_t begin = rng.below(280), count = rng.below(20);
        ranges.note("f", begin, std::as_bytes(std::span(content).subspan(begin, count)));
        std::fill_n(known.begin() + static_cast<std::ptrdiff_t>(begin), count, true);
    }
    const FileRanges copy = FileRanges::unpack(ranges.pack());
    std::size_t answers = 0;
    for (std::size_t begin = 0; begin < content.size(); ++begin)
        for (std::size_t count = 1; begin + count <= content.size(); ++count) {
            const bool all = std::all_of(known.begin() + static_cast<std::ptrdiff_t>(begin),
                                         known.begin() + static_cast<std::ptrdiff_t>(begin + count),
                                         [](bool k) { return k; });
            answers += all ? 1 : 0;
            ASSERT_EQ(read_range(copy, begin, count),
                      all ? content.substr(begin, count) : "not known");
        }
    EXPECT_GT(answers, 1000u);
}

TEST(FileRanges, KeepsNoMoreThanItMay) {
    const std::vector<std::byte> piece(std::size_t{1} << 20);
    FileRanges ranges;
    for (std::uint64_t p = 0; p < FileRanges::most_bytes / piece.size(); ++p)
        ranges.note("f", p * piece.size(), piece);
    ranges.note("f", FileRanges::most_bytes, std::span(piece).first(1));
    ranges.note("f", 0, piece); // known already
    std::byte last{};
    EXPECT_TRUE(ranges.read("f", FileRanges::most_bytes - 1, std::span(&last, 1)));
    EXPECT_FALSE(ranges.read("f", FileRanges::most_bytes, std::span(&last, 1)));
}

class AnsweredFile : public ::testing::Test {
protected:
    AnsweredFile() {
        write_file_atomically(path_, "head body tail");
        NotedReads notes(ranges_);
        InputFile file(path_);
        std::array<std::byte, 4> head{};
        file.read(head);
        file.read_at(5, head);
    }
    static std::uint64_t opened() {
        return file_operations().counts[static_cast<std::size_t>(FileOperation::open)];
    }
    test::ScratchFolder folder_{"file-ranges"};
    const std::filesystem::path path_ = folder_.path() / "file";
    FileRanges ranges_;
};

TEST_F(AnsweredFile, IsNotOpenedForWhatIsKnown) {
    std::filesystem::remove(path_); // it could not be
    const AnsweredReads answers(ranges_);
    InputFile file(path_);
    EXPECT_EQ(file.size(), 14u);
    std::array<std::byte, 4> word{};
    file.read_at(5, word);
    EXPECT_EQ(text_of(word), "body");
    EXPECT_EQ(file.read(word), 4u);
    EXPECT_EQ(text_of(word), "head");
    EXPECT_THROW(file.read_at(10, word), DataError);
}

TEST_F(AnsweredFile, IsOpenedOnceForWhatIsNot) {
    std::optional<AnsweredReads> answers(std::in_place, ranges_);
    InputFile file(path_);
    std::array<std::byte, 4> head{};
    ASSERT_EQ(file.read(head), 4u);
    answers.reset();
    const std::uint64_t before = opened();
    InputFile moved(std::move(file));
    std::array<std::byte, 20> rest{};
    const std::size_t got = moved.read(rest);
    EXPECT_EQ(text_of(std::span(rest).first(got)), " body tail");
    EXPECT_EQ(moved.read(rest), 0u);
    std::array<std::byte, 4> tail{};
    moved.read_at(10, tail);
    EXPECT_EQ(text_of(tail), "tail");
    EXPECT_EQ(opened() - before, 1u);
}

TEST_F(AnsweredFile, OtherFilesAreReadAsEver) {
    const auto other = folder_.path() / "other";
    write_file_atomically(other, "words");
    const AnsweredReads answers(ranges_);
    EXPECT_EQ(read_text_file(other), "words");
    EXPECT_THROW(InputFile(folder_.path() / "none"), DataError);
    EXPECT_EQ(read_text_file(path_), "head body tail"); // known in part
}

} // namespace
} // namespace salus
