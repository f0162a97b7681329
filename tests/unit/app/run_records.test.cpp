#include "app/run_records.hpp"
#include "app/audit_log.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "unit/schema/two_stages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace salus {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class AuditLogTest : public ::testing::Test {
protected:
    AuditLogTest() {
        for (int i = 0; i < 4; ++i)
            AuditLog(folder_.path()).append("stage_done", {{"stage", text("s", i)}});
    }
    std::string bytes() const { return read_text_file(file_); }
    void put(const std::string& content) const { test::write_text(file_, content); }
    void broken(const std::string& why) const {
        EXPECT_THROW(static_cast<void>(verify_audit_log(file_)), IntegrityError) << why;
    }
    test::TestFolder folder_;
    std::filesystem::path file_ = folder_ / "audit.log";
};

TEST_F(AuditLogTest, WholeChainHolds) {
    EXPECT_EQ(verify_audit_log(file_).lines, 4u);
    EXPECT_THAT(bytes(), AllOf(HasSubstr("{\"line\": 1, "), HasSubstr("\"stage\": \"s3\"")));
}

TEST_F(AuditLogTest, EveryFlippedBitIsTold) {
    const std::string sound = bytes();
    for (std::size_t bit = 0; bit < 8 * sound.size(); bit += 5) {
        std::string flipped = sound;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
        put(flipped);
        broken(text("bit ", bit));
    }
}

TEST_F(AuditLogTest, LinesRemovedSwappedAndRepeatedAreTold) {
    const std::string sound = bytes();
    const auto lines = split(sound, '\n');
    const auto file_of = [&](std::initializer_list<int> order) {
        std::string out;
        for (const int i : order)
            out += text(lines[static_cast<std::size_t>(i)], "\n");
        return out;
    };
    put(file_of({0, 2, 3}));
    broken("a line is missing");
    EXPECT_THROW(AuditLog(folder_.path()).append("run_begins", {}), IntegrityError)
        << "nothing goes on behind a line that is missing";
    put(file_of({1, 2, 3}));
    broken("the first is missing");
    put(file_of({0, 2, 1, 3}));
    broken("two are swapped");
    put(file_of({0, 1, 1, 2, 3}));
    broken("one is there twice");
    put(file_of({0, 1, 2}));
    EXPECT_EQ(verify_audit_log(file_).lines, 3u); // why run.json remembers the head
}

TEST_F(AuditLogTest, LineTornByAPowerCutIsRecordedByTheNext) {
    put(bytes() + "{\"line\": 5, \"time\": \"2025");
    broken("torn");
    AuditLog(folder_.path()).append("run_begins", {});
    EXPECT_EQ(verify_audit_log(file_).lines, 6u);
    std::string changed = bytes();
    changed.replace(changed.find("\"2025"), 5, "\"2024");
    put(changed);
    broken("the torn line was changed later");
}

TEST(RunOf, IsTheFolderWithTheResolvedJob) {
    test::TestFolder folder;
    test::write_text(folder / "run/resolved.toml", "");
    test::write_text(folder / "run/risk/risk.h5", "");
    EXPECT_EQ(run_of(folder / "run/risk/risk.h5"), folder / "run");
    EXPECT_EQ(run_of(folder / "elsewhere/risk.h5"), std::filesystem::path());
}

TEST(UnitClock, NotesOfAllRanksComeBackInOrder) {
    test::TestFolder folder;
    std::filesystem::create_directories(folder / "scan");
    for (const int rank : {1, 0}) {
        UnitClock clock(folder / "scan", rank);
        clock.begin(static_cast<std::uint64_t>(rank) + 6, rank);
        clock.end();
        clock.begin(99, rank); // ended by an error: not noted
    }
    const auto times = read_unit_times(folder.path());
    ASSERT_THAT(times, SizeIs(2));
    EXPECT_EQ(times[0].rank, 1);
    EXPECT_EQ(times[0].unit, 7u);
    EXPECT_EQ(times[1].phase, "scan");
    EXPECT_LE(times[0].begin_us, times[1].begin_us);
    EXPECT_THAT(read_unit_times(folder / "nowhere"), SizeIs(0));
}

TEST(ChromeTrace, HasAnEventForEachUnit) {
    const std::string trace =
        chrome_trace("count", {{"scan", 3, 7, 1000, 20}, {"scan", 0, 8, 1500, 10}});
    EXPECT_THAT(
        trace,
        AllOf(HasSubstr(
                  R"({"ph":"X","name":"scan 8","cat":"scan","pid":0,"tid":0,"ts":500,"dur":10})"),
              HasSubstr(R"("args":{"name":"rank 3"})")));
}

TEST(StageMetrics, BusiestRankAgainstTheMeanOfAllRanks) {
    StageState state;
    state.seconds = 2;
    state.peak_bytes = 4096;
    StageCosts costs{.ranks = 4, .threads = 2, .traffic = {}, .root = {}, .others = {}};
    costs.traffic.counts[static_cast<std::size_t>(Collective::sum)] = {.calls = 3, .bytes = 24};
    costs.others.counts[static_cast<std::size_t>(FileOperation::rename)] = 5;
    const std::string metrics = stage_metrics(
        "count", state, costs, {{"scan", 0, 0, 0, 3'000'000}, {"scan", 1, 1, 0, 1'000'000}});
    EXPECT_THAT(
        metrics,
        AllOf(HasSubstr("salus_stage_collectives{stage=\"count\",kind=\"sum\"} 3\n"),
              HasSubstr("salus_stage_messages{stage=\"count\"} 42\n"),       // 3 (4 x 2 + 2 x 3)
              HasSubstr("salus_stage_message_rounds{stage=\"count\"} 18\n"), // 3 (2 + 2 x 2)
              HasSubstr("{stage=\"count\",ranks=\"others\",operation=\"rename\"} 5\n")));
    EXPECT_THAT(metrics, AllOf(HasSubstr("salus_stage_units{stage=\"count\"} 2\n"),
                               HasSubstr("salus_stage_unit_seconds{stage=\"count\"} 4.000\n"),
                               HasSubstr("salus_stage_busiest_rank_ratio{stage=\"count\"} 3.000\n"),
                               HasSubstr("# TYPE salus_stage_peak_bytes gauge\n")));
}

} // namespace
} // namespace salus
