#include "app/command_line.hpp"

#include "unit/schema/two_stages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace salus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;

const std::vector<Stage>& stages() {
    static const std::vector<Stage> two = test::two_stages();
    return two;
}

CommandLine parse(const std::vector<std::string>& arguments) {
    return parse_command_line(arguments, stages(), "1.2.3");
}

std::vector<Problem> problems(const std::vector<std::string>& arguments) {
    try {
        parse(arguments);
    } catch (const UsageError& error) {
        return error.problems();
    }
    ADD_FAILURE() << "accepted";
    return {{}};
}

TEST(CommandLine, NothingAndHelpGiveTheManual) {
    EXPECT_EQ(parse({}).command, Command::message);
    EXPECT_THAT(parse({}).message,
                AllOf(HasSubstr("Commands"), HasSubstr("gather"), HasSubstr("Exit codes")));
    EXPECT_EQ(parse({"--help"}).message, parse({}).message);
    EXPECT_EQ(parse({"--version"}).message, "salus 1.2.3\n");
}

TEST(CommandLine, HelpOfCommandsAndStages) {
    EXPECT_THAT(parse({"run", "--help"}).message,
                AllOf(HasSubstr("salus run JOB"), HasSubstr("--fresh")));
    EXPECT_THAT(parse({"count", "--help"}).message, HasSubstr("call_rate_min"));
    EXPECT_THAT(parse({"count", "-h"}).message, HasSubstr("Called share."));
    EXPECT_EQ(parse({"help"}).message, parse({}).message);
    EXPECT_EQ(parse({"help", "run"}).message, parse({"run", "--help"}).message);
    EXPECT_EQ(parse({"help", "count"}).message, parse({"count", "--help"}).message);
    EXPECT_THAT(problems({"help", "cuont"})[0].what, HasSubstr("'cuont'"));
    EXPECT_THAT(problems({"help", "count", "run"})[0].what, HasSubstr("'run'"));
}

TEST(CommandLine, Run) {
    const CommandLine line = parse({"run", "j.toml", "--set", "a.b=1", "--set", "seed=2",
                                    "--threads", "3", "--fresh", "--output", "o", "--until", "x"});
    EXPECT_EQ(line.command, Command::run);
    EXPECT_EQ(line.path, "j.toml");
    EXPECT_THAT(line.overrides.settings, ElementsAre("a.b=1", "seed=2"));
    EXPECT_EQ(line.threads, 3);
    EXPECT_TRUE(line.fresh);
    EXPECT_EQ(*line.overrides.output, "o");
    EXPECT_EQ(line.overrides.until, "x");
}

TEST(CommandLine, SettingsDoNotSwallowTheJob) {
    const CommandLine line = parse({"check", "--set", "a.b=1", "j.toml"});
    EXPECT_EQ(line.path, "j.toml");
    EXPECT_THAT(line.overrides.settings, ElementsAre("a.b=1"));
}

TEST(CommandLine, StageWithPortsAndParameters) {
    const CommandLine line = parse({"gather", "--genotypes", "a.bcf", "b.bcf", "--window", "-5",
                                    "--output", "o", "--seed", "9"});
    EXPECT_EQ(line.command, Command::stage);
    EXPECT_EQ(line.stage.stage->name(), "gather");
    EXPECT_THAT(line.stage.inputs, ElementsAre(Pair("genotypes", ElementsAre("a.bcf", "b.bcf"))));
    EXPECT_THAT(line.stage.params, ElementsAre(Pair("window", "-5")));
    EXPECT_EQ(line.stage.output, "o");
    EXPECT_EQ(line.stage.seed, 9);
}

TEST(CommandLine, DashesStandForUnderscores) {
    EXPECT_THAT(parse({"count", "--call-rate-min", "0.5"}).stage.params,
                ElementsAre(Pair("call_rate_min", "0.5")));
    EXPECT_THAT(parse({"count", "--call_rate_min=0.5"}).stage.params,
                ElementsAre(Pair("call_rate_min", "0.5")));
}

TEST(CommandLine, FlagsAndLists) {
    EXPECT_THAT(parse({"count", "--strict"}).stage.params, ElementsAre(Pair("strict", "true")));
    EXPECT_THAT(parse({"count", "--strict", "false"}).stage.params,
                ElementsAre(Pair("strict", "false")));
    EXPECT_THAT(parse({"count", "--groups", "a", "--groups", "b,c"}).stage.params,
                ElementsAre(Pair("groups", "a,b,c")));
}

TEST(CommandLine, PlanFormats) {
    EXPECT_EQ(parse({"plan", "j", "--json"}).format, "json");
    EXPECT_EQ(parse({"plan", "j", "--sbatch", "--ranks", "4"}).ranks, 4);
    EXPECT_THAT(problems({"plan", "j", "--json", "--sbatch"}), SizeIs(1));
    EXPECT_THAT(problems({"plan", "j", "--ranks", "0"}), SizeIs(1));
}

TEST(CommandLine, UnknownCommandHasNearMiss) {
    const auto found = problems({"chekc", "j.toml"});
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(found[0].what, "there is no command or stage 'chekc'");
    EXPECT_THAT(found[0].help, HasSubstr("did you mean 'check'?"));
}

TEST(CommandLine, UnknownOptionsHaveNearMissesAllAtOnce) {
    const auto found = problems({"count", "--callrate", "3", "--grups", "x"});
    ASSERT_THAT(found, SizeIs(2));
    EXPECT_EQ(found[0].what, "salus count has no option '--callrate'");
    EXPECT_THAT(found[0].help, HasSubstr("did you mean '--call_rate_min'?"));
    EXPECT_THAT(found[1].help, HasSubstr("did you mean '--groups'?"));
}

TEST(CommandLine, MissingAndSuperfluousWords) {
    EXPECT_THAT(problems({"run"})[0].what, HasSubstr("is required"));
    EXPECT_THAT(problems({"check", "a", "b"})[0].what, HasSubstr("does not expect 'b'"));
    EXPECT_THAT(problems({"--bogus"})[0].what, HasSubstr("salus has no option '--bogus'"));
}

TEST(CommandLine, ShowAndExport) {
    const CommandLine show = parse({"show", "f.h5", "variants", "--rows", "0"});
    EXPECT_EQ(show.inside, "variants");
    EXPECT_EQ(show.rows, 0u);
    const CommandLine line = parse(
        {"export", "f.h5", "--table", "traits/x", "--output", "x.tsv.gz", "--format", "gwas-ssf"});
    EXPECT_EQ(line.inside, "traits/x");
    EXPECT_EQ(line.output, "x.tsv.gz");
    EXPECT_FALSE(line.overrides.output.has_value());
}

} // namespace
} // namespace salus
