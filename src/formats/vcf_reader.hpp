#pragma once

#include "formats/genotype_reader.hpp"
#include "formats/vcf_header.hpp"

namespace salus {

/// VCF text, bgzipped (with .tbi or .csi beside it: divisible) or uncompressed (one piece, no
/// checksums).
class VcfFile final : public GenotypeFile {
public:
    explicit VcfFile(const std::filesystem::path& path);
    std::uint64_t records() const override;
    bool may_have_dosages(const ReadOptions& options) const override;
    bool divisible() const override;
    std::vector<FileRange> ranges(std::uint64_t target, const ReadOptions& options) const override;
    std::unique_ptr<GenotypeReader> read(FileRange range, const ReadOptions& options,
                                         std::span<const Sex> sex) const override;
    std::vector<Problem> problems(const ReadOptions& options) const override;

private:
    VcfHeader header_;
    VirtualOffset first_record_ = 0;
};

/// Whether records may have the field that dosages are read from.
bool declares_dosages(const VcfHeader& header, const ReadOptions& options);
/// What is wrong with the INFO keys asked for.
std::vector<Problem> info_problems(const VcfHeader& header, const ReadOptions& options,
                                   const std::filesystem::path& path);

} // namespace salus
