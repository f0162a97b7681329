#include "app/command_grammar.hpp"
#include "app/exit_codes.hpp"
#include "app/option_manual.hpp"
#include "app/parse_mistakes.hpp"
#include "base/text.hpp"
#include "schema/describe.hpp"
#include "schema/suggest.hpp"

#include <algorithm>

namespace salus {
namespace {

bool holds_list(const Value& value) {
    return std::holds_alternative<std::vector<std::string>>(value) ||
           std::holds_alternative<std::vector<double>>(value);
}

} // namespace

CommandLine Grammar::parse(std::vector<std::string> arguments, const std::string& version) {
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

void Grammar::turn_to_flag(std::vector<std::string>& arguments) const {
    arguments.erase(arguments.begin());
    std::erase_if(arguments, [](const auto& word) { return word == "--help" || word == "-h"; });
    const std::vector<std::string> names = command_names();
    const auto wrong = [&](std::string what, std::string help) {
        return UsageError(Problem{
            .what = std::move(what), .where = "command line", .why = {}, .help = std::move(help)});
    };
    if (arguments.size() > 1)
        throw wrong(text("salus help does not expect '", arguments[1], "'"), "give one name");
    if (!arguments.empty() && !std::ranges::count(names, arguments[0]))
        throw wrong(text("there is no command or stage '", arguments[0], "'"),
                    suggestion(arguments[0], names));
    arguments.push_back("--help");
}

std::vector<std::string> Grammar::command_names() const {
    std::vector<std::string> names;
    for (const App* command : app_.get_subcommands({}))
        names.push_back(command->get_name());
    return names;
}

std::string Grammar::help_text() const {
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

void Grammar::fail(const CLI::ParseError& error) const {
    const App* sub = chosen();
    const std::string help =
        text("see: salus ", sub ? sub->get_name() + " " : std::string{}, "--help");
    if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr ||
        (sub == nullptr && !app_.remaining(true).empty()))
        fail_extras(sub, help);
    if (sub == nullptr)
        throw UsageError({.what = "no command is given", .where = {}, .why = {}, .help = help});
    throw UsageError(parse_mistake(error, *sub, help));
}

void Grammar::fail_extras(const App* sub, const std::string& help) const {
    const std::string owner = sub ? text("salus ", sub->get_name()) : "salus";
    std::vector<std::string> names;
    if (sub == nullptr)
        names = command_names();
    else
        for (const CLI::Option* option : sub->get_options())
            if (!option->get_lnames().empty()) names.push_back("--" + option->get_lnames().front());
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

void Grammar::finish() {
    const App* sub = chosen();
    line_.command = commands_by_app_.at(sub);
    if (line_.command == Command::stage)
        finish_stage(sub);
    else if (!output_.empty())
        line_.overrides.output = output_;
    if (json_) line_.format = "json";
    if (sbatch_) line_.format = "sbatch";
}

void Grammar::finish_stage(const App* sub) {
    line_.stage.stage = stage_by_app_.at(sub);
    line_.stage.output = output_;
    for (const auto& [name, paths] : ports_[sub])
        if (sub->count("--" + name) > 0) line_.stage.inputs.emplace_back(name, paths);
    for (const auto& [name, values] : params_[sub]) {
        if (sub->count("--" + name) == 0) continue;
        const Param& param = find_declared(*line_.stage.stage, name);
        if (values.size() > 1 && !holds_list(param.standard))
            throw UsageError({.what = text("--", name, " is given more than once"),
                              .where = text("salus ", sub->get_name()),
                              .why = sentence(param.about.doc),
                              .help = "give it once: it takes one value"});
        const std::string typed = join(values, ",");
        const bool bare_flag = typed.empty() || typed == "{}";
        const bool is_flag = std::holds_alternative<bool>(param.standard);
        line_.stage.params.emplace_back(name, bare_flag && is_flag ? "true" : typed);
    }
}

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

CommandLine parse_command_line(const std::vector<std::string>& arguments,
                               const std::vector<Stage>& stages, const std::string& version) {
    return Grammar(stages).parse(arguments, version);
}

Manual program_manual(const std::vector<Stage>& stages) { return Grammar(stages).manual(); }

} // namespace salus
