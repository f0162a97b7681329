#pragma once

#include "schema/stage.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace salus {

struct Node;

/// Where one port of a stage instance gets its data: an output of an earlier instance, or files.
struct Wire {
    std::string port;
    std::string instance, output;             // both empty when fed by files
    std::vector<std::filesystem::path> files; // absolute; empty when fed by an earlier instance
    bool from_files() const noexcept { return instance.empty(); }
};

/// A stage with its parameters and wiring. An optional port that nothing feeds has no wire.
struct StageInstance {
    std::string name; // unique in the job, and its folder below Job::output
    const Stage* stage = nullptr;
    std::shared_ptr<void> params;
    std::vector<Wire> wires;

    const Wire* wire(std::string_view port) const;
};

/// What the job asks of the machine. 0 or empty: not said.
struct JobResources {
    int nodes = 0;
    int ranks = 0;         // of the whole job
    int threads = 0;       // per rank
    double memory_gib = 0; // per node
    std::string time;      // hh:mm:ss or days-hh:mm:ss
    std::string partition, account;
};

/// A pipeline bound to inputs and an output folder: checked, complete, ready to run.
struct Job {
    std::string title;
    std::filesystem::path file;     // job file; empty for the command of a single stage
    std::filesystem::path pipeline; // pipeline file; empty likewise
    std::filesystem::path output;   // absolute
    std::int64_t seed = 1;
    JobResources resources;
    std::vector<StageInstance> stages; // in the order in which they run

    const StageInstance* find(std::string_view instance) const;
    /// Result folder of an instance: <output>/<instance>.
    std::filesystem::path folder(const StageInstance& instance) const;
    /// Result paths by output name: <output>/<instance>/<file>.
    std::map<std::string, std::filesystem::path> outputs(const StageInstance& instance) const;
    /// All inputs by port; those of earlier instances are the paths of their results.
    Inputs inputs(const StageInstance& instance) const;
    /// Only the inputs that exist before the job starts.
    Inputs given_inputs(const StageInstance& instance) const;
};

/// What the command line changes in a job file.
struct JobOverrides {
    std::vector<std::string> settings; // "stage.param=value", "seed=7", "resources.ranks=4"
    std::optional<std::filesystem::path> output; // relative to the current folder
    std::string until;                           // name of the last instance to keep; empty = all
};

/// Reads a job file and its pipeline, binds them and checks everything that can be known without
/// opening the inputs. All problems of all files come in one UsageError.
Job read_job(const std::filesystem::path& file, const std::vector<Stage>& stages,
             const JobOverrides& overrides = {});

/// A stage on its own, as given on the command line.
struct StageCommand {
    const Stage* stage = nullptr;
    std::vector<std::pair<std::string, std::vector<std::string>>> inputs; // port, paths as typed
    std::vector<std::pair<std::string, std::string>> params;              // name, value as typed
    std::string output;
    std::int64_t seed = 1;
};
/// The job of a single instance named after its stage; same checks as read_job.
Job single_stage_job(const StageCommand& command);

/// What is wrong with a job before it runs, by what must be mended.
struct JobProblems {
    std::vector<Problem> parameters; // whatever the inputs hold: the job or command must be edited
    std::vector<Problem> inputs;     // they break their format, or do not fit the parameters
    bool storage = false;            // an input could not be read

    std::vector<Problem> all() const; // parameters first
    /// Throws all: as UsageError if parameters are among them, else as StorageError or DataError.
    /// Does nothing if there are none.
    void raise() const;
};

/// What the quick look of a stage refuses whatever files its inputs are: no input is opened.
std::vector<Problem> parameter_problems(const StageInstance& instance);

using StageIsDone = std::function<bool(const StageInstance&)>;
/// Runs the quick look of every stage in order. Sizes found upstream flow downstream. Results of
/// the job are looked at where `done` says that they are there, and so are all that they were made
/// from; if it is empty, none is.
/// \return sizes that each stage faces, in stage order; problems are appended.
/// Throws if an input cannot be read.
std::vector<Workload> examine_job(const Job& job, const Workload& layout, JobProblems& problems,
                                  const StageIsDone& done = {});

/// Resolved parameters as TOML lines, in the order of the declaration.
std::string params_as_toml(const StageInstance& instance);

/// Declarations behind the keys of a job file and of its [resources] table.
const std::vector<Param>& job_params();
const std::vector<Param>& resource_params();

} // namespace salus
