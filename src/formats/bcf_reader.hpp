#pragma once

#include "formats/genotype_reader.hpp"
#include "formats/vcf_header.hpp"

namespace salus {

/// BCF 2.1 and 2.2 over BGZF (VCF specification, section 6), decoded here with every length
/// checked. Divisible with .csi beside it.
class BcfFile final : public GenotypeFile {
public:
    explicit BcfFile(const std::filesystem::path& path);
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

} // namespace salus
