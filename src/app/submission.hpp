#pragma once

#include "app/batch_script.hpp"
#include "app/command_line.hpp"
#include "app/slurm.hpp"
#include "schema/job.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace salus {

/// One job that is to be given to SLURM: its scripts, what is left to do, and the record of what
/// was handed over.
class Submission {
public:
    /// Reads and plans the job. All problems of the job, the plan and the site at once.
    Submission(const CommandLine& line, const std::filesystem::path& job,
               const std::vector<Stage>& stages);

    const std::filesystem::path& output() const { return whole_.output; }
    std::filesystem::path folder() const { return whole_.output / "slurm"; }
    const std::filesystem::path& job_file() const { return whole_.file; }
    const SiteProfile& site() const { return site_; }
    const std::vector<StageRequest>& requests() const { return requests_; }
    std::filesystem::path script_path(const std::string& stage) const;
    std::string script(const StageRequest& request) const;
    void write_scripts() const;

    /// Jobs of the run that wait or run, by stage.
    std::map<std::string, SlurmJob> queued(const SlurmClient& slurm) const;
    /// Stages to submit, in order: those that are neither done nor queued, and, once there is one,
    /// all that come after it. What waits behind such a stage waits for a job that will not come:
    /// it is ended, and leaves `queued`.
    std::vector<std::string> choose(std::map<std::string, SlurmJob>& queued,
                                    const SlurmClient& slurm) const;
    /// The id is safe on the disk before the next job is handed over.
    void record(const std::string& stage, const std::string& id) const;

private:
    void keep_until();

    Job whole_;
    SiteProfile site_;
    std::string until_;
    bool fresh_ = false;
    std::vector<StageRequest> requests_;
    BatchJob batch_;
};

/// Several jobs with the same stages, one array each stage: the answer of `salus submit` to them.
std::string submit_array(const CommandLine& line, const std::vector<Stage>& stages);

} // namespace salus
