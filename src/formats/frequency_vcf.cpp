#include "formats/frequency_vcf.hpp"

#include "base/text.hpp"

#include <array>

namespace salus {
namespace {

struct Field {
    const char* name;
    const char* number;
    const char* type;
    const char* doc;
};

constexpr std::array<Field, 6> info_fields{{
    {"AC", "A", "Integer", "Copies of the ALT allele"},
    {"AN", "1", "Integer", "Called alleles"},
    {"AF", "A", "Float", "AC / AN"},
    {"AC_Het", "A", "Integer", "Copies of ALT in heterozygous genotypes"},
    {"AC_Hom", "A", "Integer", "Copies of ALT in homozygous genotypes, two a person"},
    {"AC_Hemi", "A", "Integer", "Copies of ALT in hemizygous genotypes"},
}};

std::string_view or_dot(std::string_view value) { return value.empty() ? "." : value; }

} // namespace

std::string frequency_header_text(const FrequencyHeader& header) {
    std::string out = text("##fileformat=VCFv4.2\n##source=", header.source,
                           "\n##reference=", header.genome_build,
                           "\n##FILTER=<ID=PASS,Description=\"All filters passed\">\n");
    for (const std::string& filter : header.filters)
        out += text("##FILTER=<ID=", filter, ",Description=\"As in the input\">\n");
    for (const auto& population : header.populations)
        for (const Field& field : info_fields)
            out += text("##INFO=<ID=", field.name, population.suffix, ",Number=", field.number,
                        ",Type=", field.type, ",Description=\"", field.doc, ", ", population.words,
                        "\">\n");
    out += text("##INFO=<ID=HIDDEN,Number=.,Type=String,Description=\"Populations of which counts "
                "are left out, because one to ",
                header.minimum_count == 0 ? 0 : header.minimum_count - 1,
                " people could be read from them; ALL is the total\">\n");
    for (const auto& population : header.populations)
        out += text("##salus_population=<ID=",
                    population.suffix.empty() ? "ALL" : population.suffix.substr(1),
                    ",Samples=", population.samples, ",Description=\"", population.words, "\">\n");
    out += text("##salus_minimum_count=", header.minimum_count,
                "\n##salus_hidden=<ID=small,Cells=", header.hidden_small,
                ">\n##salus_hidden=<ID=secondary,Cells=", header.hidden_secondary, ">\n");
    for (const std::string& contig : header.contigs)
        out += text("##contig=<ID=", contig, ",assembly=", header.genome_build, ">\n");
    return out += "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";
}

void append_frequency_row(std::span<const FrequencyHeader::Population> populations,
                          const FrequencyRow& row, std::string& out) {
    out += text(row.chromosome, '\t', row.position, '\t', or_dot(row.id), '\t', row.ref, '\t',
                row.alt, "\t.\t", or_dot(row.filter), '\t');
    std::string hidden;
    for (std::size_t p = 0; p < populations.size(); ++p) {
        const FrequencyCell& cell = row.cells[p];
        const std::string& suffix = populations[p].suffix;
        if (p > 0) out += ';';
        out += text("AN", suffix, '=', cell.an);
        if (cell.alleles) {
            out += text(";AC", suffix, '=', cell.ac());
            if (cell.an > 0)
                out += text(
                    ";AF", suffix, '=',
                    significant(static_cast<double>(cell.ac()) / static_cast<double>(cell.an), 6));
        }
        if (cell.genotypes)
            out += text(";AC_Het", suffix, '=', cell.het, ";AC_Hom", suffix, '=', cell.hom,
                        ";AC_Hemi", suffix, '=', cell.hemi);
        if (!cell.alleles || !cell.genotypes)
            hidden +=
                text(hidden.empty() ? "" : ",",
                     suffix.empty() ? std::string_view("ALL") : std::string_view(suffix).substr(1));
    }
    if (!hidden.empty()) out += text(";HIDDEN=", hidden);
    out += '\n';
}

} // namespace salus
