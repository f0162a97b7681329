#include "parallel/communicator.hpp"
#include "parallel/parallel_for.hpp"
#include "parallel/traffic.hpp"

#include <gmock/gmock.h>

#include <numeric>

namespace salus {
namespace {

const Communicator& world() {
    static const Communicator comm = Communicator::world();
    return comm;
}

TEST(Ranks, SumsIntegers) {
    std::vector<std::int64_t> values{1, world().rank(), -1};
    world().sum(std::span(values));
    const std::int64_t n = world().size();
    EXPECT_THAT(values, ::testing::ElementsAre(n, n * (n - 1) / 2, -n));
    std::vector<std::uint8_t> none;
    world().sum(std::span(none));
}

TEST(Ranks, BroadcastsAndGathersTextsOfUnequalLength) {
    std::string word = world().is_root() ? "a word" : "";
    world().broadcast(word);
    EXPECT_EQ(word, "a word");
    const auto all = world().gather_all(std::string(static_cast<std::size_t>(world().rank()), 'x'));
    ASSERT_EQ(all.size(), static_cast<std::size_t>(world().size()));
    for (std::size_t r = 0; r < all.size(); ++r)
        EXPECT_EQ(all[r], std::string(r, 'x'));
}

TEST(Ranks, CountsTheSameCallsWhateverTheirNumber) {
    const Traffic before = traffic();
    std::vector<std::uint64_t> values(3);
    world().sum(std::span(values));
    world().gather_all("four");
    collectively(world(), "counting", [] {});
    world().barrier();
    const Traffic used = traffic() - before;
    EXPECT_EQ(used.of(Collective::sum).calls, 1u);
    EXPECT_EQ(used.of(Collective::sum).bytes, 24u);
    EXPECT_EQ(used.of(Collective::gather).calls, 1u);
    EXPECT_EQ(used.of(Collective::gather).bytes, static_cast<std::uint64_t>(4 * world().size()));
    EXPECT_EQ(used.of(Collective::agreement).calls, 1u);
    EXPECT_EQ(used.of(Collective::barrier).calls, 1u);
    EXPECT_EQ(used.messages(1), 0u);
    // 4 ranks: 4 calls x 4 x 2 of barriers, 2 sums x 2 x 3, a gather 2 x 4 x 2.
    EXPECT_EQ(used.messages(4), 60u);
    EXPECT_EQ(used.rounds(4), 2u * (4 + 2 * 2 + 2));
}

TEST(Ranks, GathersTextsTooLongForOneCall) {
    const auto ranks = static_cast<std::size_t>(world().size());
    if (ranks != 2) GTEST_SKIP() << "takes much memory; two ranks do";
    const std::string mine((std::size_t{1} << 27) + 1, world().is_root() ? 'a' : 'b');
    const auto all = world().gather_all(mine);
    ASSERT_EQ(all.size(), 2u);
    EXPECT_TRUE(all[0] == std::string(mine.size(), 'a') && all[1] == std::string(mine.size(), 'b'));
}

TEST(Ranks, EveryRankLearnsOfAnErrorOnAnyRank) {
    for (int culprit = 0; culprit < world().size(); ++culprit) {
        try {
            collectively(world(), "reading phenotypes", [&] {
                if (world().rank() == culprit)
                    throw DataError({.what = "'n/a' is not a number", .where = "line 17"});
            });
            FAIL();
        } catch (const DataError& error) {
            EXPECT_EQ(error.problems().front().where, "line 17");
            if (world().size() > 1) {
                EXPECT_THAT(error.what(), ::testing::HasSubstr("reading phenotypes"));
            }
        }
    }
}

TEST(Ranks, OtherExceptionsKeepTheirMeaning) {
    EXPECT_THROW(collectively(world(), "x", [] { throw std::bad_alloc(); }), std::exception);
    if (world().size() > 1) {
        EXPECT_THROW(collectively(world(), "x", [] { throw std::bad_alloc(); }), MemoryError);
    }
    EXPECT_EQ(collectively(world(), "x", [] { return 7; }), 7);
}

TEST(Threads, ParallelForVisitsAllAndRethrows) {
    set_threads(2);
    std::vector<int> seen(1000, 0);
    parallel_for(seen.size(), [&](std::size_t i) { seen[i] = static_cast<int>(i); });
    EXPECT_EQ(std::accumulate(seen.begin(), seen.end(), 0), 999 * 1000 / 2);
    EXPECT_THROW(parallel_for(100,
                              [](std::size_t i) {
                                  if (i == 50) throw DataError({.what = "x"});
                              }),
                 DataError);
    set_threads(1);
}

} // namespace
} // namespace salus
