#include "stages/interaction/interaction.hpp"

#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "genotype/result_marks.hpp"
#include "models/tails.hpp"
#include "parallel/read_once.hpp"
#include "stages/association/components.hpp"
#include "stages/association/listed_variants.hpp"
#include "stages/association/median.hpp"
#include "stages/association/units.hpp"
#include "stages/interaction/environment.hpp"
#include "stages/interaction/units.hpp"

#include <limits>
#include <memory>

namespace salus {
namespace {

using namespace interaction;
using association::Eligible;
using association::Phenotypes;

constexpr double chi_square_median = 0.45493642311957275; // of one degree of freedom

std::unique_ptr<H5File> open_quality(const RunContext& ctx, const GenotypeSource& genotypes) {
    if (!ctx.has_input("quality")) return nullptr;
    auto quality = std::make_unique<H5File>(H5File::open(ctx.input("quality")));
    require_same_rows(*quality, genotypes.samples(), genotypes.variant_count(), "quality");
    return quality;
}

Phenotypes read_traits(const InteractionParams& params, const RunContext& ctx,
                       const SampleTable& samples) {
    Phenotypes phenotypes = read_phenotypes_with(params, ctx.input("phenotypes"), samples);
    // Components come before the environment, which stays the last covariate.
    if (!ctx.has_input("components")) return phenotypes;
    std::optional<association::Covariate> environment;
    if (!params.environment.empty()) {
        environment = std::move(phenotypes.covariates.back());
        phenotypes.covariates.pop_back();
    }
    add_components(ctx.input("components"), samples,
                   static_cast<std::size_t>(params.components_count), phenotypes);
    if (environment) phenotypes.covariates.push_back(std::move(*environment));
    return phenotypes;
}

[[noreturn]] void throw_unusable(const std::vector<association::SkippedTrait>& unusable,
                                 bool named) {
    std::vector<Problem> problems;
    for (const auto& trait : unusable)
        problems.push_back(
            {.what = text("trait \"", trait.name, "\" cannot be analysed: ", trait.reason),
             .where = "after leaving out samples with missing values or failed quality",
             .why = "a trait and the environment must vary, in more samples than parameters",
             .help = named ? "take it out of the parameter traits, or mend it"
                           : "mend at least one trait"});
    throw DataError(std::move(problems));
}

void check_plan(const Plan& plan, bool named) {
    if (!plan.collinear.empty()) throw DataError(plan.collinear);
    if (plan.traits.empty() || (named && !plan.unusable.empty()))
        throw_unusable(plan.unusable, named);
}

void log_plan(const RunContext& ctx, const Plan& plan, const Phenotypes& phenotypes) {
    for (const TraitModel& trait : plan.traits)
        ctx.log().info(text(trait.name, ": ", with_thousands(trait.n), " samples",
                            trait.binary ? text(", ", with_thousands(trait.n_cases), " cases") : "",
                            ", environment ", phenotypes.covariates.back().name));
    for (const auto* left_out : {&phenotypes.skipped, &plan.unusable})
        for (const auto& trait : *left_out)
            ctx.log().warning(text("trait ", trait.name, " is left out: ", trait.reason));
}

double lambda_of(const association::ColumnMedian& median) {
    if (!median.lower) return std::numeric_limits<double>::quiet_NaN();
    return 0.5 *
           (chi_square_from_neg_log10_p(*median.lower) +
            chi_square_from_neg_log10_p(*median.upper)) /
           chi_square_median;
}

void add_trait(TableData& table, const TraitModel& trait, const Set& set,
               const std::string& environment, bool centre) {
    table.column<std::string>("name").push_back(trait.name);
    table.column<std::string>("kind").push_back(trait.binary ? "binary" : "quantitative");
    table.column<std::uint64_t>("n").push_back(trait.n);
    table.column<std::uint64_t>("n_cases").push_back(trait.n_cases);
    table.column<std::string>("environment").push_back(environment);
    table.column<double>("environment_mean").push_back(set.environment_mean);
    table.column<double>("environment_sd").push_back(set.environment_sd);
    table.column<double>("environment_at").push_back(centre ? set.environment_mean : 0);
    table.column<std::uint32_t>("covariates")
        .push_back(static_cast<std::uint32_t>(set.columns.size() - 1));
    table.column<std::string>("covariates_constant").push_back(join(set.constant, ", "));
}

/// The summary before the tests.
TableData traits_data(const Plan& plan, const std::string& environment, bool centre) {
    TableData table(interaction_summary_table());
    for (const TraitModel& trait : plan.traits)
        add_trait(table, trait, plan.sets[trait.set], environment, centre);
    return table;
}

void add_tests(TableData& table, const association::ColumnMedian& median) {
    table.column<std::uint64_t>("variants_tested").push_back(median.count);
    table.column<double>("lambda_gc").push_back(lambda_of(median));
}

TableData skipped_data(const Phenotypes& phenotypes, const Plan& plan) {
    TableData table(association_skipped_table());
    for (const auto* left_out : {&phenotypes.skipped, &plan.unusable}) {
        for (const auto& trait : *left_out) {
            table.column<std::string>("name").push_back(trait.name);
            table.column<std::string>("reason").push_back(trait.reason);
        }
    }
    return table;
}

const char* const status_codes =
    "0 tested, 1 failed_quality, 2 not_called, 3 monomorphic, 4 below minor_allele_count_min, "
    "5 variant or interaction collinear with the other terms, 7 separated "
    "or not converged, 8 too few males (chromosome Y), 9 trait without residual variance, 21 "
    "too few samples carry the interaction (effective_samples_min)";

} // namespace

void run_interaction(const InteractionParams& params, RunContext& ctx) {
    const auto genotypes = read_once(ctx.comm(), "opening genotypes", [&] {
        check_environment(params);
        return open_any_genotypes(ctx.input("genotypes"));
    });
    const auto quality = read_once(ctx.comm(), "opening the quality result",
                                   [&] { return open_quality(ctx, *genotypes); });
    Phenotypes phenotypes = read_once(ctx.comm(), "reading phenotypes", [&] {
        return read_traits(params, ctx, genotypes->samples());
    });
    if (!params.environment_variant.empty()) {
        auto listed = association::read_listed_variants(ctx.comm(), *genotypes,
                                                        std::span(&params.environment_variant, 1));
        phenotypes.covariates.push_back(
            {.name = listed.front().name, .values = std::move(listed.front().dosages)});
    }
    Eligible eligible{.samples = std::vector<std::uint8_t>(genotypes->samples().size(), 1),
                      .sex = genotypes->samples().sex};
    Plan plan = collectively(ctx.comm(), "preparing traits", [&] {
        if (quality) eligible.samples = sample_marks(*quality, "pass");
        Plan made = make_plan(phenotypes, eligible, params.rank_inverse_normal);
        check_plan(made, !params.traits.empty());
        return made;
    });
    log_plan(ctx, plan, phenotypes);
    TableData summary = traits_data(plan, phenotypes.covariates.back().name, params.centre);
    std::vector<TableSpec> specs;
    for (const TraitModel& trait : plan.traits)
        specs.push_back(interaction_trait_table(trait.name, trait.binary));
    const TableData skipped = skipped_data(phenotypes, plan);

    const auto units = association::association_units(*genotypes);
    auto runner = std::make_unique<UnitRunner>(UnitInput{.genotypes = *genotypes,
                                                         .phenotypes = phenotypes,
                                                         .eligible = eligible,
                                                         .params = params,
                                                         .quality = quality.get()},
                                               std::move(plan));
    const Parts parts =
        ctx.for_each_unit("variants", units.size(), [&](std::uint64_t unit, PartWriter& part) {
            runner->run(units[unit], part);
        });
    runner.reset();
    for (const TableSpec& spec : specs)
        add_tests(summary,
                  association::median_of(ctx.comm(), parts, text(spec.name, "/neg_log10_p")));
    ctx.publish("interaction", [&](ResultWriter& out) {
        out.assemble(association_variants_table(), parts);
        for (const TableSpec& spec : specs) {
            out.assemble(spec, parts);
            out.file().attribute(spec.name + "/status", "codes", status_codes);
        }
        out.write(summary);
        out.write(skipped);
        out.fact("genome_build", genotypes->genome_build());
        out.fact("environment", phenotypes.covariates.back().name);
    });
}

} // namespace salus
