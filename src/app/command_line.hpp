#pragma once

#include "schema/job.hpp"
#include "schema/manual.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace salus {

enum class Command {
    message,
    run,
    check,
    plan,
    submit,
    status,
    cancel,
    describe,
    show,
    export_table,
    import_definition,
    digest,
    verify,
    verify_log,
    doctor,
    stage
};

/// What was asked for on the command line; only the members of its command mean something.
struct CommandLine {
    Command command = Command::message;
    std::string message;            // message: help or version, printed as it is
    std::filesystem::path path;     // job, folder or HDF5 file; describe: definitions
    JobOverrides overrides;         // run, check, plan, submit
    StageCommand stage;             // stage
    bool fresh = false;             // run, submit, stage
    std::string only;               // run: the one stage to run; empty = all
    std::filesystem::path site;     // submit: profile; empty = look for it
    bool dry_run = false;           // submit
    bool test_only = false;         // submit
    int threads = 0;                // run, plan, submit, stage; 0 = not said
    int ranks = 0;                  // plan, submit; 0 = not said
    int play_ranks = 0;             // run; 0 = not said
    std::string log_format;         // run, stage; "" = text
    std::string topic;              // describe
    std::string format;             // describe, plan, status, export
    std::filesystem::path events;   // describe: event store, "" = none
    std::uint64_t threshold = 5;    // describe: numbers below are hidden
    std::uint64_t rows = 5;         // show
    std::string inside;             // show, export: table or path in the file
    std::string name;               // import: of the definition
    std::string output;             // export, digest
    std::uint64_t release = 0;      // export: least number of people; 0 = not for release
    std::vector<std::string> files; // digest, verify, submit (jobs)
};

/// Reads the arguments after the name of the program. UsageError with near misses if they are not
/// right.
CommandLine parse_command_line(const std::vector<std::string>& arguments,
                               const std::vector<Stage>& stages, const std::string& version);

/// Manual of the program: commands with their options, stages, exit codes.
Manual program_manual(const std::vector<Stage>& stages);

} // namespace salus
