#include "formats/packed_ranges.hpp"

#include "base/random.hpp"
#include "base/text.hpp"
#include "formats/delimited.hpp"
#include "fuzz/harness.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <zstd.h>

#include <fstream>
#include <unistd.h>

namespace salus {
namespace {

using ::testing::HasSubstr;

class PackedRanges : public ::testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() /
                  ("salus-packed-ranges-" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder_);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path file(std::string_view content, const std::string& name) const {
        std::ofstream(folder_ / name, std::ios::binary) << content;
        return folder_ / name;
    }
    std::filesystem::path folder_;
};

/// BGZF whose blocks hold `bytes` bytes each.
std::string bgzf_of(std::string_view text, std::size_t bytes) {
    std::string out;
    constexpr std::size_t end_marker = 28;
    for (std::size_t at = 0; at < text.size(); at += bytes) {
        const std::string block = fuzz::stored_bgzf(text.substr(at, bytes));
        out += block.substr(0, block.size() - end_marker);
    }
    return out + fuzz::stored_bgzf({});
}

/// zstd with frames of `bytes` bytes each; their first bytes.
std::string zstd_of(std::string_view text, std::size_t bytes, std::vector<std::uint64_t>& begins) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += bytes) {
        const std::string_view piece = text.substr(at, bytes);
        std::string frame(ZSTD_compressBound(piece.size()), '\0');
        const std::size_t size =
            ZSTD_compress(frame.data(), frame.size(), piece.data(), piece.size(), 1);
        begins.push_back(out.size());
        out += frame.substr(0, size);
    }
    return out;
}

std::string packed_table(std::size_t rows, bool quoted) {
    std::string out = "id,note,n\n";
    for (std::size_t i = 0; i < rows; ++i) {
        const std::string note = quoted && i % 5 == 0 ? "\"a, line\nand \"\"more\"\"\"" : "words";
        out += text(i, ",", note, ",", i * 7919 % 1009, i % 11 == 0 ? "\r\n" : "\n");
    }
    return out;
}

using Rows = std::vector<std::vector<std::string>>;

Rows packed_rows(const std::filesystem::path& path) {
    Rows rows;
    DelimitedReader reader(path);
    while (reader.next_valid())
        rows.emplace_back(reader.fields().begin(), reader.fields().end());
    return rows;
}

struct Pieces {
    Rows rows;
    std::size_t ranges = 0;
};
/// All rows by ranges, seams checked, lines numbered as in one pass.
Pieces packed_pieces(const std::filesystem::path& path, std::uint64_t bytes) {
    Pieces out;
    std::uint64_t end = 0, lines = 0;
    for (const ByteRange range : delimited_ranges(path, bytes)) {
        DelimitedReader reader(path, range);
        if (out.ranges++ > 0) check_seam(path, end, reader.first_byte());
        while (reader.next_valid()) {
            out.rows.emplace_back(reader.fields().begin(), reader.fields().end());
            if (out.rows.size() % 97 == 0) {
                EXPECT_EQ(reader.line_in_file(), lines + reader.line());
            }
        }
        end = reader.next_byte();
        lines += reader.lines_passed();
    }
    return out;
}

TEST_F(PackedRanges, BgzfGivesEachRowOnceForEveryCut) {
    for (const std::size_t block : {37U, 100U, 4000U}) {
        const std::string text = packed_table(400, false);
        const auto path = file(bgzf_of(text, block), "t.csv.gz");
        const Rows whole = packed_rows(file(text, "t.csv"));
        EXPECT_EQ(packed_rows(path), whole);
        for (const std::uint64_t bytes : {1U, 60U, 400U, 3000U, 20000U, 1000000U}) {
            const Pieces pieces = packed_pieces(path, bytes);
            EXPECT_EQ(pieces.rows, whole) << block << " " << bytes;
            EXPECT_TRUE(bytes > 3000 || pieces.ranges > 1);
        }
    }
}

TEST_F(PackedRanges, BlocksThatEndWithLines) {
    // The header fills the first block; the rows are at odds with the blocks.
    const auto path = file(bgzf_of("id,n\n1,2\n3,4\n5,6\n", 5), "t.csv.gz");
    EXPECT_EQ(packed_pieces(path, 4).rows, (Rows{{"1", "2"}, {"3", "4"}, {"5", "6"}}));
    const auto even = file(bgzf_of("ii,nn\n11,22\n33,44\n55,66\n", 6), "u.csv.gz");
    EXPECT_EQ(packed_pieces(even, 4).rows, (Rows{{"11", "22"}, {"33", "44"}, {"55", "66"}}));
}

TEST_F(PackedRanges, QuotedLineBreaksAtSeamsAreReadRightOrRefused) {
    const std::string text = packed_table(300, true);
    const auto path = file(bgzf_of(text, 64), "t.csv.gz");
    const Rows whole = packed_rows(file(text, "t.csv"));
    int refused = 0;
    for (std::uint64_t bytes = 40; bytes < 4000; bytes += 60) {
        try {
            EXPECT_EQ(packed_pieces(path, bytes).rows, whole) << bytes;
        } catch (const DataError&) {
            ++refused; // allowed, never a wrong row
        }
    }
    EXPECT_LT(refused, 33);
}

TEST_F(PackedRanges, ZstdIsCutAtFrames) {
    const std::string text = packed_table(3000, false);
    const Rows whole = packed_rows(file(text, "t.csv"));
    for (const std::size_t frame : {500U, 7001U, 100000U}) {
        std::vector<std::uint64_t> begins;
        const auto path = file(zstd_of(text, frame, begins), "t.csv.zst");
        EXPECT_EQ(zstd_frames(InputFile(path)), begins);
        for (const std::uint64_t bytes : {1U, 5000U, 40000U}) {
            const Pieces pieces = packed_pieces(path, bytes);
            EXPECT_EQ(pieces.rows, whole) << frame << " " << bytes;
            EXPECT_EQ(pieces.ranges, bytes == 1 ? begins.size() : pieces.ranges);
        }
    }
}

TEST_F(PackedRanges, FramesAreFoundByHintsAndBySeekTables) {
    const std::string text = packed_table(500, false);
    std::vector<std::uint64_t> begins;
    const std::string packed = zstd_of(text, 2000, begins);
    const auto number = [](std::uint64_t value) {
        std::string out;
        for (int b = 0; b < 4; ++b)
            out += static_cast<char>(value >> 8 * b & 255);
        return out;
    };
    std::vector<std::uint64_t> sizes;
    for (std::size_t i = 0; i < begins.size(); ++i)
        sizes.push_back((i + 1 < begins.size() ? begins[i + 1] : packed.size()) - begins[i]);

    std::string hinted;
    std::vector<std::uint64_t> hinted_begins;
    for (std::size_t i = 0; i < begins.size(); ++i) {
        hinted += number(0x184D2A50) + number(4) + number(sizes[i]);
        hinted_begins.push_back(hinted.size());
        hinted += packed.substr(begins[i], sizes[i]);
    }
    EXPECT_EQ(zstd_frames(InputFile(file(hinted, "hinted.zst"))), hinted_begins);
    EXPECT_EQ(zstd_frames(InputFile(folder_ / "hinted.zst"), 2 * begins.size()), hinted_begins)
        << "two reads for each frame";

    std::string entries;
    for (const std::uint64_t size : sizes)
        entries += number(size) + number(2000);
    const std::string content = entries + number(begins.size()) + '\0' + number(0x8F92EAB1);
    const auto seekable =
        file(packed + number(0x184D2A5E) + number(content.size()) + content, "seekable.csv.zst");
    EXPECT_EQ(zstd_frames(InputFile(seekable), 0), begins) << "from the table alone";
    EXPECT_EQ(packed_pieces(seekable, 3000).rows, packed_rows(file(text, "t.csv")));

    EXPECT_TRUE(zstd_frames(InputFile(file(packed, "p.zst")), 3).empty()) << "too many reads";
    EXPECT_TRUE(
        zstd_frames(InputFile(file(packed.substr(0, packed.size() / 2), "cut.zst"))).empty());
    EXPECT_TRUE(zstd_frames(InputFile(file("no frame at all", "x.zst"))).empty());
}

TEST_F(PackedRanges, DamageIsToldWhereverARangeBegins) {
    const std::string text = packed_table(2000, false);
    std::string packed = bgzf_of(text, 1000);
    packed[packed.size() / 2] ^= 1;
    const auto path = file(packed, "t.csv.gz");
    EXPECT_THROW(packed_pieces(path, 8000), DataError);
    file(packed.substr(0, packed.size() - 30), "t.csv.gz");
    try {
        packed_pieces(path, 8000);
        ADD_FAILURE() << "a cut file was read";
    } catch (const DataError& e) {
        EXPECT_THAT(e.what(), HasSubstr("end marker"));
    }
}

TEST_F(PackedRanges, BlocksAreNotMistakenForThoseInsideOthers) {
    // The text of the blocks looks like the head of a block.
    std::string text = "id,n\n";
    for (int i = 0; i < 200; ++i)
        text += std::string("\x1f\x8b\x08\x04", 4) + ",1\n";
    const auto path = file(bgzf_of(text, 50), "t.csv.gz");
    const InputFile input(path);
    for (std::uint64_t from = 0; from < input.size(); from += 13) {
        const std::uint64_t block = bgzf_block_from(input, from);
        EXPECT_TRUE(block == input.size() || block == input.size() - 28 || block % 81 == 0)
            << from << " " << block;
    }
}

} // namespace
} // namespace salus
