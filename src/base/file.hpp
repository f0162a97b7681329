#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace salus {

/// A file opened read-only. Every error is a StorageError that names the path; a missing file is a
/// DataError. Where AnsweredReads knows the file, it is opened when bytes are asked that are not
/// known, perhaps never.
class InputFile {
public:
    explicit InputFile(const std::filesystem::path& path);
    ~InputFile();
    InputFile(InputFile&& other) noexcept;
    InputFile& operator=(InputFile&&) = delete;

    const std::filesystem::path& path() const noexcept { return path_; }
    std::uint64_t size() const noexcept { return size_; }
    /// Fills `buffer` from the current place; fewer bytes, or 0, at the end of the file alone.
    std::size_t read(std::span<std::byte> buffer);
    /// Fills `buffer` from byte `offset`; fewer bytes than asked is a DataError (file shrank).
    void read_at(std::uint64_t offset, std::span<std::byte> buffer) const;

private:
    int descriptor() const; // opens the file if it is not yet open

    std::filesystem::path path_;
    mutable std::atomic<int> descriptor_ = -1;
    std::uint64_t size_ = 0, place_ = 0;
};

/// A file that appears under its name whole or not at all: written beside it as `NAME.tmp-<pid>`,
/// fsync, rename, fsync of the folder. Without commit() the temporary file is removed.
class AtomicFile {
public:
    explicit AtomicFile(std::filesystem::path path);
    ~AtomicFile();
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;

    /// The temporary name, for writers that open files themselves (HDF5, htslib).
    const std::filesystem::path& temporary() const noexcept { return temporary_; }
    void write(std::string_view bytes);
    void commit();

private:
    std::filesystem::path path_, temporary_;
    int descriptor_ = -1;
    bool committed_ = false;
};

/// Forces the content of a file, and its name in the folder, to the disk.
void sync_file(const std::filesystem::path& path);
void sync_folder(const std::filesystem::path& path);
/// Renames with fsync before and folder fsync after.
void publish_file(const std::filesystem::path& temporary, const std::filesystem::path& path);

std::string read_text_file(const std::filesystem::path& path);
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);
/// Appends one line with a single write and fdatasync.
void append_line(const std::filesystem::path& path, std::string_view line);
void make_folders(const std::filesystem::path& path);
void remove_tree(const std::filesystem::path& path);

/// StorageError for the errno value `code` of `action` on `path`, with the remedy that fits.
[[noreturn]] void throw_storage_error(int code, std::string_view action,
                                      const std::filesystem::path& path);

/// One line on a standard stream, in one write; errors are ignored (nothing could report them).
void write_line(int descriptor, std::string_view line) noexcept;

/// An exclusive lock on a folder, held until destruction; OwnershipError if another process has it.
class FolderLock {
public:
    FolderLock(const std::filesystem::path& folder, std::string_view owner);
    ~FolderLock();
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

private:
    int descriptor_ = -1;
};

} // namespace salus
