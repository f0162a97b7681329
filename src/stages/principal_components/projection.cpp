#include "stages/principal_components/projection.hpp"

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "models/augmented_projection.hpp"
#include "parallel/parallel_for.hpp"
#include "parallel/read_once.hpp"
#include "stages/principal_components/loadings.hpp"
#include "stages/principal_components/products.hpp"
#include "stages/principal_components/tables.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

namespace salus::components {
namespace {

/// Variants of this rank that have loadings.
struct Matched {
    std::vector<std::uint8_t> times; // [row of the loadings] how often it was met
    std::uint64_t swapped = 0;
    Standard standard;
    std::vector<double> weights; // [variant of this rank][component]
    PackedGenotypes genotypes;

    Matched(const Communicator& comm, const GenotypeSource& source, const Loadings& loadings,
            double memory_max)
        : times(loadings.size()),
          genotypes(source, units_of_rank(comm, source), memory_max,
                    [&](const VariantBlock& block) { return choose(block, source, loadings); }) {}

private:
    std::vector<std::size_t> choose(const VariantBlock& block, const GenotypeSource& source,
                                    const Loadings& loadings) {
        const std::uint64_t first = block.first_variant();
        const auto variants = source.variants({first, first + block.size()});
        std::vector<std::size_t> positions;
        for (std::size_t v = 0; v < variants.size(); ++v) {
            const auto match = loadings.find(variants[v]);
            if (!match) continue;
            times[match->row] = static_cast<std::uint8_t>(std::min(2, times[match->row] + 1));
            swapped += match->swapped ? 1u : 0u;
            standard.centre.push_back(loadings.centre(*match));
            standard.scale.push_back(loadings.scale(*match));
            for (std::size_t k = 0; k < loadings.components(); ++k)
                weights.push_back(loadings.weight(*match, k));
            positions.push_back(v);
        }
        return positions;
    }
};

struct MatchCounts {
    std::uint64_t matched = 0, swapped = 0, repeated = 0;
};

MatchCounts count_matches(const Communicator& comm, Matched& matched) {
    comm.sum(std::span(matched.times));
    comm.sum(std::span(&matched.swapped, 1));
    MatchCounts counts{.swapped = matched.swapped};
    for (const std::uint8_t times : matched.times) {
        counts.matched += times > 0 ? 1u : 0u;
        counts.repeated += times > 1 ? 1u : 0u;
    }
    return counts;
}

void require_same_build(const GenotypeSource& source, const Loadings& loadings) {
    const std::string &ours = source.genome_build(), &theirs = loadings.genome_build();
    if (ours.empty() || theirs.empty() || ours == theirs) return;
    throw DataError({.what = text("the genotypes are on ", ours, ", the loadings on ", theirs),
                     .where = "input loadings",
                     .why = "variants are matched by position",
                     .help = "lift the genotypes over, or use loadings of the same genome build"});
}

void require_matches(const MatchCounts& counts, const Loadings& loadings, double share_min) {
    if (counts.repeated > 0)
        throw DataError({.what = text(counts.repeated, " variants of the loadings are in the "
                                                       "genotypes more than once"),
                         .where = "input genotypes",
                         .why = "a variant must count once",
                         .help = "remove repeated variants from the genotypes"});
    const auto needed = share_min * static_cast<double>(loadings.size());
    if (counts.matched > 0 && static_cast<double>(counts.matched) >= needed) return;
    throw DataError(
        {.what = text(with_thousands(counts.matched), " of the ", with_thousands(loadings.size()),
                      " variants of the loadings are in the genotypes"),
         .where = "input loadings",
         .why = text("every missing variant draws coordinates towards 0; at least ", share_min,
                     " of them must be there (matched_min)"),
         .help = "compute the components from variants that both sets have, or lower matched_min "
                 "and read the coordinates with care"});
}

} // namespace

void correct_shrinkage(std::span<const double> eigenvalues, double variants,
                       std::span<const std::uint8_t> used, std::span<const double> squares,
                       std::span<double> scores) {
    const auto components = static_cast<Eigen::Index>(eigenvalues.size());
    Eigen::VectorXd singular(components);
    for (Eigen::Index k = 0; k < components; ++k)
        singular(k) = std::sqrt(eigenvalues[static_cast<std::size_t>(k)] * variants);
    parallel_for(used.size(), [&](std::size_t i) {
        if (used[i] != 0) return;
        Eigen::VectorXd along(components);
        const auto score = [&](Eigen::Index k) -> double& {
            return scores[static_cast<std::size_t>(k) * used.size() + i];
        };
        for (Eigen::Index k = 0; k < components; ++k)
            along(k) = score(k) * singular(k);
        const Eigen::VectorXd moved = augmented_projection(singular, along, squares[i]);
        for (Eigen::Index k = 0; k < components; ++k)
            score(k) = moved(k) / singular(k);
    });
}

void project(const ComponentsParams& params, RunContext& context, const GenotypeSource& source) {
    const auto loadings = read_once(context.comm(), "reading the loadings", [&] {
        auto read = std::make_unique<Loadings>(context.input("loadings"));
        require_same_build(source, *read);
        return read;
    });
    const auto matched = collectively(context.comm(), "reading the genotypes", [&] {
        return std::make_unique<Matched>(context.comm(), source, *loadings,
                                         params.rows_memory_max * gibibyte);
    });
    const MatchCounts counts = count_matches(context.comm(), *matched);
    require_matches(counts, *loadings, params.matched_min);
    const std::size_t samples = source.samples().size();
    std::vector<std::uint32_t> all(samples);
    std::iota(all.begin(), all.end(), 0u);
    auto scores = sample_products(
        context.comm(), matched->genotypes, matched->standard,
        {.values = matched->weights, .columns = loadings->components(), .limbs = 4}, all);
    context.log().info(text(with_thousands(samples), " samples projected with ",
                            with_thousands(counts.matched), " of ",
                            with_thousands(loadings->size()), " loadings, ",
                            with_thousands(counts.swapped), " with REF and ALT swapped"));
    const std::vector<std::uint8_t> used(samples, 0);
    if (params.projection == "augmented") {
        const auto squares =
            sample_squares(context.comm(), matched->genotypes, matched->standard, all);
        correct_shrinkage(loadings->eigenvalues().column<double>("eigenvalue"),
                          static_cast<double>(loadings->size()), used, squares, scores);
    }
    context.publish("components", [&](ResultWriter& out) {
        out.write(loadings->eigenvalues());
        out.write(sample_rows(source.samples(), used, scores));
        out.write(loadings->table());
        out.fact("genome_build", source.genome_build());
        out.fact("loadings", static_cast<std::int64_t>(loadings->size()));
        out.fact("loadings_matched", static_cast<std::int64_t>(counts.matched));
        out.fact("loadings_swapped", static_cast<std::int64_t>(counts.swapped));
    });
}

} // namespace salus::components
