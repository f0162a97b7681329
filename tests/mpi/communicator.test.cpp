#include "parallel/communicator.hpp"
#include "base/file.hpp"
#include "base/file_operations.hpp"
#include "base/text.hpp"
#include "parallel/parallel_for.hpp"
#include "parallel/read_once.hpp"
#include "parallel/traffic.hpp"
#include "store/h5.hpp"

#include <gmock/gmock.h>

#include <memory>
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

std::uint64_t opened() {
    return file_operations().counts[static_cast<std::size_t>(FileOperation::open)];
}

TEST(Ranks, ReadAFileOnceForAll) {
    const auto folder =
        std::filesystem::temp_directory_path() / text("salus_read_once_", world().size());
    collectively(world(), "writing", [&] {
        if (!world().is_root()) return;
        make_folders(folder);
        write_file_atomically(folder / "words", "some words\n");
        H5File numbers = H5File::create(folder / "numbers.h5");
        numbers.attribute("/", "unit", std::string_view("cm"));
        numbers.write_array<double>("values", std::vector<double>(100000, 1.5));
        numbers.close();
    });
    const std::uint64_t before = opened();
    const auto file = read_once(world(), "reading words", [&] {
        EXPECT_EQ(read_text_file(folder / "words"), "some words\n");
        auto numbers = std::make_unique<H5File>(H5File::open(folder / "numbers.h5"));
        EXPECT_EQ(numbers->text_attribute("/", "unit"), "cm");
        EXPECT_EQ(numbers->shape("values"), std::vector<std::uint64_t>{100000});
        return numbers;
    });
    EXPECT_EQ(opened() - before, world().is_root() ? 2u : 0u);
    // What was not read together is there all the same.
    EXPECT_EQ(file->read_array<double>("values"), std::vector<double>(100000, 1.5));
    EXPECT_EQ(opened() - before, world().is_root() ? 2u : 1u);
    world().barrier();
    collectively(world(), "cleaning", [&] {
        if (world().is_root()) remove_tree(folder);
    });
}

TEST(Ranks, AllLearnThatRootCannotRead) {
    int work = 0;
    EXPECT_THROW(read_once(world(), "reading words",
                           [&] {
                               ++work;
                               return read_text_file("/nowhere/words");
                           }),
                 DataError);
    EXPECT_EQ(work, world().is_root() ? 1 : 0);
    read_once(world(), "doing nothing", [&] { ++work; });
    EXPECT_EQ(work, world().is_root() ? 2 : 1);
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
