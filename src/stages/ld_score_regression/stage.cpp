#include "base/text.hpp"
#include "stages/ld_score_regression/ld_score_regression.hpp"

#include <filesystem>

namespace salus {
namespace {

double bytes_of(const Inputs& inputs, const std::string& port) {
    double bytes = 0;
    const auto found = inputs.find(port);
    if (found == inputs.end()) return bytes;
    for (const auto& path : found->second) {
        std::error_code missing;
        const auto size = std::filesystem::file_size(path, missing);
        if (!missing) bytes += static_cast<double>(size);
    }
    return bytes;
}

void check_prevalences(const LdScoreRegressionParams& params, std::vector<Problem>& problems) {
    if (params.sample_prevalence.size() != params.population_prevalence.size())
        problems.push_back({.what = "sample_prevalence and population_prevalence differ in length",
                            .where = "stage ld_score_regression",
                            .why = "the liability scale needs both for a study",
                            .help = "write 0 for studies of quantitative traits"});
    for (const auto* values : {&params.sample_prevalence, &params.population_prevalence})
        for (const double p : *values)
            if (!(p >= 0 && p < 1))
                problems.push_back({.what = text("prevalence ", p, " is not in [0, 1)"),
                                    .where = "stage ld_score_regression",
                                    .why = {},
                                    .help = {}});
}

void examine(const LdScoreRegressionParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    check_prevalences(params, problems);
    sizes.input_bytes = bytes_of(inputs, "statistics");
    const auto files = inputs.find("statistics");
    if (files != inputs.end()) sizes.traits = static_cast<double>(files->second.size());
}

Resources needs(const LdScoreRegressionParams& params, const Workload& w) {
    const double scores = std::min(w.variants > 0 ? w.variants : 1.2e6, 1.2e7);
    const double pairs = params.correlations == "all"     ? w.traits * (w.traits - 1) / 2
                         : params.correlations == "first" ? w.traits
                                                          : 0;
    Resources r;
    r.memory_bytes = 48e6 + 300 * scores;
    r.storage_bytes = 1e5 + 300 * w.traits + 200 * pairs;
    r.scratch_bytes = 17 * scores * w.traits;
    r.core_hours = (w.input_bytes * 30e-9 + scores * (w.traits + 3 * pairs) * 0.3e-6) / 3600;
    r.formula = "L variants with an LD score (at most 12 million), P studies, C pairs of them, one "
                "annotation: memory per rank 48 MB + 300 B x L; scratch 17 B x L P; time 30 ns per "
                "byte of statistics + 0.3 us x L (P + 3 C)";
    return r;
}

const char* const details =
    "Heritability from summary statistics: under many small effects the chi-square of a variant "
    "grows in proportion to its LD score, and what does not grow with it is the intercept, which "
    "confounding raises above 1. The product of the z-scores of two studies gives the genetic "
    "covariance in the same way; shared samples move only its intercept.\n\n"
    "Estimates and standard errors are those of LDSC 1.0.1 with its defaults: weights for unequal "
    "variance and for variants counted repeatedly, updated twice; a block jackknife; with one "
    "annotation the intercept comes from the variants with chi-square below two_step and the slope "
    "from all, and with several annotations variants above the larger of 80 and N / 1000 are left "
    "out. Genetic correlations are estimated in one step.\n\n"
    "Variants of a study are matched to LD scores by identifier or by position, in any order. "
    "Where both tell the alleles (LD scores of the stage ld, or with columns A1 and A2) these must "
    "be the same two, in either order and on either strand. A "
    "variant that a study has twice is left out, and the table studies counts every row that was. "
    "Genetic correlations use SNVs whose alleles agree in both studies on either strand; "
    "palindromic ones (A/T, C/G) and indels are left out and counted.";

} // namespace

Stage ld_score_regression_stage() {
    using P = LdScoreRegressionParams;
    return stage<P>("ld_score_regression")
        .summary("heritability and genetic correlation from summary statistics")
        .details(details)
        .cites("Bulik-Sullivan BK et al. (2015) LD Score regression distinguishes confounding from "
               "polygenicity in genome-wide association studies. Nat Genet 47:291. "
               "doi:10.1038/ng.3211")
        .cites("Bulik-Sullivan B et al. (2015) An atlas of genetic correlations across human "
               "diseases and traits. Nat Genet 47:1236. doi:10.1038/ng.3406")
        .cites("Finucane HK et al. (2015) Partitioning heritability by functional annotation using "
               "genome-wide association summary statistics. Nat Genet 47:1228. "
               "doi:10.1038/ng.3404")
        .reads({.name = "statistics",
                .artifact = Artifact::summary_statistics,
                .doc = "association statistics; each text, and each trait of HDF5, is a study",
                .many = true})
        .reads({.name = "ld_scores",
                .artifact = Artifact::ld_scores,
                .doc = "LD scores: .l2.ldscore files with .l2.M_5_50 beside them, or ld.h5",
                .many = true})
        .reads({.name = "weight_ld_scores",
                .artifact = Artifact::ld_scores,
                .doc = "LD scores over the variants of the regression, for its weights; without "
                       "them the ld_scores serve",
                .optional = true,
                .many = true})
        .writes({"ld_score_regression",
                 Artifact::ld_score_regression_result,
                 "ld_score_regression.h5",
                 "heritability and genetic correlation",
                 {ld_score_studies_table(), heritability_table(), heritability_annotations_table(),
                  genetic_correlations_table()}})
        .param("names", &P::names,
               {.doc = "names of the studies; empty: by the trait, or by the file"})
        .param("traits", &P::traits, {.doc = "traits to read from HDF5 results; empty: all"})
        .param("match", &P::match,
               {.doc =
                    "how variants of studies are found among the LD scores; by position those of "
                    "positions with two variants are left out",
                .choices = {"identifier", "position"}})
        .param("correlations", &P::correlations,
               {.doc = "pairs of studies: all, those with the first study, or none",
                .choices = {"all", "first", "none"}})
        .param("blocks", &P::blocks,
               {.doc = "blocks of the jackknife", .unit = "blocks", .min = 2, .max = 10000})
        .param("two_step", &P::two_step,
               {.doc = "the intercept comes from variants with chi-square below this; 0: from all",
                .unit = "1",
                .min = 0})
        .param("chi_square_max", &P::chi_square_max,
               {.doc = "variants with a larger chi-square are left out; 0: as LDSC does",
                .unit = "1",
                .min = 0})
        .param("minor_allele_frequency_min", &P::minor_allele_frequency_min,
               {.doc = "least minor allele frequency, in studies that tell it",
                .unit = "proportion",
                .min = 0,
                .max = 0.5})
        .param("fix_intercepts", &P::fix_intercepts,
               {.doc = "whether intercepts are fixed: 1 of heritability, 0 of covariance"})
        .param("weights", &P::weights,
               {.doc = "weights with several annotations: as LDSC, or updated from their total",
                .choices = {"ldsc", "total"}})
        .param("common_counts", &P::common_counts,
               {.doc = "whether .l2.M_5_50 (variants of frequency above 5 %) tells the number of "
                       "variants, else .l2.M"})
        .param("variants_total", &P::variants_total,
               {.doc = "number of variants behind the LD scores; 0: as their files say",
                .unit = "variants",
                .min = 0})
        .param("sample_sizes", &P::sample_sizes,
               {.doc = "sample size of each study, in place of its column; 0: the column",
                .unit = "people"})
        .param("sample_prevalence", &P::sample_prevalence,
               {.doc = "share of cases in each study, 0 for quantitative traits",
                .unit = "proportion"})
        .param("population_prevalence", &P::population_prevalence,
               {.doc = "prevalence of each trait in the population, 0 for quantitative traits",
                .unit = "proportion"})
        .needs(needs)
        .examines(examine)
        .run(run_ld_score_regression);
}

} // namespace salus
