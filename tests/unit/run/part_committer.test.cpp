#include "run/part_committer.hpp"

#include "base/error.hpp"
#include "base/hash.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace salus {
namespace {

class PartCommitterTest : public ::testing::Test {
protected:
    PartCommitterTest()
        : folder(std::filesystem::temp_directory_path() /
                 (std::string("salus_committer_") +
                  ::testing::UnitTest::GetInstance()->current_test_info()->name())),
          journal(folder, "fingerprint", 0) {
        std::filesystem::remove_all(folder);
        std::filesystem::create_directories(folder);
    }
    ~PartCommitterTest() override { std::filesystem::remove_all(folder); }
    std::filesystem::path folder;
    Journal journal;
};

std::unique_ptr<PartWriter> part_of(const Journal& journal, std::uint64_t unit) {
    auto part = std::make_unique<PartWriter>(journal.part_path(unit));
    part->write_array<std::uint64_t>("value", std::span<const std::uint64_t>(&unit, 1));
    return part;
}

TEST_F(PartCommitterTest, EveryPartIsInTheJournalWithItsDigest) {
    PartCommitter committer(journal);
    for (std::uint64_t unit = 0; unit < 5; ++unit)
        committer.commit(unit, part_of(journal, unit));
    committer.finish();
    const auto done = journal.read();
    ASSERT_EQ(done.size(), 5u);
    for (const auto& [unit, part] : done)
        EXPECT_EQ(sha256_file(part.path), part.sha256) << unit;
}

TEST_F(PartCommitterTest, ThePartInHandIsFinishedWhenAnErrorEndsTheUnits) {
    EXPECT_THROW(
        {
            PartCommitter committer(journal);
            committer.commit(3, part_of(journal, 3));
            throw InternalError({.what = "of the next unit"});
        },
        InternalError);
    EXPECT_EQ(journal.read().size(), 1u);
}

TEST_F(PartCommitterTest, AnErrorOfTheDiskIsThrownByTheNextCall) {
    PartCommitter committer(journal);
    std::filesystem::create_directories(journal.part_path(0) / "in the way");
    committer.commit(0, part_of(journal, 0));
    EXPECT_THROW(committer.finish(), StorageError);
    committer.commit(1, part_of(journal, 1)); // the error is told once
    committer.finish();
    EXPECT_EQ(journal.read().size(), 1u);
}

} // namespace
} // namespace salus
