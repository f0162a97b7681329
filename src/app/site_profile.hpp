#pragma once

#include "schema/document.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace salus {

/// What a computing centre wants in every batch script. Empty or 0: not said.
struct SiteProfile {
    std::string partition, account, qos, constraint;
    std::string launcher = "srun";
    std::string mpi = "pmix";
    std::vector<std::string> modules, setup, directives;
    std::string scratch, program;
    std::int64_t cores_per_node = 0;
    double memory_per_node_gib = 0, hours_max = 0, time_factor = 2;
    std::int64_t signal_seconds = 120, restarts_max = 20;
    std::filesystem::path file; // where it was read; empty: these defaults
};

/// Declaration of the keys of a profile.
const std::vector<Param>& site_params();

/// Reads a profile. UsageError with all problems of the file at once.
SiteProfile read_site(const std::filesystem::path& file);

/// The profile that holds for a job: `asked` if it is not empty, else the file that SALUS_SITE
/// names, else site.toml beside the job file, else the defaults.
SiteProfile find_site(const std::filesystem::path& asked, const std::filesystem::path& job_file);

/// Manual, template or JSON schema of profiles.
std::string describe_site(const std::string& format, const std::string& version);

} // namespace salus
