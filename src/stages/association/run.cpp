#include "formats/file_genotypes.hpp"
#include "stages/association/association.hpp"
#include "stages/association/components.hpp"
#include "stages/association/condition.hpp"

#include "base/text.hpp"
#include "genotype/result_marks.hpp"
#include "models/tails.hpp"
#include "stages/association/engines.hpp"
#include "stages/association/median.hpp"
#include "stages/association/units.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace salus {
namespace {

using namespace association;

constexpr double chi_square_median = 0.45493642311957275; // of one degree of freedom

/// Traits [first, last) of the phenotypes are tested in one pass over the genotypes.
struct Pass {
    std::size_t first = 0, last = 0;
    std::optional<ScanPlan> plan; // kept if it is the only one
};

/// What the summary says of a trait, without its columns.
struct TraitFacts {
    std::string name, kind;
    bool has_cases = false;
    std::uint64_t n = 0, n_cases = 0;
    double residual_sd = 0;
    std::size_t covariates = 0, pass = 0;
    std::string constant, null_model;
    bool offset = false;
};

Eligible read_eligible(const SampleTable& samples, std::uint64_t variants, const H5File* quality) {
    Eligible eligible{.samples = std::vector<std::uint8_t>(samples.size(), 1), .sex = samples.sex};
    if (quality == nullptr) return eligible;
    require_same_rows(*quality, samples, variants, "quality");
    eligible.samples = sample_marks(*quality, "pass");
    return eligible;
}

[[noreturn]] void throw_unusable(const std::vector<SkippedTrait>& unusable) {
    std::vector<Problem> problems;
    for (const SkippedTrait& trait : unusable) {
        problems.push_back(
            {.what = text("trait \"", trait.name, "\" cannot be analysed: ", trait.reason),
             .where = "after leaving out samples with missing values or failed quality",
             .why = "no trait is left; association needs one that varies, and more samples than "
                    "parameters",
             .help = "mend at least one trait"});
    }
    throw DataError(std::move(problems));
}

std::string constants_of(const ScanPlan& plan, const TraitPlan& trait) {
    return join(plan.sets[trait.set].constant, ", ");
}

std::string null_model_of(const TraitPlan& trait) {
    if (trait.is_quantitative()) return "least_squares";
    if (trait.survival) return "partial_likelihood";
    return trait.logistic.penalised ? "firth" : "maximum_likelihood";
}

/// The passes and what is known of their traits. Every plan is made once before the first genotype
/// is read, so that a job with no usable trait ends at once.
struct Schedule {
    std::vector<Pass> passes;
    std::vector<TraitFacts> traits;
};

/// Predictions of the whole genome, with the chromosome that plans are made for first.
struct Predictions {
    std::unique_ptr<LocoPredictions> loco; // null: none
    std::string chromosome;
    std::vector<std::string> notes;

    Offsets offsets(const Phenotypes& phenotypes, const Pass& pass) const {
        if (!loco) return {};
        return read_offsets(*loco, phenotypes, pass.first, pass.last, chromosome);
    }
};

Predictions read_predictions(const RunContext& ctx, const GenotypeSource& genotypes,
                             Phenotypes& phenotypes) {
    Predictions predictions;
    const bool null_model = ctx.has_input("null_model");
    if (!null_model && !ctx.has_input("loco")) return predictions;
    predictions.loco = std::make_unique<LocoPredictions>(
        LocoPredictions::open(ctx.input(null_model ? "null_model" : "loco"), genotypes.samples()));
    predictions.chromosome = first_chromosome(genotypes);
    predictions.notes = require_predictions(*predictions.loco, predictions.chromosome, phenotypes);
    return predictions;
}

Schedule plan_passes(Phenotypes& phenotypes, const Eligible& eligible,
                     const AssociationParams& params, const Predictions& predictions) {
    Schedule schedule;
    const std::size_t count = phenotypes.traits.size();
    const auto width = static_cast<std::size_t>(params.traits_per_pass);
    std::vector<SkippedTrait> unusable;
    std::vector<Problem> collinear;
    for (std::size_t first = 0; first < count; first += width) {
        Pass pass{.first = first, .last = std::min(count, first + width)};
        ScanPlan plan = make_plan(phenotypes, pass.first, pass.last, eligible, params,
                                  predictions.offsets(phenotypes, pass));
        for (const TraitPlan& trait : plan.traits) {
            schedule.traits.push_back({.name = trait.name,
                                       .kind = std::string(trait.kind()),
                                       .has_cases = trait.has_cases(),
                                       .n = trait.n,
                                       .n_cases = trait.n_cases,
                                       .residual_sd = trait.residual_sd,
                                       .covariates = plan.sets[trait.set].covariates,
                                       .pass = schedule.passes.size(),
                                       .constant = constants_of(plan, trait),
                                       .null_model = null_model_of(trait),
                                       .offset = predictions.loco != nullptr});
        }
        unusable.insert(unusable.end(), plan.unusable.begin(), plan.unusable.end());
        collinear.insert(collinear.end(), plan.collinear.begin(), plan.collinear.end());
        if (count <= width) pass.plan = std::move(plan);
        schedule.passes.push_back(std::move(pass));
    }
    phenotypes.skipped.insert(phenotypes.skipped.end(), unusable.begin(), unusable.end());
    if (!schedule.traits.empty()) return schedule;
    if (!collinear.empty()) throw DataError(std::move(collinear));
    throw_unusable(phenotypes.skipped);
}

void log_schedule(const RunContext& ctx, const Schedule& schedule, const Phenotypes& phenotypes) {
    for (const TraitFacts& trait : schedule.traits) {
        ctx.log().info(
            text(trait.name, ": ", with_thousands(trait.n), " samples",
                 trait.has_cases ? text(", ", with_thousands(trait.n_cases),
                                        trait.kind == "binary" ? " cases" : " events")
                                 : "",
                 ", ", trait.covariates, " covariates",
                 trait.constant.empty() ? "" : " (constant, left out: " + trait.constant + ")"));
    }
    for (const SkippedTrait& trait : phenotypes.skipped) {
        ctx.log().warning(text("trait ", trait.name, " is left out: ", trait.reason));
    }
}

double lambda_of(const ColumnMedian& median) {
    if (!median.lower) return std::numeric_limits<double>::quiet_NaN();
    // Order turns round from p to chi-square, but the mean of the two middle values does not mind.
    return 0.5 *
           (chi_square_from_neg_log10_p(*median.lower) +
            chi_square_from_neg_log10_p(*median.upper)) /
           chi_square_median;
}

void add_summary(TableData& table, const TraitFacts& trait, const ColumnMedian& median,
                 bool transformed) {
    table.column<std::string>("name").push_back(trait.name);
    table.column<std::string>("kind").push_back(trait.kind);
    table.column<std::uint64_t>("n").push_back(trait.n);
    table.column<std::uint64_t>("n_cases").push_back(trait.n_cases);
    table.column<std::uint64_t>("variants_tested").push_back(median.count);
    table.column<double>("lambda_gc").push_back(lambda_of(median));
    table.column<double>("residual_sd").push_back(trait.residual_sd);
    table.column<std::string>("transformation")
        .push_back(transformed && trait.kind == "quantitative" ? "rank_inverse_normal" : "none");
    table.column<std::string>("null_model").push_back(trait.null_model);
    table.column<std::string>("offset").push_back(trait.offset ? "loco" : "none");
    table.column<std::uint32_t>("covariates")
        .push_back(static_cast<std::uint32_t>(trait.covariates));
    table.column<std::string>("covariates_constant").push_back(trait.constant);
}

TableData skipped_data(const Phenotypes& phenotypes) {
    TableData table(association_skipped_table());
    for (const SkippedTrait& trait : phenotypes.skipped) {
        table.column<std::string>("name").push_back(trait.name);
        table.column<std::string>("reason").push_back(trait.reason);
    }
    return table;
}

void write_codes(H5File& file, const std::string& table) {
    file.attribute(
        table + "/test", "codes",
        "0 none, 1 linear, 2 score, 3 wald, 4 firth, 5 saddlepoint, 6 approximate_firth, "
        "10 cox_score, 11 cox_saddlepoint, 12 cox_wald, 13 cox_score with the beta of the whole "
        "model, "
        "14 cox_saddlepoint with the beta of the whole model, "
        "20 ordinal_score, 21 ordinal_wald, 22 ordinal_score with the beta of the whole model");
    file.attribute(
        table + "/status", "codes",
        "0 tested, 1 failed_quality, 2 not_called, 3 monomorphic, 4 below minor_allele_count_min, "
        "5 collinear with covariates, 6 separated, 7 not converged, 8 too few males (chromosome "
        "Y), "
        "9 trait without residual variance, 10 no null model without this chromosome, 12 one of "
        "the three genotypes does not "
        "occur (genotypic coding), 20 same "
        "genotype in all "
        "that are at risk when an event happens");
}

} // namespace

void run_association(const AssociationParams& params, RunContext& ctx) {
    const auto genotypes = collectively(ctx.comm(), "opening genotypes",
                                        [&] { return open_any_genotypes(ctx.input("genotypes")); });
    const auto quality = collectively(ctx.comm(), "opening the quality result", [&] {
        return ctx.has_input("quality")
                   ? std::make_unique<H5File>(H5File::open(ctx.input("quality")))
                   : std::unique_ptr<H5File>();
    });
    Phenotypes phenotypes = collectively(ctx.comm(), "reading phenotypes", [&] {
        Phenotypes read = read_phenotypes(ctx.input("phenotypes"), genotypes->samples(), params,
                                          tested_times(params));
        if (ctx.has_input("components"))
            add_components(ctx.input("components"), genotypes->samples(),
                           static_cast<std::size_t>(params.components_count), read);
        return read;
    });
    add_condition(params, ctx, *genotypes, phenotypes);
    const Predictions predictions = collectively(ctx.comm(), "reading predictions", [&] {
        return read_predictions(ctx, *genotypes, phenotypes);
    });
    const Eligible eligible = collectively(ctx.comm(), "reading the quality result", [&] {
        return read_eligible(genotypes->samples(), genotypes->variant_count(), quality.get());
    });
    Schedule schedule = collectively(ctx.comm(), "preparing traits", [&] {
        return plan_passes(phenotypes, eligible, params, predictions);
    });
    for (const std::string& note : predictions.notes)
        ctx.log().info(note);
    log_schedule(ctx, schedule, phenotypes);

    const auto units = association_units(*genotypes);
    std::vector<Parts> parts;
    for (std::size_t p = 0; p < schedule.passes.size(); ++p) {
        Pass& pass = schedule.passes[p];
        if (!pass.plan)
            pass.plan = make_plan(phenotypes, pass.first, pass.last, eligible, params,
                                  predictions.offsets(phenotypes, pass));
        UnitRunner runner({.genotypes = *genotypes,
                           .phenotypes = phenotypes,
                           .eligible = eligible,
                           .params = params,
                           .quality = quality.get(),
                           .predictions = predictions.loco.get(),
                           .first = pass.first,
                           .last = pass.last},
                          *pass.plan);
        parts.push_back(ctx.for_each_unit(
            schedule.passes.size() == 1 ? std::string("variants") : text("variants-", p + 1),
            units.size(),
            [&](std::uint64_t unit, PartWriter& part) { runner.run(units[unit], p == 0, part); }));
        pass.plan.reset();
    }
    TableData summary(association_summary_table());
    for (const TraitFacts& trait : schedule.traits) {
        add_summary(
            summary, trait,
            median_of(ctx.comm(), parts[trait.pass], text("traits/", trait.name, "/neg_log10_p")),
            params.rank_inverse_normal);
    }
    ctx.publish("association", [&](ResultWriter& out) {
        out.assemble(association_variants_table(), parts[0]);
        std::vector<ResultWriter::Assembled> tables;
        for (const TraitFacts& trait : schedule.traits)
            tables.push_back({association_trait_table(trait.name, trait.kind, params.coding),
                              &parts[trait.pass]});
        out.assemble(tables);
        for (const ResultWriter::Assembled& table : tables)
            write_codes(out.file(), table.spec.name);
        out.write(summary);
        out.write(skipped_data(phenotypes));
        out.fact("genome_build", genotypes->genome_build());
        out.fact("coding", params.coding);
        if (!params.strata.empty()) out.fact("strata", params.strata);
    });
}

} // namespace salus
