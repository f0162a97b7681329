#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace salus {

/// What this process may use of the machine it runs on. Bytes; 0 where the system does not tell.
struct Machine {
    std::string host, processor;
    std::vector<int> cores; // that this process may run on, ascending
    std::uint64_t memory = 0, memory_available = 0;
    std::uint64_t memory_limit = 0; // of the control group, if below `memory`
    std::uint64_t open_files = 0;   // that one process may have
};
Machine this_machine();

/// Of the environment; empty if `variable` is not set.
std::string environment(const char* variable);

struct FileSystem {
    std::string type; // "lustre", "nfs", "ext4", ... or its magic number
    std::uint64_t free_bytes = 0, free_files = 0;
    bool shared = false; // made for several nodes
};
/// Of an existing folder. StorageError if it cannot be asked.
FileSystem file_system_of(const std::filesystem::path& folder);

} // namespace salus
