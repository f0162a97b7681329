#pragma once

#include "app/runner_state.hpp"
#include "run/timeline.hpp"
#include "schema/job.hpp"

#include <string>
#include <vector>

namespace salus {

/// What a finished stage tells a monitor, as Prometheus text: seconds, memory, units, and how
/// evenly the ranks were busy.
std::string stage_metrics(const std::string& instance, const StageState& state, int ranks,
                          int threads, const std::vector<UnitTime>& times);

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
