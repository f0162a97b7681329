#pragma once

#include "genotype/genotype_source.hpp"

#include <algorithm>
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
    std::vector<std::uint8_t> phased;         // [sample]: 1 where the two are in order (0|1)
    void resize(std::size_t samples) {
        first.resize(samples);
        second.resize(samples);
        phased.resize(samples);
    }
    void set_missing() {
        std::fill(first.begin(), first.end(), missing_allele);
        std::fill(second.begin(), second.end(), missing_allele);
        std::fill(phased.begin(), phased.end(), std::uint8_t{0});
    }
    /// Whether the alleles of a sample are missing or among those of a site that has `alleles`.
    bool within(std::size_t sample, std::size_t alleles) const noexcept {
        return (first[sample] < alleles || first[sample] == missing_allele) &&
               (second[sample] < alleles || second[sample] >= no_allele);
    }
};

/// 2-bit row of copies of allele `alt`: other ALT alleles count as 0 copies, a missing allele makes
/// the call missing, a haploid call counts twice. O(samples), no allocation.
void pack_calls(const AlleleCalls& calls, std::uint16_t alt, std::span<std::uint8_t> row) noexcept;

/// Row of Phase: where a call is phased and one of its two alleles is `alt`, which one. 1|2 is
/// alt_first for ALT 1 and alt_second for ALT 2. False if nothing is phased; the row is then zero.
bool pack_phase(const AlleleCalls& calls, std::uint16_t alt, std::span<std::uint8_t> row) noexcept;

/// Clears the phase of calls that are not heterozygous. Both rows are of the same samples.
void keep_phase_of_hets(std::span<const std::uint8_t> calls,
                        std::span<std::uint8_t> phase) noexcept;

/// Result of reading GT columns; the text says what is wrong.
enum class GtError : std::uint8_t { none, syntax, polyploid, allele_range, too_few, too_many };
std::string_view explain(GtError error) noexcept;
/// The rule that it breaks.
std::string_view rule_of(GtError error) noexcept;

/// Reads the GT value at `p`, which ends before ':', a tab or the end, and moves `p` there. Alleles
/// are not compared with those of the site.
GtError read_gt(const char*& p, const char* end, AlleleCalls& calls, std::size_t sample) noexcept;

/// Reads the sample columns of a VCF line whose FORMAT is GT or begins with GT.
/// \param text     from the first sample to the end of the line; 64 bytes beyond it must be
/// readable. \param alleles  REF and ALT alleles of the site.
GtError read_gt_columns(std::string_view text, std::size_t alleles, AlleleCalls& calls) noexcept;

/// Rows of a site with one ALT, as the quick ways of reading fill them.
struct SimpleRows {
    std::span<std::uint8_t> calls, phase; // phase: zero before the call
    std::uint64_t half_missing = 0;
    bool any_phased = false; // whether phase is of use
};

/// The same straight into rows, for a site with one ALT and FORMAT GT where every call is diploid
/// and one digit per allele; 16 bytes of text at a time. False if the text is not of that kind: the
/// rows are then unspecified, and read_gt_columns decides.
bool read_simple_gt_columns(std::string_view text, std::size_t samples, SimpleRows& rows) noexcept;

/// The same from BCF: two bytes per sample, each (allele + 1) << 1 | phased, for a site with one
/// ALT. False if a call is not of that kind.
bool read_simple_bcf_calls(std::string_view bytes, std::size_t samples, SimpleRows& rows) noexcept;

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
