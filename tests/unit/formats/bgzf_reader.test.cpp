#include "formats/bgzf_reader.hpp"

#include "base/error.hpp"
#include "base/random.hpp"
#include "support/variant_files.hpp"

#include <gtest/gtest.h>

namespace salus {
namespace {

std::string lines(int count) {
    std::string out;
    for (int i = 0; i < count; ++i)
        out +=
            "line " + std::to_string(i) + std::string(static_cast<std::size_t>(i % 50), 'x') + "\n";
    return out;
}

std::string all_of(RecordStream& stream) {
    std::string out;
    std::string_view line;
    while (stream.next_line(line))
        out += std::string(line) + "\n";
    return out;
}

void expect_error(const std::filesystem::path& path, std::string_view part) {
    try {
        all_of(*open_stream(path));
        FAIL() << "not refused: " << part;
    } catch (const DataError& error) {
        EXPECT_NE(std::string_view(error.what()).find(part), std::string_view::npos)
            << error.what();
        EXPECT_NE(std::string_view(error.what()).find(path.string()), std::string_view::npos);
    }
}

TEST(RecordStream, ReadsLinesAcrossBlocks) {
    const test::ScratchFolder folder("bgzf-lines");
    const std::string content = lines(20'000);
    for (const std::size_t block : {1UL, 7UL, 700UL, 65'280UL, 65'536UL}) {
        if (block < 100 && content.size() / block > 300'000) continue;
        const auto path = folder.write("a.gz", test::bgzf(content, block));
        EXPECT_EQ(all_of(*open_stream(path)), content) << block;
    }
    EXPECT_EQ(all_of(*open_stream(folder.write("plain", content))), content);
}

TEST(RecordStream, AcceptsCarriageReturnsAndEmptyBlocks) {
    const test::ScratchFolder folder("bgzf-cr");
    EXPECT_EQ(all_of(*open_stream(folder.write("a", "x\r\ny\r\n"))), "x\ny\n");
    const std::string joined = test::bgzf("a\nb") + test::bgzf("b\nc\n"); // cat of two files
    EXPECT_EQ(all_of(*open_stream(folder.write("b.gz", joined))), "a\nbb\nc\n");
}

TEST(RecordStream, RangesStartAtThePlacesOfLines) {
    const test::ScratchFolder folder("bgzf-range");
    const std::string content = lines(500);
    for (const std::string& bytes : {test::bgzf(content, 333), content}) {
        const auto path = folder.write("a", bytes);
        std::vector<VirtualOffset> places;
        const auto whole = open_stream(path);
        std::string_view line;
        while (whole->next_line(line))
            places.push_back(whole->place());
        ASSERT_EQ(places.size(), 500U);
        for (const std::size_t cut : {1UL, 17UL, 250UL, 499UL})
            EXPECT_EQ(all_of(*open_stream(path, {places[0], places[cut]})) +
                          all_of(*open_stream(path, {places[cut], end_of_file})),
                      content);
    }
}

TEST(RecordStream, CutInsideALineIsNoticed) {
    const test::ScratchFolder folder("bgzf-cut");
    const auto path = folder.write("a.gz", test::bgzf(lines(100), 512));
    EXPECT_THROW(all_of(*open_stream(path, {0, 3})), DataError);       // inside a line
    EXPECT_THROW(all_of(*open_stream(path, {0, 7 << 16})), DataError); // inside a block
    EXPECT_THROW(all_of(*open_stream(path, {0, 600})), DataError);     // behind the end of a block
    EXPECT_THROW(all_of(*open_stream(path, {7 << 16, end_of_file})), DataError);
}

TEST(RecordStream, DamageIsRefused) {
    const test::ScratchFolder folder("bgzf-bad");
    const std::string good = test::bgzf(lines(100), 512);
    expect_error(folder.write("a.gz", good.substr(0, good.size() - 28)), "end marker");
    expect_error(folder.write("a.gz", good.substr(0, good.size() / 2)), "end marker");
    std::string no_header = good;
    no_header[1] = 0;
    no_header[0] = 'x';
    EXPECT_THROW(all_of(*open_stream(folder.write("a.gz", no_header))), DataError);
    expect_error(folder.write("a.gz", std::string("\x1f\x8b\x08\0\0\0\0\0\0\3", 10)), "bgzip");
    expect_error(folder.write("a.gz", ""), "empty");
    expect_error(folder.write("plain", "a\nb"), "last line");
    EXPECT_THROW(open_stream(folder.path() / "absent"), DataError);
    std::string bad = good;
    bad[40] = static_cast<char>(bad[40] ^ 16);
    expect_error(folder.write("a.gz", bad), "byte 0");
}

TEST(RecordStream, NoFlippedBitPasses) {
    const test::ScratchFolder folder("bgzf-flips");
    const std::string content = lines(200), good = test::bgzf(content, 512);
    Rng rng(1, "flips", 0);
    for (int flip = 0; flip < 1000; ++flip) {
        std::string bad = good;
        const std::uint64_t bit = rng.below(8 * bad.size());
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
        const auto path = folder.write("a.gz", bad);
        try {
            EXPECT_EQ(all_of(*open_stream(path)), content); // bits without meaning: time, system
        } catch (const DataError&) {
        }
    }
}

} // namespace
} // namespace salus
