#include "formats/file_genotypes.hpp"
#include "formats/listed_samples.hpp"
#include "parallel/read_once.hpp"
#include "stages/association/association.hpp"
#include "stages/association/components.hpp"
#include "stages/association/condition.hpp"

#include "base/text.hpp"
#include "genotype/result_marks.hpp"
#include "models/tails.hpp"
#include "stages/association/engines.hpp"
#include "stages/association/median.hpp"
#include "stages/association/units.hpp"
#include "store/packed_table.hpp"
#include "store/packed_tables.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace salus {
namespace {

using namespace association;

constexpr double chi_square_median = 0.45493642311957275; // of one degree of freedom

/// Traits [first, last) of the phenotypes are tested in one pass over the genotypes.
struct Pass {
    std::size_t first = 0, last = 0;
    std::size_t first_usable = 0, usable = 0; // its traits among the facts, as those of its plan
    std::optional<ScanPlan> plan;             // kept if it is the only one
};

/// What the summary says of a trait, without its columns.
struct TraitFacts {
    std::string name, kind;
    bool has_cases = false;
    std::uint64_t n = 0, n_cases = 0;
    double residual_sd = 0;
    std::size_t covariates = 0;
    std::string constant, null_model;
    bool offset = false;
    double family_share = std::numeric_limits<double>::quiet_NaN(); // without known relatives
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
    if (trait.is_quantitative()) return trait.family ? "restricted_likelihood" : "least_squares";
    if (trait.survival) return "partial_likelihood";
    return trait.logistic.penalised ? "firth" : "maximum_likelihood";
}

/// The passes and what is known of their traits. Every plan is made once before the first genotype
/// is read, so that a job with no usable trait ends at once.
struct Schedule {
    std::vector<Pass> passes;
    std::vector<TraitFacts> traits;
    std::vector<std::string> notes;
};

/// The values of traits, of one pass at a time unless one pass takes all.
struct TraitValues {
    const std::filesystem::path& path;
    Phenotypes& phenotypes;

    void load(const Pass& pass) { load_values(path, pass.first, pass.last, phenotypes); }
};

/// Predictions of the whole genome, with the chromosome that plans are made for first.
struct Predictions {
    std::unique_ptr<LocoPredictions> loco; // null: none
    std::string chromosome;

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
    skip_unpredicted(*predictions.loco, phenotypes);
    return predictions;
}

/// (all) Brings the values of the traits of a pass. \return the offsets of their models
Offsets load_pass(const Communicator& comm, TraitValues values, const Pass& pass,
                  const Predictions& predictions) {
    return read_once(comm, "reading the values of traits", [&] {
        values.load(pass);
        return predictions.offsets(values.phenotypes, pass);
    });
}

/// (all)
Schedule plan_passes(const Communicator& comm, TraitValues values, const Eligible& eligible,
                     const AssociationParams& params, const Predictions& predictions) {
    Schedule schedule;
    Phenotypes& phenotypes = values.phenotypes;
    const std::size_t count = phenotypes.traits.size();
    const auto width = static_cast<std::size_t>(params.traits_per_pass);
    std::vector<SkippedTrait> unusable;
    std::vector<Problem> collinear;
    for (std::size_t first = 0; first < count; first += width) {
        Pass pass{.first = first,
                  .last = std::min(count, first + width),
                  .first_usable = schedule.traits.size()};
        const Offsets offsets = load_pass(comm, values, pass, predictions);
        ScanPlan plan = collectively(comm, "preparing traits", [&] {
            if (predictions.loco)
                for (std::string& note : require_predictions(
                         *predictions.loco, predictions.chromosome,
                         std::span(phenotypes.traits).subspan(first, pass.last - pass.first)))
                    schedule.notes.push_back(std::move(note));
            return make_plan(phenotypes, pass.first, pass.last, eligible, params, offsets);
        });
        for (const TraitPlan& trait : plan.traits) {
            schedule.traits.push_back({.name = trait.name,
                                       .kind = std::string(trait.kind()),
                                       .has_cases = trait.has_cases(),
                                       .n = trait.n,
                                       .n_cases = trait.n_cases,
                                       .residual_sd = trait.residual_sd,
                                       .covariates = plan.sets[trait.set].covariates,
                                       .constant = constants_of(plan, trait),
                                       .null_model = null_model_of(trait),
                                       .offset = predictions.loco != nullptr});
            if (trait.family) schedule.traits.back().family_share = trait.family->share;
        }
        pass.usable = plan.traits.size();
        unusable.insert(unusable.end(), plan.unusable.begin(), plan.unusable.end());
        collinear.insert(collinear.end(), plan.collinear.begin(), plan.collinear.end());
        if (count <= width) pass.plan = std::move(plan);
        schedule.passes.push_back(std::move(pass));
    }
    phenotypes.skipped.insert(phenotypes.skipped.end(), unusable.begin(), unusable.end());
    collectively(comm, "preparing traits", [&] {
        if (!schedule.traits.empty()) return;
        if (!collinear.empty()) throw DataError(std::move(collinear));
        throw_unusable(phenotypes.skipped);
    });
    return schedule;
}

void log_schedule(const RunContext& ctx, const Schedule& schedule, const Phenotypes& phenotypes) {
    for (const TraitFacts& trait : schedule.traits) {
        ctx.log().info(
            text(trait.name, ": ", with_thousands(trait.n), " samples",
                 trait.has_cases ? text(", ", with_thousands(trait.n_cases),
                                        trait.kind == "binary" ? " cases" : " events")
                                 : "",
                 ", ", trait.covariates, " covariates",
                 trait.constant.empty() ? "" : " (constant, left out: " + trait.constant + ")",
                 std::isnan(trait.family_share)
                     ? ""
                     : text(", share of relatives ", significant(trait.family_share, 3))));
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
    table.column<double>("family_share").push_back(trait.family_share);
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
        "7 mixed_linear, 8 exact, 9 family_saddlepoint, "
        "10 cox_score, 11 cox_saddlepoint, 12 cox_wald, 13 cox_score with the beta of the whole "
        "model, "
        "14 cox_saddlepoint with the beta of the whole model, 15 cox_exact, "
        "16 cox_exact with the beta of the whole model, "
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

/// The tables of the traits of a pass, in chunks that are ready for the result.
struct TraitTables {
    EncodedTables encoded;
    Parts parts;
};

std::vector<std::uint64_t> first_rows(std::span<const VariantRange> units) {
    std::vector<std::uint64_t> rows;
    for (const VariantRange& unit : units)
        rows.push_back(unit.begin);
    rows.push_back(units.empty() ? 0 : units.back().end);
    return rows;
}

/// Medians of neg_log10_p of the traits of a pass.
std::vector<ColumnMedian> find_medians(const Communicator& comm, const PackedParts& packed) {
    std::uint64_t most = 0;
    for (std::uint64_t unit = 0; unit < packed.parts.size(); ++unit)
        most = std::max(most, packed.rows(unit));
    return medians_of(comm, {.parts = packed.parts,
                             .count = packed.specs.size(),
                             .unit_rows = most,
                             .read = [&](const H5File& part, std::uint64_t unit, std::size_t t) {
                                 return packed.column(part, unit, t, "neg_log10_p");
                             }});
}

/// What all passes share, and what they leave behind.
struct Scan {
    RunContext& ctx;
    const PassInput& input; // of the first pass
    TraitValues values;
    const Predictions& predictions;
    std::span<const TableSpec> specs; // of all traits
    std::vector<VariantRange> units;
    std::vector<TraitTables> tables;   // [pass]
    std::vector<ColumnMedian> medians; // [trait]
    Parts variants;

    void run(Pass& pass, const std::string& suffix);
};

void Scan::run(Pass& pass, const std::string& suffix) {
    if (!pass.plan) {
        const Offsets offsets = load_pass(ctx.comm(), values, pass, predictions);
        pass.plan = collectively(ctx.comm(), "preparing traits", [&] {
            return make_plan(input.phenotypes, pass.first, pass.last, input.eligible, input.params,
                             offsets);
        });
    }
    PassInput own{input};
    own.first = pass.first;
    own.last = pass.last;
    const auto traits = specs.subspan(pass.first_usable, pass.usable);
    auto runner = std::make_unique<UnitRunner>(own, std::move(*pass.plan), traits);
    pass.plan.reset();
    const Parts parts = ctx.for_each_unit("variants" + suffix, units.size(),
                                          [&](std::uint64_t unit, PartWriter& part) {
                                              runner->run(units[unit], tables.empty(), part);
                                          });
    runner.reset();
    const PackedParts packed{parts, std::string(packed_traits), traits, first_rows(units)};
    for (ColumnMedian& median : find_medians(ctx.comm(), packed))
        medians.push_back(median);
    const EncodedTables encoded(traits, input.genotypes.variant_count());
    if (tables.empty()) variants = parts;
    tables.push_back({encoded, ctx.for_each_unit("tables" + suffix, encoded.units(),
                                                 [&](std::uint64_t unit, PartWriter& part) {
                                                     encoded.encode(unit, packed, part);
                                                 })});
}

} // namespace

void run_association(const AssociationParams& params, RunContext& ctx) {
    const auto genotypes = read_once(ctx.comm(), "opening genotypes",
                                     [&] { return open_any_genotypes(ctx.input("genotypes")); });
    const auto quality = read_once(ctx.comm(), "opening the quality result", [&] {
        return ctx.has_input("quality")
                   ? std::make_unique<H5File>(H5File::open(ctx.input("quality")))
                   : std::unique_ptr<H5File>();
    });
    const std::filesystem::path path = ctx.input("phenotypes");
    Phenotypes phenotypes = read_once(ctx.comm(), "reading phenotypes", [&] {
        Phenotypes read =
            read_phenotypes(path, genotypes->samples(), params,
                            tested_times(params, ctx.has_input("relatives")), Values::checked);
        if (ctx.has_input("components"))
            add_components(ctx.input("components"), genotypes->samples(),
                           static_cast<std::size_t>(params.components_count), read);
        return read;
    });
    add_condition(params, ctx, *genotypes, phenotypes);
    const Predictions predictions = read_once(ctx.comm(), "reading predictions", [&] {
        return read_predictions(ctx, *genotypes, phenotypes);
    });
    Eligible eligible = read_once(ctx.comm(), "reading the quality result", [&] {
        Eligible found =
            read_eligible(genotypes->samples(), genotypes->variant_count(), quality.get());
        if (!ctx.has_input("samples")) return found;
        const auto listed = listed_samples(ctx.input("samples"), genotypes->samples().id);
        for (std::size_t i = 0; i < listed.size(); ++i)
            if (listed[i] == 0) found.samples[i] = 0;
        return found;
    });
    if (ctx.has_input("relatives"))
        eligible.relatives = read_once(ctx.comm(), "reading relatives", [&] {
            return read_relatives(ctx.input("relatives"), genotypes->samples(),
                                  params.relatives_kinship_min);
        });
    Schedule schedule = plan_passes(ctx.comm(), {path, phenotypes}, eligible, params, predictions);
    for (const std::string& note : schedule.notes)
        ctx.log().info(note);
    log_schedule(ctx, schedule, phenotypes);

    std::vector<TableSpec> specs;
    for (const TraitFacts& trait : schedule.traits)
        specs.push_back(association_trait_table(trait.name, trait.kind, params.coding));
    const PassInput input{.genotypes = *genotypes,
                          .phenotypes = phenotypes,
                          .eligible = eligible,
                          .params = params,
                          .quality = quality.get(),
                          .predictions = predictions.loco.get()};
    Scan scan{.ctx = ctx,
              .input = input,
              .values = {path, phenotypes},
              .predictions = predictions,
              .specs = specs,
              .units = association_units(*genotypes)};
    for (std::size_t p = 0; p < schedule.passes.size(); ++p)
        scan.run(schedule.passes[p], schedule.passes.size() == 1 ? "" : text("-", p + 1));
    TableData summary(association_summary_table());
    for (std::size_t t = 0; t < schedule.traits.size(); ++t)
        add_summary(summary, schedule.traits[t], scan.medians[t], params.rank_inverse_normal);
    ctx.publish("association", [&](ResultWriter& out) {
        assemble_unit_tables(out.file(), association_variants_table(), scan.variants);
        for (const TraitTables& pass : scan.tables)
            pass.encoded.assemble(out.file(), pass.parts);
        for (const TableSpec& spec : specs)
            write_codes(out.file(), spec.name);
        out.write(summary);
        out.write(skipped_data(phenotypes));
        out.fact("genome_build", genotypes->genome_build());
        out.fact("coding", params.coding);
        if (!params.strata.empty()) out.fact("strata", params.strata);
    });
}

} // namespace salus
