#include "formats/delimited.hpp"

#include "base/random.hpp"
#include "support/plain_rows.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <unistd.h>

namespace salus {
namespace {

using test::PlainRow;
using test::PlainRows;

class DelimitedRandom : public ::testing::Test {
protected:
    void SetUp() override {
        path_ = std::filesystem::temp_directory_path() /
                ("salus-delimited-random-" + std::to_string(::getpid()) + ".csv");
    }
    void TearDown() override { std::filesystem::remove(path_); }

    std::vector<PlainRow> rows_of(const std::string& text) const {
        std::ofstream(path_, std::ios::binary) << text;
        DelimitedReader reader(path_);
        std::vector<PlainRow> rows;
        while (reader.next()) {
            PlainRow& row = rows.emplace_back();
            row.defect = reader.defect();
            row.line = reader.line() - 1;
            if (row.defect != RowDefect::none) continue;
            for (std::size_t c = 0; c < reader.header().names.size(); ++c)
                row.fields.emplace_back(reader[c]);
            EXPECT_TRUE(std::equal(row.fields.begin(), row.fields.end(), reader.fields().begin(),
                                   reader.fields().end()));
        }
        lines_ = reader.lines_passed() - 1;
        return rows;
    }

    std::filesystem::path path_;
    mutable std::uint64_t lines_ = 0;
};

void expect_equal_rows(const std::vector<PlainRow>& found, const std::vector<PlainRow>& expected,
                       const std::string& text) {
    ASSERT_EQ(found.size(), expected.size()) << text;
    for (std::size_t r = 0; r < found.size(); ++r) {
        EXPECT_EQ(found[r].defect, expected[r].defect) << "row " << r << " of " << text;
        EXPECT_EQ(found[r].line, expected[r].line) << "row " << r << " of " << text;
        EXPECT_EQ(found[r].fields, expected[r].fields) << "row " << r << " of " << text;
    }
}

TEST_F(DelimitedRandom, ShortTextsOfAllCharactersThatMatter) {
    constexpr std::string_view alphabet = ",,,\n\n\"\"\"ab\r\xC3\xA4\xFF";
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
        Rng rng(7, "delimited", seed);
        std::string body;
        for (std::uint64_t i = rng.below(60); i > 0; --i)
            body += alphabet[rng.below(alphabet.size())];
        PlainRows plain(body, ',', 3);
        const auto expected = plain.rows();
        expect_equal_rows(rows_of("a,b,c\n" + body), expected, body);
        EXPECT_EQ(lines_, plain.lines()) << body;
        if (HasFailure()) return;
    }
}

/// Fields as exports write them, now and then spoilt.
std::string record(Rng& rng, char separator) {
    std::string out;
    const std::uint64_t columns = rng.bernoulli(0.02) ? rng.below(8) : 5;
    for (std::uint64_t c = 0; c < columns; ++c) {
        if (c > 0) out += separator;
        const std::string words(rng.below(30), static_cast<char>('a' + rng.below(26)));
        switch (rng.below(12)) {
        case 0:
            out += "\"" + words + separator + words + "\"";
            break;
        case 1:
            out += "\"" + words + "\"\"" + words + "\"";
            break;
        case 2:
            out += "\"" + words + "\n" + words + "\"";
            break;
        case 3:
            out += words + "\"" + words;
            break;
        case 4:
            out += rng.bernoulli(0.1) ? "\"" + words + "\"" + words : words + "\xC3\xA9";
            break;
        case 5:
            out += rng.bernoulli(0.1) ? words + "\xE9" : "\"\"";
            break;
        default:
            out += words;
        }
    }
    return out + (rng.bernoulli(0.1) ? "\r\n" : rng.bernoulli(0.02) ? "\n\n" : "\n");
}

TEST_F(DelimitedRandom, LongTextsAcrossBuffers) {
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
        Rng rng(8, "delimited", seed);
        const char separator = seed % 2 == 0 ? ',' : '\t';
        std::string body;
        while (body.size() < 900000)
            body += record(rng, separator);
        if (seed == 5) body += "1,\"never closed";
        std::string header = "a,b,c,d,e\n";
        std::replace(header.begin(), header.end(), ',', separator);
        expect_equal_rows(rows_of(header + body), PlainRows(body, separator, 5).rows(),
                          "long text");
    }
}

} // namespace
} // namespace salus
