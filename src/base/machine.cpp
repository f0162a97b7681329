#include "base/machine.hpp"

#include "base/file.hpp"
#include "base/text.hpp"

#include <cstdlib>
#include <sched.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <limits>
#include <string_view>

namespace salus {
namespace {

namespace fs = std::filesystem;

/// Value behind `key` in lines "key: value" of the system's own text files.
std::string line_of(const fs::path& file, std::string_view key) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);)
        if (line.starts_with(key)) {
            const std::size_t colon = line.find(':');
            return colon == std::string::npos ? "" : std::string(trim(line.substr(colon + 1)));
        }
    return {};
}

/// "16303428 kB" in bytes.
std::uint64_t kibibytes(const std::string& value) {
    const auto number = parse_integer(value.substr(0, value.find(' ')));
    return number && *number > 0 ? static_cast<std::uint64_t>(*number) * 1024 : 0;
}

std::uint64_t limit_in(const fs::path& file) {
    std::ifstream in(file);
    std::string word;
    in >> word;
    const auto number = parse_integer(word); // "max" is none
    return number && *number > 0 ? static_cast<std::uint64_t>(*number)
                                 : std::numeric_limits<std::uint64_t>::max();
}

/// The least memory limit of this control group and those around it.
std::uint64_t control_group_limit() {
    const fs::path root = "/sys/fs/cgroup";
    std::uint64_t least = limit_in(root / "memory/memory.limit_in_bytes");
    std::ifstream in("/proc/self/cgroup");
    for (std::string line; std::getline(in, line);) {
        if (!line.starts_with("0::/")) continue;
        for (fs::path group = root / line.substr(4);; group = group.parent_path()) {
            least = std::min(least, limit_in(group / "memory.max"));
            if (group == root || !group.has_relative_path()) break;
        }
    }
    return least;
}

std::vector<int> allowed_cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::vector<int> cores;
    if (::sched_getaffinity(0, sizeof set, &set) != 0) return cores;
    for (unsigned core = 0; core < CPU_SETSIZE; ++core)
        if (CPU_ISSET(core, &set)) cores.push_back(static_cast<int>(core));
    return cores;
}

struct Kind {
    unsigned long magic;
    const char* name;
    bool shared;
};
// statfs(2) and the headers of the file systems themselves.
constexpr std::array kinds{
    Kind{0x0BD00BD0, "lustre", true}, Kind{0x47504653, "gpfs", true},
    Kind{0x19830326, "beegfs", true}, Kind{0x00C36400, "ceph", true},
    Kind{0x6969, "nfs", true},        Kind{0xFF534D42, "cifs", true},
    Kind{0xFE534D42, "smb2", true},   Kind{0x65735546, "fuse", false},
    Kind{0xEF53, "ext4", false},      Kind{0x58465342, "xfs", false},
    Kind{0x9123683E, "btrfs", false}, Kind{0x2FC12FC1, "zfs", false},
    Kind{0x01021994, "tmpfs", false}, Kind{0x794C7630, "overlay", false},
};

} // namespace

Machine this_machine() {
    Machine machine;
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) == 0) machine.host = name.data();
    machine.processor = line_of("/proc/cpuinfo", "model name");
    machine.cores = allowed_cores();
    machine.memory = kibibytes(line_of("/proc/meminfo", "MemTotal"));
    machine.memory_available = kibibytes(line_of("/proc/meminfo", "MemAvailable"));
    const std::uint64_t limit = control_group_limit();
    if (limit < machine.memory) machine.memory_limit = limit;
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0) machine.open_files = files.rlim_cur;
    return machine;
}

FileSystem file_system_of(const fs::path& folder) {
    struct statfs kind {};
    struct statvfs space {};
    if (::statfs(folder.c_str(), &kind) != 0 || ::statvfs(folder.c_str(), &space) != 0)
        throw_storage_error(errno, "examine", folder);
    const auto magic = static_cast<unsigned long>(kind.f_type) & 0xFFFFFFFFUL;
    FileSystem found{.type = text("type ", magic),
                     .free_bytes = std::uint64_t{space.f_bavail} * space.f_frsize,
                     .free_files = space.f_favail};
    const auto known =
        std::find_if(kinds.begin(), kinds.end(), [&](const Kind& k) { return k.magic == magic; });
    if (known != kinds.end()) {
        found.type = known->name;
        found.shared = known->shared;
    }
    return found;
}

std::string environment(const char* variable) {
    const char* value = std::getenv(variable);
    return value == nullptr ? "" : value;
}

} // namespace salus
