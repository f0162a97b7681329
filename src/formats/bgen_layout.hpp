#pragma once

#include "base/file.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

enum class BgenPacking : std::uint8_t { none = 0, zlib = 1, zstd = 2 };

/// What stands before the records of a BGEN file.
struct BgenHeader {
    std::uint64_t first_record = 0; // byte of the file
    std::uint32_t records = 0, samples = 0;
    unsigned layout = 2; // 1: BGEN 1.1, 2: BGEN 1.2 and 1.3
    BgenPacking packing = BgenPacking::zlib;
    std::vector<std::string> sample_ids; // empty if the file holds none
};

/// The head of a record; its genotypes are `data_bytes` bytes from `data`, packed.
struct BgenRecord {
    std::uint64_t begin = 0, data = 0, end = 0; // bytes of the file
    std::uint32_t data_bytes = 0, unpacked_bytes = 0;
    std::uint32_t position = 0;
    std::string id, rsid, chromosome;
    std::vector<std::string> alleles; // empty if they were passed over
};

/// Bytes of a file by place, read `chunk` at a time; nothing is read twice when places ascend.
class FileWindow {
public:
    FileWindow(const std::filesystem::path& path, std::size_t chunk) : file_(path), chunk_(chunk) {}
    const InputFile& file() const noexcept { return file_; }
    /// `length` bytes from `place`, which must lie in the file; valid until the next call.
    std::span<const std::uint8_t> at(std::uint64_t place, std::size_t length);

private:
    InputFile file_;
    std::size_t chunk_;
    std::vector<std::uint8_t> bytes_;
    std::uint64_t begin_ = 0;
    std::size_t size_ = 0;
};

/// True if the file begins as a BGEN file does: the mark "bgen", or zeros in its place behind
/// lengths that fit.
bool looks_like_bgen(const InputFile& file);

/// DataError if the file is not BGEN, or of a layout or packing that the specification does not
/// know. Memory: the block of sample names.
BgenHeader read_bgen_header(const InputFile& file);

enum class BgenAlleles : bool { pass_over, read };

/// Reads the head of the record at `begin`; the record must end at or before `limit`. Alleles are
/// long now and then: a scan passes over them. DataError that names file and byte if a length does
/// not fit.
void read_bgen_record(FileWindow& window, const BgenHeader& header, std::uint64_t begin,
                      std::uint64_t limit, BgenAlleles alleles, BgenRecord& out);

} // namespace salus
