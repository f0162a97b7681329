#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "formats/listed_samples.hpp"
#include "parallel/read_once.hpp"
#include "run/unit_tables.hpp"
#include "stages/pgs_weights/methods.hpp"
#include "stages/pgs_weights/result.hpp"
#include "store/packed_table.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace salus {
namespace {

using namespace pgs_weights;

LdSamples choose_samples(const GenotypeSource& genotypes, const RunContext& context) {
    LdSamples samples;
    samples.members = context.has_input("ld_samples")
                          ? listed_samples(context.input("ld_samples"), genotypes.samples().id)
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

/// The chains of all methods that have them, in the order of the methods.
std::vector<Sampled> sample_all(const PgsWeightsParams& params, const Statistics& s,
                                const Parts& ld, std::span<const BlockRange> blocks,
                                const Heritability& h2, RunContext& context) {
    std::vector<Sampled> sampled;
    std::optional<OwnBlocks> own;
    for (const Method& method : all_methods()) {
        if (method.sample == nullptr || std::find(params.methods.begin(), params.methods.end(),
                                                  method.name) == params.methods.end())
            continue;
        if (!own)
            own = collectively(context.comm(), "loading the correlations",
                               [&] { return OwnBlocks(ld, blocks, context.comm()); });
        sampled.push_back(method.sample({.params = params,
                                         .statistics = s,
                                         .blocks = *own,
                                         .h2 = h2.used,
                                         .mean_ld_score = h2.mean_ld_score,
                                         .mean_n = mean_of(s.n)},
                                        context));
    }
    return sampled;
}

/// What became of all sets of weights, and which of the block-wise ones have a column.
struct Collection {
    std::vector<MethodRow> methods;
    std::vector<std::size_t> plain; // columns that were found
    std::vector<std::string> names; // of all sets that were found: of chains, then the others
};
Collection collect(const Statistics& s, std::span<const BlockRange> blocks,
                   std::span<const Column> columns, const Parts& plain,
                   std::span<const Sampled> sampled) {
    Collection out;
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
    std::string reasons;
    for (const Sampled& some : sampled)
        for (const SampledColumn& column : some.columns) {
            const bool good = column.status == "found";
            out.methods.push_back({column.name, column.status, column.reason, good ? s.size() : 0});
            if (good)
                out.names.push_back(column.name);
            else
                reasons += text(reasons.empty() ? "" : ", ", column.name, ": ", column.reason);
        }
    for (std::size_t c = 0; c < columns.size(); ++c) {
        MethodRow row{columns[c].name, "found", "", nonzero[c]};
        if (found[c] == 0)
            row = {columns[c].name, "failed", "not_converged", 0};
        else if (nonzero[c] == 0)
            row = {columns[c].name, "empty", "no_variant_selected", 0};
        if (row.status == "found") {
            out.plain.push_back(c);
            out.names.push_back(columns[c].name);
        }
        out.methods.push_back(row);
    }
    if (out.names.empty())
        throw DataError({.what = "no method gave weights",
                         .where = "stage pgs_weights",
                         .why = reasons.empty() ? "all failed or selected no variant" : reasons,
                         .help = "check that statistics and LD samples are of one population"});
    return out;
}

/// Rows of the table of weights (phase `rows`).
Parts write_rows(const GenotypeSource& genotypes, const Statistics& s,
                 std::span<const BlockRange> blocks, const Collection& collection,
                 const Parts& plain, std::span<const Sampled> sampled, const TableSpec& spec,
                 RunContext& context) {
    return context.for_each_unit("rows", blocks.size(), [&](std::uint64_t b, PartWriter& part) {
        const std::size_t m = blocks[b].size();
        std::vector<std::vector<double>> weights;
        const auto append = [&](const std::vector<double>& all, std::size_t set) {
            weights.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(set * m),
                                 all.begin() + static_cast<std::ptrdiff_t>((set + 1) * m));
        };
        for (const Sampled& some : sampled) {
            if (!some.weights) continue;
            const auto all = some.weights->open(b).read_array<double>("weights");
            for (std::size_t set = 0; set * m < all.size(); ++set)
                append(all, set);
        }
        const auto all = plain.open(b).read_array<double>("weights");
        for (const std::size_t c : collection.plain)
            append(all, c);
        TableData table(spec);
        write_block_table(genotypes, s, blocks[b], weights, table);
        write_unit_table(part, table);
    });
}

void say_reasons(const Log& log, std::span<const Sampled> sampled) {
    for (const Sampled& some : sampled)
        for (const SampledColumn& column : some.columns) {
            if (column.reason.empty()) continue;
            std::string agreement;
            for (const ParameterRecord& p : some.parameters)
                if (p.method == column.name)
                    agreement += text(agreement.empty() ? " (R-hat of " : ", of ", p.parameter, " ",
                                      fixed(p.agreement.r_hat, 2));
            log.warning(
                text(column.name, ": ", column.reason, agreement, agreement.empty() ? "" : ")"));
        }
}

} // namespace

void run_pgs_weights(const PgsWeightsParams& params, RunContext& context) {
    const auto& comm = context.comm();
    const auto genotypes = read_once(comm, "opening the genotypes", [&] {
        return open_any_genotypes(context.input("genotypes"));
    });
    const LdSamples samples = read_once(comm, "choosing the LD samples",
                                        [&] { return choose_samples(*genotypes, context); });
    const Statistics s = read_statistics(params, *genotypes, samples, context);
    const auto blocks = cut_blocks(s, static_cast<std::size_t>(params.block_variants_max));
    const Parts ld = compute_ld(*genotypes, samples, s, blocks, context);
    const Heritability h2 = collectively(comm, "estimating the heritability",
                                         [&] { return heritability(params, s, ld); });
    const auto columns = columns_of(params);
    const Parts plain = block_weights(params, s, ld, blocks, columns, h2.used, context);
    const auto sampled = sample_all(params, s, ld, blocks, h2, context);
    const Collection found = collectively(comm, "collecting the weights", [&] {
        return collect(s, blocks, columns, plain, sampled);
    });
    const TableSpec spec = pgs_weights_table(s.trait, found.names);
    const Parts rows = write_rows(*genotypes, s, blocks, found, plain, sampled, spec, context);
    const UnitTables tables(context, rows, {spec});
    std::string published = found.names.front();
    for (const std::string& name : found.names)
        if (name == params.published ||
            (name.starts_with(params.published) && !published.starts_with(params.published)))
            published = name;
    context.publish("pgs_weights", [&](ResultWriter& out) {
        tables.write(out);
        out.write(methods_data(found.methods));
        out.write(chains_data(sampled));
        out.write(parameters_data(sampled));
        out.write(checks_data(s));
        out.fact("genome_build", genotypes->genome_build());
        out.fact("trait", s.trait);
        out.fact("published", published);
        out.fact("heritability_used", h2.used);
        out.fact("heritability_estimated", h2.estimated);
    });
    context.publish_file("catalog", [&](const std::filesystem::path& path) {
        write_catalog(path, H5File::open(context.output("pgs_weights")), s.trait,
                      "weight_" + published, genotypes->genome_build());
    });
    const auto& log = context.log();
    log.info(text(with_thousands(s.size()), " variants in ", blocks.size(), " blocks, ",
                  found.names.size(), " sets of weights; heritability ", fixed(h2.used, 3)));
    if (!h2.given && !(h2.estimated > 0))
        log.warning(
            text("the estimate of the heritability is ", fixed(h2.estimated, 4), ": 0.01 is used"));
    say_reasons(log, sampled);
}

} // namespace salus
