#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace salus {

/// Bases of a reference genome: FASTA, plain or bgzipped, with its .fai (and .gzi) index beside it.
/// Holds one window of 64 KiB at a time. Not for several threads at once.
class ReferenceGenome {
public:
    /// DataError if the file or its index cannot be read.
    explicit ReferenceGenome(const std::filesystem::path& path);
    ~ReferenceGenome();
    ReferenceGenome(const ReferenceGenome&) = delete;
    ReferenceGenome& operator=(const ReferenceGenome&) = delete;

    /// Length of a sequence. DataError if there is none of this name.
    std::uint64_t length(std::string_view chromosome) const;
    /// Bases from `position` (1-based) on, in capital letters, everything but A, C, G, T as N;
    /// fewer than `bases` at the end of the sequence. DataError if the file cannot be read.
    std::string bases(const std::string& chromosome, std::uint64_t position, std::uint64_t bases);
    /// One base; 'N' before the first and behind the last.
    char base(const std::string& chromosome, std::uint64_t position);

private:
    struct Index;
    void load(const std::string& chromosome, std::uint64_t position);

    std::filesystem::path path_;
    std::unique_ptr<Index> index_;
    std::string chromosome_, window_;
    std::uint64_t first_ = 0; // position of window_[0], 1-based
};

} // namespace salus
