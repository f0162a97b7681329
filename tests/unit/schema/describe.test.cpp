#include "schema/describe.hpp"

#include "schema/document.hpp"
#include "schema/job.hpp"
#include "unit/schema/two_stages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace salus {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const Stage& count_stage() {
    static const std::vector<Stage> stages = test::two_stages();
    return stages[1];
}

TEST(Describe, NoteTellsTypeRangeUnitAndDefault) {
    EXPECT_EQ(note_of(count_stage().params()[0]), "number, 0 to 1, proportion; default 0.98");
    EXPECT_EQ(note_of(count_stage().params()[3]), "text; required");
    EXPECT_EQ(note_of(test::two_stages()[0].params()[0]), "text: fail, skip; default \"fail\"");
    EXPECT_EQ(note_of(test::two_stages()[0].params()[1]),
              "whole number, at least 1, bp; default 1000");
}

TEST(Describe, TextHoldsEverythingAndFitsTheTerminal) {
    const std::string page = manual_as_text(stage_manual(count_stage()));
    EXPECT_THAT(page, AllOf(HasSubstr("salus count: Count alleles."),
                            HasSubstr("call_rate_min (number, 0 to 1"),
                            HasSubstr("Table variants of quality.h5"),
                            HasSubstr("call_rate (float64, proportion)"),
                            HasSubstr("memory 1 GB + 4 N"), HasSubstr("original")));
    std::size_t column = 0;
    for (const char c : page) {
        column = c == '\n' ? 0 : column + 1;
        ASSERT_LE(column, 140u);
    }
}

TEST(Describe, MarkdownTableEscapesBars) {
    const Manual manual{
        .name = "n",
        .summary = "s",
        .sections = {{.title = "T", .heads = {"a", "b", "c"}, .entries = {{"x", "1|2", "d"}}}}};
    EXPECT_THAT(manual_as_markdown(manual), HasSubstr("| `x` | 1\\|2 | d |"));
}

TEST(Describe, ManPageEscapesControlCharacters) {
    const Manual manual{.name = "salus x",
                        .summary = "s",
                        .sections = {{.title = "T", .paragraphs = {".hidden \\ a-b"}}}};
    const std::string page = manual_as_man(manual, "1.0");
    EXPECT_THAT(page, AllOf(HasSubstr(".TH SALUS-X 1"), HasSubstr("\n\\&.hidden \\e a\\-b\n")));
}

TEST(Describe, ParagraphsOfDetailsAreJoinedLines) {
    const Manual manual = stage_manual(test::two_stages()[0]);
    EXPECT_EQ(manual.sections[1].paragraphs.size(), 2u);
}

TEST(Describe, PipelineTemplateIsAValidPipeline) {
    const test::TestFolder folder;
    const auto stages = test::two_stages();
    test::write_text(folder / "a.bcf", "x");
    test::write_text(folder / "p.toml", pipeline_template(stages));
    test::write_text(folder / "j.toml",
                     "pipeline = 'p.toml'\noutput = 'out'\n[inputs]\ngenotypes = 'a.bcf'\n");
    const Job job = read_job(folder / "j.toml", stages);
    EXPECT_EQ(job.stages.size(), 2u);
    EXPECT_EQ(params_as_toml(job.stages[0]), "mode = \"fail\"\nwindow = 1000\n");
}

TEST(Describe, JobTemplateParses) {
    const Node root = parse_toml(job_template(test::two_stages()), "template");
    EXPECT_NE(root.find("pipeline"), nullptr);
    EXPECT_NE(root.find("resources"), nullptr);
}

TEST(Describe, StageTableHasOneRowPerStage) {
    EXPECT_THAT(stage_table(test::two_stages()),
                AllOf(HasSubstr("| [gather](docs/reference/gather.md) | Gather genotype files into "
                                "a store. | genotypes, (sample_sheet) | "
                                "`genotypes.store` |"),
                      HasSubstr("[count]")));
}

TEST(Describe, JsonSchemaHasTypesLimitsAndChoices) {
    const std::string schema = stage_json_schema(count_stage());
    EXPECT_THAT(schema,
                AllOf(HasSubstr("\"$schema\": \"https://json-schema.org/draft/2020-12/schema\""),
                      HasSubstr("\"minimum\": 0"), HasSubstr("\"maximum\": 1"),
                      HasSubstr("\"type\": \"array\"")));
    EXPECT_THAT(pipeline_json_schema(test::two_stages()),
                HasSubstr("\"enum\": [\"fail\", \"skip\"]"));
    EXPECT_THAT(job_json_schema(test::two_stages()),
                HasSubstr("\"required\": [\"pipeline\", \"output\"]"));
}

TEST(Describe, EveryArtifactHasNameAndDoc) {
    for (int i = 0; i <= static_cast<int>(Artifact::report); ++i) {
        EXPECT_NE(to_string(static_cast<Artifact>(i)), "unknown");
        EXPECT_THAT(doc_of(static_cast<Artifact>(i)), Not(IsEmpty()));
    }
}

} // namespace
} // namespace salus
