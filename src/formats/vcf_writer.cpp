#include "base/text.hpp"
#include "formats/variant_row_writer.hpp"

#include <array>
#include <cstring>

namespace salus {
namespace {

/// A call as VCF text with the tab before it, in fixed width; only `length` bytes count.
struct CallText {
    char bytes[4];
    std::uint8_t length;
};

constexpr std::array<CallText, call_codes> call_texts = [] {
    constexpr char names[] = {'0', '1', '2', '.', ' '};
    std::array<CallText, call_codes> texts{};
    for (unsigned code = 0; code < call_codes; ++code) {
        const bool haploid = code % 5 == absent_code;
        texts[code] = {{'\t', names[code / 5], '/', names[code % 5]},
                       static_cast<std::uint8_t>(haploid ? 2 : 4)};
    }
    return texts;
}();

template <class Number>
std::string per_alt(const VariantRow& row, Number number) {
    std::string list;
    for (std::size_t k = 0; k < row.alt.size(); ++k)
        list += text(k == 0 ? "" : ",", number(row.counts.alt[k]));
    return list;
}

} // namespace

AlleleCounts count_alleles(std::span<const CallCode> calls) noexcept {
    std::array<std::uint64_t, call_codes> seen{};
    for (const CallCode code : calls)
        ++seen[code];
    AlleleCounts counts;
    for (unsigned code = 0; code < call_codes; ++code)
        for (const unsigned allele : {code / 5, code % 5}) {
            if (allele < missing_code) counts.called += seen[code];
            if (allele == 1 || allele == 2) counts.alt[allele - 1] += seen[code];
        }
    return counts;
}

std::string vcf_header_text(const CallSetHeader& header) {
    std::string out = text("##fileformat=VCFv4.2\n##source=", header.source,
                           "\n##reference=", header.genome_build,
                           "\n##FILTER=<ID=PASS,Description=\"All filters passed\">\n");
    for (const auto& filter : header.filters)
        out += text("##FILTER=<ID=", filter.id, ",Description=\"", filter.doc, "\">\n");
    out += "##INFO=<ID=AC,Number=A,Type=Integer,Description=\"Called copies of each ALT allele\">\n"
           "##INFO=<ID=AN,Number=1,Type=Integer,Description=\"Called alleles\">\n"
           "##INFO=<ID=AF,Number=A,Type=Float,Description=\"AC / AN\">\n"
           "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"Genotype\">\n";
    for (const auto& contig : header.contigs)
        out += text("##contig=<ID=", contig.name, ",length=", contig.length,
                    ",assembly=", header.genome_build, ">\n");
    out += "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT";
    for (const std::string& sample : header.samples)
        (out += '\t') += sample;
    return out += '\n';
}

void append_vcf_row(const CallSetHeader& header, const VariantRow& row, std::string& out) {
    const auto an = static_cast<double>(row.counts.called);
    out += text(header.contigs[row.contig].name, '\t', row.position, '\t',
                row.id.empty() ? "." : row.id, '\t', row.ref, '\t');
    for (std::size_t k = 0; k < row.alt.size(); ++k)
        out += text(k == 0 ? "" : ",", row.alt[k]);
    out +=
        text("\t.\t", row.filter == 0 ? "PASS" : header.filters[row.filter - 1].id,
             "\tAC=", per_alt(row, [](std::uint64_t n) { return n; }), ";AN=", row.counts.called);
    if (row.counts.called > 0)
        out += text(";AF=", per_alt(row, [&](std::uint64_t n) {
                        return significant(static_cast<double>(n) / an, 6);
                    }));
    out += "\tGT";
    const std::size_t begin = out.size();
    out.resize(begin + 4 * row.calls.size() + 1);
    char* at = out.data() + begin;
    for (const CallCode code : row.calls) {
        std::memcpy(at, call_texts[code].bytes, 4);
        at += call_texts[code].length;
    }
    *at++ = '\n';
    out.resize(static_cast<std::size_t>(at - out.data()));
}

} // namespace salus
