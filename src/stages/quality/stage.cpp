#include "base/text.hpp"
#include "genotype/genotype_source.hpp"
#include "stages/quality/quality.hpp"

namespace salus {
namespace {

void examine(const QualityParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    if (params.female_f_max >= params.male_f_min)
        problems.push_back({.what = text("female_f_max (", params.female_f_max,
                                         ") is not below male_f_min (", params.male_f_min, ")"),
                            .where = "stage quality",
                            .why = "a sample cannot be male and female at once",
                            .help = "use for example 0.2 and 0.8"});
    const auto found = inputs.find("genotypes");
    if (found == inputs.end() || found->second.empty() ||
        !std::filesystem::exists(found->second.front()))
        return;
    try {
        const auto genotypes = open_genotypes(found->second.front());
        sizes.samples = static_cast<double>(genotypes->samples().size());
        sizes.variants = static_cast<double>(genotypes->variant_count());
    } catch (const Error& error) {
        problems.insert(problems.end(), error.problems().begin(), error.problems().end());
    }
}

Resources needs(const QualityParams&, const Workload& w) {
    const double genotypes = w.variants * w.samples;
    const double units = std::min(
        2048.0, std::max(4.0, std::max(std::min(64.0, genotypes / 0x1p27), genotypes / 0x1p31)));
    Resources r;
    r.memory_bytes = 64e6 + 750 * w.samples + 400 * w.variants / units;
    r.storage_bytes = 60 * w.variants + 60 * w.samples;
    r.scratch_bytes = 120 * w.variants + 25 * w.samples * units + 504 * w.samples;
    r.core_hours = (genotypes * 0.2e-9 + w.variants * 4e-6) / 3600;
    r.formula =
        "memory per rank 64 MB + 750 B x N + 400 B x M / U, with U = N M / 2^31 units, at most "
        "2048 "
        "and, where units of 2^27 genotypes allow, at least 64; results 60 B x (M + N); scratch "
        "120 B x M + 25 B x N U + 504 B x N; time 0.2 ns x N M + 4 us x M, less where variants are "
        "rare";
    return r;
}

} // namespace

TableSpec quality_variants_table() {
    using enum ColumnType;
    return {
        .name = "variants",
        .row = "variant",
        .doc = "One row per variant of the genotype store, in its order.",
        .columns = {
            {"chromosome", text, "", "Chromosome as written in the input"},
            {"base_pair_location", u32, "bp", "Position, 1-based"},
            {"variant_id", text, "", "Identifier as written in the input, empty if none"},
            {"other_allele", text, "", "Reference allele (REF)"},
            {"effect_allele", text, "", "Alternative allele (ALT)"},
            {"hom_ref", u32, "people",
             "Called without ALT; on X and Y males, and on MT, with one copy"},
            {"het", u32, "people", "Called heterozygous, also where only one copy is expected"},
            {"hom_alt", u32, "people", "Called with ALT only"},
            {"missing", u32, "people", "Without a call; on Y only recorded males are counted"},
            {"call_rate", f64, "proportion", "Called people over people who should have a call"},
            {"alt_frequency", f64, "proportion",
             "ALT alleles over called alleles; haploid calls count one allele, and a haploid "
             "heterozygous call half an ALT"},
            {"minor_allele_count", u32, "alleles", "Copies of the rarer allele"},
            {"hwe_neg_log10_p", f64, "-log10 p",
             "Exact Hardy-Weinberg test; on X of recorded females; NaN on Y and MT"},
            {"hwe_midp_neg_log10_p", f64, "-log10 p", "The same with half weight for ties (mid-p)"},
            {"pass", u8, "0 or 1", "1 if no threshold is violated"},
            {"fail_reason", text, "",
             "Why not: low_call_rate, hardy_weinberg, low_minor_allele_count, joined by ';'"},
        }};
}

TableSpec quality_samples_table() {
    using enum ColumnType;
    return {
        .name = "samples",
        .row = "sample",
        .doc = "One row per sample, in the order of the genotype store.",
        .columns = {
            {"sample_id", text, "", "Sample identifier"},
            {"call_rate", f64, "proportion",
             "Called variants over all variants; Y counts for recorded males only"},
            {"heterozygosity", f64, "proportion", "Heterozygous over called, autosomal"},
            {"inbreeding_f", f64, "1",
             "1 - heterozygous / expected heterozygous (sum of 2pq over called autosomal "
             "variants)"},
            {"sex_recorded", u8, "code", "Recorded sex: 0 unknown, 1 male, 2 female"},
            {"sex_genetic", u8, "code",
             "Sex from F on X, else from Y calls: 0 undecided, 1 male, 2 female"},
            {"x_heterozygosity", f64, "proportion",
             "Heterozygous over called on X outside the pseudo-autosomal regions"},
            {"x_inbreeding_f", f64, "1",
             "F on the same variants: near 1 in males, near 0 in females; in recorded males "
             "calls lost on X beyond the autosomal rate count as heterozygous if that changes the "
             "sex"},
            {"y_call_rate", f64, "proportion", "Called over all variants on Y"},
            {"singletons", u32, "variants",
             "Autosomal variants whose only ALT copy is in this sample"},
            {"ti_tv", f64, "ratio", "Carried autosomal transitions over transversions"},
            {"duplicate_of", text, "",
             "Sample with the same genome (duplicate or identical twin) and a better call rate"},
            {"pass", u8, "0 or 1", "1 if no threshold is violated"},
            {"fail_reason", text, "",
             "Why not: low_call_rate, excess_heterozygosity, low_heterozygosity, sex_mismatch, "
             "duplicate, joined by ';'"},
        }};
}

Stage quality_stage() {
    using P = QualityParams;
    return stage<P>("quality")
        .summary("statistics and pass marks of every variant and every sample")
        .details(
            "Per variant: genotype counts, call rate, allele frequency and minor allele count with "
            "the "
            "ploidy of X, Y and MT by recorded sex, and the exact Hardy-Weinberg test. Per sample: "
            "call "
            "rate, heterozygosity, inbreeding coefficient, sex from X and Y against the record, "
            "singletons, transitions over transversions, and duplicates. Nothing is deleted: a "
            "variant "
            "or sample that violates a threshold has pass = 0 and says why; later stages that are "
            "given "
            "the result leave it out.\n\n"
            "Excess heterozygosity is the sign of a contaminated sample. The limit is in standard "
            "deviations over all samples, so keep it wide where ancestries are mixed.\n\n"
            "Duplicates are searched on up to 1,008 common autosomal variants spread over the "
            "genome: "
            "samples that agree on one of 42 disjoint sets of 24 are compared on all. Identical "
            "twins "
            "are found as well: set fail_duplicates = false to keep them.")
        .cites(
            "Wigginton JE, Cutler DJ, Abecasis GR (2005) A note on exact tests of Hardy-Weinberg "
            "equilibrium. Am J Hum Genet 76:887. doi:10.1086/429864")
        .cites("Graffelman J, Moreno V (2013) The mid p-value in exact tests for Hardy-Weinberg "
               "equilibrium. Stat Appl Genet Mol Biol 12:433. doi:10.1515/sagmb-2012-0039")
        .reads({"genotypes", Artifact::genotype_store, "genotypes to be checked"})
        .writes({"quality",
                 Artifact::quality_result,
                 "quality.h5",
                 "statistics and pass marks of variants and samples",
                 {quality_variants_table(), quality_samples_table()}})
        .param("variant_call_rate_min", &P::variant_call_rate_min,
               {.doc = "least call rate of a variant", .unit = "proportion", .min = 0, .max = 1})
        .param("hwe_p_min", &P::hwe_p_min,
               {.doc =
                    "least mid-p of the Hardy-Weinberg test; 0 switches it off. Mixed ancestries "
                    "deviate without any error: use a very small value",
                .unit = "probability",
                .min = 0,
                .max = 1})
        .param("minor_allele_count_min", &P::minor_allele_count_min,
               {.doc = "least minor allele count of a variant", .unit = "alleles", .min = 0})
        .param("sample_call_rate_min", &P::sample_call_rate_min,
               {.doc = "least call rate of a sample", .unit = "proportion", .min = 0, .max = 1})
        .param("heterozygosity_sd_max", &P::heterozygosity_sd_max,
               {.doc = "largest distance of a sample's heterozygosity from the mean",
                .unit = "standard deviations",
                .min = 0})
        .param("male_f_min", &P::male_f_min,
               {.doc = "F on X above which a sample is male", .unit = "1", .min = -1, .max = 1})
        .param("female_f_max", &P::female_f_max,
               {.doc = "F on X below which a sample is female", .unit = "1", .min = -1, .max = 1})
        .param("sex_variants_min", &P::sex_variants_min,
               {.doc = "least number of calls on X, or of variants on Y, to tell the sex",
                .unit = "variants",
                .min = 1})
        .param("fail_sex_mismatch", &P::fail_sex_mismatch,
               {.doc = "whether a sample fails whose genetic sex is not the recorded one"})
        .param("duplicate_concordance_min", &P::duplicate_concordance_min,
               {.doc = "share of equal calls from which two samples are the same genome",
                .unit = "proportion",
                .min = 0.8,
                .max = 1})
        .param("fail_duplicates", &P::fail_duplicates,
               {.doc = "whether of equal genomes all but the one with the best call rate fail"})
        .needs(needs)
        .examines(examine)
        .run(run_quality);
}

} // namespace salus
