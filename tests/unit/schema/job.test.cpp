#include "schema/job.hpp"

#include "unit/schema/two_stages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace salus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* good_pipeline = R"(title = "Two stages"

[[stage]]
use = "gather"
genotypes = "input.genotypes"
sample_sheet = "input.sheet"

[[stage]]
use = "count"
genotypes = "gather.genotypes"
label = "all"
call_rate_min = 0.9
)";

constexpr const char* good_job = R"(pipeline = "../pipelines/main.toml"
output = "../out/demo"

[inputs]
genotypes = ["../data/a.bcf", "../data/b.bcf"]

[count]
call_rate_min = 0.97
)";

class JobTest : public ::testing::Test {
protected:
    JobTest() : stages_(test::two_stages()) {
        test::write_text(folder_ / "data/a.bcf", "a");
        test::write_text(folder_ / "data/b.bcf", "b");
        pipeline(good_pipeline);
        job(good_job);
    }
    void pipeline(const std::string& content) {
        test::write_text(folder_ / "pipelines/main.toml", content);
    }
    void job(const std::string& content) { test::write_text(folder_ / "jobs/demo.toml", content); }
    Job read(const JobOverrides& overrides = {}) const {
        return read_job(folder_ / "jobs/demo.toml", stages_, overrides);
    }
    std::vector<Problem> problems(const JobOverrides& overrides = {}) const {
        try {
            read(overrides);
        } catch (const UsageError& error) {
            return error.problems();
        }
        return {};
    }
    Problem only_problem(const JobOverrides& overrides = {}) const {
        const auto all = problems(overrides);
        EXPECT_THAT(all, SizeIs(1));
        for (const auto& p : all)
            SCOPED_TRACE(p.what);
        return all.empty() ? Problem{} : all.front();
    }
    static std::string edited(std::string content, const std::string& from, const std::string& to) {
        const auto at = content.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        return content.replace(at, from.size(), to);
    }

    test::TestFolder folder_;
    std::vector<Stage> stages_;
};

double call_rate_min(const Job& job) {
    return static_cast<const test::CountParams*>(job.find("count")->params.get())->call_rate_min;
}

TEST_F(JobTest, BindsPipelineInputsAndOutput) {
    const Job job = read();
    EXPECT_EQ(job.title, "Two stages");
    EXPECT_EQ(job.seed, 1);
    EXPECT_EQ(job.output, folder_ / "out/demo");
    ASSERT_THAT(job.stages, SizeIs(2));
    EXPECT_THAT(job.inputs(job.stages[0]).at("genotypes"),
                ElementsAre(folder_ / "data/a.bcf", folder_ / "data/b.bcf"));
    EXPECT_THAT(job.inputs(job.stages[1]).at("genotypes"),
                ElementsAre(folder_ / "out/demo/gather/genotypes.store"));
    EXPECT_FALSE(job.inputs(job.stages[0]).contains("sample_sheet"));
    EXPECT_FALSE(job.given_inputs(job.stages[1]).contains("genotypes"));
    EXPECT_EQ(job.outputs(job.stages[1]).at("quality"), folder_ / "out/demo/count/quality.h5");
}

TEST_F(JobTest, JobOverridesPipelineAndCommandLineOverridesBoth) {
    EXPECT_EQ(call_rate_min(read()), 0.97);
    EXPECT_EQ(call_rate_min(read({.settings = {"count.call_rate_min=0.5"}})), 0.5);
    const Job job = read(
        {.settings = {"seed=7", "count.groups=AFR,EUR", "resources.ranks=3", "count.strict=true"}});
    EXPECT_EQ(job.seed, 7);
    EXPECT_EQ(job.resources.ranks, 3);
    const auto* params = static_cast<const test::CountParams*>(job.find("count")->params.get());
    EXPECT_THAT(params->groups, ElementsAre("AFR", "EUR"));
    EXPECT_TRUE(params->strict);
}

TEST_F(JobTest, ParamsAsTomlReadBack) {
    EXPECT_EQ(params_as_toml(read().stages[1]),
              "call_rate_min = 0.97\ngroups = []\nstrict = false\nlabel = \"all\"\n");
}

TEST_F(JobTest, UntilKeepsTheHead) {
    EXPECT_THAT(read({.until = "gather"}).stages, SizeIs(1));
    EXPECT_THAT(only_problem({.until = "gathr"}).help, HasSubstr("did you mean 'gather'?"));
}

TEST_F(JobTest, MissingJobFile) {
    EXPECT_THROW(read_job(folder_ / "jobs/none.toml", stages_), UsageError);
}

TEST_F(JobTest, PipelineGivenAsJob) {
    job(good_pipeline);
    EXPECT_THAT(only_problem().what, HasSubstr("is a pipeline, not a job"));
}

TEST_F(JobTest, WrongPipelinePath) {
    job(edited(good_job, "main.toml", "mian.toml"));
    const Problem p = only_problem();
    EXPECT_THAT(p.what, HasSubstr("pipelines/mian.toml"));
    EXPECT_THAT(p.where, HasSubstr("jobs/demo.toml, line 1"));
}

TEST_F(JobTest, WrongInputPathShowsHowFarItExists) {
    job(edited(good_job, "../data/b.bcf", "../date/b.bcf"));
    const Problem p = only_problem();
    EXPECT_THAT(p.what, HasSubstr("date/b.bcf"));
    EXPECT_THAT(p.where, HasSubstr("jobs/demo.toml, line 5"));
    EXPECT_EQ(p.help, "the path exists as far as " + folder_.path().string());
}

TEST_F(JobTest, NetworkAddressIsRefused) {
    job(edited(good_job, "../data/b.bcf", "https://example.org/b.bcf"));
    EXPECT_THAT(only_problem().what, HasSubstr("is a network address"));
}

TEST_F(JobTest, FolderInsteadOfFileAndSameFileTwice) {
    job(edited(good_job, "../data/b.bcf", "../data"));
    EXPECT_THAT(only_problem().what, HasSubstr("is a folder, not a file"));
    job(edited(good_job, "b.bcf", "./a.bcf"));
    EXPECT_THAT(only_problem().what, HasSubstr("is given twice"));
}

TEST_F(JobTest, UnknownInputName) {
    job(edited(good_job, "genotypes =", "genotyps ="));
    const auto all = problems();
    ASSERT_THAT(all, SizeIs(2));
    EXPECT_EQ(all[0].what, "the job gives no input 'genotypes'");
    EXPECT_EQ(all[1].what, "the pipeline takes no input 'genotyps'");
    EXPECT_THAT(all[1].where, HasSubstr("line 5"));
    EXPECT_THAT(all[1].help, HasSubstr("did you mean 'genotypes'?"));
}

TEST_F(JobTest, UnknownParameterHasLineAndNearMiss) {
    job(edited(good_job, "call_rate_min", "callrate"));
    const Problem p = only_problem();
    EXPECT_EQ(p.what, "no parameter 'callrate' in stage 'count'");
    EXPECT_THAT(p.where, HasSubstr("demo.toml, line 8, column 1"));
    EXPECT_THAT(
        p.help,
        HasSubstr("did you mean 'call_rate_min'? it has: call_rate_min, groups, strict, label"));
}

TEST_F(JobTest, WrongTypeAndRange) {
    job(edited(good_job, "0.97", "\"high\""));
    EXPECT_EQ(only_problem().what, "'call_rate_min' must be a number, but found text \"high\"");
    job(edited(good_job, "0.97", "97"));
    EXPECT_THAT(only_problem().help, HasSubstr("between 0 and 1 proportion"));
}

TEST_F(JobTest, UnknownStageTableAndKey) {
    job(std::string(good_job) + "[cuont]\nstrict = true\n");
    EXPECT_EQ(only_problem().what, "the pipeline has no stage 'cuont'");
    job("outptu = 'x'\n" + std::string(good_job));
    EXPECT_THAT(only_problem().help, HasSubstr("did you mean 'output'?"));
}

TEST_F(JobTest, MissingRequiredParameter) {
    pipeline(edited(good_pipeline, "label = \"all\"\n", ""));
    EXPECT_EQ(only_problem().what, "stage 'count' needs the parameter 'label'");
    EXPECT_THAT(problems({.settings = {"count.label=x"}}), IsEmpty());
}

TEST_F(JobTest, SettingsChangeNoPaths) {
    const Problem p = only_problem({.settings = {"output=elsewhere"}});
    EXPECT_EQ(p.what, "'output' is not changed by --set");
    EXPECT_EQ(p.help, "give --output FOLDER");
    EXPECT_EQ(only_problem({.settings = {"inputs.genotypes=x"}}).help,
              "write it into the job file");
}

TEST_F(JobTest, StageWhoseUseIsNoTextIsToldOnce) {
    pipeline("[[stage]]\nuse = 7\n");
    const auto all = problems();
    EXPECT_EQ(std::ranges::count(all, "'use' must be text", &Problem::what), 1);
}

TEST_F(JobTest, UnknownStageDoesNotCascade) {
    pipeline(edited(good_pipeline, "\"gather\"", "\"gatehr\"\nname = \"gather\""));
    const Problem p = only_problem();
    EXPECT_EQ(p.what, "there is no stage 'gatehr'");
    EXPECT_THAT(p.where, HasSubstr("main.toml, line 4"));
    EXPECT_THAT(p.help, HasSubstr("did you mean 'gather'?"));
}

TEST_F(JobTest, WiringMistakes) {
    pipeline(edited(good_pipeline, "gather.genotypes", "gather.genotype"));
    EXPECT_EQ(only_problem().what, "stage 'gather' has no output 'genotype'");
    pipeline(edited(good_pipeline, "gather.genotypes", "count.quality"));
    EXPECT_EQ(only_problem().what, "stage 'count' reads its own output");
    pipeline(edited(good_pipeline, "gather.genotypes", "data/x.store"));
    EXPECT_THAT(only_problem().what, HasSubstr("there is no stage 'data/x' above"));
    pipeline(edited(good_pipeline, "\"gather.genotypes\"", "\"genotypes\""));
    EXPECT_THAT(only_problem().help, HasSubstr("\"gather.genotypes\""));
    pipeline(edited(good_pipeline, "genotypes = \"gather.genotypes\"\n", ""));
    EXPECT_EQ(only_problem().what, "stage 'count' has nothing on its input 'genotypes'");
    pipeline(edited(good_pipeline, "genotypes = \"gather.genotypes\"",
                    "genotypes = \"gather.genotypes\"\nquality = \"gather.genotypes\""));
    EXPECT_EQ(only_problem().why, "it takes a quality_result, but that is a genotype_store");
}

TEST_F(JobTest, ForwardReferenceAndDuplicateInstance) {
    pipeline("[[stage]]\nuse = 'count'\nlabel = 'x'\ngenotypes = 'gather.genotypes'\n"
             "[[stage]]\nuse = 'gather'\ngenotypes = 'input.genotypes'\n[[stage]]\nuse = "
             "'gather'\ngenotypes = 'input.genotypes'\n");
    const auto all = problems();
    ASSERT_THAT(all, SizeIs(2));
    EXPECT_EQ(all[0].what, "there is no stage 'gather' above stage 'count'");
    EXPECT_EQ(all[1].what, "two stages are named 'gather'");
    EXPECT_THAT(all[1].help, HasSubstr("gather_2"));
}

TEST_F(JobTest, NamesCannotLeaveTheOutputFolder) {
    pipeline(edited(good_pipeline, "use = \"gather\"", "use = \"gather\"\nname = \"../x\""));
    EXPECT_THAT(problems().front().what, HasSubstr("'../x' cannot be the name of a stage"));
}

TEST_F(JobTest, EverythingWrongIsToldAtOnce) {
    job(R"(pipeline = "../pipelines/main.toml"
output = 3
colour = "red"
[inputs]
genotypes = ["../data/none.bcf"]
shet = "x"
[count]
callrate = 0.9
call_rate_min = 3
strict = "yes"
[resources]
rank = 2
time = "soon"
)");
    const auto all = problems({.settings = {"count.labl=x", "nothing"}});
    std::string joined;
    for (const Problem& p : all)
        joined += p.what + "\n";
    EXPECT_THAT(all, SizeIs(11)) << joined;
    EXPECT_THAT(joined,
                AllOf(HasSubstr("'output' must be text"), HasSubstr("'colour'"),
                      HasSubstr("none.bcf"), HasSubstr("'shet'"), HasSubstr("'callrate'"),
                      HasSubstr("'call_rate_min' = 3"), HasSubstr("'strict' must be true or false"),
                      HasSubstr("'rank'"), HasSubstr("'time'"), HasSubstr("'labl'"),
                      HasSubstr("a setting needs '='")));
}

TEST_F(JobTest, ResourcesCannotSmuggleScriptLines) {
    job(std::string(good_job) + "[resources]\npartition = \"main\\nrm\"\n");
    EXPECT_THAT(only_problem().what, HasSubstr("must be plain names"));
}

TEST_F(JobTest, ExamineReportsAndFillsSizes) {
    test::write_text(folder_ / "data/a.vcf", "x");
    job(edited(good_job, "a.bcf", "a.vcf"));
    JobProblems found;
    const auto sizes = examine_job(read(), {.ranks = 2}, found);
    EXPECT_THAT(found.parameters, IsEmpty());
    ASSERT_THAT(found.inputs, SizeIs(1));
    EXPECT_THROW(found.raise(), DataError);
    ASSERT_THAT(sizes, SizeIs(2));
    EXPECT_EQ(sizes[1].variants, 2e6);
    EXPECT_EQ(sizes[1].ranks, 2);
}

constexpr const char* contradiction = "\n[gather]\nmode = \"skip\"\nwindow = 1\n";

TEST_F(JobTest, ParametersThatContradictEachOtherAreMistakesOfTheConfiguration) {
    test::write_text(folder_ / "data/a.vcf", "x");
    job(edited(good_job, "a.bcf", "a.vcf") + contradiction);
    JobProblems found;
    examine_job(read(), {}, found);
    ASSERT_THAT(found.parameters, SizeIs(1));
    EXPECT_THAT(found.parameters[0].what, HasSubstr("one base"));
    ASSERT_THAT(found.inputs, SizeIs(1));
    EXPECT_THAT(found.inputs[0].what, HasSubstr("not a BCF file"));
    found.storage = true;
    try {
        found.raise();
        FAIL();
    } catch (const UsageError& error) {
        EXPECT_THAT(error.problems(), SizeIs(2));
    }
    found.parameters.clear();
    EXPECT_THROW(found.raise(), StorageError);
}

TEST_F(JobTest, ContradictionsAreToldWithAllOtherMistakes) {
    job(edited(good_job, "0.97", "97") + contradiction);
    EXPECT_THAT(problems(), SizeIs(2));
    // Of a stage that was not read as a whole nothing is known.
    job(good_job + std::string(contradiction) + "mod = 2\n");
    EXPECT_THAT(only_problem().what, HasSubstr("'mod'"));
}

TEST_F(JobTest, ResultsAreLookedAtOnlyWhereTheyAreDone) {
    const Job job = read();
    std::filesystem::create_directories(job.outputs(job.stages[0]).at("genotypes"));
    JobProblems found;
    const auto persons = [&](const std::string& done) {
        return examine_job(job, {}, found,
                           [&](const StageInstance& one) { return one.name == done; })
            .at(1)
            .persons;
    };
    EXPECT_EQ(persons("gather"), 1);
    EXPECT_EQ(persons("count"), 0);
    EXPECT_EQ(examine_job(job, {}, found).at(1).persons, 0);
}

TEST_F(JobTest, SingleStage) {
    const StageCommand command{.stage = &stages_[0],
                               .inputs = {{"genotypes", {(folder_ / "data/a.bcf").string()}}},
                               .params = {{"window", "5e3"}},
                               .output = (folder_ / "out").string(),
                               .seed = 3};
    const Job job = single_stage_job(command);
    ASSERT_THAT(job.stages, SizeIs(1));
    EXPECT_EQ(job.stages[0].name, "gather");
    EXPECT_EQ(static_cast<const test::GatherParams*>(job.stages[0].params.get())->window, 5000);
    EXPECT_EQ(job.seed, 3);
}

TEST_F(JobTest, SingleStageTellsContradictionsWithTheOthers) {
    const StageCommand command{.stage = &stages_[0],
                               .inputs = {{"genotypes", {"none.bcf"}}},
                               .params = {{"mode", "skip"}, {"window", "1"}},
                               .output = ""};
    try {
        single_stage_job(command);
        FAIL();
    } catch (const UsageError& error) {
        EXPECT_THAT(error.problems(), SizeIs(3)); // no such file, no name of the output
        EXPECT_THAT(error.what(), HasSubstr("one base"));
    }
}

TEST_F(JobTest, SingleStageTellsAllProblems) {
    const StageCommand command{
        .stage = &stages_[1], .inputs = {}, .params = {{"call_rate_min", "x"}}, .output = ""};
    try {
        single_stage_job(command);
        FAIL();
    } catch (const UsageError& error) {
        EXPECT_THAT(error.problems(), SizeIs(4));
        EXPECT_THAT(error.what(),
                    AllOf(HasSubstr("needs --genotypes"), HasSubstr("--call_rate_min"),
                          HasSubstr("needs --label"), HasSubstr("output folder has no name")));
    }
}

} // namespace
} // namespace salus
