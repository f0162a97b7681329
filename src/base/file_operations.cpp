#include "base/file_operations.hpp"

#include <atomic>
#include <cinttypes>
#include <cstdio>

namespace salus {
namespace {

std::array<std::atomic<std::uint64_t>, file_operation_names.size()> counts;

} // namespace

void count_file_operation(FileOperation operation) noexcept {
    counts[static_cast<std::size_t>(operation)].fetch_add(1, std::memory_order_relaxed);
}

FileOperations FileOperations::operator-(const FileOperations& before) const noexcept {
    FileOperations difference = *this;
    for (std::size_t i = 0; i < counts.size(); ++i)
        difference.counts[i] -= before.counts[i];
    difference.bytes_read -= before.bytes_read;
    difference.bytes_written -= before.bytes_written;
    return difference;
}

FileOperations& FileOperations::operator+=(const FileOperations& other) noexcept {
    for (std::size_t i = 0; i < counts.size(); ++i)
        counts[i] += other.counts[i];
    bytes_read += other.bytes_read;
    bytes_written += other.bytes_written;
    return *this;
}

FileOperations file_operations() noexcept {
    FileOperations now;
    for (std::size_t i = 0; i < counts.size(); ++i)
        now.counts[i] = counts[i].load(std::memory_order_relaxed);
    if (std::FILE* io = std::fopen("/proc/self/io", "re")) {
        if (std::fscanf(io, "rchar: %" SCNu64 " wchar: %" SCNu64, &now.bytes_read,
                        &now.bytes_written) != 2)
            now.bytes_read = now.bytes_written = 0;
        std::fclose(io);
    }
    return now;
}

} // namespace salus
