#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace salus {

/// Sizes of files and the ranges of bytes that were read of them, so that another process can be
/// given the same bytes instead of reading them. What goes beyond `most_bytes` is not kept.
class FileRanges {
public:
    static constexpr std::uint64_t most_bytes = std::uint64_t{32} << 20;

    void note_size(const std::filesystem::path& path, std::uint64_t size);
    void note(const std::filesystem::path& path, std::uint64_t offset,
              std::span<const std::byte> bytes);

    std::optional<std::uint64_t> size(const std::filesystem::path& path) const;
    /// Fills `bytes` from `offset` on; false where a byte is not known.
    bool read(const std::filesystem::path& path, std::uint64_t offset,
              std::span<std::byte> bytes) const;

    /// As one text of bytes, for processes of the same program on machines of one kind.
    std::string pack() const;
    static FileRanges unpack(std::string_view packed);

private:
    struct File {
        std::uint64_t size = 0;
        std::map<std::uint64_t, std::string> ranges; // by offset; no two of them overlap
    };
    std::map<std::string, File> files_;
    std::uint64_t bytes_ = 0; // of all ranges
};

/// While it lives, what InputFile reads in this process is noted in `ranges`. Not nested.
class NotedReads {
public:
    explicit NotedReads(FileRanges& ranges);
    ~NotedReads();
    NotedReads(const NotedReads&) = delete;
    NotedReads& operator=(const NotedReads&) = delete;
};

/// While it lives, InputFile answers from `ranges` and opens no file for what is in them. Not
/// nested.
class AnsweredReads {
public:
    explicit AnsweredReads(const FileRanges& ranges);
    ~AnsweredReads();
    AnsweredReads(const AnsweredReads&) = delete;
    AnsweredReads& operator=(const AnsweredReads&) = delete;
};

// What InputFile asks and tells; from any thread.
void note_file_size(const std::filesystem::path& path, std::uint64_t size);
void note_file_read(const std::filesystem::path& path, std::uint64_t offset,
                    std::span<const std::byte> bytes);
std::optional<std::uint64_t> answered_file_size(const std::filesystem::path& path);
bool answered_file_read(const std::filesystem::path& path, std::uint64_t offset,
                        std::span<std::byte> bytes);

} // namespace salus
