#include "app/command_line.hpp"

#include "app/exit_codes.hpp"
#include "app/option_manual.hpp"
#include "base/text.hpp"
#include "schema/describe.hpp"
#include "schema/suggest.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <deque>
#include <map>

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

/// The grammar of the command line and the place where the values land.
class Grammar {
public:
    explicit Grammar(const std::vector<Stage>& stages)
        : app_("MPI batch pipeline for population-scale genome and health-record analysis",
               "salus"),
          stages_(stages) {
        app_.require_subcommand(1);
        app_.set_help_flag();
        app_.add_flag("-h,--help", help_, "Show the manual.");
        app_.add_flag("--version", show_version_, "Show the version.");
        add_run();
        add_check();
        add_plan();
        add_status();
        add_describe();
        add_show();
        add_export();
        add_import();
        add_digest();
        add_verify();
        add_doctor();
        add_help();
        commands_ = app_.get_subcommands({}).size();
        for (const Stage& stage : stages_)
            add_stage(stage);
    }

    CommandLine parse(std::vector<std::string> arguments, const std::string& version) {
        const bool bare = arguments.empty();
        if (!bare && arguments.front() == "help") turn_to_flag(arguments);
        std::reverse(arguments.begin(), arguments.end());
        if (wants_help_only(arguments)) app_.require_subcommand(0);
        try {
            app_.parse(std::move(arguments));
        } catch (const CLI::ParseError& error) {
            if (!help_ && !show_version_ && !bare) fail(error);
        }
        if (show_version_) return message(text("salus ", version, "\n"));
        if (help_ || bare) return message(help_text());
        finish();
        return std::move(line_);
    }

    Manual manual() const;

private:
    using App = CLI::App;

    static bool wants_help_only(const std::vector<std::string>& reversed) {
        return !reversed.empty() && (reversed.back() == "--help" || reversed.back() == "-h" ||
                                     reversed.back() == "--version");
    }

    /// `help NAME` is `NAME --help`.
    void turn_to_flag(std::vector<std::string>& arguments) const {
        arguments.erase(arguments.begin());
        const std::vector<std::string> names = command_names();
        const auto wrong = [&](std::string what, std::string help) {
            return UsageError(Problem{.what = std::move(what),
                                      .where = "command line",
                                      .why = {},
                                      .help = std::move(help)});
        };
        if (arguments.size() > 1)
            throw wrong(text("salus help does not expect '", arguments[1], "'"), "give one name");
        if (!arguments.empty() && !std::ranges::count(names, arguments[0]))
            throw wrong(text("there is no command or stage '", arguments[0], "'"),
                        suggestion(arguments[0], names));
        arguments.push_back("--help");
    }

    std::vector<std::string> command_names() const {
        std::vector<std::string> names;
        for (const App* command : app_.get_subcommands({}))
            names.push_back(command->get_name());
        return names;
    }

    static CommandLine message(std::string content) {
        CommandLine line;
        line.message = std::move(content);
        return line;
    }

    App* add_command(const std::string& name, const std::string& doc, Command command) {
        App* sub = app_.add_subcommand(name, doc);
        sub->set_help_flag();
        sub->add_flag("-h,--help", help_, "Show the manual of this command.");
        commands_by_app_[sub] = command;
        return sub;
    }

    void add_job_options(App* sub) {
        sub->add_option("job", line_.path, "Job file (TOML).")->required()->type_name("JOB");
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

    void add_threads(App* sub) {
        sub->add_option("--threads", line_.threads, "Threads of one rank.")
            ->type_name("N")
            ->check(CLI::Range(1, 4096));
    }

    void add_run() {
        App* sub =
            add_command("run", "Run a job, or go on with one that was stopped.", Command::run);
        add_job_options(sub);
        sub->add_flag("--fresh", line_.fresh,
                      "Begin anew where parameters or inputs changed since the last run.");
        add_threads(sub);
    }

    void add_check() {
        add_job_options(add_command(
            "check", "Tell all errors of a job at once, without doing its work.", Command::check));
    }

    void add_plan() {
        App* sub = add_command(
            "plan", "Estimate memory, storage and time of a job, and suggest #SBATCH lines.",
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

    void add_status() {
        App* sub = add_command("status", "Tell what is done of a run.", Command::status);
        sub->add_option("path", line_.path, "Job file or output folder.")
            ->required()
            ->type_name("JOB_OR_FOLDER");
    }

    void add_describe() {
        App* sub = add_command("describe", "Print the manual of a stage or of a kind of file.",
                               Command::describe);
        sub->add_option(
               "topic", line_.topic,
               "A stage, or one of: job, pipeline, phenotype, salus. Left out: all stages.")
            ->type_name("TOPIC");
        sub->add_option("definitions", line_.path, "phenotype: definitions to tell in words.")
            ->type_name("FILE[:NAME]");
        sub->add_option("--events", line_.events, "phenotype: store to count persons in.")
            ->type_name("FILE");
        sub->add_option("--threshold", line_.threshold, "phenotype: smaller numbers are hidden.")
            ->type_name("N")
            ->check(CLI::Range(0, 1000));
        sub->add_option("--format", line_.format,
                        "text, markdown, man, json-schema, template or names.")
            ->type_name("FORMAT")
            ->check(CLI::IsMember({"text", "markdown", "man", "json-schema", "template", "names"}));
    }

    void add_show() {
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

    void add_export() {
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
        sub->add_option(
               "--release", line_.release,
               "Write what may leave a secure environment: numbers of people or rows from 1 "
               "to MINIMUM - 1, and others they could be computed from, become NA. A table "
               "that is not made for release is refused (exit 7).")
            ->type_name("MINIMUM")
            ->check(CLI::Range(2, 1000000));
    }

    void add_import() {
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

    void add_digest() {
        App* sub = add_command(
            "digest", "Tell or write the SHA-256 digests of files, which ingest can check.",
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

    void add_verify() {
        add_command("verify", "Check results by their checksums and recorded digests.",
                    Command::verify)
            ->add_option("paths", line_.files,
                         "HDF5 results and genotype stores: every checksum in them. Output folders "
                         "of runs: also the digest of every result. Job files: also the digests of "
                         "the inputs.")
            ->required()
            ->type_name("PATHS");
    }

    void add_doctor() {
        App* sub = add_command(
            "doctor",
            "Examine launch, machines and an output folder, as the ranks of a job see them.",
            Command::doctor);
        sub->add_option("folder", line_.path,
                        "Where output folders will be; left out: the folder it is started in.")
            ->type_name("FOLDER");
        add_threads(sub);
    }

    void add_help() {
        add_command("help", "Show this manual, or that of a command or stage.", Command::message)
            ->add_option("name", line_.path, "Command or stage; left out: the whole manual.")
            ->type_name("NAME");
    }

    void add_stage(const Stage& stage) {
        App* sub = add_command(stage.name(), sentence(stage.summary()), Command::stage);
        if (dashed(stage.name()) != stage.name()) sub->alias(dashed(stage.name()));
        for (const Port& port : stage.inputs()) {
            auto& [name, values] = ports_[sub].emplace_back(port.name, std::vector<std::string>{});
            sub->add_option(flag_names(port.name), values, port.doc)
                ->type_name("PATH")
                ->expected(1, port.many ? 100'000 : 1);
        }
        for (const Param& param : stage.params()) {
            auto& [name, values] =
                params_[sub].emplace_back(param.name, std::vector<std::string>{});
            auto* option = sub->add_option(flag_names(param.name), values, param.about.doc)
                               ->type_name("VALUE");
            option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
            if (std::holds_alternative<bool>(param.standard))
                option->expected(0, 1);
            else
                option->expected(1);
        }
        sub->add_option("--output", output_, "Output folder.")->type_name("FOLDER");
        sub->add_option("--seed", line_.stage.seed, "Seed of every random number.")
            ->type_name("N")
            ->check(CLI::NonNegativeNumber);
        sub->add_flag("--fresh", line_.fresh,
                      "Begin anew where parameters or inputs changed since the last run.");
        add_threads(sub);
        stage_by_app_[sub] = &stage;
    }

    const App* chosen() const {
        const auto used = app_.get_subcommands();
        return used.empty() ? nullptr : used.front();
    }

    std::string help_text() const {
        const App* sub = chosen();
        if (sub == nullptr) return manual_as_text(manual());
        if (const auto stage = stage_by_app_.find(sub); stage != stage_by_app_.end())
            return manual_as_text(stage_manual(*stage->second));
        const Manual page{.name = text("salus ", sub->get_name()),
                          .summary = sub->get_description(),
                          .sections = {{.title = "Synopsis", .paragraphs = {synopsis(*sub)}},
                                       options_section(*sub, "Options")}};
        return manual_as_text(page);
    }

    [[noreturn]] void fail(const CLI::ParseError& error) const {
        const App* sub = chosen();
        const std::string help =
            text("see: salus ", sub ? sub->get_name() + " " : std::string{}, "--help");
        if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr ||
            (sub == nullptr && !app_.remaining(true).empty()))
            fail_extras(sub, help);
        if (sub == nullptr)
            throw UsageError({.what = "no command is given", .where = {}, .why = {}, .help = help});
        throw UsageError({.what = error.what(),
                          .where = text("salus ", sub->get_name()),
                          .why = {},
                          .help = help});
    }

    /// Words that fit nowhere: an unknown option, else an unknown command, else one word too many.
    [[noreturn]] void fail_extras(const App* sub, const std::string& help) const {
        const std::string owner = sub ? text("salus ", sub->get_name()) : "salus";
        std::vector<std::string> names;
        if (sub == nullptr)
            names = command_names();
        else
            for (const CLI::Option* option : sub->get_options())
                if (!option->get_lnames().empty())
                    names.push_back("--" + option->get_lnames().front());
        std::vector<Problem> options, words;
        for (const std::string& extra : app_.remaining(true)) {
            const std::string name = extra.substr(0, extra.find('='));
            if (name.starts_with("-"))
                options.push_back({.what = text(owner, " has no option '", name, "'"),
                                   .where = "command line",
                                   .why = {},
                                   .help = sub ? suggestion(name, names) : help});
            else if (sub == nullptr && words.empty())
                words.push_back({.what = text("there is no command or stage '", name, "'"),
                                 .where = "command line",
                                 .why = {},
                                 .help = suggestion(name, names)});
            else if (sub != nullptr)
                words.push_back({.what = text(owner, " does not expect '", name, "'"),
                                 .where = "command line",
                                 .why = {},
                                 .help = help});
        }
        throw UsageError(options.empty() ? std::move(words) : std::move(options));
    }

    void finish() {
        const App* sub = chosen();
        line_.command = commands_by_app_.at(sub);
        if (line_.command == Command::stage)
            finish_stage(sub);
        else if (!output_.empty())
            line_.overrides.output = output_;
        if (json_) line_.format = "json";
        if (sbatch_) line_.format = "sbatch";
    }

    void finish_stage(const App* sub) {
        line_.stage.stage = stage_by_app_.at(sub);
        line_.stage.output = output_;
        for (const auto& [name, paths] : ports_[sub])
            if (sub->count("--" + name) > 0) line_.stage.inputs.emplace_back(name, paths);
        for (const auto& [name, values] : params_[sub]) {
            if (sub->count("--" + name) == 0) continue;
            const std::string typed = join(values, ",");
            const bool bare_flag = typed.empty() || typed == "{}";
            const bool is_flag =
                std::holds_alternative<bool>(find_declared(*line_.stage.stage, name).standard);
            line_.stage.params.emplace_back(name, bare_flag && is_flag ? "true" : typed);
        }
    }

    static const Param& find_declared(const Stage& stage, const std::string& name) {
        return *std::find_if(stage.params().begin(), stage.params().end(),
                             [&](const Param& p) { return p.name == name; });
    }

    App app_;
    const std::vector<Stage>& stages_;
    CommandLine line_;
    std::string output_;
    bool help_ = false, show_version_ = false, json_ = false, sbatch_ = false;
    std::size_t commands_ = 0;
    std::map<const App*, Command> commands_by_app_;
    std::map<const App*, const Stage*> stage_by_app_;
    // deques: CLI11 keeps references to the values
    std::map<const App*, std::deque<std::pair<std::string, std::vector<std::string>>>> ports_,
        params_;
};

Manual Grammar::manual() const {
    Manual page{.name = "salus", .summary = app_.get_description() + ".", .sections = {}};
    page.sections.push_back(
        {.title = "Synopsis",
         .paragraphs = {"salus COMMAND [OPTIONS], or mpirun -n RANKS salus run JOB.",
                        "A job (TOML) binds a pipeline to data. Results are HDF5 files, the same "
                        "bytes for any number of ranks and "
                        "threads. A run that was stopped goes on where it was when the same "
                        "command is given again."}});
    ManualSection commands{.title = "Commands", .heads = {"command", "", "what it does"}};
    ManualSection stage_list{
        .title = "Stages",
        .paragraphs = {"Every stage of a pipeline is a command of its own, too."},
        .heads = {"stage", "", "what it does"}};
    const auto subs = app_.get_subcommands({});
    for (std::size_t i = 0; i < subs.size(); ++i)
        (i < commands_ ? commands : stage_list)
            .entries.push_back({subs[i]->get_name(), "", subs[i]->get_description()});
    page.sections.push_back(std::move(commands));
    if (!stage_list.entries.empty()) page.sections.push_back(std::move(stage_list));
    for (std::size_t i = 0; i < commands_; ++i) {
        page.sections.push_back(options_section(*subs[i], text("salus ", subs[i]->get_name())));
        page.sections.back().paragraphs = {synopsis(*subs[i])};
    }
    page.sections.push_back(
        {.title = "Exit codes", .heads = {"code", "", "meaning"}, .entries = exit_codes()});
    page.sections.push_back({.title = "Environment",
                             .paragraphs = {"SLURM_CPUS_PER_TASK and OMP_NUM_THREADS give the "
                                            "threads of a rank where --threads and the job "
                                            "do not. No variable changes a result."}});
    return page;
}

} // namespace

CommandLine parse_command_line(const std::vector<std::string>& arguments,
                               const std::vector<Stage>& stages, const std::string& version) {
    return Grammar(stages).parse(arguments, version);
}

Manual program_manual(const std::vector<Stage>& stages) { return Grammar(stages).manual(); }

} // namespace salus
