#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace salus {

/// A job as squeue tells it.
struct SlurmJob {
    std::string id, state, reason, name;
    bool waits_or_runs() const; // false: it ended
};

/// SLURM's commands, found on PATH. Every member starts one of them and waits for it.
class SlurmClient {
public:
    /// Jobs of this user, also those that ended a short time ago; each task of an array is one,
    /// with the id ARRAY_TASK. UsageError if squeue is missing or fails.
    std::vector<SlurmJob> jobs() const;
    /// Hands a script over; returns the job id. It starts once the jobs that `dependency` names
    /// (afterok:ID, aftercorr:ID) ended well, or at once if that is empty. UsageError with the
    /// words of sbatch if it refuses.
    std::string submit(const std::filesystem::path& script, const std::string& dependency) const;
    /// Throws like submit if sbatch would refuse the script.
    void test(const std::filesystem::path& script) const;
    void cancel(const std::vector<std::string>& ids) const;
};

/// A job and the stage of the run that it serves.
struct StageJob {
    std::string stage;
    SlurmJob job;
};

/// The jobs of the run in `output`: those with its name, and tasks of arrays that its record names.
std::vector<StageJob> jobs_of_run(const SlurmClient& slurm, const std::filesystem::path& output);

} // namespace salus
