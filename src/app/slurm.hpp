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
    /// Jobs of this user whose name begins with `prefix`, also those that ended a short time ago.
    /// UsageError if squeue is missing or fails.
    std::vector<SlurmJob> jobs(const std::string& prefix) const;
    /// Hands a script over; returns the job id. It starts after job `after` ended well, or at once
    /// if that is empty. UsageError with the words of sbatch if it refuses.
    std::string submit(const std::filesystem::path& script, const std::string& after) const;
    /// Throws like submit if sbatch would refuse the script.
    void test(const std::filesystem::path& script) const;
    void cancel(const std::vector<std::string>& ids) const;
};

} // namespace salus
