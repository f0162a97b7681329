#pragma once

#include "formats/genotype_reader.hpp"
#include "formats/pgen_header.hpp"
#include "formats/pvar_reader.hpp"

#include <memory>
#include <optional>

namespace salus {

/// PLINK 2 file set: .pgen with .pvar, .pvar.zst or .bim, and .psam or .fam, beside it. Hard calls,
/// phase and dosages as stored; a site with several ALT alleles becomes one variant each. The
/// format holds no checksums: sizes, index, order and unused bits are what can be checked. Ranges
/// are half-open ranges of records.
class PgenFile final : public GenotypeFile {
public:
    explicit PgenFile(const std::filesystem::path& pgen);
    std::uint64_t records() const override { return variants_->variants(); }
    /// By the first 65,536 records.
    bool may_have_dosages(const ReadOptions& options) const override;
    bool divisible() const override { return true; }
    std::vector<FileRange> ranges(std::uint64_t target, const ReadOptions& options) const override;
    std::unique_ptr<GenotypeReader> read(FileRange range, const ReadOptions& options,
                                         std::span<const Sex> sex) const override;
    std::vector<Problem> problems(const ReadOptions& options) const override;

private:
    std::shared_ptr<const PvarFile> variants_; // shared with the readers, which keep their place
    std::optional<PgenHeader> header_;
};

} // namespace salus
