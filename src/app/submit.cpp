#include "app/commands.hpp"
#include "app/runner_state.hpp"
#include "app/submission.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "schema/job_inputs.hpp"

#include <algorithm>

namespace salus {
namespace {

namespace fs = std::filesystem;

/// The scripts of what is not complete; what SLURM has already is not asked.
std::string dry_run(const Submission& job) {
    std::map<std::string, SlurmJob> queued;
    const std::vector<std::string> todo = job.choose(queued, SlurmClient{});
    std::string out;
    bool first = true;
    for (const StageRequest& request : job.requests()) {
        out += out.empty() ? "" : "\n";
        if (std::count(todo.begin(), todo.end(), request.stage) == 0) {
            out += text("# ===== ", request.stage, " is complete");
            continue;
        }
        out += text("# ===== ", job.script_path(request.stage).string(),
                    first ? "" : " (after the one before ended well)", "\n", job.script(request));
        first = false;
    }
    return out + (todo.empty() ? "\nnothing is left to do\n" : "");
}

std::string test(const Submission& job) {
    make_folders(job.folder());
    const FolderLock lock(job.folder(), "salus submit");
    job.write_scripts();
    for (const StageRequest& request : job.requests())
        SlurmClient{}.test(job.script_path(request.stage));
    return text("SLURM takes all ", job.requests().size(), " batch jobs\n");
}

/// Should this process die between two jobs, the name of the last one tells the next process that
/// it is there.
std::string hand_over(const Submission& job, const SlurmClient& slurm,
                      const std::vector<std::string>& todo,
                      const std::map<std::string, SlurmJob>& queued) {
    std::string out, last;
    for (const StageRequest& request : job.requests()) {
        const std::string gap(request.stage.size() < 20 ? 20 - request.stage.size() : 1, ' ');
        std::string fate = "complete";
        if (const auto found = queued.find(request.stage); found != queued.end()) {
            last = found->second.id;
            fate = text("SLURM job ", last, " ", found->second.state, " already");
        } else if (std::count(todo.begin(), todo.end(), request.stage) > 0) {
            last =
                slurm.submit(job.script_path(request.stage), last.empty() ? "" : "afterok:" + last);
            job.record(request.stage, last);
            fate = text("SLURM job ", last, " submitted");
        }
        out += text(request.stage, gap, fate, "\n");
    }
    return out + (todo.empty() && queued.empty() ? "nothing is left to do\n" : "");
}

std::string submit(const Submission& job) {
    make_folders(job.folder());
    const FolderLock lock(job.folder(), "salus submit");
    const SlurmClient slurm;
    auto queued = job.queued(slurm);
    const std::vector<std::string> todo = job.choose(queued, slurm);
    if (!todo.empty()) {
        job.write_scripts();
        for (const std::string& stage : todo)
            slurm.test(job.script_path(stage));
    }
    return hand_over(job, slurm, todo, queued);
}

} // namespace

std::string submit_command(const CommandLine& line, const std::vector<Stage>& stages) {
    if (line.files.size() > 1) return submit_array(line, stages);
    const Submission job(line, line.files.at(0), stages);
    if (line.dry_run) return dry_run(job);
    return line.test_only ? test(job) : submit(job);
}

std::string cancel_command(const CommandLine& line) {
    const fs::path output = run_folder_of(line.path);
    const SlurmClient slurm;
    std::vector<std::string> ids;
    for (const auto& [stage, job] : jobs_of_run(slurm, output))
        if (job.waits_or_runs()) ids.push_back(job.id);
    std::reverse(ids.begin(), ids.end()); // what waits ends before what it waits for
    slurm.cancel(ids);
    return ids.empty() ? "SLURM has no jobs of this run\n"
                       : text("ended SLURM jobs: ", join(ids, ", "), "\n");
}

} // namespace salus
