#pragma once

#include "base/error.hpp"
#include "parallel/communicator.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace salus {

/// What was found, a line each, and what must be mended: a StorageError if the folder cannot hold a
/// run, else a UsageError.
struct Diagnosis {
    std::string lines;
    std::optional<Error> error;
};

/// Examines launch, machines, kernels and an output folder; all ranks call it together.
Diagnosis examine_site(const std::filesystem::path& folder, const std::string& version, int threads,
                       const Communicator& comm);

} // namespace salus
