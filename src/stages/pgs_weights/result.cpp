#include "stages/pgs_weights/result.hpp"

#include "base/text.hpp"
#include "genotype/store_layout.hpp"
#include "store/packed_table.hpp"

#include <algorithm>
#include <fstream>

namespace salus::pgs_weights {
namespace {

constexpr std::uint64_t page_rows = 4096; // of variants that are read at once

} // namespace

void write_block_table(const GenotypeSource& genotypes, const Statistics& s, BlockRange range,
                       const std::vector<std::vector<double>>& weights, TableData& table) {
    const auto& columns = table.spec().columns;
    VariantRange at;
    std::vector<Variant> page;
    for (std::size_t j = 0; j < range.size(); ++j) {
        const std::uint64_t row = s.row[range.begin + j];
        if (row >= at.end) {
            at = {row, std::min(s.row[range.end - 1] + 1, row + page_rows)};
            page = genotypes.variants(at);
        }
        const Variant& variant = page[static_cast<std::size_t>(row - at.begin)];
        table.column<std::string>("chromosome").push_back(variant.chromosome);
        table.column<std::uint32_t>("base_pair_location").push_back(variant.position);
        table.column<std::string>("variant_id").push_back(shown_text(variant.id));
        table.column<std::string>("other_allele").push_back(shown_text(variant.ref));
        table.column<std::string>("effect_allele").push_back(shown_text(variant.alt));
        for (std::size_t c = 0; c < weights.size(); ++c)
            table.column<double>(columns[5 + c].name).push_back(weights[c][j]);
    }
}

TableData methods_data(std::span<const MethodRow> methods) {
    TableData table(pgs_methods_table());
    for (const MethodRow& m : methods) {
        table.column<std::string>("method").push_back(m.name);
        table.column<std::string>("status").push_back(m.status);
        table.column<std::string>("reason").push_back(m.reason);
        table.column<std::uint64_t>("nonzero").push_back(m.nonzero);
    }
    return table;
}

TableData chains_data(std::span<const Sampled> sampled) {
    TableData table(pgs_chains_table());
    for (const Sampled& some : sampled)
        for (const ChainRecord& r : some.chains) {
            table.column<std::string>("method").push_back(r.method);
            table.column<std::uint32_t>("chain").push_back(static_cast<std::uint32_t>(r.chain + 1));
            table.column<double>("start").push_back(r.start);
            table.column<double>("h2").push_back(r.h2);
            table.column<double>("p").push_back(r.p);
            table.column<double>("phi").push_back(r.phi);
            table.column<double>("range").push_back(r.range);
            table.column<std::string>("status").push_back(r.status);
        }
    return table;
}

TableData parameters_data(std::span<const Sampled> sampled) {
    TableData table(pgs_parameters_table());
    for (const Sampled& some : sampled)
        for (const ParameterRecord& r : some.parameters) {
            table.column<std::string>("method").push_back(r.method);
            table.column<std::string>("parameter").push_back(r.parameter);
            table.column<double>("mean").push_back(r.mean);
            table.column<double>("r_hat").push_back(r.agreement.r_hat);
            table.column<double>("effective_sample").push_back(r.agreement.effective_sample);
        }
    return table;
}

TableData checks_data(const Statistics& s) {
    TableData table(pgs_checks_table());
    const auto add = [&](std::string_view reason, std::uint64_t rows) {
        table.column<std::string>("reason").emplace_back(reason);
        table.column<std::uint64_t>("rows").push_back(rows);
    };
    for (std::size_t d = 0; d < summary_defects; ++d)
        add(to_string(static_cast<SummaryDefect>(d)), s.defects[d]);
    add("not_tested", s.untested);
    add("absent", s.unmatched);
    add("allele_mismatch", s.mismatched);
    add("not_autosomal", s.not_autosomal);
    add("duplicate", s.duplicates);
    return table;
}

void write_catalog(const std::filesystem::path& path, const H5File& result,
                   const std::string& trait, const std::string& column, const std::string& build) {
    const std::string table = "weights/" + trait;
    const std::uint64_t rows = result.rows(table);
    std::ofstream out(path, std::ios::binary);
    out << "###PGS CATALOG SCORING FILE\n#format_version=2.0\n#pgs_name=" << trait << '_'
        << column.substr(7) << "\n#genome_build=" << build << "\n#variants_number=" << rows
        << "\n#weight_type=beta\n"
        << "rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\n";
    for (std::uint64_t at = 0; at < rows; at += table_chunk_rows) {
        const TableData page = result.read_rows(table, at, std::min(table_chunk_rows, rows - at),
                                                {"chromosome", "base_pair_location", "variant_id",
                                                 "other_allele", "effect_allele", column});
        for (std::size_t i = 0; i < page.rows(); ++i) {
            const std::string& id = page.column<std::string>("variant_id")[i];
            out << (id.empty() ? "." : id) << '\t' << page.column<std::string>("chromosome")[i]
                << '\t' << page.column<std::uint32_t>("base_pair_location")[i] << '\t'
                << page.column<std::string>("effect_allele")[i] << '\t'
                << page.column<std::string>("other_allele")[i] << '\t'
                << text(page.column<double>(column)[i]) << '\n';
        }
    }
    out.close();
    if (!out)
        throw StorageError({.what = "the file could not be written",
                            .where = path.string(),
                            .why = {},
                            .help = "check the space on the disk"});
}

} // namespace salus::pgs_weights
