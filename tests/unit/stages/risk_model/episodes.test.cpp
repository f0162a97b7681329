#include "stages/risk_model/episodes.hpp"

#include "base/error.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

namespace salus::risk_models {
namespace {

const std::vector<std::string> ids{"a", "b", "c", "d"};

Episodes read(const std::string& rows, const char* header = "sample_id,start,stop,died,x") {
    const auto path = std::filesystem::temp_directory_path() / "salus_episodes.test.csv";
    std::ofstream(path) << header << '\n' << rows;
    return read_episodes(path, ids);
}

TEST(Episodes, RowsAreSortedByPersonAndTime) {
    const Episodes e =
        read("c,2,5,1,7\na,0,1.5,0,1\nz,0,9,1,1\nc,0,2,0,6\nc,6,9,1,8\nd,1,2,NA,3\n");
    EXPECT_EQ(e.sample, (std::vector<std::uint32_t>{0, 2, 2, 2, 3}));
    EXPECT_EQ(e.start, (std::vector<double>{0, 0, 2, 6, 1}));
    EXPECT_EQ(e.columns.at("x"), (std::vector<double>{1, 6, 7, 8, 3}));
    EXPECT_EQ(e.first, (std::vector<std::uint64_t>{0, 1, 1, 4, 5}));
    EXPECT_EQ(e.unknown, 1u);
    EXPECT_TRUE(e.is_event("died"));
    EXPECT_FALSE(e.is_event("x"));
    const auto begin = e.at_begin("x");
    EXPECT_EQ(begin[2], 6);
    EXPECT_TRUE(std::isnan(begin[1]));
}

TEST(Episodes, AnEventInTheMiddleEndsTheFirstTime) {
    const Episodes e = read("c,1,2,0,6\nc,2,5,1,7\nc,6,9,1,8\na,0,1.5,0,1\nd,1,2,NA,3\n");
    const auto first = e.first_events("died");
    EXPECT_EQ(first.entry[2], 1);
    EXPECT_EQ(first.exit[2], 5);
    EXPECT_EQ(first.status[2], 1);
    EXPECT_EQ(first.exit[0], 1.5);
    EXPECT_EQ(first.status[0], 0);
    EXPECT_TRUE(std::isnan(first.status[1]) && std::isnan(first.status[3]));
}

TEST(Episodes, NamesOfTmergeAreTaken) {
    EXPECT_EQ(read("a,0,1,0\n", "IID,tstart,tstop,died").rows(), 1u);
}

TEST(Episodes, RowsThatCannotBeAreRefused) {
    for (const char* rows :
         {"a,5,5,0,1\n", "a,5,4,0,1\n", "a,-1,4,0,1\n", "a,0,NA,0,1\n", "a,0,inf,0,1\n",
          "a,0,4,0,1\na,3,9,0,1\n", "a,0,4,0,1\na,0,4,0,1\n", "z,0,4,0,1\n", "a,0,4,yes,1\n", ""})
        EXPECT_THROW(read(rows), DataError) << rows;
    EXPECT_EQ(read("a,0,4,0,1\na,4,9,0,1\nb,3,5,0,1\n").rows(), 3u); // they touch
}

} // namespace
} // namespace salus::risk_models
