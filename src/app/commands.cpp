#include "app/commands.hpp"

#include "app/completion.hpp"
#include "app/plan.hpp"
#include "app/site_profile.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "schema/describe.hpp"
#include "schema/document.hpp"
#include "schema/job_inputs.hpp"
#include "schema/suggest.hpp"

#include <algorithm>

namespace salus {

std::string in_format(const Manual& manual, const std::string& format, const std::string& version) {
    if (format == "markdown") return manual_as_markdown(manual);
    if (format == "man") return manual_as_man(manual, version);
    return manual_as_text(manual);
}

namespace {

[[noreturn]] void no_such_format(const std::string& topic, const std::string& format) {
    throw UsageError(
        {.what = text("'", topic, "' has no format '", format, "'"),
         .where = "salus describe",
         .why = {},
         .help =
             "templates and JSON schemas exist for stages, pipelines, jobs, sites and phenotypes; "
             "completion for bash with: salus describe salus --format bash-completion"});
}

/// Definitions and event stores belong to the topic phenotype.
void refuse_definitions(const CommandLine& line) {
    if (line.path.empty() && line.events.empty()) return;
    throw UsageError({.what = line.path.empty() ? "an event store is given without definitions"
                                                : "a file is given for a topic that takes none",
                      .where = "salus describe",
                      .why = "definitions of phenotypes are told in words, with persons counted in "
                             "an event store",
                      .help = "write: salus describe phenotype FILE --events EVENTS.h5"});
}

std::string describe_stages(const std::vector<Stage>& stages, const std::string& format) {
    if (format == "markdown") return stage_table(stages);
    if (format == "template") return pipeline_template(stages);
    std::string out;
    for (const Stage& stage : stages) {
        const std::string gap(stage.name().size() < 20 ? 20 - stage.name().size() : 1, ' ');
        out += format == "names" ? text(stage.name(), "\n")
                                 : text(stage.name(), gap, sentence(stage.summary()), "\n");
    }
    return out;
}

std::string describe_one(const Stage& stage, const std::vector<Stage>& stages,
                         const std::string& format, const std::string& version) {
    if (format == "json-schema") return stage_json_schema(stage);
    if (format != "template") return in_format(stage_manual(stage), format, version);
    std::vector<Stage> earlier;
    for (const Stage& other : stages) {
        if (other.name() == stage.name()) break;
        earlier.push_back(other);
    }
    return stage_template(stage, earlier);
}

} // namespace

std::string check_command(const CommandLine& line, const std::vector<Stage>& stages) {
    const Job job = read_job(line.path, stages, line.overrides);
    JobProblems problems;
    const auto sizes = examine_job(job, {}, problems);
    problems.raise();
    std::vector<std::string> names;
    for (const StageInstance& one : job.stages)
        names.push_back(one.name);
    std::string out =
        text(line.path.string(), ": no problems found\n",
             job.title.empty() ? "" : text("  title:   ", job.title, "\n"),
             "  stages:  ", join(names, ", "), "\n  output:  ", job.output.string(), "\n");
    if (!sizes.empty() && sizes.back().samples > 0)
        out += text("  size:    ", with_thousands(static_cast<std::uint64_t>(sizes.back().samples)),
                    " samples, ", with_thousands(static_cast<std::uint64_t>(sizes.back().variants)),
                    " variants\n");
    return out;
}

std::string plan_command(const CommandLine& line, const std::vector<Stage>& stages) {
    const Plan plan =
        make_plan(read_job(line.path, stages, line.overrides), line.ranks, line.threads);
    if (!plan.problems.parameters.empty()) plan.problems.raise();
    if (line.format == "json") return plan_as_json(plan);
    if (line.format == "sbatch") return plan_as_sbatch(plan);
    return plan_as_text(plan);
}

std::string describe_command(const CommandLine& line, const std::vector<Stage>& stages,
                             const std::string& version) {
    const std::string& topic = line.topic;
    const std::string& format = line.format;
    if (topic != "phenotype" || line.path.empty()) refuse_definitions(line);
    if (format == "bash-completion" && topic != "salus")
        no_such_format(topic.empty() ? "all stages" : topic, format);
    if (topic.empty()) return describe_stages(stages, format);
    for (const Stage& stage : stages)
        if (stage.name() == topic) return describe_one(stage, stages, format, version);
    const bool manual_only = format != "json-schema" && format != "template";
    if (topic == "job") {
        if (format == "json-schema") return job_json_schema(stages);
        if (format == "template") return job_template(stages);
        return in_format(job_manual(stages), format, version);
    }
    if (topic == "pipeline") {
        if (format == "json-schema") return pipeline_json_schema(stages);
        if (format == "template") return pipeline_template(stages);
        return in_format(pipeline_manual(stages), format, version);
    }
    if (topic == "salus") {
        if (format == "bash-completion") return bash_completion(stages);
        if (!manual_only) no_such_format(topic, format);
        return in_format(program_manual(stages), format, version);
    }
    if (topic == "site") return describe_site(format, version);
    if (topic == "phenotype")
        return line.path.empty() ? describe_phenotypes(format, version)
                                 : describe_definitions(line);
    std::vector<std::string> topics{"phenotype", "job", "pipeline", "site", "salus"};
    for (const Stage& stage : stages)
        topics.push_back(stage.name());
    throw UsageError({.what = text("there is nothing called '", topic, "' to describe"),
                      .where = "salus describe",
                      .why = {},
                      .help = suggestion(topic, topics)});
}

std::vector<std::string> instances_of(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    const std::string resolved = read_text_file(folder / "resolved.toml");
    for (const std::string_view line : split(resolved, '\n'))
        if (line.starts_with('[')) names.emplace_back(line.substr(1, line.find(']') - 1));
    if (names.empty())
        throw IntegrityError({.what = "the record of the stages of a run is damaged",
                              .where = (folder / "resolved.toml").string(),
                              .why = "it names no stage",
                              .help = "give the job to salus run again: it is written anew"});
    return names;
}

std::filesystem::path output_folder_of(const std::filesystem::path& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) return path;
    const Node root = read_toml(path);
    const Node* output = root.find("output");
    if (output == nullptr || !output->is_value() ||
        !std::holds_alternative<std::string>(output->value()))
        throw UsageError({.what = "this is not a job file: it names no output folder",
                          .where = path.string(),
                          .why = {},
                          .help = "give a job file or the output folder of a run"});
    return absolute_below(std::filesystem::absolute(path).parent_path(),
                          std::get<std::string>(output->value()));
}

std::filesystem::path run_folder_of(const std::filesystem::path& path) {
    namespace fs = std::filesystem;
    const fs::path folder = absolute_below(fs::current_path(), output_folder_of(path).string());
    if (fs::exists(folder / "resolved.toml") || fs::exists(folder / "slurm")) return folder;
    const bool is_job = !fs::is_directory(path);
    throw UsageError({.what = is_job ? "nothing of this job was run or submitted yet"
                                     : "this is not the output folder of a run",
                      .where = folder.string(),
                      .why = "it has neither resolved.toml nor the folder slurm",
                      .help = is_job
                                  ? "start it with salus run or salus submit; a run with another "
                                    "--output is asked for by its folder"
                                  : "give the job file or its output folder"});
}

} // namespace salus
