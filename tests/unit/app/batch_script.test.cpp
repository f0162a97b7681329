#include "app/batch_script.hpp"

#include "base/error.hpp"
#include "unit/schema/two_stages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace salus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr double gib = 1024.0 * 1024 * 1024;

/// One stage of `bytes` a rank and `hours` core-hours on 8 ranks of 2 threads.
Plan plan_of(double bytes, double hours = 1) {
    Plan plan{.title = "t", .ranks = 8, .threads = 2};
    plan.stages.push_back({.name = "count", .needs = {.memory_bytes = bytes, .core_hours = hours}});
    return plan;
}

StageRequest request_of(const Plan& plan, const SiteProfile& site) {
    std::vector<Problem> problems;
    const auto requests = stage_requests(plan, site, problems);
    EXPECT_THAT(problems, SizeIs(0));
    return requests.at(0);
}

TEST(StageRequests, WithoutSiteEverythingIsOnOneNode) {
    const StageRequest one = request_of(plan_of(gib), {});
    EXPECT_EQ(one.nodes, 1);
    EXPECT_EQ(one.ranks_per_node, 8);
    EXPECT_EQ(one.memory_bytes, 8 * 1.25 * gib + 0.5 * gib);
    EXPECT_EQ(one.seconds, 600); // 2 x 225 s is below the least
}

TEST(StageRequests, CoresAndMemoryOfNodesSpreadTheRanks) {
    EXPECT_EQ(request_of(plan_of(gib), {.cores_per_node = 5}).nodes, 4); // two ranks of two threads
    EXPECT_EQ(request_of(plan_of(gib), {.memory_per_node_gib = 4.25}).nodes, 3); // three of 1.25
    EXPECT_EQ(request_of(plan_of(gib), {.memory_per_node_gib = 4.25}).ranks_per_node, 3);
    Plan asked = plan_of(gib);
    asked.asked.nodes = 6;
    EXPECT_EQ(request_of(asked, {.cores_per_node = 5}).nodes, 6);
}

TEST(StageRequests, TooLargeForEveryNodeIsAProblemOfEachStage) {
    Plan plan = plan_of(4 * gib);
    plan.stages.push_back(plan.stages.front());
    std::vector<Problem> problems;
    EXPECT_THAT(stage_requests(plan, {.memory_per_node_gib = 5}, problems), SizeIs(0));
    ASSERT_THAT(problems, SizeIs(2));
    EXPECT_THAT(problems[0].what, HasSubstr("count fits on no node: a rank needs 5.5 GiB"));
    problems.clear();
    EXPECT_THAT(stage_requests(plan_of(1), {.cores_per_node = 1}, problems), SizeIs(0));
    EXPECT_THAT(problems, SizeIs(1));
}

TEST(StageRequests, TimeFollowsEstimateUpToTheLimitOfThePartition) {
    EXPECT_EQ(request_of(plan_of(1, 16), {}).seconds, 7200); // 1 h on 16 cores, doubled
    EXPECT_EQ(request_of(plan_of(1, 16), {.time_factor = 3}).seconds, 10800);
    EXPECT_EQ(request_of(plan_of(1, 160), {.hours_max = 12}).seconds, 43200);
}

TEST(BatchScript, HoldsRequestSiteAndQuotedCommand) {
    const SiteProfile site{.partition = "main",
                           .account = "g1",
                           .modules = {"openmpi/4.1"},
                           .setup = {"ulimit -c 0"},
                           .directives = {"--exclusive"},
                           .scratch = "/local"};
    const BatchJob job{.title = "two\nlines",
                       .output = "/data/100% mine",
                       .command = {"/opt/salus", "run", "/jobs/it's.toml"}};
    const std::string script = batch_script(job, request_of(plan_of(gib), site), site);
    EXPECT_THAT(script,
                AllOf(HasSubstr("# Stage count of two lines."), HasSubstr("#SBATCH --mem=10752M\n"),
                      HasSubstr("#SBATCH --ntasks=8\n"), HasSubstr("#SBATCH --partition=main\n"),
                      HasSubstr("#SBATCH --account=g1\n"), HasSubstr("#SBATCH --exclusive\n"),
                      HasSubstr("#SBATCH --chdir=\"/data/100% mine\"\n"),
                      HasSubstr("--output=\"/data/100%% mine/slurm/count.log\"\n"),
                      HasSubstr("module load openmpi/4.1 || exit 2\n"), HasSubstr("ulimit -c 0\n"),
                      HasSubstr("export TMPDIR=/local\n"),
                      HasSubstr("work='/data/100% mine/work/count'\n")));
    EXPECT_THAT(script,
                AllOf(HasSubstr("launcher=(srun -K1 --mpi=pmix --cpus-per-task=2)"),
                      HasSubstr("command=(/opt/salus run '/jobs/it'\\''s.toml' --stage count "
                                "--threads 2)"),
                      HasSubstr("fresh=0 "), Not(HasSubstr("--qos"))));
    EXPECT_THAT(batch_script(job, {}, {.launcher = "mpirun"}), HasSubstr("launcher=(mpirun)\n"));
}

TEST(BatchScript, NamesOfARunBeginAlike) {
    EXPECT_NE(batch_name_prefix("/a"), batch_name_prefix("/b"));
    EXPECT_THAT(batch_script({.output = "/a"}, {.stage = "count"}, {}),
                HasSubstr("#SBATCH --job-name=" + batch_name_prefix("/a") + "count\n"));
}

TEST(SiteProfileFile, AllProblemsComeAtOnce) {
    test::TestFolder folder;
    test::write_text(folder / "s.toml", "partition = 'a b'\nlauncher = 'ssh'\ncores = 4\n"
                                        "directives = ['-p x']\nmodules = ['a;b']\n");
    try {
        static_cast<void>(read_site(folder / "s.toml"));
        FAIL() << "no error";
    } catch (const UsageError& error) {
        EXPECT_EQ(error.problems().size(), 5u) << error.what();
    }
    test::write_text(folder / "s.toml", "partition = 'main'\nmodules = ['gcc', 'openmpi/4']\n");
    EXPECT_THAT(read_site(folder / "s.toml").modules, ElementsAre("gcc", "openmpi/4"));
}

TEST(SiteProfileFile, IsFoundByOptionThenBesideTheJob) {
    test::TestFolder folder;
    EXPECT_TRUE(find_site({}, folder / "j.toml").file.empty());
    test::write_text(folder / "site.toml", "partition = 'beside'\n");
    test::write_text(folder / "other.toml", "partition = 'asked'\n");
    EXPECT_EQ(find_site({}, folder / "j.toml").partition, "beside");
    EXPECT_EQ(find_site(folder / "other.toml", folder / "j.toml").partition, "asked");
    EXPECT_THROW(static_cast<void>(find_site(folder / "none.toml", folder / "j.toml")), UsageError);
}

TEST(ArrayScript, EveryTaskGoesOnAsTheScriptOfItsRun) {
    const StageRequest small{.stage = "count", .ranks = 2, .memory_bytes = gib, .time = "9:00:00"};
    const StageRequest large{
        .stage = "count", .nodes = 2, .memory_bytes = 2 * gib, .time = "1-00:00:00"};
    const BatchArray array{{"/data/a", "/data/b c", "/data/d"}, {0, 2}, largest_of({small, large})};
    EXPECT_THAT(array_script(array, {}),
                AllOf(HasSubstr("#SBATCH --array=0,2\n"),
                      HasSubstr("#SBATCH --nodes=2\n#SBATCH --ntasks=2\n"),
                      HasSubstr("#SBATCH --mem=2048M\n"), HasSubstr("#SBATCH --time=1-00:00:00\n"),
                      HasSubstr("outputs=(/data/a '/data/b c' /data/d)\n"),
                      HasSubstr("exec bash \"slurm/count.sbatch\" >>\"slurm/count.log\"")));
    EXPECT_NE(array_name_prefix("/data/a"), batch_name_prefix("/data/a"));
}

} // namespace
} // namespace salus
