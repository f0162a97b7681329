#include "store/joined_arrays.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "store/foreign_arrays.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <numeric>

namespace salus {
namespace {

class JoinedArrays : public testing::Test {
protected:
    JoinedArrays() : folder_(std::filesystem::path(testing::TempDir()) / "joined-arrays") {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
    }
    ~JoinedArrays() override { std::filesystem::remove_all(folder_); }

    static std::vector<double> values(std::uint64_t rows, std::uint64_t width) {
        std::vector<double> out(rows * width);
        std::iota(out.begin(), out.end(), 0.25);
        return out;
    }
    // The same array at once, and from parts of `cut` rows.
    void same(std::uint64_t rows, std::uint64_t width, std::uint64_t cut) {
        const std::vector<double> all = values(rows, width);
        std::vector<Parts::Part> parts;
        for (std::uint64_t begin = 0; begin < rows; begin += cut) {
            const std::uint64_t count = std::min(cut, rows - begin);
            const auto path = folder_ / ("part" + std::to_string(parts.size()));
            PartWriter part(path);
            part.write_array<double>("x", std::span(all).subspan(begin * width, count * width),
                                     {count, width});
            const std::string digest = part.commit();
            parts.push_back({path, digest, std::filesystem::file_size(path)});
        }
        H5File whole = H5File::create(folder_ / "whole");
        whole.write_array<double>("data/t/x", all, {rows, width});
        whole.close();
        H5File joined = H5File::create(folder_ / "joined");
        join_arrays(joined, "data/t/x", Parts(parts), "x");
        joined.close();
        EXPECT_EQ(read_text_file(folder_ / "whole"), read_text_file(folder_ / "joined"))
            << rows << " x " << width << " by " << cut;
        EXPECT_EQ(H5File::open(folder_ / "joined").read_array<double>("data/t/x"), all);
    }
    std::filesystem::path folder_;
};

TEST_F(JoinedArrays, AreThoseWrittenAtOnce) {
    same(1, 1, 1);
    same(7, 10, 7);
    same(20, 70000, 3);
    same(20, 30000, 4);   // two rows a chunk
    same(21, 30000, 4);   // the last one is alone
    same(1400, 100, 655); // whole chunks of 655 rows
    same(1310, 100, 655);
}

TEST_F(JoinedArrays, ForeignNumbersAndTexts) {
    H5File file = H5File::create(folder_ / "f");
    file.write_array<float>("m", std::vector<float>{1, 2, 3, 4, 5, 6}, {3, 2});
    file.write_array<std::int32_t>("i", std::vector<std::int32_t>{-4, 5, 6});
    file.write_array<std::uint64_t>("u", std::vector<std::uint64_t>{18446744073709551615U});
    TableData table(
        {.name = "t", .row = "r", .doc = "", .columns = {{"s", ColumnType::text, "", ""}}});
    table.column<std::string>("s") = {"a", "", "ccc"};
    file.write(table);
    file.close();
    const ForeignArrays read(folder_ / "f");
    EXPECT_EQ(read.read_numbers("m", 1, 2), (std::vector<double>{3, 4, 5, 6}));
    EXPECT_EQ(read.read_numbers("i", 0, 2), (std::vector<double>{-4, 5}));
    EXPECT_EQ(read.read_texts("i", 1, 2), (std::vector<std::string>{"5", "6"}));
    EXPECT_EQ(read.read_texts("u", 0, 1).front(), "18446744073709551615");
    EXPECT_EQ(read.read_texts("t/s", 0, 3), (std::vector<std::string>{"a", "", "ccc"}));
    EXPECT_EQ(read.element("m"), ForeignArrays::Element::real);
    EXPECT_EQ(read.element("t/s"), ForeignArrays::Element::text);
    EXPECT_THROW(read.read_numbers("m", 2, 2), DataError);
    EXPECT_THROW(read.read_texts("m", 0, 1), DataError);
}

} // namespace
} // namespace salus
