#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "genotype/result_marks.hpp"
#include "parallel/read_once.hpp"
#include "stages/association/components.hpp"
#include "stages/gene_tests/gene_tests.hpp"
#include "stages/gene_tests/set_runner.hpp"

#include <algorithm>
#include <memory>
#include <optional>

namespace salus {
namespace {

using namespace gene_tests;
using association::Eligible;
using association::Phenotypes;
using association::ScanPlan;
using association::SkippedTrait;
using association::TraitPlan;

/// Traits [first, last) of the phenotypes are tested in one pass over the sets.
struct Pass {
    std::size_t first = 0, last = 0;
    std::vector<std::string> traits; // that are analysed
};

Eligible read_eligible(const SampleTable& samples, std::uint64_t variants, const H5File* quality) {
    Eligible eligible{.samples = std::vector<std::uint8_t>(samples.size(), 1), .sex = samples.sex};
    if (quality == nullptr) return eligible;
    require_same_rows(*quality, samples, variants, "quality");
    eligible.samples = sample_marks(*quality, "pass");
    return eligible;
}

[[noreturn]] void throw_unusable(const std::vector<SkippedTrait>& unusable, bool named) {
    std::vector<Problem> problems;
    for (const SkippedTrait& trait : unusable)
        problems.push_back(
            {.what = text("trait \"", trait.name, "\" cannot be analysed: ", trait.reason),
             .where = "after leaving out samples with missing values or failed quality",
             .why = "gene tests need a trait that varies, and more samples than parameters",
             .help = named ? "take it out of the parameter traits, or mend it"
                           : "mend at least one trait"});
    throw DataError(std::move(problems));
}

void add_summary(TableData& table, const ScanPlan& plan) {
    for (const TraitPlan& trait : plan.traits) {
        const auto& set = plan.sets[trait.set];
        table.column<std::string>("name").push_back(trait.name);
        table.column<std::string>("kind").push_back(std::string(trait.kind()));
        table.column<std::uint64_t>("n").push_back(trait.n);
        table.column<std::uint64_t>("n_cases").push_back(trait.n_cases);
        table.column<std::uint32_t>("covariates")
            .push_back(static_cast<std::uint32_t>(set.covariates));
        table.column<std::string>("covariates_constant").push_back(join(set.constant, ", "));
    }
}

/// The passes, and trait_summary; every null model is fitted once before the first genotype is
/// read, so that unusable traits and collinear covariates end the job at once.
std::vector<Pass> plan_passes(Phenotypes& phenotypes, const NullInput& input, TableData& summary) {
    std::vector<Pass> passes;
    std::vector<SkippedTrait> unusable;
    const std::size_t count = phenotypes.traits.size();
    const auto width = static_cast<std::size_t>(input.params.traits_per_pass);
    for (std::size_t first = 0; first < count; first += width) {
        Pass pass{.first = first, .last = std::min(count, first + width), .traits = {}};
        NullModels models(input, pass.first, pass.last);
        models.of("");
        if (!models.plan().collinear.empty()) throw DataError(models.plan().collinear);
        for (const TraitPlan& trait : models.plan().traits)
            pass.traits.push_back(trait.name);
        add_summary(summary, models.plan());
        const auto& bad = models.plan().unusable;
        unusable.insert(unusable.end(), bad.begin(), bad.end());
        passes.push_back(std::move(pass));
    }
    const bool named = !input.params.traits.empty();
    if (summary.rows() == 0 || (named && !unusable.empty())) throw_unusable(unusable, named);
    phenotypes.skipped.insert(phenotypes.skipped.end(), unusable.begin(), unusable.end());
    return passes;
}

void report(const Log& log, const SetCatalog& catalog, const SetCatalog::Ledger& ledger,
            const Phenotypes& phenotypes) {
    for (const SkippedTrait& trait : phenotypes.skipped)
        log.warning(text("trait ", trait.name, " is left out: ", trait.reason));
    if (!catalog.sets().empty() && catalog.sets()[0].window != nullptr) {
        log.info(text(with_thousands(catalog.sets().size()), " windows"));
        return;
    }
    log.info(text(with_thousands(catalog.sets().size()), " sets, ", catalog.masks().size(),
                  " masks; annotated variants: ", with_thousands(ledger.by_place),
                  " found by place and alleles, ", with_thousands(ledger.by_identifier),
                  " by identifier, ", with_thousands(ledger.absent), " not in the genotypes, ",
                  with_thousands(ledger.ambiguous), " left out as several variants answer"));
    for (const std::string& mask : catalog.empty_masks())
        log.warning(text("mask ", mask, " names no consequence of the annotations"));
    if (ledger.by_place + ledger.by_identifier == 0)
        log.warning("no annotated variant is in the genotypes: variants are told by identifier or "
                    "as CHROM:POS:REF:ALT, alleles as in the genotypes");
}

TableData skipped_data(const Phenotypes& phenotypes) {
    TableData table(gene_skipped_table());
    for (const SkippedTrait& trait : phenotypes.skipped) {
        table.column<std::string>("name").push_back(trait.name);
        table.column<std::string>("reason").push_back(trait.reason);
    }
    return table;
}

void write_facts(ResultWriter& out, const SetCatalog& catalog, const SetCatalog::Ledger& ledger,
                 const std::string& genome_build) {
    const auto fact = [&](const char* name, std::uint64_t value) {
        out.fact(name, static_cast<std::int64_t>(value));
    };
    out.fact("genome_build", genome_build);
    fact("variants_found_by_place", ledger.by_place);
    fact("variants_found_by_identifier", ledger.by_identifier);
    fact("variants_not_in_genotypes", ledger.absent);
    fact("variants_ambiguous", ledger.ambiguous);
    fact("annotations_without_gene", catalog.without_gene());
}

const char* const method_codes =
    "0 not tested, 1 asymptotic, 2 asymptotic with variances of saddle-point tests, 3 all ways to "
    "distribute cases among carriers, 4 drawn from these, 5 drawn, but resample_draws_max left "
    "more "
    "standard error than wanted, 6 as 2, as the covariates determine too much for drawing";

const char* const status_codes =
    "0 tested, 1 no variant in mask and frequency bin, 2 no carriers among the samples, 3 below "
    "minor_allele_count_min, 4 collinear with covariates, 5 more than variants_max: burden test "
    "only, 6 no null model without this chromosome's prediction";

} // namespace

void run_gene_tests(const GeneTestsParams& params, RunContext& ctx) {
    const auto genotypes = read_once(ctx.comm(), "opening genotypes",
                                     [&] { return open_any_genotypes(ctx.input("genotypes")); });
    const auto quality = read_once(ctx.comm(), "opening the quality result", [&] {
        return ctx.has_input("quality")
                   ? std::make_unique<H5File>(H5File::open(ctx.input("quality")))
                   : std::unique_ptr<H5File>();
    });
    Phenotypes phenotypes = read_once(ctx.comm(), "reading phenotypes", [&] {
        const AssociationParams chosen = association_params(params);
        Phenotypes read = association::read_phenotypes(
            ctx.input("phenotypes"), genotypes->samples(), chosen, association::Times::accepted);
        if (ctx.has_input("components"))
            association::add_components(ctx.input("components"), genotypes->samples(),
                                        static_cast<std::size_t>(params.components_count), read);
        return read;
    });
    const auto predictions = read_once(ctx.comm(), "opening predictions", [&] {
        return ctx.has_input("null_model")
                   ? std::make_unique<LocoPredictions>(
                         LocoPredictions::open(ctx.input("null_model"), genotypes->samples()))
                   : std::unique_ptr<LocoPredictions>();
    });
    const Eligible eligible = read_once(ctx.comm(), "reading the quality result", [&] {
        return read_eligible(genotypes->samples(), genotypes->variant_count(), quality.get());
    });
    const WindowRules windows = window_rules(params);
    SetCatalog catalog = read_once(ctx.comm(), "reading annotations and sets", [&] {
        if (windows.size > 0) return SetCatalog();
        return SetCatalog::read(params, ctx.input("annotations"),
                                ctx.has_input("gene_sets") ? &ctx.input("gene_sets") : nullptr,
                                ctx.has_input("gene_masks") ? &ctx.input("gene_masks") : nullptr);
    });
    const NullInput null{phenotypes, eligible, params, predictions.get()};
    TableData summary(gene_summary_table());
    const auto passes = collectively(ctx.comm(), "preparing traits",
                                     [&] { return plan_passes(phenotypes, null, summary); });
    const auto units = variant_units(genotypes->variant_count(), genotypes->samples().size(),
                                     genotypes->block_variants());
    const Parts matches =
        ctx.for_each_unit("matching", units.size(), [&](std::uint64_t u, PartWriter& part) {
            if (windows.size > 0)
                list_windows(*genotypes, units[u], windows, part);
            else
                catalog.match(*genotypes, units[u], part);
        });
    const auto ledger = collectively(ctx.comm(), "joining sets and genotypes", [&] {
        if (windows.size == 0) return catalog.take_matches(matches);
        catalog = SetCatalog::of_windows(take_windows(matches, windows));
        return SetCatalog::Ledger();
    });
    report(ctx.log(), catalog, ledger, phenotypes);

    const auto set_ranges = set_units(catalog);
    std::vector<Parts> parts;
    for (std::size_t p = 0; p < passes.size(); ++p) {
        const Pass& pass = passes[p];
        SetRunner runner({*genotypes, catalog, params, null, quality.get(), pass.first, pass.last,
                          pass.traits, ctx.seed()});
        parts.push_back(ctx.for_each_unit(
            passes.size() == 1 ? std::string("sets") : text("sets-", p + 1), set_ranges.size(),
            [&](std::uint64_t u, PartWriter& part) { runner.run(set_ranges[u], p == 0, part); }));
    }
    const auto for_each_trait = [&](const auto& use) {
        for (std::size_t p = 0; p < passes.size(); ++p)
            for (const std::string& name : passes[p].traits) {
                const auto at =
                    std::ranges::find(phenotypes.traits, name, &association::Trait::name);
                use(name, at->kind(), parts[p]);
            }
    };
    ctx.publish("gene_tests", [&](ResultWriter& out) {
        out.assemble(gene_sets_table(), parts[0]);
        out.assemble(gene_test_rows_table(), parts[0]);
        if (params.write_variants) out.assemble(gene_set_variants_table(), parts[0]);
        for_each_trait([&](const std::string& name, std::string_view kind, const Parts& from) {
            const TableSpec spec = gene_trait_table(name, kind);
            out.assemble(spec, from);
            out.file().attribute(spec.name + "/method", "codes", method_codes);
            out.file().attribute(spec.name + "/status", "codes", status_codes);
            if (params.leave_one_out) out.assemble(gene_leave_one_out_table(name), from);
        });
        out.write(summary);
        out.write(skipped_data(phenotypes));
        write_facts(out, catalog, ledger, genotypes->genome_build());
    });
    ctx.publish("score_covariance", [&](ResultWriter& out) {
        out.assemble(score_variants_table(), parts[0]);
        if (params.write_covariance)
            for_each_trait([&](const std::string& name, std::string_view, const Parts& from) {
                out.assemble(score_trait_table(name), from);
                out.assemble(score_covariance_table(name), from);
            });
        out.fact("genome_build", genotypes->genome_build());
    });
}

} // namespace salus
