#include "formats/delimited.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <unistd.h>

namespace salus {
namespace {

using ::testing::HasSubstr;

class Delimited : public ::testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() /
                  ("salus-delimited-" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder_);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path file(std::string_view content, const std::string& name = "t.csv") const {
        std::ofstream(folder_ / name, std::ios::binary) << content;
        return folder_ / name;
    }
    std::filesystem::path folder_;
};

using Rows = std::vector<std::vector<std::string>>;

Rows rows_of(DelimitedReader& reader) {
    Rows rows;
    while (reader.next_valid())
        rows.emplace_back(reader.fields().begin(), reader.fields().end());
    return rows;
}

Rows rows_of(const std::filesystem::path& path) {
    DelimitedReader reader(path);
    return rows_of(reader);
}

std::string message(auto work) {
    try {
        work();
    } catch (const DataError& e) {
        return e.what();
    }
    return "no error";
}

TEST_F(Delimited, ReadsPlainRows) {
    EXPECT_EQ(rows_of(file("a,b\n1,2\n3,4\n")), (Rows{{"1", "2"}, {"3", "4"}}));
    EXPECT_EQ(rows_of(file("a,b\n1,2\n3,4")), (Rows{{"1", "2"}, {"3", "4"}}))
        << "no line end at the end";
    EXPECT_EQ(rows_of(file("a,b\n")), Rows{});
    EXPECT_EQ(rows_of(file("a,b")), Rows{});
    EXPECT_EQ(rows_of(file("a,b\n,\n")), (Rows{{"", ""}}));
}

TEST_F(Delimited, AcceptsTabsCrlfAndByteOrderMark) {
    EXPECT_EQ(rows_of(file("\xEF\xBB\xBF"
                           "a\tb\r\n1,5\t2\r\n\r\n3\t4\r\n")),
              (Rows{{"1,5", "2"}, {"3", "4"}}));
    const DelimitedReader reader(file("\xEF\xBB\xBF"
                                      "person_id,x\r\n"));
    EXPECT_EQ(reader.header().names, (std::vector<std::string>{"person_id", "x"}));
}

TEST_F(Delimited, QuotesFollowRfc4180) {
    EXPECT_EQ(rows_of(file("a,b\n\"x,y\",\"he said \"\"no\"\"\"\n")),
              (Rows{{"x,y", "he said \"no\""}}));
    EXPECT_EQ(rows_of(file("a,b\n\"two\nlines\",\"\"\n5,6\n")),
              (Rows{{"two\nlines", ""}, {"5", "6"}}));
    EXPECT_EQ(rows_of(file("a,b\r\n\"two\r\nlines\",1\r\n")), (Rows{{"two\r\nlines", "1"}}));
    EXPECT_EQ(rows_of(file("a,b\n5\" tube,6\n")), (Rows{{"5\" tube", "6"}}))
        << "a quote inside an unquoted field";
}

TEST_F(Delimited, FindsColumnsByNameInAnyCase) {
    const auto header = read_delimited_header(file("\"Person_ID\", Value \n1,2\n"));
    EXPECT_EQ(header.require("person_id"), 0u);
    EXPECT_EQ(header.require("VALUE"), 1u);
    EXPECT_FALSE(header.find("x"));
}

TEST_F(Delimited, NamesTheMissingColumnAndTheNearMiss) {
    const auto path = file("person_id,measurment_date\n1,2\n");
    const std::string text =
        message([&] { read_delimited_header(path).require("measurement_date"); });
    EXPECT_THAT(text, HasSubstr("there is no column measurement_date"));
    EXPECT_THAT(text, HasSubstr("rename the column measurment_date"));
    EXPECT_THAT(text, HasSubstr("t.csv, line 1"));
}

TEST_F(Delimited, RefusesHeadersThatCannotBeMeant) {
    EXPECT_THAT(message([&] { read_delimited_header(file("")); }), HasSubstr("has no header"));
    EXPECT_THAT(message([&] { read_delimited_header(file("\n1,2\n")); }),
                HasSubstr("has no header"));
    EXPECT_THAT(message([&] { read_delimited_header(file("a,A\n")); }),
                HasSubstr("column A is there twice"));
    EXPECT_THAT(message([&] {
                    read_delimited_header(file(std::string("\xFF\xFE"
                                                           "a\0,\0",
                                                           6)));
                }),
                HasSubstr("UTF-16"));
    EXPECT_THROW(read_delimited_header(folder_ / "none.csv"), DataError);
}

TEST_F(Delimited, TellsLineAndByteOfTextThatIsNotUtf8) {
    const std::string text = message([&] { rows_of(file("a,b\n1,2\n\"x\ny\",3\n1,M\xFCller\n")); });
    EXPECT_THAT(text, HasSubstr("not UTF-8"));
    EXPECT_THAT(text, HasSubstr("line 5, byte 4"));
    EXPECT_THAT(text, HasSubstr("iconv"));
    EXPECT_THAT(text, Not(HasSubstr("ller"))) << "values of persons are never shown";
    EXPECT_EQ(rows_of(file("a,b\n1,M\xC3\xBCller\n")), (Rows{{"1", "M\xC3\xBCller"}}));
}

TEST_F(Delimited, TellsWhenTheNumberOfFieldsIsWrong) {
    EXPECT_THAT(message([&] { rows_of(file("a,b\n1,2\n1,2,3\n")); }),
                HasSubstr("3 fields instead of 2"));
    EXPECT_THAT(message([&] { rows_of(file("a,b\n1,2\n1\n")); }), HasSubstr("line 3"));
    EXPECT_THAT(message([&] { rows_of(file("a,b\n\"1\"\n")); }),
                HasSubstr("1 fields instead of 2"));
}

TEST_F(Delimited, SkipsADefectiveRowAndGoesOn) {
    DelimitedReader reader(file("a,b\n1,2\n\"x\"y,2\n\"open,2\n3,4\n\xFF,1\n5\n6,7\n"));
    std::vector<RowDefect> defects;
    std::vector<std::string> first;
    while (reader.next()) {
        defects.push_back(reader.defect());
        if (reader.defect() == RowDefect::none) first.emplace_back(reader[0]);
    }
    using enum RowDefect;
    EXPECT_EQ(defects, (std::vector{none, quoting, quoting, none, not_utf8, field_count, none}));
    EXPECT_EQ(first, (std::vector<std::string>{"1", "3", "6"}));
    EXPECT_EQ(reader.lines_passed(), 8u);
}

TEST_F(Delimited, RowsLongerThanTheBuffer) {
    const std::string big(3'000'000, 'x');
    EXPECT_EQ(rows_of(file("a,b\n" + big + ",1\n2,\"" + big + "\n\"\n")),
              (Rows{{big, "1"}, {"2", big + "\n"}}));
    EXPECT_THAT(message([&] { rows_of(file("a,b\n" + std::string(20'000'000, 'x'))); }),
                HasSubstr("longer than 16 MiB"));
}

TEST_F(Delimited, ALineOfAGigabyteIsRefusedInLittleMemory) {
    const auto path = file("a,b\n1,2\n");
    std::filesystem::resize_file(path, std::uint64_t{1} << 30); // zeros
    DelimitedReader reader(path);
    ASSERT_TRUE(reader.next());
    const std::string text = message([&] { reader.next(); });
    EXPECT_THAT(text, HasSubstr("longer than 16 MiB"));
    EXPECT_THAT(text, HasSubstr("from byte 9"));
    const auto header = file("");
    std::filesystem::resize_file(header, std::uint64_t{1} << 30);
    EXPECT_THAT(message([&] { read_delimited_header(header); }),
                HasSubstr("the header is longer than 16 MiB"));
}

TEST_F(Delimited, ReadsGzipAndTellsDamage) {
    const auto plain = file("a,b\n1,2\n3,4\n");
    ASSERT_EQ(std::system(
                  ("gzip -c " + plain.string() + " > " + (folder_ / "t.csv.gz").string()).c_str()),
              0);
    EXPECT_EQ(rows_of(folder_ / "t.csv.gz"), (Rows{{"1", "2"}, {"3", "4"}}));
    DelimitedReader reader(folder_ / "t.csv.gz");
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.line_in_file(), 2u);

    std::string big = "a,b\n";
    for (int i = 0; i < 200000; ++i)
        big += std::to_string(i * 7919 % 100003) + ",1\n";
    const auto path = file(big);
    ASSERT_EQ(std::system(
                  ("gzip -c " + path.string() + " > " + (folder_ / "big.csv.gz").string()).c_str()),
              0);
    EXPECT_EQ(rows_of(folder_ / "big.csv.gz").size(), 200000u);
    std::filesystem::resize_file(folder_ / "big.csv.gz",
                                 std::filesystem::file_size(folder_ / "big.csv.gz") / 2);
    EXPECT_THAT(message([&] { rows_of(folder_ / "big.csv.gz"); }),
                HasSubstr("damaged or truncated"));
}

TEST_F(Delimited, ReadsZstdAndTellsDamage) {
    std::string big = "a,b\n";
    for (int i = 0; i < 200000; ++i)
        big += std::to_string(i * 7919 % 100003) + ",1\n";
    const auto path = file(big);
    const auto packed = folder_ / "big.csv.zst";
    if (std::system(("zstd -q " + path.string() + " -o " + packed.string()).c_str()) != 0)
        GTEST_SKIP() << "no zstd program";
    EXPECT_EQ(rows_of(packed), rows_of(path));
    std::filesystem::resize_file(packed, std::filesystem::file_size(packed) / 2);
    EXPECT_THAT(message([&] { rows_of(packed); }), HasSubstr("damaged or cut"));
}

/// All rows through pieces of `bytes`, with the seams checked and lines numbered as in one pass.
Rows in_pieces(const std::filesystem::path& path, std::uint64_t bytes,
               std::vector<std::uint64_t>* lines = nullptr) {
    Rows rows;
    std::uint64_t end = 0, before = 0;
    for (const ByteRange range : delimited_ranges(path, bytes)) {
        DelimitedReader reader(read_delimited_header(path), range);
        if (range.begin > 0) check_seam(path, end, reader.first_byte());
        while (reader.next_valid()) {
            rows.emplace_back(reader.fields().begin(), reader.fields().end());
            if (lines) lines->push_back(before + reader.line());
            EXPECT_TRUE(lines == nullptr || reader.line_in_file() == lines->back());
        }
        end = reader.next_byte();
        before += reader.lines_passed();
    }
    return rows;
}

TEST_F(Delimited, PiecesGiveEachRowOnceForEveryPlaceOfTheCut) {
    const auto path = file("id,text,n\n1,abc,2\n22,,3\r\n\n333,x y z,4\n4,\"a,b\",5\n5,last,6");
    const Rows whole = rows_of(path);
    for (std::uint64_t bytes = 1; bytes < 70; ++bytes) {
        std::vector<std::uint64_t> lines;
        EXPECT_EQ(in_pieces(path, bytes, &lines), whole) << bytes;
        EXPECT_EQ(lines, (std::vector<std::uint64_t>{2, 3, 5, 6, 7})) << bytes;
    }
}

TEST_F(Delimited, PiecesFindTheirWayOutOfQuotedLineBreaks) {
    std::string content = "id,note,n\n";
    for (int i = 0; i < 40; ++i)
        content += std::to_string(i) +
                   ",\"first line\nsecond, with comma\nthird \"\"quoted\"\" line\"," +
                   std::to_string(i) + "\n";
    const auto path = file(content);
    const Rows whole = rows_of(path);
    ASSERT_EQ(whole.size(), 40u);
    int refused = 0;
    for (std::uint64_t bytes = 20; bytes < 400; ++bytes) {
        std::vector<std::uint64_t> lines;
        try {
            EXPECT_EQ(in_pieces(path, bytes, &lines), whole) << bytes;
        } catch (const DataError&) {
            ++refused; // allowed, never a wrong row
        }
    }
    EXPECT_LT(refused, 40);
}

TEST_F(Delimited, AnAmbiguousCutIsRefusedAndNeverWrong) {
    std::string content = "id,note\n1,\"";
    for (int i = 0; i < 100; ++i)
        content += "7,eight\n"; // looks like rows, but is one field
    content += "\"\n2,end\n";
    const auto path = file(content);
    EXPECT_EQ(rows_of(path).size(), 2u);
    EXPECT_THAT(message([&] { in_pieces(path, 100); }), HasSubstr("cut_files = false"));
}

} // namespace
} // namespace salus
