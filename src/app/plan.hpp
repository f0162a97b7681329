#pragma once

#include "schema/job.hpp"

#include <string>
#include <vector>

namespace salus {

struct PlannedStage {
    std::string name;
    Workload sizes;
    Resources needs;
};

/// What a job needs on a machine, from the formulas of its stages.
struct Plan {
    std::string title;
    int nodes = 1, ranks = 1, threads = 1;
    std::vector<PlannedStage> stages;
    JobResources asked;
    JobProblems problems; // what the stages found while looking at the inputs

    double memory_per_rank() const; // bytes, the largest stage
    double storage() const;         // bytes, all results
    double disk() const;            // bytes, all results and the largest scratch
    double core_hours() const;      // sum
    double
    memory_request() const; // bytes per node: 1.25 x ranks of a node x memory_per_rank + 512 MiB
    double seconds_request() const; // twice the estimate, at least 10 min, in whole 5 min
};

/// `ranks` and `threads` 0: what the job says, else 1. Results of the job that look done are looked
/// at.
Plan make_plan(const Job& job, int ranks, int threads);

std::string plan_as_text(const Plan& plan);
std::string plan_as_json(const Plan& plan);
/// Lines for the head of a batch script.
std::string plan_as_sbatch(const Plan& plan);

/// Seconds as hh:mm:ss or days-hh:mm:ss.
std::string clock_text(double seconds);

} // namespace salus
