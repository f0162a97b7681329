#include "base/file.hpp"
#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "formats/genotype_selection.hpp"
#include "genotype/store_layout.hpp"
#include "run/unit_tables.hpp"
#include "stages/pgs_weights/blocks.hpp"
#include "stages/pgs_weights/chains.hpp"
#include "stages/score/values.hpp"
#include "store/packed_table.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>

namespace salus {
namespace {

using namespace pgs_weights;

constexpr std::uint64_t page_rows = 4096; // of variants that are read at once

LdSamples choose_samples(const GenotypeSource& genotypes, const RunContext& context) {
    LdSamples samples;
    samples.members = context.has_input("ld_samples")
                          ? score::read_marks(context.input("ld_samples"), genotypes.samples())
                          : std::vector<std::uint8_t>(genotypes.samples().size(), 1);
    samples.bits = SampleBits(samples.members);
    return samples;
}

struct Heritability {
    double used = 0, estimated = 0, mean_ld_score = 0;
    bool given = false;
};
Heritability heritability(const PgsWeightsParams& params, const Statistics& s, const Parts& ld) {
    std::vector<double> score;
    for (std::uint64_t b = 0; b < ld.size(); ++b) {
        const auto some = ld.open(b).read_array<double>("score");
        score.insert(score.end(), some.begin(), some.end());
    }
    Heritability out;
    out.mean_ld_score =
        std::accumulate(score.begin(), score.end(), 0.0) / static_cast<double>(score.size());
    out.estimated = moment_heritability(s.effect, s.n, score);
    out.given = params.heritability > 0;
    out.used = out.given ? params.heritability : out.estimated > 0 ? out.estimated : 0.01;
    return out;
}

/// One row of the table methods.
struct MethodRow {
    std::string name, status, reason;
    std::uint64_t nonzero = 0;
};

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

TableData methods_table(const std::vector<MethodRow>& methods) {
    TableData table(pgs_methods_table());
    for (const MethodRow& m : methods) {
        table.column<std::string>("method").push_back(m.name);
        table.column<std::string>("status").push_back(m.status);
        table.column<std::string>("reason").push_back(m.reason);
        table.column<std::uint64_t>("nonzero").push_back(m.nonzero);
    }
    return table;
}

TableData chains_table(const AutoResult& result) {
    TableData table(pgs_chains_table());
    for (std::size_t c = 0; c < result.chains.size(); ++c) {
        const ChainRecord& r = result.chains[c];
        table.column<std::uint32_t>("chain").push_back(static_cast<std::uint32_t>(c + 1));
        table.column<double>("p_start").push_back(r.p_start);
        table.column<double>("h2").push_back(r.h2);
        table.column<double>("p").push_back(r.p);
        table.column<double>("range").push_back(r.range);
        table.column<std::string>("status").push_back(r.status);
    }
    return table;
}

TableData checks_table(const Statistics& s) {
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

/// A PGS Catalog scoring file of one column.
void write_catalog(const std::filesystem::path& path, const H5File& result, const Statistics& s,
                   const std::string& column, const std::string& build) {
    std::ofstream out(path, std::ios::binary);
    out << "###PGS CATALOG SCORING FILE\n#format_version=2.0\n#pgs_name=" << s.trait << '_'
        << column.substr(7) << "\n#genome_build=" << build << "\n#variants_number=" << s.size()
        << "\n#weight_type=beta\n"
        << "rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\n";
    const std::string table = "weights/" + s.trait;
    const std::uint64_t rows = result.rows(table);
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

} // namespace

void run_pgs_weights(const PgsWeightsParams& params, RunContext& context) {
    const auto& comm = context.comm();
    const auto genotypes = collectively(comm, "opening the genotypes", [&] {
        return open_any_genotypes(context.input("genotypes"));
    });
    const LdSamples samples = collectively(comm, "choosing the LD samples",
                                           [&] { return choose_samples(*genotypes, context); });
    const Statistics s = read_statistics(params, *genotypes, samples, context);
    const auto blocks = cut_blocks(s, static_cast<std::size_t>(params.block_variants_max));
    const Parts ld = compute_ld(*genotypes, samples, s, blocks, context);
    const Heritability h2 = collectively(comm, "estimating the heritability",
                                         [&] { return heritability(params, s, ld); });
    const auto columns = columns_of(params);
    const Parts plain = block_weights(params, s, ld, blocks, columns, h2.used, context);
    AutoResult chains;
    Parts automatic;
    const bool with_auto =
        std::find(params.methods.begin(), params.methods.end(), "auto") != params.methods.end();
    if (with_auto)
        chains = run_chains(params, s, ld, blocks, h2.used, h2.mean_ld_score, context, automatic);

    // Which columns were found in all blocks.
    std::vector<MethodRow> methods;
    std::vector<std::size_t> kept;
    std::vector<std::string> names;
    collectively(comm, "collecting the weights", [&] {
        std::vector<std::uint64_t> nonzero(columns.size(), 0);
        std::vector<std::uint8_t> found(columns.size(), 1);
        for (std::uint64_t b = 0; b < plain.size(); ++b) {
            const auto ok = plain.open(b).read_array<std::uint8_t>("found");
            const auto weights = plain.open(b).read_array<double>("weights");
            for (std::size_t c = 0; c < columns.size(); ++c) {
                found[c] = static_cast<std::uint8_t>(found[c] & ok[c]);
                for (std::size_t j = 0; j < blocks[b].size(); ++j)
                    if (weights[c * blocks[b].size() + j] != 0) ++nonzero[c];
            }
        }
        if (with_auto) {
            methods.push_back(
                {"auto", chains.status, chains.reason, chains.status == "found" ? s.size() : 0});
            if (chains.status == "found") names.emplace_back("auto");
        }
        for (std::size_t c = 0; c < columns.size(); ++c) {
            MethodRow row{columns[c].name, "found", "", nonzero[c]};
            if (found[c] == 0)
                row = {columns[c].name, "failed", "not_converged", 0};
            else if (nonzero[c] == 0)
                row = {columns[c].name, "empty", "no_variant_selected", 0};
            if (row.status == "found") {
                kept.push_back(c);
                names.push_back(columns[c].name);
            }
            methods.push_back(row);
        }
        if (names.empty())
            throw DataError(
                {.what = "no method gave weights",
                 .where = "stage pgs_weights",
                 .why = chains.reason.empty() ? "all failed or selected no variant" : chains.reason,
                 .help = "check that statistics and LD samples are of one population"});
    });
    const std::size_t shift = names.size() - kept.size();
    const TableSpec spec = pgs_weights_table(s.trait, names);
    const Parts rows =
        context.for_each_unit("rows", blocks.size(), [&](std::uint64_t b, PartWriter& part) {
            const std::size_t m = blocks[b].size();
            std::vector<std::vector<double>> weights;
            if (shift > 0) weights.push_back(automatic.open(b).read_array<double>("weights"));
            const auto all = plain.open(b).read_array<double>("weights");
            for (const std::size_t c : kept)
                weights.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(c * m),
                                     all.begin() + static_cast<std::ptrdiff_t>((c + 1) * m));
            TableData table(spec);
            write_block_table(*genotypes, s, blocks[b], weights, table);
            write_unit_table(part, table);
        });
    const UnitTables tables(context, rows, {spec});
    std::string published = names.front();
    for (const std::string& name : names)
        if (name == params.published ||
            (name.starts_with(params.published) && !published.starts_with(params.published)))
            published = name;
    context.publish("pgs_weights", [&](ResultWriter& out) {
        tables.write(out);
        out.write(methods_table(methods));
        out.write(chains_table(chains));
        out.write(checks_table(s));
        out.fact("genome_build", genotypes->genome_build());
        out.fact("trait", s.trait);
        out.fact("published", published);
        out.fact("heritability_used", h2.used);
        out.fact("heritability_estimated", h2.estimated);
        out.fact("auto_h2", chains.h2_mean);
        out.fact("auto_p", chains.p_mean);
        out.fact("auto_h2_r_hat", chains.h2.r_hat);
        out.fact("auto_p_r_hat", chains.p.r_hat);
        out.fact("auto_h2_effective_sample", chains.h2.effective_sample);
        out.fact("auto_p_effective_sample", chains.p.effective_sample);
    });
    context.publish_file("catalog", [&](const std::filesystem::path& path) {
        write_catalog(path, H5File::open(context.output("pgs_weights")), s, "weight_" + published,
                      genotypes->genome_build());
    });
    const auto& log = context.log();
    log.info(text(with_thousands(s.size()), " variants in ", blocks.size(), " blocks, ",
                  names.size(), " sets of weights; heritability ", fixed(h2.used, 3)));
    if (!h2.given && !(h2.estimated > 0))
        log.warning(
            text("the estimate of the heritability is ", fixed(h2.estimated, 4), ": 0.01 is used"));
    if (with_auto && !chains.reason.empty())
        log.warning(text("LDpred2-auto: ", chains.reason, " (R-hat of h2 ",
                         fixed(chains.h2.r_hat, 2), ", of p ", fixed(chains.p.r_hat, 2), ")"));
}

} // namespace salus
