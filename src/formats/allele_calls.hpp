#pragma once

#include "genotype/genotype_source.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// Alleles called at one site: 0 is REF, k the k-th ALT.
struct AlleleCalls {
    static constexpr std::uint16_t missing_allele = 0xFFFF;
    static constexpr std::uint16_t no_allele = 0xFFFE; // second allele of a haploid call
    static constexpr std::uint16_t largest = 0xFFFD;
    std::vector<std::uint16_t> first, second; // [sample]
};

/// 2-bit row of copies of allele `alt`: other ALT alleles count as 0 copies, a missing allele makes
/// the call missing, a haploid call counts twice. O(samples), no allocation.
void pack_calls(const AlleleCalls& calls, std::uint16_t alt, std::span<std::uint8_t> row) noexcept;

/// Counts over the calls of a site, before packing.
struct CallOddities {
    std::uint64_t haploid = 0, half_missing = 0;
};

/// Result of reading GT columns; the text says what is wrong.
enum class GtError : std::uint8_t { none, syntax, polyploid, allele_range, too_few, too_many };
std::string_view explain(GtError error) noexcept;

/// Reads the sample columns of a VCF line whose FORMAT is GT or begins with GT.
/// \param text     from the first sample to the end of the line; 64 bytes beyond it must be
/// readable. \param alleles  REF and ALT alleles of the site.
GtError read_gt_columns(std::string_view text, std::size_t alleles, AlleleCalls& calls) noexcept;

/// The same straight into a row, for a site with one ALT and FORMAT GT where every call is diploid
/// and one digit per allele; 16 bytes of text at a time. False if the text is not of that kind: the
/// row is then unspecified, and read_gt_columns decides.
bool read_simple_gt_columns(std::string_view text, std::size_t samples, std::span<std::uint8_t> row,
                            std::uint64_t& half_missing) noexcept;

/// The same from BCF: two bytes per sample, each (allele + 1) << 1 | phased, for a site with one
/// ALT. False if a call is not of that kind.
bool read_simple_bcf_calls(std::string_view bytes, std::size_t samples, std::span<std::uint8_t> row,
                           std::uint64_t& half_missing) noexcept;

/// How many copies people carry, by place and recorded sex.
class PloidyRule {
public:
    PloidyRule(std::string genome_build, std::span<const Sex> sex);
    /// Looks at another site.
    void move_to(std::string_view chromosome, std::uint32_t position) noexcept;
    /// Sets heterozygous calls missing where one copy is expected; returns how many.
    std::uint64_t apply(std::span<std::uint8_t> row) const noexcept;
    bool expects_two(std::size_t sample) const noexcept {
        return copies_ == Copies::two ||
               (copies_ == Copies::one_in_males && sex_[sample] != Sex::male);
    }

private:
    enum class Copies : std::uint8_t { two, one_in_males, one };
    std::string build_, chromosome_;
    Inheritance inheritance_ = Inheritance::autosomal;
    std::vector<Sex> sex_;
    std::vector<std::uint8_t> males_; // packed row: 01 for males
    Copies copies_ = Copies::two;
};

} // namespace salus
