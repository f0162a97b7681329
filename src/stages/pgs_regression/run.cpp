#include "base/numbers.hpp"
#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "parallel/read_once.hpp"
#include "stages/pgs_regression/pgs_regression.hpp"
#include "stages/pgs_regression/weights.hpp"

#include <algorithm>
#include <array>
#include <memory>

namespace salus {
namespace {

using namespace pgs_regression;

bool wants(const PgsRegressionParams& params, const char* method) {
    return std::find(params.methods.begin(), params.methods.end(), method) != params.methods.end();
}

TableData traits_table(const Cohort& cohort, const RidgeResult& ridge) {
    TableData table(pgs_regression_traits_table());
    const auto add = [&](const TraitData& trait, const HeritabilityEstimate& h) {
        table.column<std::string>("trait").push_back(trait.name);
        table.column<std::string>("reason").push_back(trait.problem);
        table.column<std::uint64_t>("training").push_back(trait.training.samples.size());
        table.column<std::uint64_t>("training_events").push_back(trait.events(trait.training));
        table.column<std::uint64_t>("validating").push_back(trait.validation.samples.size());
        table.column<std::uint64_t>("validating_events").push_back(trait.events(trait.validation));
        table.column<double>("heritability").push_back(h.estimate);
        table.column<double>("heritability_standard_error").push_back(h.standard_error);
    };
    for (std::size_t t = 0; t < cohort.traits.size(); ++t) {
        add(cohort.traits[t],
            ridge.heritability.empty() ? HeritabilityEstimate{} : ridge.heritability[t]);
        table.column<std::string>("kind").emplace_back(to_string(cohort.traits[t].kind));
    }
    for (const LeftOut& left : cohort.left_out) {
        add({.name = left.name, .problem = left.reason}, {});
        table.column<std::string>("kind").emplace_back();
    }
    return table;
}

TableData fits_table(const Cohort& cohort, const std::vector<WeightSet>& sets) {
    TableData table(pgs_regression_fits_table());
    const auto count = [&](const char* name, std::size_t value) {
        table.column<std::uint64_t>(name).push_back(value);
    };
    for (const WeightSet& set : sets) {
        const auto* path = set.path != nullptr && set.problem.empty() ? set.path : nullptr;
        std::size_t iterations =
            set.ridge != nullptr ? static_cast<std::size_t>(set.ridge->iterations) : 0;
        if (path != nullptr)
            for (const PathStep& step : path->steps)
                iterations += static_cast<std::size_t>(step.steps);
        std::string reason = set.problem;
        if (reason.empty() && path != nullptr) reason = to_string(path->end);
        if (set.problem.empty() && set.nonzero == 0) reason = "no_variant_selected";
        table.column<std::string>("trait").push_back(cohort.traits[set.trait].name);
        table.column<std::string>("method").push_back(set.name);
        table.column<std::string>("status").emplace_back(!set.problem.empty() ? "failed"
                                                         : set.nonzero == 0   ? "empty"
                                                                              : "found");
        table.column<std::string>("reason").push_back(reason);
        table.column<std::uint8_t>("chosen").push_back(set.chosen ? 1 : 0);
        table.column<std::string>("measure").emplace_back(
            measure_of(cohort.traits[set.trait].kind));
        table.column<double>("validation").push_back(set.validation);
        table.column<double>("heritability")
            .push_back(set.ridge != nullptr ? set.ridge->heritability : nan);
        table.column<double>("lambda").push_back(path != nullptr ? path->steps[path->chosen].lambda
                                                                 : nan);
        count("nonzero", set.nonzero);
        count("iterations", iterations);
        table.column<double>("residual")
            .push_back(set.ridge != nullptr ? set.ridge->residual
                       : path != nullptr    ? path->steps[path->chosen].violation
                                            : nan);
        count("looks", set.path != nullptr ? set.path->looks : 0);
        count("violations", set.path != nullptr ? set.path->violations : 0);
        count("strong_max", set.path != nullptr ? set.path->largest_set : 0);
    }
    return table;
}

TableData path_table(const Cohort& cohort, const std::vector<PathFit>& paths) {
    TableData table(pgs_regression_path_table());
    for (const PathFit& path : paths)
        for (std::size_t k = 0; k < path.steps.size(); ++k) {
            const PathStep& step = path.steps[k];
            table.column<std::string>("trait").push_back(cohort.traits[path.trait].name);
            table.column<std::string>("method").push_back(text("elastic_net_", path.alpha));
            table.column<std::uint32_t>("step").push_back(static_cast<std::uint32_t>(k + 1));
            table.column<double>("lambda").push_back(step.lambda);
            table.column<std::uint64_t>("nonzero").push_back(step.nonzero);
            table.column<std::uint64_t>("strong").push_back(step.strong);
            table.column<double>("training").push_back(step.training);
            table.column<double>("validation").push_back(step.validation);
            table.column<double>("violation").push_back(step.violation);
            table.column<std::uint64_t>("iterations")
                .push_back(static_cast<std::uint64_t>(step.steps));
            table.column<std::uint8_t>("chosen").push_back(k == path.chosen ? 1 : 0);
        }
    return table;
}

TableData samples_table(const Cohort& cohort, const SampleTable& samples) {
    TableData table(pgs_regression_samples_table());
    table.column<std::string>("sample_id") = samples.id;
    for (std::size_t i = 0; i < samples.size(); ++i)
        table.column<std::string>("part").emplace_back(cohort.eligible[i] == 0    ? "none"
                                                       : cohort.validates[i] != 0 ? "validating"
                                                                                  : "training");
    return table;
}

std::uint64_t count_variants(const Communicator& comm, const ChosenGenotypes& genotypes) {
    std::array<std::int64_t, 1> count{static_cast<std::int64_t>(genotypes.packed().variants())};
    comm.sum(std::span<std::int64_t>(count));
    if (count[0] > 0) return static_cast<std::uint64_t>(count[0]);
    throw DataError({.what = "no variant takes part",
                     .where = "stage pgs_regression",
                     .why = "autosomal variants count that pass quality, are kept by pruning, and "
                            "have maf_min and call_rate_min",
                     .help = "lower these, or check the inputs quality and ld"});
}

void require_found(const Cohort& cohort, const std::vector<WeightSet>& sets) {
    std::vector<std::string> reasons;
    for (const WeightSet& set : sets) {
        if (set.found()) return;
        reasons.push_back(text(cohort.traits[set.trait].name, ", ", set.name, ": ",
                               set.problem.empty() ? "no_variant_selected" : set.problem));
    }
    for (const LeftOut& left : cohort.left_out)
        reasons.push_back(text(left.name, ": ", left.reason));
    constexpr std::size_t shown = 20;
    if (reasons.size() > shown) reasons.resize(shown);
    throw DataError({.what = "no set of weights was found",
                     .where = "stage pgs_regression",
                     .why = join(reasons, "; "),
                     .help = "see the reasons in salus help pgs_regression"});
}

void tell(const RunContext& context, const Cohort& cohort, const RidgeResult& ridge,
          const std::vector<WeightSet>& sets) {
    for (const LeftOut& left : cohort.left_out)
        context.log().warning(text("trait ", left.name, " is left out: ", left.reason));
    for (const WeightSet& set : sets) {
        const std::string name = text(cohort.traits[set.trait].name, ", ", set.name);
        if (!set.problem.empty())
            context.log().warning(text(name, " failed: ", set.problem));
        else
            context.log().info(text(name, ": ", with_thousands(set.nonzero), " variants, ",
                                    measure_of(cohort.traits[set.trait].kind), " ",
                                    fixed(set.validation, 4), set.chosen ? ", chosen" : ""));
        if (set.ridge == nullptr || ridge.heritability.empty()) continue;
        const double h = ridge.heritability[set.trait].estimate;
        if (h < set.ridge->heritability)
            context.log().warning(text("the heritability of ", cohort.traits[set.trait].name,
                                       " is estimated as ", fixed(h, 4), ": ",
                                       fixed(set.ridge->heritability, 2), " is used"));
    }
}

} // namespace

void run_pgs_regression(const PgsRegressionParams& params, RunContext& context) {
    const auto& comm = context.comm();
    const auto source = read_once(comm, "opening the genotypes",
                                  [&] { return open_any_genotypes(context.input("genotypes")); });
    const Cohort cohort =
        read_once(comm, "preparing traits", [&] { return make_cohort(params, context, *source); });
    const VariantRule rule = read_once(comm, "opening results", [&] {
        return VariantRule(params, context, *source, cohort.eligible);
    });
    auto genotypes = collectively(comm, "reading the genotypes", [&] {
        return std::make_unique<ChosenGenotypes>(params, context, *source, rule);
    });
    const std::uint64_t variants = count_variants(comm, *genotypes);
    context.log().info(
        text(with_thousands(static_cast<std::uint64_t>(
                 std::count(cohort.eligible.begin(), cohort.eligible.end(), std::uint8_t{1}))),
             " samples and ", with_thousands(variants), " variants",
             genotypes->packed().in_memory() ? ", in memory"
                                             : ", read again in every pass: see rows_memory_max"));
    RidgeResult ridge;
    if (wants(params, "ridge")) ridge = fit_ridge(params, context, *genotypes, cohort);
    std::vector<PathFit> paths;
    if (wants(params, "elastic_net")) paths = fit_paths(params, context, *genotypes, cohort);
    genotypes.reset();
    const auto sets = weight_sets(params, cohort, ridge, paths, variants);
    tell(context, cohort, ridge, sets);
    require_found(cohort, sets);
    const Parts parts = write_weights(context, *source, rule, cohort, sets);
    const UnitTables tables(context, parts, weight_specs(cohort, sets));
    context.publish("pgs_regression", [&](ResultWriter& out) {
        tables.write(out);
        out.write(fits_table(cohort, sets));
        out.write(path_table(cohort, paths));
        out.write(traits_table(cohort, ridge));
        out.write(samples_table(cohort, source->samples()));
        out.fact("genome_build", source->genome_build());
        out.fact("variants_used", static_cast<std::int64_t>(variants));
        out.fact("ridge_passes", static_cast<std::int64_t>(ridge.passes));
    });
}

} // namespace salus
