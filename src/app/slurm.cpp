#include "app/slurm.hpp"

#include "app/batch_script.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>

extern char** environ;

namespace salus {
namespace {

struct Ended {
    int code = 0; // 127: there is no such program
    std::string out, errors;
};

/// Reads a pipe of a child to its end.
std::string read_all(int descriptor) {
    std::string out;
    std::array<char, 4096> buffer{};
    for (;;) {
        const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        out.append(buffer.data(), static_cast<std::size_t>(got));
    }
    ::close(descriptor);
    return out;
}

/// Runs a program to its end. Its two streams are short: the second is read after the first.
Ended run(std::vector<std::string> words) {
    std::array<int, 2> out{}, errors{};
    if (::pipe2(out.data(), O_CLOEXEC) != 0)
        throw_storage_error(errno, "make a pipe for", words[0]);
    if (::pipe2(errors.data(), O_CLOEXEC) != 0)
        throw_storage_error(errno, "make a pipe for", words[0]);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, errors[1], STDERR_FILENO);
    std::vector<char*> arguments;
    for (std::string& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t child = 0;
    const int failed =
        ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(out[1]);
    ::close(errors[1]);
    Ended ended;
    ended.out = read_all(out[0]);
    ended.errors = read_all(errors[0]);
    if (failed != 0) return {.code = 127, .out = {}, .errors = {}};
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return ended;
}

/// The same, or UsageError with what the program said.
std::string run_or_throw(const std::vector<std::string>& words, const std::string& what) {
    const Ended ended = run(words);
    if (ended.code == 0) return ended.out;
    if (ended.code == 127)
        throw UsageError({.what = text("there is no ", words[0], " on PATH"),
                          .where = {},
                          .why = "jobs are given to SLURM by its own commands",
                          .help = "use a machine from which jobs are submitted, or: salus run"});
    std::string said(trim(ended.errors));
    for (std::size_t at = 0; (at = said.find('\n', at)) != std::string::npos;)
        said.replace(at, 1, "; ");
    throw UsageError({.what = what,
                      .where = words.front() == "sbatch" ? words.back() : words.front(),
                      .why = said,
                      .help = words.front() == "sbatch"
                                  ? "correct the site profile or [resources] of the job; see: "
                                    "salus describe site"
                                  : "is SLURM well? see: sinfo"});
}

} // namespace

bool SlurmJob::waits_or_runs() const {
    for (const std::string_view ended :
         {"BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY",
          "PREEMPTED", "REVOKED", "TIMEOUT"})
        if (state == ended) return false;
    return true;
}

std::vector<SlurmJob> SlurmClient::jobs() const {
    std::vector<SlurmJob> found;
    const std::string lines = run_or_throw(
        {"squeue", "--noheader", "--me", "--states=all", "--array", "--format=%i|%T|%r|%j"},
        "squeue does not tell the jobs");
    for (const std::string_view line : split(lines, '\n')) {
        const auto fields = split(line, '|');
        if (fields.size() != 4) continue;
        found.push_back({.id = std::string(fields[0]),
                         .state = std::string(fields[1]),
                         .reason = std::string(fields[2]),
                         .name = std::string(fields[3])});
    }
    return found;
}

std::string SlurmClient::submit(const std::filesystem::path& script,
                                const std::string& dependency) const {
    std::vector<std::string> words{"sbatch", "--parsable"};
    if (!dependency.empty()) words.push_back("--dependency=" + dependency);
    words.push_back(script.string());
    const std::string said = run_or_throw(words, "sbatch refused a batch script");
    const std::string_view id = trim(split(trim(said), ';').front());
    if (!parse_integer(id))
        throw UsageError({.what = "sbatch gave no job id",
                          .where = script.string(),
                          .why = text("it said: ", trim(said)),
                          .help = "look for the job with squeue, and end it"});
    return std::string(id);
}

void SlurmClient::test(const std::filesystem::path& script) const {
    run_or_throw({"sbatch", "--test-only", script.string()}, "sbatch would refuse a batch script");
}

void SlurmClient::cancel(const std::vector<std::string>& ids) const {
    if (ids.empty()) return;
    std::vector<std::string> words{"scancel"};
    words.insert(words.end(), ids.begin(), ids.end());
    run_or_throw(words, "scancel does not end the jobs");
}

std::vector<StageJob> jobs_of_run(const SlurmClient& slurm, const std::filesystem::path& output) {
    std::map<std::string, std::string> tasks; // id, stage
    const std::filesystem::path record = output / "slurm" / "jobs.log";
    if (std::filesystem::exists(record)) {
        const std::string lines = read_text_file(record);
        for (const std::string_view line : split(lines, '\n'))
            if (const auto fields = split(line, ' ');
                fields.size() == 4 && fields[2].find('_') != std::string_view::npos)
                tasks.emplace(fields[2], fields[1]);
    }
    const std::string prefix = batch_name_prefix(output);
    std::vector<StageJob> found;
    for (SlurmJob& job : slurm.jobs()) {
        if (const auto task = tasks.find(job.id); task != tasks.end())
            found.push_back({task->second, std::move(job)});
        else if (job.name.starts_with(prefix))
            found.push_back({job.name.substr(prefix.size()), std::move(job)});
    }
    return found;
}

} // namespace salus
