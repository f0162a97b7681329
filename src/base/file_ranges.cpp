#include "base/file_ranges.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>

namespace salus {
namespace {

// Facts about the process, like the count of its file operations.
std::atomic<FileRanges*> noting = nullptr;
std::atomic<const FileRanges*> answering = nullptr;
std::mutex noting_mutex;

void put_number(std::string& out, std::uint64_t number) {
    out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void put_text(std::string& out, std::string_view text) {
    put_number(out, text.size());
    out.append(text);
}

std::uint64_t take_number(std::string_view& in) {
    std::uint64_t number = 0;
    SALUS_ASSERT(in.size() >= sizeof number);
    std::memcpy(&number, in.data(), sizeof number);
    in.remove_prefix(sizeof number);
    return number;
}

std::string take_text(std::string_view& in) {
    const std::uint64_t length = take_number(in);
    SALUS_ASSERT(in.size() >= length);
    std::string text(in.substr(0, length));
    in.remove_prefix(length);
    return text;
}

} // namespace

void FileRanges::note_size(const std::filesystem::path& path, std::uint64_t size) {
    files_[path.string()].size = size;
}

void FileRanges::note(const std::filesystem::path& path, std::uint64_t offset,
                      std::span<const std::byte> bytes) {
    auto& ranges = files_[path.string()].ranges;
    const std::uint64_t end = offset + bytes.size();
    for (std::uint64_t at = offset; at < end;) {
        const auto next = ranges.upper_bound(at);
        if (next != ranges.begin()) {
            const auto& [begin, known] = *std::prev(next);
            if (begin + known.size() > at) {
                at = begin + known.size();
                continue;
            }
        }
        const std::uint64_t stop = next == ranges.end() ? end : std::min(end, next->first);
        const auto gap = bytes.subspan(at - offset, stop - at);
        if (bytes_ + gap.size() > most_bytes) return;
        bytes_ += gap.size();
        ranges.emplace_hint(next, at,
                            std::string(reinterpret_cast<const char*>(gap.data()), gap.size()));
        at = stop;
    }
}

std::optional<std::uint64_t> FileRanges::size(const std::filesystem::path& path) const {
    const auto file = files_.find(path.string());
    return file == files_.end() ? std::nullopt : std::optional(file->second.size);
}

bool FileRanges::read(const std::filesystem::path& path, std::uint64_t offset,
                      std::span<std::byte> bytes) const {
    const auto file = files_.find(path.string());
    if (file == files_.end()) return false;
    const auto& ranges = file->second.ranges;
    while (!bytes.empty()) {
        const auto next = ranges.upper_bound(offset);
        if (next == ranges.begin()) return false;
        const auto& [begin, known] = *std::prev(next);
        if (begin + known.size() <= offset) return false;
        const std::size_t count =
            std::min<std::size_t>(bytes.size(), begin + known.size() - offset);
        std::memcpy(bytes.data(), known.data() + (offset - begin), count);
        offset += count;
        bytes = bytes.subspan(count);
    }
    return true;
}

std::string FileRanges::pack() const {
    std::string packed;
    put_number(packed, files_.size());
    for (const auto& [path, file] : files_) {
        put_text(packed, path);
        put_number(packed, file.size);
        put_number(packed, file.ranges.size());
        for (const auto& [offset, bytes] : file.ranges) {
            put_number(packed, offset);
            put_text(packed, bytes);
        }
    }
    return packed;
}

FileRanges FileRanges::unpack(std::string_view packed) {
    FileRanges unpacked;
    for (std::uint64_t files = take_number(packed); files > 0; --files) {
        File& file = unpacked.files_[take_text(packed)];
        file.size = take_number(packed);
        for (std::uint64_t ranges = take_number(packed); ranges > 0; --ranges) {
            const std::uint64_t offset = take_number(packed);
            const auto at = file.ranges.emplace(offset, take_text(packed)).first;
            unpacked.bytes_ += at->second.size();
        }
    }
    return unpacked;
}

NotedReads::NotedReads(FileRanges& ranges) {
    SALUS_ASSERT(noting.load() == nullptr);
    noting = &ranges;
}
NotedReads::~NotedReads() { noting = nullptr; }

AnsweredReads::AnsweredReads(const FileRanges& ranges) {
    SALUS_ASSERT(answering.load() == nullptr);
    answering = &ranges;
}
AnsweredReads::~AnsweredReads() { answering = nullptr; }

void note_file_size(const std::filesystem::path& path, std::uint64_t size) {
    if (noting.load() == nullptr) return;
    const std::lock_guard guard(noting_mutex);
    noting.load()->note_size(path, size);
}

void note_file_read(const std::filesystem::path& path, std::uint64_t offset,
                    std::span<const std::byte> bytes) {
    if (noting.load() == nullptr || bytes.empty()) return;
    const std::lock_guard guard(noting_mutex);
    noting.load()->note(path, offset, bytes);
}

std::optional<std::uint64_t> answered_file_size(const std::filesystem::path& path) {
    const FileRanges* const ranges = answering.load();
    return ranges == nullptr ? std::nullopt : ranges->size(path);
}

bool answered_file_read(const std::filesystem::path& path, std::uint64_t offset,
                        std::span<std::byte> bytes) {
    const FileRanges* const ranges = answering.load();
    return ranges != nullptr && ranges->read(path, offset, bytes);
}

} // namespace salus
