#include "app/runner_state.hpp"
#include "app/submission.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <deque>
#include <numeric>
#include <set>

namespace salus {
namespace {

namespace fs = std::filesystem;

/// Runs that have the same stages left, behind the same job.
struct Group {
    std::string dependency; // of its first array
    std::vector<std::size_t> tasks;
};

std::vector<Submission> read_all(const CommandLine& line, const std::vector<Stage>& stages) {
    std::vector<Submission> jobs;
    std::vector<Problem> problems;
    ErrorKind kind = ErrorKind::usage;
    for (const std::string& job : line.files)
        try {
            jobs.emplace_back(line, job, stages);
        } catch (const Error& error) {
            if (problems.empty() || error.kind() == ErrorKind::usage) kind = error.kind();
            problems.insert(problems.end(), error.problems().begin(), error.problems().end());
        }
    if (!problems.empty()) throw_error(kind, std::move(problems));
    return jobs;
}

/// Stages are the same, outputs are not.
void check_alike(const CommandLine& line, const std::vector<Submission>& jobs) {
    std::vector<Problem> problems;
    if (line.overrides.output)
        problems.push_back({.what = "several jobs cannot write into one folder",
                            .where = "--output",
                            .why = {},
                            .help = "leave it out: every job file names its own output"});
    const auto names = [](const Submission& job) {
        std::vector<std::string> all;
        for (const StageRequest& request : job.requests())
            all.push_back(request.stage);
        return all;
    };
    std::set<fs::path> outputs;
    for (const Submission& job : jobs) {
        if (names(job) != names(jobs[0]))
            problems.push_back({.what = "the stages are not those of the first job",
                                .where = job.job_file().string(),
                                .why = "one array is submitted for each stage, a task for each job",
                                .help = "submit it by itself"});
        if (!line.overrides.output && !outputs.insert(job.output()).second)
            problems.push_back({.what = "another of these jobs has the same output folder",
                                .where = job.job_file().string(),
                                .why = "runs of an array are independent",
                                .help = "give every job its own output"});
    }
    if (!problems.empty()) throw UsageError(std::move(problems));
}

/// Submission of several jobs, one array a stage.
class ArraySubmission {
public:
    ArraySubmission(const CommandLine& line, const std::vector<Stage>& stages)
        : jobs_(read_all(line, stages)), all_(jobs_.size()) {
        std::iota(all_.begin(), all_.end(), std::size_t{0});
        check_alike(line, jobs_);
    }

    std::string dry_run() const {
        std::string out;
        for (const StageRequest& request : jobs_[0].requests()) {
            out += text(out.empty() ? "" : "\n", "# ===== ", path(request.stage, 0).string(), "\n",
                        script(request.stage, all_));
            for (const Submission& job : jobs_)
                out += text("\n# ===== ", job.script_path(request.stage).string(), "\n",
                            job.script(*find(job, request.stage)));
        }
        return out;
    }

    std::string test() {
        lock();
        for (const StageRequest& request : jobs_[0].requests()) {
            write_file_atomically(path(request.stage, 0), script(request.stage, all_));
            slurm_.test(path(request.stage, 0));
        }
        return text("SLURM takes all ", jobs_[0].requests().size(), " arrays of ", jobs_.size(),
                    " tasks\n");
    }

    std::string submit() {
        lock();
        refuse_unrecorded();
        std::vector<std::vector<std::string>> todo;
        for (const Submission& job : jobs_) {
            queued_.push_back(job.queued(slurm_));
            todo.push_back(job.choose(queued_.back(), slurm_));
        }
        std::map<std::pair<std::vector<std::string>, std::string>, Group> groups;
        for (std::size_t k = 0; k < jobs_.size(); ++k) {
            if (todo[k].empty()) continue;
            jobs_[k].write_scripts();
            const std::string dependency = dependency_of(k, todo[k].front());
            Group& group = groups[{todo[k], dependency}];
            group.dependency = dependency;
            group.tasks.push_back(k);
        }
        std::size_t number = 0;
        for (const auto& [key, group] : groups)
            write_and_test(key.first, group, number++);
        number = 0;
        for (const auto& [key, group] : groups)
            hand_over(key.first, group, number++);
        return told();
    }

private:
    static const StageRequest* find(const Submission& job, const std::string& stage) {
        return &*std::find_if(job.requests().begin(), job.requests().end(),
                              [&](const StageRequest& one) { return one.stage == stage; });
    }

    fs::path path(const std::string& stage, std::size_t group) const {
        return jobs_[0].folder() /
               text("array-", stage, group == 0 ? "" : text("-", group + 1), ".sbatch");
    }

    std::string script(const std::string& stage, const std::vector<std::size_t>& tasks) const {
        std::vector<StageRequest> requests;
        for (const std::size_t k : tasks)
            requests.push_back(*find(jobs_[k], stage));
        BatchArray array{.outputs = {}, .tasks = tasks, .request = largest_of(requests)};
        for (const Submission& job : jobs_)
            array.outputs.push_back(job.output());
        return array_script(array, jobs_[0].site());
    }

    void lock() {
        for (const Submission& job : jobs_) {
            make_folders(job.folder());
            locks_.emplace_back(job.folder(), "salus submit");
        }
    }

    /// Should a process die after an array was handed over and before it stands in the record of
    /// every run, nobody could say which stages of which runs are queued.
    void refuse_unrecorded() const {
        std::set<std::string> recorded;
        for (const Submission& job : jobs_)
            for (const StageJob& one : jobs_of_run(slurm_, job.output()))
                recorded.insert(one.job.id);
        for (const SlurmJob& job : slurm_.jobs())
            if (job.name.starts_with(array_name_prefix(jobs_[0].output())) && job.waits_or_runs() &&
                !recorded.contains(job.id))
                throw OwnershipError({.what = text("SLURM job ", job.id,
                                                   " is of an array of the first of these jobs, "
                                                   "but in the record of none of them"),
                                      .where = jobs_[0].folder().string(),
                                      .why = "an earlier submission was cut off, or was of other "
                                             "jobs too",
                                      .help = text("submit the same jobs as then, or end it: "
                                                   "scancel ",
                                                   job.id)});
    }

    /// What the first stage to submit waits for: the job of the one before it, if that is queued.
    std::string dependency_of(std::size_t k, const std::string& first) const {
        std::string last;
        for (const StageRequest& request : jobs_[k].requests()) {
            if (request.stage == first) break;
            const auto found = queued_[k].find(request.stage);
            last = found == queued_[k].end() ? "" : found->second.id;
        }
        if (last.empty()) return last;
        const auto parts = split(last, '_');
        return parts.size() == 2 && parts[1] == text(k) ? text("aftercorr:", parts[0])
                                                        : "afterok:" + last;
    }

    void write_and_test(const std::vector<std::string>& todo, const Group& group,
                        std::size_t number) const {
        for (const std::string& stage : todo) {
            write_file_atomically(path(stage, number), script(stage, group.tasks));
            slurm_.test(path(stage, number));
        }
    }

    void hand_over(const std::vector<std::string>& todo, const Group& group, std::size_t number) {
        std::string dependency = group.dependency;
        for (const std::string& stage : todo) {
            const std::string id = slurm_.submit(path(stage, number), dependency);
            for (const std::size_t k : group.tasks)
                jobs_[k].record(stage, text(id, "_", k));
            submitted_[stage] += text(submitted_[stage].empty() ? "" : "; ", "SLURM array ", id,
                                      " of ", group.tasks.size(), " tasks submitted");
            dependency = "aftercorr:" + id; // each task waits for that of its own run
        }
    }

    std::string told() const {
        std::string out;
        for (const StageRequest& request : jobs_[0].requests()) {
            const std::string gap(request.stage.size() < 20 ? 20 - request.stage.size() : 1, ' ');
            const auto waiting =
                std::count_if(queued_.begin(), queued_.end(),
                              [&](const auto& one) { return one.contains(request.stage); });
            const auto fate = submitted_.find(request.stage);
            out += text(request.stage, gap, fate == submitted_.end() ? "" : fate->second,
                        fate != submitted_.end() && waiting > 0 ? "; " : "",
                        waiting > 0 ? text(waiting, " tasks queued already") : "",
                        fate == submitted_.end() && waiting == 0 ? "complete" : "", "\n");
        }
        const bool idle =
            submitted_.empty() && std::all_of(queued_.begin(), queued_.end(),
                                              [](const auto& one) { return one.empty(); });
        return out + (idle ? "nothing is left to do\n" : "");
    }

    std::vector<Submission> jobs_;
    std::vector<std::size_t> all_; // tasks, one for each job
    std::deque<FolderLock> locks_;
    std::vector<std::map<std::string, SlurmJob>> queued_; // of each job, by stage
    std::map<std::string, std::string> submitted_;        // by stage, in words
    SlurmClient slurm_;
};

} // namespace

std::string submit_array(const CommandLine& line, const std::vector<Stage>& stages) {
    ArraySubmission submission(line, stages);
    if (line.dry_run) return submission.dry_run();
    return line.test_only ? submission.test() : submission.submit();
}

} // namespace salus
