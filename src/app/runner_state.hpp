#pragma once

#include "parallel/communicator.hpp"
#include "schema/job.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace salus {

/// What went into a stage, by name: parameters, seed, version, digests of the inputs.
using Ingredients = std::map<std::string, std::string>;

/// `state/<instance>.toml` of a run: written after the results of a stage are published.
struct StageState {
    std::string stage;
    Ingredients ingredients;
    std::map<std::string, std::string> outputs; // output name -> digest
    double seconds = 0;
    double peak_bytes = 0; // largest resident size of any rank
};

void write_state(const std::filesystem::path& file, const StageState& state);
/// Nothing if the file is absent or damaged.
std::optional<StageState> read_state(const std::filesystem::path& file);

/// Whether the results of a stage are there, made with the parameters that the job has now. What
/// they were made from is looked at by the run itself.
bool looks_done(const Job& job, const StageInstance& instance);

std::string fingerprint(const Ingredients& ingredients);
/// Names whose values differ, for the message to the user.
std::vector<std::string> differences(const Ingredients& before, const Ingredients& now);

/// SHA-256 of a file (with its companions_of), of the index of a genotype store, or of the
/// names and digests of all files of a folder.
enum class OnSignal { go_on, stop };
std::string digest_path(const std::filesystem::path& path, OnSignal answer = OnSignal::go_on);
/// (all ranks) Digests of many paths, the files spread over the ranks. Interrupted if a signal asks
/// for it.
std::map<std::filesystem::path, std::string>
digest_all(const std::vector<std::filesystem::path>& paths, const Communicator& comm);

} // namespace salus
