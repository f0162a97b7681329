#pragma once

#include "formats/bgen_layout.hpp"
#include "formats/genotype_reader.hpp"

#include <optional>
#include <span>
#include <vector>

namespace salus {

/// Collects consecutive records into ranges of at least `target` bytes. With regions, ranges that
/// hold none of their chromosomes are left out.
class RangeCutter {
public:
    RangeCutter(std::uint64_t target, std::span<const Region> regions)
        : target_(target), regions_(regions) {}
    void add(std::string_view chromosome, std::uint64_t begin, std::uint64_t end);
    /// Ends the range that is open; the next record begins another one, wherever it stands.
    void finish();
    std::vector<FileRange> take() {
        finish();
        return std::move(ranges_);
    }

private:
    std::uint64_t target_;
    std::span<const Region> regions_;
    std::vector<FileRange> ranges_;
    FileRange open_{0, 0};
    bool wanted_ = false;
};

/// The .bgi index of bgenix beside a BGEN file, if there is one.
std::optional<std::filesystem::path> find_bgen_index(const std::filesystem::path& bgen);

/// Cuts ranges by an index (an SQLite file, opened read-only and without locks). Nothing if the
/// records that it names do not tile the file in the order of their positions: then only a scan
/// helps. DataError if it is damaged, or if it was made for a file of another size. Memory O(ranges
/// + records at one position).
std::optional<std::vector<FileRange>>
cut_by_bgen_index(const std::filesystem::path& index, const InputFile& bgen,
                  const BgenHeader& header, std::uint64_t target, std::span<const Region> regions);

/// The same by a scan over the heads of all records; their genotypes are passed over, so a record
/// costs one read of 4 KiB. DataError if the records do not end where the file ends.
std::vector<FileRange> cut_by_scan(const std::filesystem::path& bgen, const BgenHeader& header,
                                   std::uint64_t target, std::span<const Region> regions);

} // namespace salus
