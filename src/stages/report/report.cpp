#include "stages/report/report.hpp"

#include "base/file.hpp"
#include "base/problems.hpp"
#include "base/text.hpp"

#include "parallel/read_once.hpp"
#include "run/context.hpp"
#include "schema/existing_input.hpp"
#include "stages/report/chart_manhattan.hpp"
#include "stages/report/findings.hpp"
#include "stages/report/further.hpp"
#include "stages/report/page.hpp"
#include "stages/report/read_tables.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>

namespace salus {
namespace {

using namespace report;

constexpr std::uint64_t unit_rows = 1u << 23; // variants whose quality one unit counts
constexpr std::array<std::string_view, 18> ports = {"health_quality",
                                                    "phenotypes",
                                                    "quality",
                                                    "ld",
                                                    "kinship",
                                                    "components",
                                                    "ancestry",
                                                    "null_model",
                                                    "association",
                                                    "loci",
                                                    "gene_tests",
                                                    "interaction",
                                                    "meta_analysis",
                                                    "ld_score_regression",
                                                    "risk",
                                                    "risk_model",
                                                    "risk_validation",
                                                    "trajectories"};

Quality count_quality(RunContext& ctx) {
    const auto units = read_once(ctx.comm(), "opening quality", [&] {
        return row_slices(H5File::open(ctx.input("quality")).rows("variants"), unit_rows);
    });
    const Parts parts =
        ctx.for_each_unit("quality", units.size(), [&](std::uint64_t unit, PartWriter& part) {
            write_variant_quality(
                part.file(), read_variant_quality(H5File::open(ctx.input("quality")), units[unit]));
        });
    return collectively(ctx.comm(), "collecting quality", [&] {
        Quality quality;
        for (std::uint64_t unit = 0; unit < parts.size(); ++unit)
            merge(quality.variants, read_variant_quality_part(parts.open(unit)));
        quality.samples = read_sample_quality(H5File::open(ctx.input("quality")));
        return quality;
    });
}

/// One pass over the tests of a trait; pictures only if asked for.
void draw_trait(const H5File& file, const ReportParams& p, const std::vector<ChromosomeRun>& runs,
                bool pictures, TraitAssociation& trait) {
    const double genome_wide = -std::log10(p.significance);
    const GenomeSketch sketch = read_sketch(file, trait.name, runs, -std::log10(p.suggestive),
                                            static_cast<std::uint32_t>(p.locus_distance));
    auto hits = sketch.independent_hits();
    trait.tested = sketch.tested();
    trait.significant_loci = static_cast<std::uint64_t>(std::count_if(
        hits.begin(), hits.end(), [&](const Hit& hit) { return hit.neg_log10_p >= genome_wide; }));
    hits.resize(std::min(hits.size(), static_cast<std::size_t>(p.top_loci)));
    trait.loci = read_loci(file, trait.name, hits);
    if (!pictures || trait.tested == 0) return;
    trait.manhattan = manhattan_chart({.trait = trait.name,
                                       .sketch = sketch,
                                       .runs = runs,
                                       .loci = std::move(hits),
                                       .genome_wide = genome_wide});
    trait.qq = qq_chart(trait.name, sketch, trait.lambda);
}

std::vector<TraitAssociation> draw_association(const ReportParams& p, RunContext& ctx) {
    std::vector<ChromosomeRun> runs;
    auto traits = read_once(ctx.comm(), "opening association", [&] {
        const H5File file = H5File::open(ctx.input("association"));
        runs = read_runs(file);
        return read_association_summary(file);
    });
    const Parts parts =
        ctx.for_each_unit("traits", traits.size(), [&](std::uint64_t unit, PartWriter& part) {
            TraitAssociation trait = traits[unit];
            draw_trait(H5File::open(ctx.input("association")), p, runs,
                       unit < static_cast<std::uint64_t>(p.max_traits), trait);
            write_trait(part.file(), trait);
        });
    collectively(ctx.comm(), "collecting association", [&] {
        for (std::uint64_t unit = 0; unit < parts.size(); ++unit)
            read_trait(parts.open(unit), traits[unit]);
    });
    return traits;
}

std::optional<Structure> structure_of(const ReportParams& p, const RunContext& ctx) {
    const auto open = [&](std::string_view port) {
        return ctx.has_input(port) ? std::optional<H5File>(H5File::open(ctx.input(port)))
                                   : std::nullopt;
    };
    const auto components = open("components"), ancestry = open("ancestry"),
               kinship = open("kinship"), ld = open("ld");
    if (!components && !ancestry && !kinship && !ld) return std::nullopt;
    const auto pointer = [](const std::optional<H5File>& file) { return file ? &*file : nullptr; };
    return read_structure({.components = pointer(components),
                           .ancestry = pointer(ancestry),
                           .kinship = pointer(kinship),
                           .ld = pointer(ld)},
                          static_cast<std::uint64_t>(p.min_cell));
}

/// Results of what may follow single-variant tests, and the model before them.
void read_further(const ReportParams& p, const RunContext& ctx, ReportData& data) {
    const auto listed = static_cast<std::size_t>(p.top_loci);
    const auto open = [&](std::string_view port) { return H5File::open(ctx.input(port)); };
    if (ctx.has_input("health_quality")) data.records = read_record_quality(open("health_quality"));
    if (ctx.has_input("null_model")) data.predictions = read_null_model(open("null_model"));
    if (ctx.has_input("association"))
        data.phenome = read_phenome(open("association"), data.association);
    if (ctx.has_input("gene_tests")) data.genes = read_gene_tests(open("gene_tests"), listed);
    if (ctx.has_input("interaction"))
        data.interaction = read_interaction(open("interaction"), listed);
    if (ctx.has_input("meta_analysis"))
        data.meta_analysis = read_meta_analysis(open("meta_analysis"), listed);
    if (ctx.has_input("risk_model") || ctx.has_input("risk_validation")) {
        std::optional<H5File> models, validation;
        if (ctx.has_input("risk_model")) models.emplace(open("risk_model"));
        if (ctx.has_input("risk_validation")) validation.emplace(open("risk_validation"));
        data.risk_models =
            read_risk_models(models ? &*models : nullptr, validation ? &*validation : nullptr);
    }
    if (ctx.has_input("ld_score_regression"))
        data.ld_score_regression = read_ld_score_regression(open("ld_score_regression"));
    if (ctx.has_input("trajectories")) data.trajectories = read_trajectories(open("trajectories"));
}

/// What is small enough for one rank to read alone.
void read_the_rest(const ReportParams& p, const RunContext& ctx, ReportData& data) {
    for (const auto port : ports)
        if (ctx.has_input(port))
            data.sources.push_back(read_source(std::string(port), ctx.input(port)));
    data.title = p.title;
    for (const auto& source : data.sources)
        for (const auto& [name, value] : source.facts)
            if (name == "title" && data.title.empty()) data.title = value;
    if (ctx.has_input("association"))
        data.skipped = read_skipped(H5File::open(ctx.input("association")));
    if (data.title.empty()) data.title = "Genomes and health records";
    data.structure = structure_of(p, ctx);
    read_further(p, ctx, data);
    if (ctx.has_input("loci"))
        data.loci = read_loci_result(H5File::open(ctx.input("loci")),
                                     {.listed = static_cast<std::size_t>(p.top_loci),
                                      .traits = static_cast<std::size_t>(p.max_traits),
                                      .regions = static_cast<std::size_t>(p.top_regions),
                                      .genome_wide = -std::log10(p.significance)});
    if (!ctx.has_input("phenotypes")) {
        if (ctx.has_input("risk")) data.risk = read_risk(H5File::open(ctx.input("risk")), nullptr);
        return;
    }
    const H5File phenotypes = H5File::open(ctx.input("phenotypes"));
    data.cohort = read_cohort(phenotypes);
    if (ctx.has_input("risk")) data.risk = read_risk(H5File::open(ctx.input("risk")), &phenotypes);
}

/// Known only now: results of earlier stages of the job are not there when it is checked.
void require_input(const RunContext& ctx) {
    if (std::any_of(ports.begin(), ports.end(),
                    [&](std::string_view port) { return ctx.has_input(port); }))
        return;
    throw UsageError(
        {.what = "the report has no input",
         .where = "stage report",
         .why = "it shows results, and none is given",
         .help = text("give at least one of: ",
                      join(std::vector<std::string>(ports.begin(), ports.end()), ", "))});
}

void write_text(const std::filesystem::path& path, std::string_view bytes) {
    std::ofstream out(path, std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out) throw_storage_error(errno, "write", path);
}

constexpr std::string_view details =
    "The page needs no network and no script: pictures and style are inside. It reads well on a "
    "phone, "
    "on paper, in light and in dark. It begins with the main findings in words, then shows the "
    "cohort, "
    "the quality marks, population structure, the associations of each trait and the scores, and "
    "ends with methods, "
    "provenance and a glossary.\n\n"
    "Every table is read once, in slices, so memory does not grow with the number of variants. The "
    "Manhattan plot keeps which cells of a fixed grid hold a test; the quantile plot keeps counts "
    "per "
    "bin of -log10 p (0.02 up to 20, then 0.5 %). Of each stretch of a tenth of locus_distance the "
    "best "
    "suggestive variant is kept; loci are then taken best first, each at least locus_distance from "
    "all "
    "before it.\n\n"
    "Numbers of people from 1 to min_cell - 1 are not shown, nor a second number from which they "
    "could "
    "be found by subtraction. The same results give the same bytes: the page holds no time and no "
    "host.";

void examine(const ReportParams& p, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    if (p.suggestive < p.significance)
        problems.push_back({.what = "suggestive is below significance",
                            .where = "stage report",
                            .why = "every significant locus must also be suggestive",
                            .help = "use for example suggestive = 1e-5 and significance = 5e-8"});
    const auto* path = existing_input(inputs, "association");
    if (path == nullptr) return;
    try {
        const H5File file = H5File::open(*path);
        sizes.variants = static_cast<double>(file.rows("variants"));
        sizes.traits = static_cast<double>(file.rows("trait_summary"));
    } catch (const Error& error) {
        keep_problems(error, problems);
    }
}

Resources needs(const ReportParams& p, const Workload& w) {
    Resources r;
    const double drawn = std::min(w.traits, static_cast<double>(p.max_traits));
    r.memory_bytes = 54e6 + 250 * std::min(w.variants, 65536.0) + 200 * w.samples + 1e6 * drawn;
    r.storage_bytes = 2e5 + 2.5e5 * drawn + 3000 * w.traits;
    r.scratch_bytes = r.storage_bytes;
    r.core_hours = w.variants * (w.traits * 40e-9 + 250e-9) / 3600;
    r.formula = "memory per rank 54 MB + 250 B x min(M, 65,536) + 200 B x N + 1 MB per drawn "
                "trait; results 0.2 MB + 0.25 MB per drawn trait; time "
                "(40 ns x P + 250 ns) x M";
    return r;
}

} // namespace

void run_report(const ReportParams& p, RunContext& ctx) {
    require_input(ctx);
    ReportData data;
    data.min_cell = static_cast<std::uint64_t>(p.min_cell);
    data.genome_wide = -std::log10(p.significance);
    data.locus_distance = static_cast<std::uint32_t>(p.locus_distance);
    if (ctx.has_input("quality")) data.quality = count_quality(ctx);
    if (ctx.has_input("association")) data.association = draw_association(p, ctx);
    collectively(ctx.comm(), "reading results", [&] {
        if (ctx.comm().is_root()) read_the_rest(p, ctx, data);
    });
    const auto findings = main_findings(data);
    ctx.publish_file("findings", [&](const std::filesystem::path& path) {
        write_text(path, findings.empty() ? "" : join(findings, "\n") + "\n");
    });
    ctx.publish_file("report", [&](const std::filesystem::path& path) {
        write_text(path, page(data, findings));
    });
}

Stage report_stage() {
    using P = ReportParams;
    return stage<P>("report")
        .summary("one HTML page that shows the results of a run to people")
        .details(std::string(details))
        .cites("Devlin B, Roeder K (1999) Genomic control for association studies. Biometrics "
               "55:997. doi:10.1111/j.0006-341X.1999.00997.x")
        .reads({"phenotypes", Artifact::phenotype_table, "cohort and traits", true})
        .reads({"health_quality", Artifact::health_quality_result,
                "checks of health records to be listed", true})
        .reads({"quality", Artifact::quality_result, "marks of variants and samples", true})
        .reads({"ld", Artifact::ld_result, "number of pruned variants", true})
        .reads({"kinship", Artifact::kinship_result, "related pairs to be drawn", true})
        .reads({"components", Artifact::components_result, "coordinates to be drawn", true})
        .reads({"ancestry", Artifact::ancestry_result, "groups that colour the coordinates", true})
        .reads({"association", Artifact::association_result, "tests to be drawn", true})
        .reads({"loci", Artifact::loci_result, "loci to be drawn with credible sets", true})
        .reads({"null_model", Artifact::null_model_result, "whole-genome predictions", true})
        .reads({"gene_tests", Artifact::gene_tests_result, "tests of genes to be listed", true})
        .reads({"interaction", Artifact::interaction_result,
                "interactions with the environment to be listed", true})
        .reads({"meta_analysis", Artifact::meta_result, "meta-analysis to be listed", true})
        .reads({"ld_score_regression", Artifact::ld_score_regression_result,
                "heritability and genetic correlations", true})
        .reads({"risk", Artifact::risk_result, "scores and their validation", true})
        .reads({"trajectories", Artifact::trajectories_result, "simulated life courses", true})
        .reads({"risk_model", Artifact::risk_model_result, "clinical risk models", true})
        .reads({"risk_validation", Artifact::risk_validation_result, "how well the models predict",
                true})
        .writes({"report", Artifact::report, "report.html", "the page", {}})
        .writes({"findings",
                 Artifact::report,
                 "findings.txt",
                 "the main findings, one sentence per line",
                 {}})
        .param("title", &P::title, {.doc = "title of the page; empty takes the title of the job"})
        .param("min_cell", &P::min_cell,
               {.doc = "least number of people that is shown",
                .unit = "people",
                .min = 1,
                .max = 1000})
        .param("significance", &P::significance,
               {.doc = "p below which a variant is genome-wide significant",
                .unit = "probability",
                .min = 1e-300,
                .max = 1})
        .param("suggestive", &P::suggestive,
               {.doc = "p below which a variant can lead a locus in the table",
                .unit = "probability",
                .min = 1e-300,
                .max = 1})
        .param(
            "locus_distance", &P::locus_distance,
            {.doc = "least distance between independent loci", .unit = "bp", .min = 10, .max = 1e9})
        .param("top_loci", &P::top_loci,
               {.doc = "loci in the table of a trait", .unit = "loci", .min = 0, .max = 1000})
        .param("top_regions", &P::top_regions,
               {.doc = "loci of a trait that are drawn by position, with the input loci",
                .unit = "loci",
                .min = 0,
                .max = 1000})
        .param("max_traits", &P::max_traits,
               {.doc = "traits that are drawn; further ones are in the tables only",
                .unit = "traits",
                .min = 0})
        .needs(needs)
        .examines(examine)
        .run(run_report);
}

} // namespace salus
