#include "run/context.hpp"

#include "base/file.hpp"
#include "base/hash.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

namespace salus {
namespace {

class Units : public ::testing::Test {
protected:
    void SetUp() override {
        folder = std::filesystem::temp_directory_path() /
                 (std::string("salus_units_") +
                  ::testing::UnitTest::GetInstance()->current_test_info()->name());
        std::filesystem::remove_all(folder);
    }
    void TearDown() override { std::filesystem::remove_all(folder); }

    RunContext context(const std::string& fingerprint = "f") const {
        return RunContext({.comm = {},
                           .log = Log("test", 0, LogLevel::error),
                           .stage = "test",
                           .outputs = {{"result", folder / "result.h5"}},
                           .work = folder / "work",
                           .fingerprint = fingerprint,
                           .provenance = {{"program", "salus"}}});
    }
    static TableSpec spec() {
        return {.name = "rows",
                .row = "row",
                .doc = "Rows.",
                .columns = {{"unit", ColumnType::u64, "", "Unit."},
                            {"name", ColumnType::text, "", "Name."}}};
    }
    /// Runs 5 units of unequal length and publishes; counts how many were computed.
    int run(RunContext ctx, int fail_at = -1) {
        int computed = 0;
        const Parts parts =
            ctx.for_each_unit("phase", 5, [&](std::uint64_t unit, PartWriter& part) {
                if (static_cast<int>(unit) == fail_at) throw DataError({.what = "bad record"});
                ++computed;
                TableData table(spec());
                for (std::uint64_t i = 0; i < unit; ++i) {
                    table.column<std::uint64_t>("unit").push_back(unit);
                    table.column<std::string>("name").push_back(std::string(unit, 'x'));
                }
                part.write(table);
            });
        ctx.publish("result", [&](ResultWriter& out) { out.assemble(spec(), parts); });
        return computed;
    }
    std::filesystem::path folder;
};

TEST_F(Units, AssembleInOrderWithTheWidestText) {
    EXPECT_EQ(run(context()), 5);
    const H5File file = H5File::open(folder / "result.h5");
    const TableData table = file.read("rows");
    EXPECT_THAT(table.column<std::uint64_t>("unit"),
                ::testing::ElementsAre(1, 2, 2, 3, 3, 3, 4, 4, 4, 4));
    EXPECT_EQ(table.column<std::string>("name").back(), "xxxx");
    EXPECT_EQ(file.text_attribute("/provenance", "program"), "salus");
    EXPECT_EQ(file.integer_attribute("/", "complete"), 1);
}

TEST_F(Units, ResumeSkipsIntactPartsAndGivesTheSameBytes) {
    run(context());
    const std::string golden = sha256_file(folder / "result.h5");
    std::filesystem::remove_all(folder);
    EXPECT_THROW(run(context(), 3), DataError);
    EXPECT_FALSE(std::filesystem::exists(folder / "result.h5"));
    EXPECT_EQ(run(context()), 2);
    EXPECT_EQ(sha256_file(folder / "result.h5"), golden);
}

TEST_F(Units, DamagedPartsAndTornJournalsAreDoneAgain) {
    run(context());
    const std::string golden = sha256_file(folder / "result.h5");
    std::ofstream(folder / "work/phase/part-000002.h5", std::ios::app) << "x";
    std::filesystem::remove(folder / "work/phase/part-000001.h5");
    std::string journal = read_text_file(folder / "work/phase/journal-r0.log");
    journal.resize(journal.size() - 10); // the last line is cut
    std::ofstream(folder / "work/phase/journal-r0.log") << journal;
    EXPECT_EQ(run(context()), 3);
    EXPECT_EQ(sha256_file(folder / "result.h5"), golden);
}

TEST_F(Units, WorkOfAnotherConfigurationIsRefused) {
    EXPECT_THROW(run(context("one"), 3), DataError);
    try {
        run(context("two"));
        FAIL();
    } catch (const IntegrityError& error) {
        EXPECT_EQ(error.exit_code(), 6);
        EXPECT_THAT(error.what(), ::testing::HasSubstr("--fresh"));
    }
}

TEST_F(Units, FolderIsPublishedWholeOrNotAtAll) {
    RunContext ctx({.comm = {},
                    .log = Log("test", 0, LogLevel::error),
                    .stage = "test",
                    .outputs = {{"store", folder / "out.store"}},
                    .work = folder / "work"});
    EXPECT_THROW(ctx.publish_folder("store",
                                    [](const std::filesystem::path& temporary) {
                                        std::ofstream(temporary / "a") << "half";
                                        throw DataError({.what = "no"});
                                    }),
                 DataError);
    EXPECT_TRUE(std::filesystem::is_empty(folder));
    ctx.publish_folder("store", [](const std::filesystem::path& temporary) {
        std::ofstream(temporary / "a") << "whole";
    });
    EXPECT_EQ(read_text_file(folder / "out.store/a"), "whole");
}

} // namespace
} // namespace salus
