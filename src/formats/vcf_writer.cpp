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
        const char mark = is_phased(static_cast<CallCode>(code)) ? '|' : '/';
        texts[code] = {{'\t', names[code % phased_code / 5], mark, names[code % 5]},
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

std::string meta_text(const CallSetHeader& header) {
    std::string out = text("##fileformat=VCFv4.2\n##source=", header.source,
                           "\n##reference=", header.genome_build,
                           "\n##FILTER=<ID=PASS,Description=\"All filters passed\">\n");
    for (const auto& filter : header.filters)
        out += text("##FILTER=<ID=", filter.id, ",Description=\"", filter.doc, "\">\n");
    return out;
}

std::string contig_text(const CallSetHeader& header) {
    std::string out;
    for (const auto& contig : header.contigs) {
        out += text("##contig=<ID=", contig.name);
        if (contig.length > 0) out += text(",length=", contig.length);
        out += text(",assembly=", header.genome_build, ">\n");
    }
    return out;
}

/// Columns CHROM to ALT.
void append_site(const CallSetHeader& header, const VariantRow& row, std::string& out) {
    out += text(header.contigs[row.contig].name, '\t', row.position, '\t',
                row.id.empty() ? "." : row.id, '\t', row.ref, '\t');
    if (row.alt.empty()) out += '.';
    for (std::size_t k = 0; k < row.alt.size(); ++k)
        out += text(k == 0 ? "" : ",", row.alt[k]);
}

void append_filters(const CallSetHeader& header, const VariantRow& row, std::string& out) {
    if (row.filters.empty()) out += '.';
    for (std::size_t k = 0; k < row.filters.size(); ++k) {
        if (k > 0) out += ';';
        const std::uint32_t filter = row.filters[k];
        out += filter == 0 ? std::string_view("PASS") : header.filters[filter - 1].id;
    }
}

/// `dosage` in units of 1 / (1 << bits) with at most five decimals.
char* put_dosage(Dosage dosage, unsigned bits, char* at) {
    if (dosage == dosage_missing) {
        *at++ = '.';
        return at;
    }
    constexpr std::uint64_t decimals = 100000;
    const std::uint64_t value = (dosage * decimals + (std::uint64_t{1} << (bits - 1))) >> bits;
    *at++ = static_cast<char>('0' + value / decimals);
    std::uint64_t rest = value % decimals;
    if (rest == 0) return at;
    *at++ = '.';
    for (std::uint64_t unit = decimals / 10; rest > 0; unit /= 10) {
        *at++ = static_cast<char>('0' + rest / unit);
        rest %= unit;
    }
    return at;
}

} // namespace

AlleleCounts count_alleles(std::span<const CallCode> calls) noexcept {
    std::array<std::uint64_t, call_codes> seen{};
    for (const CallCode code : calls)
        ++seen[code];
    AlleleCounts counts;
    for (unsigned code = 0; code < call_codes; ++code)
        for (const unsigned allele : {code % phased_code / 5, code % 5}) {
            if (allele < missing_code) counts.called += seen[code];
            if (allele == 1 || allele == 2) counts.alt[allele - 1] += seen[code];
        }
    return counts;
}

std::string vcf_header_text(const CallSetHeader& header) {
    std::string out = meta_text(header);
    out += "##INFO=<ID=AC,Number=A,Type=Integer,Description=\"Called copies of each ALT allele\">\n"
           "##INFO=<ID=AN,Number=1,Type=Integer,Description=\"Called alleles\">\n"
           "##INFO=<ID=AF,Number=A,Type=Float,Description=\"AC / AN\">\n"
           "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"Genotype\">\n";
    if (header.dosages)
        out += "##FORMAT=<ID=DS,Number=A,Type=Float,Description=\"Expected copies of ALT\">\n";
    out += contig_text(header);
    out += "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT";
    for (const std::string& sample : header.samples)
        (out += '\t') += sample;
    return out += '\n';
}

void append_vcf_row(const CallSetHeader& header, const VariantRow& row, std::string& out) {
    const auto an = static_cast<double>(row.counts.called);
    append_site(header, row, out);
    out += "\t.\t";
    append_filters(header, row, out);
    out += '\t';
    if (!row.alt.empty()) out += text("AC=", per_alt(row, [](std::uint64_t n) { return n; }), ';');
    out += text("AN=", row.counts.called);
    if (row.counts.called > 0 && !row.alt.empty())
        out += text(";AF=", per_alt(row, [&](std::uint64_t n) {
                        return significant(static_cast<double>(n) / an, 6);
                    }));
    const bool dosages = !row.dosages.empty();
    out += dosages ? "\tGT:DS" : "\tGT";
    constexpr std::size_t call_bytes = 4, dosage_bytes = 8; // ":1.23457"
    const std::size_t begin = out.size();
    out.resize(begin + (call_bytes + (dosages ? dosage_bytes : 0)) * row.calls.size() + 1);
    char* at = out.data() + begin;
    for (std::size_t i = 0; i < row.calls.size(); ++i) {
        const CallText& call = call_texts[row.calls[i]];
        std::memcpy(at, call.bytes, call_bytes);
        at += call.length;
        if (!dosages) continue;
        *at++ = ':';
        at = put_dosage(row.dosages[i], row.calls[i] % 5 == absent_code ? 15 : 14, at);
    }
    *at++ = '\n';
    out.resize(static_cast<std::size_t>(at - out.data()));
}

std::string pvar_header_text(const CallSetHeader& header) {
    return meta_text(header) + contig_text(header) + "#CHROM\tPOS\tID\tREF\tALT\tFILTER\n";
}

void append_pvar_line(const CallSetHeader& header, const VariantRow& row, std::string& out) {
    append_site(header, row, out);
    out += '\t';
    append_filters(header, row, out);
    out += '\n';
}

} // namespace salus
