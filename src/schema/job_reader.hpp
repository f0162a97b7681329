#pragma once

#include "schema/document.hpp"
#include "schema/job.hpp"

#include <set>
#include <string>
#include <vector>

namespace salus {

/// Keys at the top of a job file.
struct JobHead {
    std::string pipeline, output, title;
    std::int64_t seed = 1;
};

/// A port that a pipeline feeds from the inputs of the job: `genotypes = "input.genotypes"`.
struct InputUse {
    std::string input; // name in [inputs]
    const Port* port = nullptr;
    std::size_t stage = 0; // index into Job::stages
    std::string where;
};

/// What reading has gathered so far; shared by the readers of the pipeline and of the job file.
struct JobDraft {
    const std::vector<Stage>& known;
    Job job;
    std::string pipeline_name; // as the user would write it, for messages
    std::vector<InputUse> uses;
    std::set<std::string>
        broken; // instances that could not be read, so that wires to them stay silent
    std::set<std::string> given;    // "instance.param" that somebody set
    std::set<std::string> doubtful; // instances whose parameters or inputs were not all read
    std::vector<Problem> problems;

    void complain(Problem problem) { problems.push_back(std::move(problem)); }
};

/// Reads Job::pipeline into stages and wires.
void read_pipeline(JobDraft& draft);

} // namespace salus
