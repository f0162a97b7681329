#pragma once

#include "store/h5.hpp"
#include "store/parts.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace salus::ingest_health {

/// Rows that share a reason, and the line of the first of them.
struct Tally {
    std::uint64_t rows = 0, first_line = 0;
};

/// Rows of every source file: read, kept, refused and odd.
class Counts {
public:
    using Tallies = std::map<std::pair<std::size_t, std::string>, Tally>; // by file and reason

    explicit Counts(std::size_t files = 0) : read_(files), kept_(files) {}
    void read(std::size_t file, std::uint64_t rows = 1) { read_[file] += rows; }
    void keep(std::size_t file, std::uint64_t rows = 1) { kept_[file] += rows; }
    void refuse(std::size_t file, std::string_view reason, std::uint64_t line) {
        add(rejects_, file, reason, {1, line});
    }
    void flag(std::size_t file, std::string_view reason, std::uint64_t line) {
        add(flags_, file, reason, {1, line});
    }

    /// Adds what a part counted; its lines are counted from behind line `lines_before`.
    void add(const H5File& part, std::uint64_t lines_before = 0);
    void write(PartWriter& part) const;

    std::uint64_t rows_read(std::size_t file) const { return read_[file]; }
    std::uint64_t rows_kept(std::size_t file) const { return kept_[file]; }
    const Tallies& rejects() const noexcept { return rejects_; }
    const Tallies& flags() const noexcept { return flags_; }

private:
    static void add(Tallies& to, std::size_t file, std::string_view reason, Tally more);

    std::vector<std::uint64_t> read_, kept_; // [file]
    Tallies rejects_, flags_;
};

} // namespace salus::ingest_health
