#include "app/program.hpp"

#include "app/audit_log.hpp"
#include "app/commands.hpp"
#include "app/doctor.hpp"
#include "app/error_report.hpp"
#include "app/runner.hpp"
#include "base/current_error.hpp"
#include "base/file.hpp"
#include "base/interrupt.hpp"
#include "base/log_format.hpp"
#include "base/text.hpp"
#include "parallel/communicator.hpp"
#include "parallel/read_once.hpp"
#include "stages/all.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <thread>

namespace salus {
namespace {

void print(const std::string& content) {
    if (std::fwrite(content.data(), 1, content.size(), stdout) != content.size() ||
        std::fflush(stdout) != 0)
        if (errno != EPIPE) throw_storage_error(errno, "write", "standard output");
}

/// Before the command line is understood: what is wrong with it is told in the format that it asks
/// for.
bool asks_for_json(const std::vector<std::string>& arguments) {
    const auto option = std::find(arguments.begin(), arguments.end(), "--log-format");
    return std::count(arguments.begin(), arguments.end(), "--log-format=json") > 0 ||
           (option != arguments.end() && option + 1 != arguments.end() && option[1] == "json");
}

int number_from(const char* variable) {
    const char* value = std::getenv(variable);
    const auto number = value ? parse_integer(value) : std::nullopt;
    return number && *number > 0 && *number <= 4096 ? static_cast<int>(*number) : 0;
}

/// --threads, else the job, else SLURM, else OpenMP, else all cores if there is only one rank.
int threads_for(int asked, const Job& job, const Communicator& comm) {
    for (const int threads : {asked, job.resources.threads, number_from("SLURM_CPUS_PER_TASK"),
                              number_from("OMP_NUM_THREADS")})
        if (threads > 0) return threads;
    return comm.size() > 1 ? 1 : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

/// The command line as typed; written to run.json only.
std::string typed(const std::vector<std::string>& arguments) {
    std::string out = "salus";
    for (const std::string& argument : arguments) {
        const bool plain =
            argument.find_first_of(" '\"$\\") == std::string::npos && !argument.empty();
        out += text(" ", plain ? argument : json_quote(argument));
    }
    return out;
}

/// One start of the program on this rank.
class Program {
public:
    Program(const std::vector<std::string>& arguments, const ProgramVersion& version,
            const Communicator& comm)
        : arguments_(arguments), version_(version), comm_(comm) {}

    int run() {
        if (asks_for_json(arguments_)) set_log_format(LogFormat::json);
        const CommandLine line = parse_command_line(arguments_, all_stages(), version_.full);
        // Work goes on when nobody reads any more what is said of it; run.log has it all.
        if (line.command == Command::run || line.command == Command::stage ||
            line.command == Command::submit)
            std::signal(SIGPIPE, SIG_IGN);
        if (line.command == Command::run || line.command == Command::stage) return compute(line);
        release_interrupts();
        if (line.command == Command::doctor)
            examine(line);
        else if (comm_.is_root())
            answer(line);
        return 0;
    }
    /// True once ranks may be in different places, so that an error on one must end them all.
    bool computing() const noexcept { return computing_; }

private:
    int compute(const CommandLine& line) {
        const Job job = read_once(comm_, "reading the job", [&] {
            return line.command == Command::stage
                       ? single_stage_job(line.stage)
                       : read_job(line.path, all_stages(), line.overrides);
        });
        computing_ = true;
        return run_job(job,
                       {.fresh = line.fresh,
                        .only = line.only,
                        .threads = threads_for(line.threads, job, comm_),
                        .play_ranks = line.play_ranks,
                        .command = typed(arguments_),
                        .version = version_.full},
                       comm_);
    }

    void examine(const CommandLine& line) {
        computing_ = true;
        const Diagnosis found = examine_site(line.path.empty() ? "." : line.path, version_.full,
                                             threads_for(line.threads, Job{}, comm_), comm_);
        computing_ = false;
        if (!comm_.is_root()) return;
        print(found.lines);
        if (found.error) throw *found.error;
    }

    /// What leaves for release, and what may not, stands in the audit log of its run.
    static void export_and_audit(const CommandLine& line) {
        const std::filesystem::path run =
            line.release > 0 ? run_of(line.path) : std::filesystem::path{};
        std::map<std::string, std::string> facts{
            {"file", line.path.filename().string()},
            {"table", line.inside},
            {"threshold", text(line.release)},
            {"output", std::filesystem::path(line.output).filename().string()}};
        if (!run.empty()) AuditLog(run).append("release_asked", facts); // or nothing is written
        std::string said;
        try {
            said = export_command(line);
        } catch (const DisclosureError& error) {
            facts["why"] = error.problems().front().what;
            if (!run.empty()) AuditLog(run).append("release_refused", facts);
            throw;
        }
        if (!run.empty()) AuditLog(run).append("released", facts);
        print(said);
    }

    void answer(const CommandLine& line) const {
        switch (line.command) {
        case Command::message:
            print(line.message);
            break;
        case Command::check:
            print(check_command(line, all_stages()));
            break;
        case Command::plan:
            print(plan_command(line, all_stages()));
            break;
        case Command::status:
            print(status_command(line));
            break;
        case Command::verify_log:
            print(verify_log_command(line));
            break;
        case Command::submit:
            print(submit_command(line, all_stages()));
            break;
        case Command::cancel:
            print(cancel_command(line));
            break;
        case Command::describe:
            print(describe_command(line, all_stages(), version_.number));
            break;
        case Command::show:
            print(show_command(line));
            break;
        case Command::export_table:
            export_and_audit(line);
            break;
        case Command::import_definition:
            print(import_command(line));
            break;
        case Command::digest:
            print(digest_command(line));
            break;
        case Command::verify:
            print(verify_command(line, all_stages()));
            break;
        case Command::run:
        case Command::doctor:
        case Command::stage:
            break;
        }
    }

    const std::vector<std::string>& arguments_;
    const ProgramVersion& version_;
    const Communicator& comm_;
    bool computing_ = false;
};

/// Tells the error and ends the job. An error that all ranks share is told by rank 0; the others
/// wait a moment before they speak, in case it is theirs alone.
int fail(const Error& error, const Communicator& comm, bool computing) {
    const bool alone = comm.size() == 1;
    if (!alone && computing && !comm.is_root())
        std::this_thread::sleep_for(std::chrono::seconds(2));
    if (comm.is_root() || computing)
        write_line(STDERR_FILENO, log_format() == LogFormat::json
                                      ? error_as_json(error, comm.rank())
                                      : error_report(error, computing ? Work::begun : Work::none,
                                                     ::isatty(STDERR_FILENO) == 1));
    if (!alone && computing) MpiSession::abort(error.exit_code());
    return error.exit_code();
}

} // namespace

int run_program(int argc, char** argv, const ProgramVersion& version) {
    std::optional<MpiSession> mpi;
    Communicator comm;
    std::vector<std::string> arguments;
    std::optional<Program> program;
    try {
        if (launched_by_mpi()) {
            mpi.emplace(argc, argv);
            comm = Communicator::world();
        }
        arguments.assign(argv + 1, argv + argc);
        program.emplace(arguments, version, comm);
        return program->run();
    } catch (...) {
        return fail(current_error(), comm, program && program->computing());
    }
}

} // namespace salus
