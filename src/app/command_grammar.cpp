#include "app/command_grammar.hpp"

#include "base/text.hpp"
#include "schema/describe.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace salus {
namespace {

std::string dashed(const std::string& name) {
    std::string out = name;
    std::replace(out.begin(), out.end(), '_', '-');
    return out;
}

/// "--call_rate_min,--call-rate-min", or one of them if they are the same.
std::string flag_names(const std::string& name) {
    const std::string other = dashed(name);
    return other == name ? text("--", name) : text("--", name, ",--", other);
}

/// Empty for a seed; CLI11 itself would take the largest whole number for all that are larger.
std::string seed_mistake(const std::string& typed) {
    const auto number = parse_integer(typed);
    if (number && *number >= 0) return {};
    return text("Value ", typed, " not in range 0 to ", std::numeric_limits<std::int64_t>::max());
}

} // namespace

void Grammar::add_job_options(App* sub) {
    sub->add_option("job", line_.path, "Job file (TOML).")->required()->type_name("JOB");
    add_overrides(sub);
}

void Grammar::add_overrides(App* sub) {
    sub->add_option("--set", line_.overrides.settings,
                    "STAGE.PARAMETER=VALUE, seed=VALUE or resources.KEY=VALUE instead of what "
                    "the files say; may be repeated.")
        ->type_name("SETTING")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    sub->add_option("--output", output_, "Output folder instead of the one in the job file.")
        ->type_name("FOLDER");
    sub->add_option("--until", line_.overrides.until, "Last stage to run.")->type_name("STAGE");
}

void Grammar::add_threads(App* sub) {
    sub->add_option("--threads", line_.threads, "Threads of one rank.")
        ->type_name("N")
        ->check(CLI::Range(1, 4096));
}

void Grammar::add_run() {
    App* sub = add_command("run", "Run a job, or go on with one that was stopped.", Command::run);
    add_job_options(sub);
    sub->add_flag("--fresh", line_.fresh,
                  "Begin anew where parameters or inputs changed since the last run.");
    sub->add_option("--stage", line_.only,
                    "Run this stage alone; those that it reads from must be complete.")
        ->type_name("STAGE");
    sub->add_option("--play-ranks", line_.play_ranks,
                    "Dry run: one process does the work of N ranks one after another; metrics and "
                    "timeline tell of N ranks.")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000'000));
    add_threads(sub);
    add_log_format(sub);
}

void Grammar::add_check() {
    add_job_options(add_command(
        "check", "Tell all errors of a job at once, without doing its work.", Command::check));
}

void Grammar::add_plan() {
    App* sub = add_command("plan",
                           "Estimate memory, storage and time of a job, and suggest #SBATCH lines.",
                           Command::plan);
    add_job_options(sub);
    sub->add_option("--ranks", line_.ranks, "MPI ranks to plan for.")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000'000));
    add_threads(sub);
    App* formats = sub->add_option_group("formats");
    formats->add_flag("--json", json_, "Print JSON.");
    formats->add_flag("--sbatch", sbatch_, "Print only the #SBATCH lines.");
    formats->require_option(0, 1);
}

void Grammar::add_submit() {
    App* sub = add_command(
        "submit", "Give a job to SLURM, one batch job per stage; again: only what is not done.",
        Command::submit);
    sub->add_option("job", line_.files,
                    "Job file (TOML). Several, of independent data and with the same stages (a "
                    "chromosome, an ancestry group each): one SLURM array a stage, a task for each "
                    "job, which waits only for its own.")
        ->required()
        ->type_name("JOBS")
        ->expected(1, 100'000);
    add_overrides(sub);
    sub->add_flag("--fresh", line_.fresh,
                  "Begin anew where parameters or inputs changed since the last run.");
    sub->add_option("--site", line_.site,
                    "Profile of the computing centre (TOML; see: salus describe site). Left out: "
                    "that in SALUS_SITE, or site.toml beside the job file.")
        ->type_name("FILE");
    sub->add_option("--ranks", line_.ranks, "MPI ranks of every stage.")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000'000));
    add_threads(sub);
    App* ways = sub->add_option_group("ways");
    ways->add_flag("--dry-run", line_.dry_run, "Print the batch scripts; submit nothing.");
    ways->add_flag("--test-only", line_.test_only,
                   "Ask SLURM whether it would take them; submit nothing.");
    ways->require_option(0, 1);
}

void Grammar::add_status() {
    App* sub =
        add_command("status", "Tell what is done of a run: stages, units, rate, time left, SLURM.",
                    Command::status);
    sub->add_option("path", line_.path, "Job file or output folder.")
        ->required()
        ->type_name("JOB_OR_FOLDER");
    sub->add_flag("--json", json_, "Print JSON.");
}

void Grammar::add_cancel() {
    App* sub = add_command("cancel", "End the SLURM jobs of a run; what is finished stays.",
                           Command::cancel);
    sub->add_option("path", line_.path, "Job file or output folder.")
        ->required()
        ->type_name("JOB_OR_FOLDER");
}

void Grammar::add_describe() {
    App* sub = add_command("describe", "Print the manual of a stage or of a kind of file.",
                           Command::describe);
    sub->add_option(
           "topic", line_.topic,
           "A stage, or one of: job, pipeline, phenotype, site, salus. Left out: all stages.")
        ->type_name("TOPIC");
    sub->add_option("definitions", line_.path, "phenotype: definitions to tell in words.")
        ->type_name("FILE[:NAME]");
    sub->add_option("--events", line_.events, "phenotype: store to count persons in.")
        ->type_name("FILE");
    sub->add_option("--threshold", line_.threshold, "phenotype: smaller numbers are hidden.")
        ->type_name("N")
        ->check(CLI::Range(0, 1000));
    sub->add_option("--format", line_.format,
                    "text, markdown, man, json-schema, template, names; bash-completion of salus.")
        ->type_name("FORMAT")
        ->check(CLI::IsMember(
            {"text", "markdown", "man", "json-schema", "template", "names", "bash-completion"}));
}

void Grammar::add_show() {
    App* sub =
        add_command("show", "Tell what is in a result file or genotype store.", Command::show);
    sub->add_option("file", line_.path, "HDF5 file or genotype store.")
        ->required()
        ->type_name("FILE");
    sub->add_option("inside", line_.inside, "Table in the file; left out: all.")
        ->type_name("TABLE");
    sub->add_option("--rows", line_.rows, "Rows to show of each table.")
        ->type_name("N")
        ->check(CLI::Range(0, 1'000'000));
}

void Grammar::add_export() {
    App* sub = add_command("export", "Write a table of a result file as tab-separated text.",
                           Command::export_table);
    sub->add_option("file", line_.path, "HDF5 file.")->required()->type_name("FILE");
    sub->add_option("--table", line_.inside,
                    "Table in the file, for example traits/ldl_cholesterol; loco for "
                    "regenie-loco.")
        ->required()
        ->type_name("TABLE");
    sub->add_option("--output", line_.output,
                    "File to write; .gz is written as bgzip, with a tabix index where rows "
                    "have positions.")
        ->required()
        ->type_name("FILE");
    sub->add_option("--format", line_.format,
                    "tsv, gwas-ssf with its metadata file beside it, regenie, or regenie-loco: "
                    "the predictions of null_model.h5 as FILE_pred.list and FILE_1.loco ...")
        ->type_name("FORMAT")
        ->check(CLI::IsMember({"tsv", "gwas-ssf", "regenie", "regenie-loco"}));
    sub->add_option("--release", line_.release,
                    "Write what may leave a secure environment: numbers of people or rows from 1 "
                    "to MINIMUM - 1, and others they could be computed from, become NA. A table "
                    "that is not made for release is refused (exit 7).")
        ->type_name("MINIMUM")
        ->check(CLI::Range(2, 1000000));
}

void Grammar::add_import() {
    App* sub = add_command("import", "Print a definition of another system as one of ours.",
                           Command::import_definition);
    sub->add_option("topic", line_.topic, "cohort: of OHDSI, as Circe JSON.")
        ->required()
        ->type_name("KIND")
        ->check(CLI::IsMember({"cohort"}));
    sub->add_option("file", line_.path, "Its JSON file.")->required()->type_name("FILE");
    sub->add_option("--name", line_.name, "Its name here; left out: made of that of the file.")
        ->type_name("NAME");
}

void Grammar::add_digest() {
    App* sub =
        add_command("digest", "Tell or write the SHA-256 digests of files, which ingest can check.",
                    Command::digest);
    sub->add_option("files", line_.files,
                    "Files with what belongs to them (.bim and .fam of a .bed, .sample of a "
                    ".bgen, .pvar and .psam of a .pgen), or folders.")
        ->required()
        ->type_name("FILES");
    sub->add_option("--output", line_.output,
                    "Manifest to write, in the form of sha256sum, with paths from its folder; "
                    "left out: the lines are printed.")
        ->type_name("FILE");
}

void Grammar::add_verify() {
    add_command("verify", "Check results by their checksums and recorded digests.", Command::verify)
        ->add_option("paths", line_.files,
                     "HDF5 results and genotype stores: every checksum in them. Output folders "
                     "of runs: also the digest of every result. Job files: also the digests of "
                     "the inputs.")
        ->required()
        ->type_name("PATHS");
}

void Grammar::add_verify_log() {
    add_command("verify-log", "Follow the chain of digests through the audit log of a run.",
                Command::verify_log)
        ->add_option("path", line_.path, "Job file, output folder or audit.log.")
        ->required()
        ->type_name("JOB_OR_FOLDER");
}

void Grammar::add_log_format(App* sub) {
    sub->add_option("--log-format", line_.log_format,
                    "Lines on standard error: text, or json with one object a line; run.log is "
                    "always text.")
        ->type_name("FORMAT")
        ->check(CLI::IsMember({"text", "json"}));
}

void Grammar::add_doctor() {
    App* sub = add_command(
        "doctor", "Examine launch, machines and an output folder, as the ranks of a job see them.",
        Command::doctor);
    sub->add_option("folder", line_.path,
                    "Where output folders will be; left out: the folder it is started in.")
        ->type_name("FOLDER");
    add_threads(sub);
}

void Grammar::add_help() {
    add_command("help", "Show this manual, or that of a command or stage.", Command::message)
        ->add_option("name", line_.path, "Command or stage; left out: the whole manual.")
        ->type_name("NAME");
}

void Grammar::add_stage(const Stage& stage) {
    App* sub = add_command(stage.name(), sentence(stage.summary()), Command::stage);
    if (dashed(stage.name()) != stage.name()) sub->alias(dashed(stage.name()));
    for (const Port& port : stage.inputs()) {
        auto& [name, values] = ports_[sub].emplace_back(port.name, std::vector<std::string>{});
        sub->add_option(flag_names(port.name), values, port.doc)
            ->type_name("PATH")
            ->expected(1, port.many ? 100'000 : 1);
    }
    for (const Param& param : stage.params()) {
        auto& [name, values] = params_[sub].emplace_back(param.name, std::vector<std::string>{});
        auto* option =
            sub->add_option(flag_names(param.name), values, param.about.doc)->type_name("VALUE");
        option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
        if (std::holds_alternative<bool>(param.standard))
            option->expected(0, 1);
        else
            option->expected(1);
    }
    sub->add_option("--output", output_, "Output folder.")->type_name("FOLDER");
    sub->add_option("--seed", line_.stage.seed, "Seed of every random number.")
        ->type_name("N")
        ->check(CLI::Validator(seed_mistake, ""));
    sub->add_flag("--fresh", line_.fresh,
                  "Begin anew where parameters or inputs changed since the last run.");
    add_threads(sub);
    add_log_format(sub);
    stage_by_app_[sub] = &stage;
}

} // namespace salus
