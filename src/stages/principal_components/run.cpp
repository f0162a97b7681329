#include "base/bytes.hpp"
#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "parallel/read_once.hpp"
#include "stages/principal_components/analysis.hpp"
#include "stages/principal_components/principal_components.hpp"
#include "stages/principal_components/projection.hpp"
#include "stages/principal_components/tables.hpp"

#include <array>
#include <cmath>
#include <memory>
#include <numeric>

namespace salus {
namespace components {
namespace {

constexpr double trace_unit = 0x1p-30; // so that the trace does not depend on the order of adding

/// The chosen variants of this rank with their standardisation.
struct Local {
    Standard standard;
    std::array<std::int64_t, 2> tally{}; // variants, trace / samples in trace_unit
    PackedGenotypes genotypes;           // last: reading them fills the others

    Local(const ComponentsParams& params, const RunContext& context, const GenotypeSource& source,
          const VariantChoice& choice, std::size_t used)
        : genotypes(source, units_of_rank(context.comm(), source),
                    params.rows_memory_max * gibibyte, [&](const VariantBlock& block) {
                        std::vector<std::size_t> positions;
                        for (const ChosenVariant& chosen : choice(block)) {
                            positions.push_back(chosen.position);
                            standard.centre.push_back(2 * chosen.frequency());
                            standard.scale.push_back(chosen.scale());
                            tally[1] += std::llround(chosen.square_sum() /
                                                     static_cast<double>(used) / trace_unit);
                        }
                        tally[0] += static_cast<std::int64_t>(positions.size());
                        return positions;
                    }) {}
};

Totals sum_totals(const Communicator& comm, Local& local, std::size_t used) {
    comm.sum(std::span<std::int64_t>(local.tally));
    Totals totals{.variants = static_cast<std::uint64_t>(local.tally[0])};
    totals.trace = static_cast<double>(local.tally[1]) * trace_unit * static_cast<double>(used) /
                   static_cast<double>(std::max<std::int64_t>(1, local.tally[0]));
    return totals;
}

void require_enough(const ComponentsParams& params, std::size_t used, std::uint64_t variants) {
    const auto wanted = static_cast<std::uint64_t>(params.components);
    if (used > wanted && variants > wanted) return;
    throw DataError({.what = text(params.components, " components cannot be computed from ", used,
                                  " samples and ", variants, " variants"),
                     .where = "principal components",
                     .why = "there are never more components than samples or variants; autosomal "
                            "variants count that pass quality, are kept by pruning and have "
                            "maf_min",
                     .help = "lower maf_min, check the inputs quality, ld and kinship, or ask for "
                             "fewer components"});
}

void require_positive(const Components& found) {
    for (std::size_t k = 0; k < found.pairs.values.size(); ++k)
        if (!(found.pairs.values[k] > 1e-9 * found.pairs.values[0]))
            throw DataError({.what = text("component ", k + 1, " has no variance"),
                             .where = "principal components",
                             .why = "samples repeat each other, or there are too few variants",
                             .help = text("ask for at most ", k, " components")});
}

/// Fixed-point columns of the components over all samples, exact to 2^-31 of the largest value.
FixedColumns component_columns(const Components& found, const std::vector<std::uint32_t>& used,
                               std::size_t samples) {
    std::vector<std::span<const double>> columns;
    for (Eigen::Index k = 0; k < found.pairs.vectors.cols(); ++k)
        columns.emplace_back(found.pairs.vectors.col(k).data(), used.size());
    return spread(used, samples, columns, 4);
}

/// Loadings from Z'U: divided by M and the eigenvalue.
void scale_to_loadings(std::span<double> b, const Components& found, const Totals& totals) {
    const auto& values = found.pairs.values;
    for (std::size_t at = 0; at < b.size(); ++at)
        b[at] /= static_cast<double>(totals.variants) * values[at % values.size()];
}

struct LoadingsTask {
    const GenotypeSource& source;
    const VariantChoice& choice;
    const FixedColumns& columns;
    const Components& found;
    const Totals& totals;
};

void append_block(const LoadingsTask& task, const VariantBlock& block, TableData& table) {
    const std::vector<ChosenVariant> chosen = task.choice(block);
    if (chosen.empty()) return;
    std::vector<std::size_t> positions;
    Standard standard;
    for (const ChosenVariant& c : chosen) {
        positions.push_back(c.position);
        standard.centre.push_back(2 * c.frequency());
        standard.scale.push_back(c.scale());
    }
    Batch batch(block.sample_count(), positions.size());
    batch.add(block, positions);
    const std::size_t components = task.columns.columns();
    std::vector<double> weights(chosen.size() * components);
    variant_products(batch, task.columns, standard, weights);
    scale_to_loadings(weights, task.found, task.totals);
    const std::uint64_t first = block.first_variant();
    const auto variants = task.source.variants({first, first + block.size()});
    for (std::size_t v = 0; v < chosen.size(); ++v)
        append_loading(table, variants[positions[v]], standard.centre[v] / 2, standard.scale[v],
                       std::span(weights).subspan(v * components, components));
}

Parts write_loadings(const LoadingsTask& task, RunContext& context) {
    const auto units = component_units(task.source);
    const std::uint64_t step = read_length(task.source);
    return context.for_each_unit("loadings", units.size(), [&](std::uint64_t u, PartWriter& part) {
        TableData table(components_loadings_table(task.columns.columns()));
        VariantBlock block;
        for (std::uint64_t begin = units[u].begin; begin < units[u].end; begin += step) {
            task.source.read({begin, std::min(units[u].end, begin + step)}, block);
            append_block(task, block, table);
        }
        part.write(table);
    });
}

struct Result {
    const GenotypeSource& source;
    std::span<const std::uint8_t> used;
    const Components& found;
    const Totals& totals;
    std::span<const double> scores;
};

void publish(RunContext& context, const Result& result, const Parts& parts) {
    context.publish("components", [&](ResultWriter& out) {
        out.write(eigenvalue_rows(result.found, result.totals));
        out.write(sample_rows(result.source.samples(), result.used, result.scores));
        out.assemble(components_loadings_table(result.found.pairs.values.size()), parts);
        out.fact("genome_build", result.source.genome_build());
        out.fact("variants_used", static_cast<std::int64_t>(result.totals.variants));
        out.fact("samples_used", static_cast<std::int64_t>(result.found.pairs.vectors.rows()));
        out.fact("iterations", static_cast<std::int64_t>(result.found.iterations));
    });
}

void compute(const ComponentsParams& params, RunContext& context, const GenotypeSource& source) {
    const std::size_t samples = source.samples().size();
    const auto marks = read_once(context.comm(), "choosing samples",
                                 [&] { return used_samples(context, source); });
    std::vector<std::uint32_t> used, all(samples);
    std::iota(all.begin(), all.end(), 0u);
    for (const std::uint32_t i : all)
        if (marks[i] != 0) used.push_back(i);
    const VariantChoice choice = read_once(context.comm(), "opening results", [&] {
        return VariantChoice(context, source, SampleMask(marks), params.maf_min);
    });
    auto local = collectively(context.comm(), "reading the genotypes", [&] {
        return std::make_unique<Local>(params, context, source, choice, used.size());
    });
    const Totals totals = sum_totals(context.comm(), *local, used.size());
    require_enough(params, used.size(), totals.variants);
    context.log().info(text(with_thousands(used.size()), " of ", with_thousands(samples),
                            " samples and ", with_thousands(totals.variants), " variants",
                            local->genotypes.in_memory()
                                ? ", in memory"
                                : ", read again in every iteration: see rows_memory_max"));
    const Components found =
        find_components(params, context, local->genotypes, local->standard, used, totals);
    require_positive(found);
    const FixedColumns columns = component_columns(found, used, samples);
    std::vector<double> b = collectively(context.comm(), "products with components", [&] {
        return all_variant_products(local->genotypes, local->standard, columns);
    });
    scale_to_loadings(b, found, totals);
    auto scores = sample_products(context.comm(), local->genotypes, local->standard,
                                  {.values = b, .columns = columns.columns(), .limbs = 4}, all);
    if (params.projection == "augmented") {
        const auto squares = sample_squares(context.comm(), local->genotypes, local->standard, all);
        correct_shrinkage(found.pairs.values, static_cast<double>(totals.variants), marks, squares,
                          scores);
    }
    local.reset();
    const Parts parts = write_loadings({source, choice, columns, found, totals}, context);
    publish(context, {source, marks, found, totals, scores}, parts);
}

} // namespace

std::vector<VariantRange> component_units(const GenotypeSource& source) {
    return variant_units(source.variant_count(), source.samples().size(), source.block_variants());
}

std::vector<VariantRange> units_of_rank(const Communicator& comm, const GenotypeSource& source) {
    const auto units = component_units(source);
    std::vector<VariantRange> mine;
    for (std::size_t u = static_cast<std::size_t>(comm.rank()); u < units.size();
         u += static_cast<std::size_t>(comm.size()))
        mine.push_back(units[u]);
    return mine;
}

} // namespace components

void run_principal_components(const ComponentsParams& params, RunContext& context) {
    const auto source = read_once(context.comm(), "opening the genotypes",
                                  [&] { return open_any_genotypes(context.input("genotypes")); });
    if (context.has_input("loadings"))
        components::project(params, context, *source);
    else
        components::compute(params, context, *source);
}

} // namespace salus
