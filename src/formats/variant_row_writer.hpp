#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// The two called alleles of a sample in one byte: first * 5 + second, each 0 REF, 1 or 2 ALT, 3
/// missing, 4 no second allele (haploid).
using CallCode = std::uint8_t;
inline constexpr std::uint8_t missing_code = 3, absent_code = 4;
inline constexpr std::size_t call_codes = 25;
constexpr CallCode call_code(unsigned first, unsigned second) noexcept {
    return static_cast<CallCode>(first * 5 + second);
}
constexpr std::uint8_t first_allele(CallCode code) noexcept { return code / 5; }
constexpr std::uint8_t second_allele(CallCode code) noexcept { return code % 5; }

/// What the header of a VCF or BCF says. FILTER PASS, INFO AC, AN, AF and FORMAT GT are always
/// there.
struct CallSetHeader {
    struct Contig {
        std::string name;
        std::uint32_t length = 0;
    };
    struct Filter {
        std::string id, doc;
    };
    std::string source;       // program and version
    std::string genome_build; // "GRCh38"
    std::vector<Contig> contigs;
    std::vector<Filter> filters; // besides PASS; VariantRow::filter 1 is the first of them
    std::vector<std::string> samples;
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
    std::span<const std::string> alt; // one or two
    std::uint32_t filter = 0;         // 0 is PASS
    AlleleCounts counts;
    std::span<const CallCode> calls;
};

/// Text of the header up to and with the #CHROM line.
std::string vcf_header_text(const CallSetHeader& header);
/// Appends one VCF line: INFO AC, AN, AF; FORMAT GT, unphased. 4 bytes a sample; about 1 ns a
/// sample.
void append_vcf_row(const CallSetHeader& header, const VariantRow& row, std::string& out);

/// Head of an uncompressed BCF 2.2 file: magic and the header text.
std::string bcf_header_bytes(const CallSetHeader& header);
/// Appends one BCF record with the same content; 2 bytes a sample.
void append_bcf_row(const CallSetHeader& header, const VariantRow& row, std::string& out);

/// First three bytes of a PLINK 1 .bed file, variant after variant.
std::string bed_header_bytes();
/// Appends the .bed rows and .bim lines of a site, one per ALT allele, which is allele 1. Copies of
/// the ALT are counted, other ALT alleles count as REF, haploid calls as homozygous. 1/4 byte a
/// sample.
void append_bed_rows(const CallSetHeader& header, const VariantRow& row, std::string& bed,
                     std::string& bim);

} // namespace salus
