#include "base/file.hpp"

#include "base/error.hpp"
#include "base/file_operations.hpp"
#include "base/file_ranges.hpp"
#include "base/temporaries.hpp"
#include "base/text.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <system_error>

namespace salus {
namespace {

int open_or_throw(const std::filesystem::path& path, int flags, std::string_view action) {
    count_file_operation((flags & O_CREAT) != 0 ? FileOperation::create : FileOperation::open);
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
    if (descriptor < 0) throw_storage_error(errno, action, path);
    return descriptor;
}

int open_input(const std::filesystem::path& path) {
    count_file_operation(FileOperation::open);
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor >= 0) return descriptor;
    if (errno == ENOENT || errno == ENOTDIR)
        throw DataError({.what = "the file does not exist",
                         .where = path.string(),
                         .why = {},
                         .help = "check the path; paths in a job file are relative to that file"});
    throw_storage_error(errno, "open", path);
}

void write_all(int descriptor, std::string_view bytes, const std::filesystem::path& path) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0) {
            if (errno == EINTR) continue;
            throw_storage_error(errno, "write", path);
        }
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

void close_or_throw(int& descriptor, const std::filesystem::path& path) {
    const int closing = descriptor;
    descriptor = -1;
    if (::close(closing) != 0) throw_storage_error(errno, "close", path);
}

void sync_path(const std::filesystem::path& path, int flags) {
    int descriptor = open_or_throw(path, O_RDONLY | flags, "sync");
    count_file_operation(FileOperation::sync);
    if (::fsync(descriptor) != 0) {
        const int code = errno;
        ::close(descriptor);
        throw_storage_error(code, "fsync", path);
    }
    close_or_throw(descriptor, path);
}

/// Whether the last line of a file has no end.
bool ends_torn(int descriptor) {
    struct stat status {};
    char last = '\n';
    return ::fstat(descriptor, &status) == 0 && status.st_size > 0 &&
           ::pread(descriptor, &last, 1, status.st_size - 1) == 1 && last != '\n';
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
    return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

} // namespace

void throw_storage_error(int code, std::string_view action, const std::filesystem::path& path) {
    std::string help = "check the path, its permissions and the file system, then run again";
    if (code == ENOSPC || code == EDQUOT)
        help = "free space or raise the quota, then run the same command again: it resumes";
    const bool reading =
        action.starts_with("open") || action.starts_with("read") || action.starts_with("look");
    if (reading && (code == EACCES || code == EPERM))
        help = "ask its owner for the permission to read it";
    else if (code == EACCES || code == EPERM || code == EROFS)
        help = "choose an output folder that you may write, or ask for the permission";
    throw StorageError({.what = text("cannot ", action, ": ", std::strerror(code)),
                        .where = path.string(),
                        .why = {},
                        .help = help});
}

InputFile::InputFile(const std::filesystem::path& path) : path_(path) {
    if (const auto size = answered_file_size(path)) {
        size_ = *size;
        return;
    }
    descriptor_ = open_input(path);
    struct stat status {};
    const bool known = ::fstat(descriptor_, &status) == 0;
    if (!known || S_ISDIR(status.st_mode)) {
        const int code = errno;
        ::close(descriptor_);
        if (!known) throw_storage_error(code, "read", path);
        throw DataError({.what = "this is a folder, not a file",
                         .where = path.string(),
                         .why = {},
                         .help = "give the path of a file"});
    }
    size_ = static_cast<std::uint64_t>(status.st_size);
    note_file_size(path, size_);
}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(other.descriptor_.exchange(-1)),
      size_(other.size_), place_(other.place_) {}

InputFile::~InputFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

int InputFile::descriptor() const {
    if (descriptor_ < 0) {
        static std::mutex one_opens;
        const std::lock_guard guard(one_opens);
        if (descriptor_ < 0) {
            const int opened = open_input(path_);
            if (::lseek(opened, static_cast<off_t>(place_), SEEK_SET) < 0) {
                const int code = errno;
                ::close(opened);
                throw_storage_error(code, "read", path_);
            }
            descriptor_ = opened;
        }
    }
    return descriptor_;
}

std::size_t InputFile::read(std::span<std::byte> buffer) {
    if (descriptor_ < 0) {
        const auto known =
            buffer.first(std::min<std::size_t>(buffer.size(), size_ - std::min(size_, place_)));
        if (known.empty() || answered_file_read(path_, place_, known)) {
            place_ += known.size();
            return known.size();
        }
    }
    std::size_t filled = 0;
    while (filled < buffer.size()) {
        const auto rest = buffer.subspan(filled);
        const ssize_t got = ::read(descriptor(), rest.data(), rest.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw_storage_error(errno, "read", path_);
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    note_file_read(path_, place_, buffer.first(filled));
    place_ += filled;
    return filled;
}

void InputFile::read_at(std::uint64_t offset, std::span<std::byte> buffer) const {
    if (answered_file_read(path_, offset, buffer)) return;
    while (!buffer.empty()) {
        const ssize_t got =
            ::pread(descriptor(), buffer.data(), buffer.size(), static_cast<off_t>(offset));
        if (got < 0) {
            if (errno == EINTR) continue;
            throw_storage_error(errno, "read", path_);
        }
        if (got == 0)
            throw DataError({.what = "the file ends too early",
                             .where = text(path_.string(), ", byte ", offset),
                             .why = "more bytes belong here",
                             .help = "the file is truncated; copy it again"});
        note_file_read(path_, offset, buffer.first(static_cast<std::size_t>(got)));
        offset += static_cast<std::uint64_t>(got);
        buffer = buffer.subspan(static_cast<std::size_t>(got));
    }
}

AtomicFile::AtomicFile(std::filesystem::path path)
    : path_(std::move(path)), temporary_(temporary_name(path_)) {
    descriptor_ = open_or_throw(temporary_, O_WRONLY | O_CREAT | O_TRUNC, "create");
}

AtomicFile::~AtomicFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!committed_) ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::string_view bytes) { write_all(descriptor_, bytes, temporary_); }

void AtomicFile::commit() {
    close_or_throw(descriptor_, temporary_);
    publish_file(temporary_, path_);
    committed_ = true;
}

void sync_file(const std::filesystem::path& path) { sync_path(path, 0); }
void sync_folder(const std::filesystem::path& path) { sync_path(path, O_DIRECTORY); }

void publish_file(const std::filesystem::path& temporary, const std::filesystem::path& path) {
    sync_file(temporary);
    count_file_operation(FileOperation::rename);
    if (::rename(temporary.c_str(), path.c_str()) != 0) throw_storage_error(errno, "rename", path);
    sync_folder(folder_of(path));
}

std::string read_text_file(const std::filesystem::path& path) {
    InputFile file(path);
    std::string bytes;
    std::byte buffer[65536];
    for (std::size_t got; (got = file.read(buffer)) > 0;)
        bytes.append(reinterpret_cast<const char*>(buffer), got);
    return bytes;
}

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes) {
    AtomicFile file(path);
    file.write(bytes);
    file.commit();
}

void append_line(const std::filesystem::path& path, std::string_view line) {
    int descriptor = open_or_throw(path, O_RDWR | O_CREAT | O_APPEND, "append");
    try {
        write_all(descriptor, text(ends_torn(descriptor) ? "\n" : "", line, "\n"), path);
        if (::fdatasync(descriptor) != 0) throw_storage_error(errno, "fdatasync", path);
    } catch (...) {
        ::close(descriptor);
        throw;
    }
    close_or_throw(descriptor, path);
}

void make_folders(const std::filesystem::path& path) {
    std::error_code code;
    count_file_operation(FileOperation::make_folder);
    std::filesystem::create_directories(path, code);
    if (code) throw_storage_error(code.value(), "create folder", path);
}

void remove_tree(const std::filesystem::path& path) {
    std::error_code code;
    const std::uintmax_t removed = std::filesystem::remove_all(path, code);
    for (std::uintmax_t i = 0; !code && i < removed; ++i)
        count_file_operation(FileOperation::remove);
    if (code) throw_storage_error(code.value(), "remove", path);
}

void write_line(int descriptor, std::string_view line) noexcept {
    const std::string whole = text(line, "\n");
    [[maybe_unused]] const ssize_t ignored = ::write(descriptor, whole.data(), whole.size());
}

FolderLock::FolderLock(const std::filesystem::path& folder, std::string_view owner) {
    const std::filesystem::path path = folder / "owner";
    descriptor_ = open_or_throw(path, O_RDWR | O_CREAT, "lock");
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
        const std::string other = read_text_file(path);
        ::close(descriptor_);
        throw OwnershipError({.what = "another job is writing to this output",
                              .where = folder.string(),
                              .why = text("it is owned by ", trim(other)),
                              .help = "wait for that job, or choose another output folder"});
    }
    if (::ftruncate(descriptor_, 0) != 0) throw_storage_error(errno, "truncate", path);
    write_all(descriptor_, text(owner, "\n"), path);
}

FolderLock::~FolderLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

} // namespace salus
