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
    EXPECT_EQ(problems({"run"})[0].what, "salus run needs JOB");
    EXPECT_THAT(problems({"run"})[0].why, HasSubstr("Job file"));
    EXPECT_EQ(problems({"status"})[0].what, "salus status needs JOB_OR_FOLDER");
    EXPECT_EQ(problems({"import"})[0].what, "salus import needs KIND");
    EXPECT_EQ(problems({"export", "f.h5", "--table", "t"})[0].what, "salus export needs --output");
    EXPECT_EQ(problems({"run", "j", "--until"})[0].what, "--until needs a value: STAGE");
    EXPECT_EQ(problems({"run", "j", "--threads"})[0].what, "--threads needs a value: N");
    EXPECT_THAT(problems({"check", "a", "b"})[0].what, HasSubstr("does not expect 'b'"));
    EXPECT_THAT(problems({"--bogus"})[0].what, HasSubstr("salus has no option '--bogus'"));
}

TEST(CommandLine, ChoicesHaveNearMisses) {
    const auto found = problems({"run", "j", "--log-format", "jsn"});
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(found[0].what, "--log-format has no choice 'jsn'");
    EXPECT_EQ(found[0].help, "did you mean 'json'? it has: text, json");
    EXPECT_EQ(problems({"import", "cohrt", "x.json"})[0].what, "KIND has no choice 'cohrt'");
}

TEST(CommandLine, WhatIsGivenOnceIsNotGivenTwice) {
    EXPECT_EQ(problems({"run", "j", "--threads", "1", "--threads", "2"})[0].what,
              "--threads is given more than once");
    EXPECT_EQ(problems({"count", "--call_rate_min", "0.1", "--call_rate_min", "0.2"})[0].what,
              "--call_rate_min is given more than once");
    EXPECT_EQ(problems({"plan", "j", "--json", "--sbatch"})[0].what,
              "--json and --sbatch exclude each other");
}

TEST(CommandLine, SeedsAreWholeNumbers) {
    EXPECT_EQ(parse({"count", "--seed", "9223372036854775807"}).stage.seed, 9223372036854775807);
    for (const char* wrong : {"-1", "x", "1.5", "9223372036854775808"})
        EXPECT_THAT(problems({"count", "--seed", wrong})[0].what,
                    HasSubstr("not in range 0 to 9223372036854775807"));
}

TEST(CommandLine, ManualTellsWhatIsRequired) {
    EXPECT_THAT(parse({"export", "--help"}).message, HasSubstr("--output (FILE; required)"));
    EXPECT_THAT(parse({"describe", "--help"}).message,
                HasSubstr("salus describe [TOPIC] [FILE[:NAME]] [OPTIONS]"));
    EXPECT_EQ(parse({"help", "--help"}).message, parse({"help"}).message);
    EXPECT_EQ(parse({"help", "run", "--help"}).message, parse({"help", "run"}).message);
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
