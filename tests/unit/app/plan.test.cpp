#include "app/plan.hpp"

#include "app/error_report.hpp"
#include "app/runner_state.hpp"
#include "unit/schema/two_stages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace salus {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class PlanTest : public ::testing::Test {
protected:
    PlanTest() : stages_(test::two_stages()) {
        test::write_text(folder_ / "a.bcf", "x");
        test::write_text(folder_ / "p.toml",
                         "[[stage]]\nuse = 'gather'\ngenotypes = 'input.g'\n"
                         "[[stage]]\nuse = 'count'\ngenotypes = 'gather.genotypes'\nlabel = 'x'\n");
    }
    Plan plan(const std::string& resources, int ranks = 0, int threads = 0) const {
        test::write_text(folder_ / "j.toml",
                         "pipeline = 'p.toml'\noutput = 'o'\n[inputs]\ng = 'a.bcf'\n" + resources);
        return make_plan(read_job(folder_ / "j.toml", stages_), ranks, threads);
    }
    test::TestFolder folder_;
    std::vector<Stage> stages_;
};

TEST_F(PlanTest, SizesOfTheFirstStageReachTheSecond) {
    const Plan p = plan("");
    ASSERT_EQ(p.stages.size(), 2u);
    EXPECT_EQ(p.stages[1].sizes.variants, 2e6);
    EXPECT_EQ(p.memory_per_rank(), 1e9 + 4000);
    EXPECT_EQ(p.storage(), 8e7);
    EXPECT_EQ(p.disk(), 1.6e8);
}

TEST_F(PlanTest, LooksAtResultsThatAreMadeWithTheParametersOfTheJob) {
    test::write_text(folder_ / "o/gather/genotypes.store", "x");
    EXPECT_EQ(plan("").stages[1].sizes.persons, 0); // whoever made it
    std::filesystem::create_directories(folder_ / "o/state");
    write_state(folder_ / "o/state/gather.toml", {.stage = "gather",
                                                  .ingredients = {{"seed", "1"},
                                                                  {"parameter mode", "\"fail\""},
                                                                  {"parameter window", "1000"}},
                                                  .outputs = {}});
    EXPECT_EQ(plan("").stages[1].sizes.persons, 1);
    EXPECT_EQ(plan("[gather]\nwindow = 2000\n").stages[1].sizes.persons, 0);
    std::filesystem::remove(folder_ / "o/gather/genotypes.store");
    EXPECT_EQ(plan("").stages[1].sizes.persons, 0);
}

TEST_F(PlanTest, LayoutComesFromJobUnlessAsked) {
    const Plan job = plan("[resources]\nranks = 4\nthreads = 2\nnodes = 2\n");
    EXPECT_EQ(job.ranks, 4);
    EXPECT_EQ(job.threads, 2);
    EXPECT_EQ(job.nodes, 2);
    EXPECT_EQ(plan("[resources]\nranks = 4\n", 8).ranks, 8);
    EXPECT_EQ(plan("[resources]\nnodes = 9\n").nodes, 1);
}

TEST_F(PlanTest, BatchLinesHoldReserves) {
    const std::string lines = plan_as_sbatch(plan("[resources]\nranks = 4\npartition = 'main'\n"));
    EXPECT_THAT(lines, AllOf(HasSubstr("--ntasks=4\n"),
                             HasSubstr("--mem=5333M\n"), // 1.25 x 4 x 1.011004 GB + 512 MiB
                             HasSubstr("--time=00:10:00\n"), HasSubstr("--partition=main\n"),
                             Not(HasSubstr("--account"))));
    EXPECT_THAT(plan_as_sbatch(plan("[resources]\ntime = '2-00:00:00'\nmemory_gib = 1\n")),
                AllOf(HasSubstr("--time=2-00:00:00"), HasSubstr("--mem=1024M")));
}

TEST_F(PlanTest, WarnsWhereTheJobAsksForTooLittle) {
    EXPECT_THAT(plan_as_text(plan("[resources]\nmemory_gib = 1\n")),
                HasSubstr("warning: the job asks for 1.0 GiB per node"));
    EXPECT_THAT(plan_as_text(plan("")),
                AllOf(Not(HasSubstr("warning")), HasSubstr("memory 1 GB + 4 N")));
}

TEST_F(PlanTest, JsonHasTheSameNumbers) {
    EXPECT_THAT(plan_as_json(plan("", 2)),
                AllOf(HasSubstr("\"ranks\": 2"), HasSubstr("\"memory_bytes_per_rank\": 1011004000"),
                      HasSubstr("\"name\": \"count\""), HasSubstr("\"variants\": 2000000")));
}

TEST(ErrorReport, TellsEveryProblemAndTheExitCode) {
    UsageError error(std::vector<Problem>{{.what = "a is wrong", .where = "line 1"},
                                          {.what = "b is wrong", .help = "repair b"}});
    EXPECT_EQ(error_report(error, Work::none, false),
              "error: a is wrong\n  where: line 1\n\nerror: b is wrong\n  help:  repair b\n\n"
              "salus: configuration error, 2 problems; nothing was run (exit code 2)");
}

TEST(ErrorReport, ContextAndColour) {
    DataError error({.what = "bad"});
    error.add("while reading part 3");
    const std::string report = error_report(error, Work::begun, true);
    EXPECT_THAT(report, HasSubstr("\033[1;31merror:\033[0m bad\n  while reading part 3\n"));
    EXPECT_THAT(report, HasSubstr("finished parts are kept"));
}

} // namespace
} // namespace salus
