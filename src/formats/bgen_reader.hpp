#pragma once

#include "formats/bgen_layout.hpp"
#include "formats/genotype_reader.hpp"

namespace salus {

/// BGEN 1.1, 1.2 and 1.3 (Band & Marchini 2018, doi:10.1101/308296): layouts 1 and 2, packed by
/// zlib, zstd or not at all. The names of the samples come from the .sample file beside it, else
/// from the file. zlib blocks are checked by their Adler-32, zstd blocks where they carry a
/// checksum; heads of records have none. Ranges are bytes, cut by the .bgi index or by a scan over
/// the heads of the records.
class BgenFile final : public GenotypeFile {
public:
    explicit BgenFile(const std::filesystem::path& path);
    std::uint64_t records() const override { return header_.records; }
    bool may_have_dosages(const ReadOptions&) const override { return true; }
    bool divisible() const override { return true; }
    std::vector<FileRange> ranges(std::uint64_t target, const ReadOptions& options) const override;
    std::unique_ptr<GenotypeReader> read(FileRange range, const ReadOptions& options,
                                         std::span<const Sex> sex) const override;
    std::vector<Problem> problems(const ReadOptions& options) const override;

private:
    void take_names();

    BgenHeader header_;
};

} // namespace salus
