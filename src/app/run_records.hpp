#pragma once

#include "app/runner_state.hpp"
#include "base/file_operations.hpp"
#include "parallel/traffic.hpp"
#include "run/timeline.hpp"
#include "schema/job.hpp"

#include <string>
#include <vector>

namespace salus {

/// What a run of a stage asked of the network and of the file system.
struct StageCosts {
    int ranks = 1, threads = 1;  // in a dry run the ranks that were played
    Traffic traffic;             // the same on all ranks
    FileOperations root, others; // others: all ranks but the root together
};

/// What a finished stage tells a monitor, as Prometheus text: seconds, memory, units, how evenly
/// the ranks were busy, collective calls with their messages, and file operations.
std::string stage_metrics(const std::string& instance, const StageState& state,
                          const StageCosts& costs, const std::vector<UnitTime>& times);

/// What a description of a complete run needs beside the job.
struct RunFacts {
    std::string version, started, ended;
    std::map<std::string, StageState> stages; // by instance
};

/// RO-Crate 1.1 metadata (JSON-LD) of the output folder: the results with digests and sizes, the
/// inputs by name and digest, the program, and the action that made the ones from the others. Paths
/// are relative to the folder.
std::string run_crate(const Job& job, const RunFacts& facts);

} // namespace salus
