#pragma once

#include "parallel/communicator.hpp"
#include "schema/job.hpp"

#include <filesystem>
#include <string>

namespace salus {

struct RunOptions {
    bool fresh = false;  // begin anew where parameters or inputs changed since the last run
    std::string only;    // the one stage to run; empty = all
    int threads = 1;     // per rank
    int play_ranks = 0;  // dry run: one rank plays that many one after another; 0 = none
    std::string command; // as typed, for run.json
    std::string version; // with git description
};

/// (all ranks) Runs the stages of a job in order. Stages whose results are there, made from the
/// same parameters and inputs and with unchanged bytes, are skipped. Throws; returns 0 when all is
/// complete.
int run_job(const Job& job, const RunOptions& options, const Communicator& comm);

} // namespace salus
