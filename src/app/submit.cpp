#include "app/batch_script.hpp"
#include "app/commands.hpp"
#include "app/runner_state.hpp"
#include "app/slurm.hpp"
#include "base/date.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "schema/job_inputs.hpp"

#include <unistd.h>

#include <algorithm>
#include <map>

namespace salus {
namespace {

namespace fs = std::filesystem;

/// Path of the running program.
std::string own_path() {
    std::error_code code;
    const fs::path path = fs::read_symlink("/proc/self/exe", code);
    return code ? "salus" : path.string();
}

/// The job and its options as `salus run` takes them, from any folder.
std::vector<std::string> run_command(const CommandLine& line, const Job& job,
                                     const SiteProfile& site) {
    std::vector<std::string> words{site.program.empty() ? own_path() : site.program, "run",
                                   fs::absolute(job.file).string()};
    for (const std::string& setting : line.overrides.settings)
        words.insert(words.end(), {"--set", setting});
    if (line.overrides.output)
        words.insert(words.end(), {"--output", fs::absolute(*line.overrides.output).string()});
    return words;
}

/// Whether the results of a stage are there, made with the parameters that the job has now. What
/// they were made from is looked at by the run itself.
bool looks_done(const Job& job, const StageInstance& instance) {
    const auto state = read_state(job.output / "state" / (instance.name + ".toml"));
    if (!state) return false;
    const auto made_with = [&](const std::string& name, const std::string& value) {
        const auto found = state->ingredients.find(name);
        return found != state->ingredients.end() && found->second == value;
    };
    if (!made_with("seed", text(job.seed))) return false;
    for (const Param& param : instance.stage->params())
        if (!made_with("parameter " + param.name, to_toml(param.get(instance.params.get()))))
            return false;
    const auto outputs = job.outputs(instance);
    return std::all_of(outputs.begin(), outputs.end(),
                       [](const auto& output) { return fs::exists(output.second); });
}

/// Submission of one job: scripts, questions to SLURM, and the record of what was handed over.
class Submission {
public:
    Submission(const CommandLine& line, const std::vector<Stage>& stages)
        : line_(line), whole_(read_job(line.path, stages, without_end(line.overrides))),
          site_(site_of(line, whole_)), until_(line.overrides.until) {
        const Plan plan = make_plan(whole_, line.ranks, line.threads);
        std::vector<Problem> problems = plan.problems;
        if (!problems.empty()) throw DataError(std::move(problems));
        requests_ = stage_requests(plan, site_, problems);
        if (!problems.empty()) throw UsageError(std::move(problems));
        keep_until();
        batch_ = {.title = whole_.title,
                  .output = whole_.output,
                  .command = run_command(line, whole_, site_),
                  .fresh = line.fresh};
    }

    std::string dry_run() const {
        std::string out;
        for (const StageRequest& request : requests_)
            out += text(out.empty() ? "" : "\n", "# ===== ", script_path(request.stage).string(),
                        out.empty() ? "" : " (after the one before ended well)", "\n",
                        batch_script(batch_, request, site_));
        return out;
    }

    std::string test() const {
        make_folders(folder());
        const FolderLock lock(folder(), "salus submit");
        write_scripts();
        for (const StageRequest& request : requests_)
            slurm_.test(script_path(request.stage));
        return text("SLURM takes all ", requests_.size(), " batch jobs\n");
    }

    std::string submit() {
        make_folders(folder());
        const FolderLock lock(folder(), "salus submit");
        std::map<std::string, SlurmJob> queued;
        for (const SlurmJob& job : slurm_.jobs(prefix()))
            if (job.waits_or_runs()) queued[job.name.substr(prefix().size())] = job;
        const std::vector<std::string> todo = choose(queued);
        if (!todo.empty()) {
            write_scripts();
            for (const std::string& stage : todo)
                slurm_.test(script_path(stage));
        }
        return hand_over(todo, queued);
    }

private:
    static JobOverrides without_end(JobOverrides overrides) {
        overrides.until.clear(); // one stage of a run is always one of the whole job
        return overrides;
    }

    static SiteProfile site_of(const CommandLine& line, const Job& job) {
        SiteProfile site = find_site(line.site, line.path);
        if (!job.resources.partition.empty()) site.partition = job.resources.partition;
        if (!job.resources.account.empty()) site.account = job.resources.account;
        return site;
    }

    void keep_until() {
        if (until_.empty()) return;
        const auto last =
            std::find_if(requests_.begin(), requests_.end(),
                         [&](const StageRequest& request) { return request.stage == until_; });
        if (last == requests_.end())
            throw UsageError({.what = text("the pipeline has no stage '", until_, "'"),
                              .where = "--until",
                              .why = {},
                              .help = "see: salus check"});
        requests_.erase(last + 1, requests_.end());
    }

    std::string prefix() const { return batch_name_prefix(whole_.output); }
    fs::path folder() const { return whole_.output / "slurm"; }
    fs::path script_path(const std::string& stage) const { return folder() / (stage + ".sbatch"); }

    void write_scripts() const {
        for (const StageRequest& request : requests_)
            write_file_atomically(script_path(request.stage), batch_script(batch_, request, site_));
    }

    /// Stages to submit, in order: those that are neither done nor queued, and, once there is one,
    /// all that come after it. What waits behind such a stage waits for a job that will not come.
    std::vector<std::string> choose(std::map<std::string, SlurmJob>& queued) const {
        std::vector<std::string> todo, stale;
        for (const StageRequest& request : requests_) {
            const auto found = queued.find(request.stage);
            const bool kept =
                todo.empty() && (found != queued.end() ||
                                 (!line_.fresh && looks_done(whole_, *whole_.find(request.stage))));
            if (kept) continue;
            if (found != queued.end()) {
                if (found->second.state != "PENDING")
                    throw OwnershipError({.what = text("stage ", request.stage,
                                                       " runs, though an earlier one is "
                                                       "neither done nor queued"),
                                          .where = whole_.output.string(),
                                          .why = text("it is SLURM job ", found->second.id),
                                          .help = "wait for it, or end it: salus cancel"});
                stale.push_back(found->second.id);
                queued.erase(found);
            }
            todo.push_back(request.stage);
        }
        slurm_.cancel(stale);
        return todo;
    }

    std::string hand_over(const std::vector<std::string>& todo,
                          const std::map<std::string, SlurmJob>& queued) {
        std::string out, last;
        for (const StageRequest& request : requests_) {
            const std::string gap(request.stage.size() < 20 ? 20 - request.stage.size() : 1, ' ');
            std::string fate = "complete";
            if (const auto found = queued.find(request.stage); found != queued.end()) {
                last = found->second.id;
                fate = text("SLURM job ", last, " ", found->second.state, " already");
            } else if (std::count(todo.begin(), todo.end(), request.stage) > 0) {
                last = slurm_.submit(script_path(request.stage), last);
                record(request.stage, last);
                fate = text("SLURM job ", last, " submitted");
            }
            out += text(request.stage, gap, fate, "\n");
        }
        return out + (todo.empty() && queued.empty() ? "nothing is left to do\n" : "");
    }

    /// The id is safe on the disk before the next job is handed over. Should this process die in
    /// between, the name of the job tells the next one that it is there.
    void record(const std::string& stage, const std::string& id) const {
        append_line(folder() / "jobs.log", text(utc_now(), " ", stage, " ", id, " ",
                                                sha256_file(script_path(stage)).substr(0, 16)));
    }

    const CommandLine& line_;
    Job whole_;
    SiteProfile site_;
    std::string until_;
    std::vector<StageRequest> requests_;
    BatchJob batch_;
    SlurmClient slurm_;
};

} // namespace

std::string submit_command(const CommandLine& line, const std::vector<Stage>& stages) {
    Submission submission(line, stages);
    if (line.dry_run) return submission.dry_run();
    return line.test_only ? submission.test() : submission.submit();
}

std::string cancel_command(const CommandLine& line) {
    const std::string prefix =
        batch_name_prefix(absolute_below(fs::current_path(), output_folder_of(line.path).string()));
    const SlurmClient slurm;
    std::vector<std::string> ids;
    for (const SlurmJob& job : slurm.jobs(prefix))
        if (job.waits_or_runs()) ids.push_back(job.id);
    std::reverse(ids.begin(), ids.end()); // what waits ends before what it waits for
    slurm.cancel(ids);
    return ids.empty() ? "SLURM has no jobs of this run\n"
                       : text("ended SLURM jobs: ", join(ids, ", "), "\n");
}

} // namespace salus
