#include "app/submission.hpp"

#include "app/runner_state.hpp"
#include "base/date.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"

#include <unistd.h>

#include <algorithm>

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

JobOverrides without_end(JobOverrides overrides) {
    overrides.until.clear(); // one stage of a run is always one of the whole job
    return overrides;
}

SiteProfile site_of(const CommandLine& line, const Job& job) {
    SiteProfile site = find_site(line.site, job.file);
    if (!job.resources.partition.empty()) site.partition = job.resources.partition;
    if (!job.resources.account.empty()) site.account = job.resources.account;
    return site;
}

} // namespace

Submission::Submission(const CommandLine& line, const fs::path& job,
                       const std::vector<Stage>& stages)
    : whole_(read_job(job, stages, without_end(line.overrides))), site_(site_of(line, whole_)),
      until_(line.overrides.until), fresh_(line.fresh) {
    const Plan plan = make_plan(whole_, line.ranks, line.threads);
    plan.problems.raise();
    std::vector<Problem> problems;
    requests_ = stage_requests(plan, site_, problems);
    if (!problems.empty()) throw UsageError(std::move(problems));
    keep_until();
    batch_ = {.title = whole_.title,
              .output = whole_.output,
              .command = run_command(line, whole_, site_),
              .fresh = line.fresh};
}

void Submission::keep_until() {
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

fs::path Submission::script_path(const std::string& stage) const {
    return folder() / (stage + ".sbatch");
}

std::string Submission::script(const StageRequest& request) const {
    return batch_script(batch_, request, site_);
}

void Submission::write_scripts() const {
    for (const StageRequest& request : requests_)
        write_file_atomically(script_path(request.stage), script(request));
}

std::map<std::string, SlurmJob> Submission::queued(const SlurmClient& slurm) const {
    std::map<std::string, SlurmJob> queued;
    for (auto& [stage, job] : jobs_of_run(slurm, whole_.output))
        if (job.waits_or_runs()) queued[stage] = std::move(job);
    return queued;
}

std::vector<std::string> Submission::choose(std::map<std::string, SlurmJob>& queued,
                                            const SlurmClient& slurm) const {
    std::vector<std::string> todo, stale;
    for (const StageRequest& request : requests_) {
        const auto found = queued.find(request.stage);
        const bool kept =
            todo.empty() &&
            (found != queued.end() || (!fresh_ && looks_done(whole_, *whole_.find(request.stage))));
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
    slurm.cancel(stale);
    return todo;
}

void Submission::record(const std::string& stage, const std::string& id) const {
    append_line(folder() / "jobs.log", text(utc_now(), " ", stage, " ", id, " ",
                                            sha256_file(script_path(stage)).substr(0, 16)));
}

} // namespace salus
