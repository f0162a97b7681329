#pragma once

#include "store/h5.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace salus {

/// The part file of one unit while it is written: temporary name, digest, fsync, rename, journal
/// line.
class PartWriter {
public:
    PartWriter(std::filesystem::path path);
    ~PartWriter();
    PartWriter(const PartWriter&) = delete;
    PartWriter& operator=(const PartWriter&) = delete;

    H5File& file() { return *file_; }
    void write(const TableData& table) { file_->write(table); }
    template <class T>
    void write_array(std::string_view name, std::span<const T> values,
                     std::vector<std::uint64_t> shape = {},
                     Compression compression = Compression::deflate) {
        file_->write_array<T>(name, values, std::move(shape), compression);
    }
    /// Closes, syncs and renames; returns the SHA-256 of the file.
    std::string commit();

private:
    std::filesystem::path path_, temporary_;
    std::unique_ptr<H5File> file_;
    bool committed_ = false;
};

/// The finished parts of a phase, in unit order.
class Parts {
public:
    struct Part {
        std::filesystem::path path;
        std::string sha256;
        std::uint64_t bytes = 0;
    };
    Parts() = default;
    explicit Parts(std::vector<Part> parts) : parts_(std::move(parts)) {}
    std::uint64_t size() const noexcept { return parts_.size(); }
    const Part& operator[](std::uint64_t unit) const { return parts_[unit]; }
    /// Opens the part of a unit; IntegrityError if it is not readable any more.
    H5File open(std::uint64_t unit) const;

private:
    std::vector<Part> parts_;
};

/// Journal of a phase: `journal-r<rank>.log`, one line per finished unit
/// (`unit bytes sha256 fingerprint checksum-of-the-line`). Only what it says, and what the digest
/// of the part confirms, counts as done.
class Journal {
public:
    Journal(std::filesystem::path folder, std::string fingerprint, int rank);
    void record(std::uint64_t unit, const std::filesystem::path& part,
                const std::string& sha256) const;
    /// Units that are journalled by any rank with the right fingerprint; lines that are cut or
    /// damaged are ignored. IntegrityError if intact lines of another fingerprint are there.
    std::map<std::uint64_t, Parts::Part> read() const;
    std::filesystem::path part_path(std::uint64_t unit) const;

private:
    std::filesystem::path folder_;
    std::string fingerprint_;
    int rank_;
};

} // namespace salus
