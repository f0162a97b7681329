#pragma once

#include "app/plan.hpp"
#include "app/site_profile.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace salus {

/// What one stage asks of SLURM.
struct StageRequest {
    std::string stage;
    int nodes = 1, ranks = 1, ranks_per_node = 1, threads = 1;
    double memory_bytes = 0; // per node
    double seconds = 0;      // time limit, unless the job names one
    std::string time;        // as the job names it; empty: `seconds`
};

/// Requests of all stages of a plan, in its order. The number of nodes is that of the job, else the
/// least on which cores and memory of the site suffice. Memory per node is 1.25 x its ranks x the
/// formula of the stage + 512 MiB, time is time_factor x the estimate, at least 10 min. A stage
/// that fits on no node of the site becomes a problem.
std::vector<StageRequest> stage_requests(const Plan& plan, const SiteProfile& site,
                                         std::vector<Problem>& problems);

/// Everything else that a script names.
struct BatchJob {
    std::string title;
    std::filesystem::path output;     // of the run
    std::vector<std::string> command; // program, "run", job file and its options; no stage, no
                                      // threads, no --fresh
    bool fresh = false;               // only at the first start
};

/// `salus-<digest of the output folder>-`: what the SLURM names of all jobs of a run begin with.
std::string batch_name_prefix(const std::filesystem::path& output);

/// The script of one stage for sbatch. It depends on its arguments alone.
std::string batch_script(const BatchJob& job, const StageRequest& request, const SiteProfile& site);

/// The most that any of some requests of one stage asks for.
StageRequest largest_of(const std::vector<StageRequest>& requests);

/// One stage of several runs, each a task of one array.
struct BatchArray {
    std::vector<std::filesystem::path> outputs; // of all runs; task k is of run k
    std::vector<std::size_t> tasks;             // those that take part, in order
    StageRequest request;                       // for each task
};

/// The script of an array: every task goes on as the script of its own run, whose log it writes.
std::string array_script(const BatchArray& array, const SiteProfile& site);

/// What the names of the arrays of these runs begin with.
std::string array_name_prefix(const std::filesystem::path& first_output);

} // namespace salus
