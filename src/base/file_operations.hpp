#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace salus {

/// What a shared file system is asked for, one by one.
enum class FileOperation { open, create, rename, sync, make_folder, remove };
constexpr std::array<std::string_view, 6> file_operation_names{"open", "create",      "rename",
                                                               "sync", "make_folder", "remove"};

/// Notes one; from any thread.
void count_file_operation(FileOperation operation) noexcept;

/// Of this process so far. Bytes are those of all read and write calls, as the system counts them;
/// 0 where it does not.
struct FileOperations {
    std::array<std::uint64_t, file_operation_names.size()> counts{};
    std::uint64_t bytes_read = 0, bytes_written = 0;

    FileOperations operator-(const FileOperations& before) const noexcept;
    FileOperations& operator+=(const FileOperations& other) noexcept;
};
FileOperations file_operations() noexcept;

} // namespace salus
