#pragma once

#include "app/command_line.hpp"

#include <CLI/CLI.hpp>

#include <deque>
#include <map>

namespace salus {

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
        add_submit();
        add_status();
        add_cancel();
        add_describe();
        add_show();
        add_export();
        add_import();
        add_digest();
        add_verify();
        add_verify_log();
        add_doctor();
        add_help();
        commands_ = app_.get_subcommands({}).size();
        for (const Stage& stage : stages_)
            add_stage(stage);
    }

    CommandLine parse(std::vector<std::string> arguments, const std::string& version);

    Manual manual() const;

private:
    using App = CLI::App;

    static bool wants_help_only(const std::vector<std::string>& reversed) {
        return !reversed.empty() && (reversed.back() == "--help" || reversed.back() == "-h" ||
                                     reversed.back() == "--version");
    }

    /// `help NAME` is `NAME --help`.
    void turn_to_flag(std::vector<std::string>& arguments) const;

    std::vector<std::string> command_names() const;

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

    void add_job_options(App* sub);
    void add_overrides(App* sub); // of what the job file says
    void add_threads(App* sub);
    void add_run();
    void add_check();
    void add_plan();
    void add_submit();
    void add_status();
    void add_cancel();
    void add_describe();
    void add_show();
    void add_export();
    void add_import();
    void add_digest();
    void add_verify();
    void add_verify_log();
    void add_log_format(App* sub);
    void add_doctor();
    void add_help();
    void add_stage(const Stage& stage);

    const App* chosen() const {
        const auto used = app_.get_subcommands();
        return used.empty() ? nullptr : used.front();
    }

    std::string help_text() const;

    [[noreturn]] void fail(const CLI::ParseError& error) const;

    /// Words that fit nowhere: an unknown option, else an unknown command, else one word too many.
    [[noreturn]] void fail_extras(const App* sub, const std::string& help) const;

    void finish();

    void finish_stage(const App* sub);

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

} // namespace salus
