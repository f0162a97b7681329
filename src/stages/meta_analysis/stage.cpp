#include "base/text.hpp"
#include "stages/meta_analysis/meta_analysis.hpp"

#include <filesystem>

namespace salus {
namespace {

constexpr double bytes_a_row = 40; // of compressed text

void examine(const MetaAnalysisParams&, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>&) {
    const auto files = inputs.find("studies");
    if (files == inputs.end()) return;
    // An association result that is still to be made has a study for each trait.
    const double traits = std::max(1.0, sizes.table.traits());
    sizes.input_bytes = sizes.traits = 0;
    for (const auto& path : files->second) {
        std::error_code missing;
        const auto size = std::filesystem::file_size(path, missing);
        sizes.input_bytes +=
            missing ? bytes_a_row * sizes.variants * traits : static_cast<double>(size);
        sizes.traits += missing ? traits : 1;
    }
}

Resources needs(const MetaAnalysisParams&, const Workload& w) {
    const double studies = w.traits > 0 ? w.traits : 1;
    const double rows = w.input_bytes / bytes_a_row; // each is stored in 75 bytes
    const double variants = w.variants > 0 ? w.variants : rows / studies * 1.2;
    Resources r;
    const double unit = std::max(std::min(33e6, 120 * rows), variants / 1500 * studies * 120);
    r.memory_bytes = 39.6e6 + std::max(3.4 * unit, std::min(400e6, 200 * rows / studies));
    r.storage_bytes = variants * (90 + studies);
    r.scratch_bytes = rows * 83 + variants * (160 + studies);
    r.core_hours = (rows * 2e-6 + variants * 2e-6) / 3600;
    r.formula =
        "S studies with r rows in all, M variants: memory per rank 39.6 MB + the larger of 200 B "
        "for every row of a study (at most 400 MB: they are sorted before they are written) and "
        "3.4 times the rows of a unit, 120 B each, which are all, but at most 32 MiB or those of "
        "the densest window of 2 Mb; results "
        "(90 + S) B x M; scratch 83 B x r + (160 + S) B x M; time 2 us x (r + M), one rank "
        "per study in the first pass";
    return r;
}

const char* const details =
    "Effects of the same variants in several studies, taken together: fixed effects weighted by "
    "inverse variance, random effects of DerSimonian and Laird, Cochran's Q with I2, and on "
    "request "
    "z-scores weighted by the root of the sample size. Files may be of different formats and need "
    "not be sorted.\n\n"
    "Variants are matched by chromosome, position and alleles. Where the effect allele of a study "
    "is the other one of the first study that has the variant, its effect changes sign. SNVs are "
    "matched on either strand unless strand is forward; indels and other longer alleles never, and "
    "since an insertion and a deletion can have the same two alleles, longer alleles in the other "
    "order are taken for the same variant only if frequencies say so. The strand of palindromic "
    "SNVs (A/T, C/G) is told by frequency: a study is left out for such a variant if its frequency "
    "is missing, if the minor allele is more frequent than palindromic_frequency_max, or if "
    "neither "
    "strand brings it within frequency_difference_max of the first study. A variant that a study "
    "has more than once is not used from this study. The table dropped counts every row that is "
    "left out, by reason.\n\n"
    "Lambda of genomic control is told for each study and for the result; standard errors are "
    "multiplied by its root only if genomic_control is set. The table overlap shows the "
    "correlation "
    "of z-scores without signal for each two studies, and a warning is given where it suggests "
    "shared samples.";

} // namespace

Stage meta_analysis_stage() {
    using P = MetaAnalysisParams;
    return stage<P>("meta_analysis")
        .summary("fixed- and random-effect meta-analysis of association statistics")
        .details(details)
        .cites(
            "DerSimonian R, Laird N (1986) Meta-analysis in clinical trials. Control Clin Trials "
            "7:177. doi:10.1016/0197-2456(86)90046-2")
        .cites("Higgins JPT, Thompson SG (2002) Quantifying heterogeneity in a meta-analysis. Stat "
               "Med 21:1539. doi:10.1002/sim.1186")
        .cites("Willer CJ, Li Y, Abecasis GR (2010) METAL: fast and efficient meta-analysis of "
               "genomewide association scans. Bioinformatics 26:2190. "
               "doi:10.1093/bioinformatics/btq340")
        .reads({.name = "studies",
                .artifact = Artifact::summary_statistics,
                .doc = "association statistics; each text, and each trait of HDF5, is a study",
                .many = true})
        .writes({"meta_analysis",
                 Artifact::meta_result,
                 "meta_analysis.h5",
                 "meta-analysed effects, heterogeneity, and what was left out",
                 {meta_variants_table(), meta_effects_table(false), meta_effects_table(true),
                  meta_scores_table(), meta_heterogeneity_table(), meta_studies_table(),
                  meta_dropped_table(), meta_overlap_table()}})
        .param("names", &P::names,
               {.doc = "names of the studies; empty: by the trait, or by the file"})
        .param("traits", &P::traits,
               {.doc = "traits to read from HDF5 results, only one where studies are taken "
                       "together; empty: all, each as a study"})
        .param("strand", &P::strand,
               {.doc = "forward: all studies report alleles of the forward strand, so palindromic "
                       "SNVs are matched by their letters and no strand is changed",
                .choices = {"unknown", "forward"}})
        .param("palindromic_frequency_max", &P::palindromic_frequency_max,
               {.doc = "largest minor allele frequency that tells the strand of a palindromic SNV",
                .unit = "proportion",
                .min = 0,
                .max = 0.5})
        .param("frequency_difference_max", &P::frequency_difference_max,
               {.doc = "largest difference of the frequencies of one allele in two studies, where "
                       "frequencies tell alleles apart",
                .unit = "proportion",
                .min = 0,
                .max = 1})
        .param("studies_min", &P::studies_min,
               {.doc = "least number of studies of a variant in the result",
                .unit = "studies",
                .min = 1,
                .max = 1e6})
        .param("sample_size_weighted", &P::sample_size_weighted,
               {.doc = "whether z-scores weighted by sample size are computed too; rows that have "
                       "only a z-score then count"})
        .param("sample_sizes", &P::sample_sizes,
               {.doc = "sample size of each study, in place of its column; 0: the column",
                .unit = "people"})
        .param("genomic_control", &P::genomic_control,
               {.doc = "whether standard errors of studies are multiplied by the root of their "
                       "lambda, where that is above 1"})
        .needs(needs)
        .examines(examine)
        .run(run_meta_analysis);
}

} // namespace salus
