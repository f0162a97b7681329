#pragma once

#include "formats/genotype_reader.hpp"

namespace salus {

/// PLINK 1 binary file set (.bed, .bim, .fam). The format holds no checksums: magic number, mode,
/// exact size, and the unused bits of each row are what can be checked. A1 is the ALT allele unless
/// ReadOptions say otherwise. Ranges are half-open ranges of variants.
class PlinkBedFile final : public GenotypeFile {
public:
    explicit PlinkBedFile(const std::filesystem::path& bed);
    std::uint64_t records() const override { return variants_; }
    bool divisible() const override { return true; }
    bool counts_variants() const override { return true; }
    std::vector<FileRange> ranges(std::uint64_t target, const ReadOptions& options) const override;
    std::unique_ptr<GenotypeReader> read(FileRange range, const ReadOptions& options,
                                         std::span<const Sex> sex) const override;
    std::vector<Problem> problems(const ReadOptions& options) const override;

    /// Every so many variants the place of the .bim line is remembered.
    static constexpr std::uint64_t bim_stride = 1024;

private:
    void read_fam(const std::filesystem::path& fam);
    void scan_bim(const std::filesystem::path& bim);

    std::uint64_t variants_ = 0, row_bytes_ = 0;
    std::vector<std::uint64_t> bim_places_; // byte of the line of every bim_stride-th variant
};

} // namespace salus
