#pragma once

#include "genotype/packed.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// The two called alleles of a sample in one byte: first * 5 + second, each 0 REF, 1 or 2 ALT, 3
/// missing, 4 no second allele (haploid); and 25 more if they are in the order of the haplotypes.
using CallCode = std::uint8_t;
inline constexpr std::uint8_t missing_code = 3, absent_code = 4, phased_code = 25;
inline constexpr std::size_t call_codes = 50;
constexpr CallCode call_code(unsigned first, unsigned second) noexcept {
    return static_cast<CallCode>(first * 5 + second);
}
constexpr bool is_phased(CallCode code) noexcept { return code >= phased_code; }
constexpr std::uint8_t first_allele(CallCode code) noexcept { return code % phased_code / 5; }
constexpr std::uint8_t second_allele(CallCode code) noexcept { return code % 5; }

/// What the header of a VCF or BCF says. FILTER PASS, INFO AC, AN, AF and FORMAT GT are always
/// there.
struct CallSetHeader {
    struct Contig {
        std::string name;
        std::uint32_t length = 0; // 0: not known, and not written
    };
    struct Filter {
        std::string id, doc;
    };
    std::string source;       // program and version
    std::string genome_build; // "GRCh38"
    std::vector<Contig> contigs;
    std::vector<Filter> filters; // besides PASS; filter 1 of a VariantRow is the first of them
    std::vector<std::string> samples;
    bool dosages = false; // whether there is FORMAT DS
};

struct AlleleCounts {
    std::uint64_t alt[2] = {0, 0};
    std::uint64_t called = 0; // alleles
};
AlleleCounts count_alleles(std::span<const CallCode> calls) noexcept;

/// One site with the calls of all samples; views live as long as the row is written.
struct VariantRow {
    std::uint32_t contig = 0;   // index in the header
    std::uint32_t position = 1; // 1-based
    std::string_view id;        // empty: missing
    std::string_view ref;
    std::span<const std::string> alt;       // none, one or two
    std::span<const std::uint32_t> filters; // 0 is PASS; empty: not given
    AlleleCounts counts;
    std::span<const CallCode> calls;
    std::span<const Dosage> dosages = {}; // [sample], or empty: no DS in this row
};

/// Text of the header up to and with the #CHROM line.
std::string vcf_header_text(const CallSetHeader& header);
/// Appends one VCF line: INFO AC, AN, AF; FORMAT GT, and DS (of one copy where the call is haploid)
/// to five decimals, which reads back to the same dosage. 4 bytes and about 1 ns a sample without
/// DS.
void append_vcf_row(const CallSetHeader& header, const VariantRow& row, std::string& out);

/// Head of an uncompressed BCF 2.2 file: magic and the header text.
std::string bcf_header_bytes(const CallSetHeader& header);
/// Appends one BCF record with the same content, DS exact; 2 bytes a sample, 6 with DS.
void append_bcf_row(const CallSetHeader& header, const VariantRow& row, std::string& out);

/// Text of a .pvar file up to and with the #CHROM line.
std::string pvar_header_text(const CallSetHeader& header);
/// Appends the line of a site (calls are not looked at): #CHROM POS ID REF ALT FILTER.
void append_pvar_line(const CallSetHeader& header, const VariantRow& row, std::string& out);

/// First three bytes of a PLINK 1 .bed file, variant after variant.
std::string bed_header_bytes();
/// Appends the .bed rows and .bim lines of a site, one per ALT allele, which is allele 1. Copies of
/// the ALT are counted, other ALT alleles count as REF, haploid calls as homozygous. 1/4 byte a
/// sample.
void append_bed_rows(const CallSetHeader& header, const VariantRow& row, std::string& bed,
                     std::string& bim);
/// The same for a site with one ALT from a 2-bit row of hard calls.
void append_bed_row(std::span<const std::uint8_t> calls, std::size_t samples, std::string& bed);
/// Appends the .bim line of ALT number `k` of a site, counted from 0.
void append_bim_line(const CallSetHeader& header, const VariantRow& row, std::size_t k,
                     std::string& bim);

} // namespace salus
