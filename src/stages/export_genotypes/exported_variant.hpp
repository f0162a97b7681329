#pragma once

#include "formats/allele_calls.hpp"
#include "formats/pgen_writer.hpp"
#include "formats/variant_row_writer.hpp"
#include "stages/export_genotypes/selection.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// The genotypes of one variant for the exported samples, in the forms that files want. Reused from
/// variant to variant.
class ExportedVariant {
public:
    ExportedVariant(const ExportSamples& samples, std::string genome_build);
    /// Takes variant v of a block: O(carriers) for a carrier list, O(samples) for a row.
    void load(const VariantBlock& block, std::size_t v);
    bool has_dosages() const noexcept { return !dosages_.empty(); }

    PgenInput pgen() const noexcept;
    /// 2-bit row of hard calls.
    std::span<const std::uint8_t> row();
    /// Called alleles as a VCF has them: haploid where one copy is expected by place and sex. Where
    /// all heterozygous calls are phased, so are the homozygous ones.
    std::span<const CallCode> codes(const Variant& variant);
    /// [sample], or empty if the calls say it all.
    std::span<const Dosage> dosages();

private:
    void load_row(std::span<const std::uint8_t> row);
    void load_carriers(std::span<const Carrier> carriers);
    void load_dosages(const VariantBlock& block, std::size_t v);

    const ExportSamples& samples_;
    PloidyRule ploidy_;
    bool sparse_ = false; // carriers_ hold the calls; else row_
    bool row_made_ = false;
    std::vector<Carrier> carriers_, phased_;
    std::vector<std::uint8_t> row_;
    std::vector<SampleDosage> dosages_; // that differ from the calls
    std::vector<CallCode> codes_;
    std::vector<Dosage> all_dosages_;
};

} // namespace salus
