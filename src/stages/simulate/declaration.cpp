#include "stages/simulate/cohort.hpp"
#include "stages/simulate/simulate.hpp"

#include <algorithm>

namespace salus {
namespace {

void examine_simulate(const SimulateParams& params, const Inputs&, Workload& sizes,
                      std::vector<Problem>& problems) {
    constexpr double events_per_person = 12.3;
    const std::vector<Problem> found = check_simulation(params);
    problems.insert(problems.end(), found.begin(), found.end());
    if (!found.empty()) return;
    double megabases = 0;
    for (const GenomeRegion& region : simulated_regions(params))
        megabases += (region.end - region.begin) * 1e-6 * region.site_density;
    sizes.samples = static_cast<double>(params.samples);
    sizes.variants = megabases * (params.common_per_mb + params.rare_per_mb);
    sizes.persons = sizes.samples * (1 + params.without_genome);
    sizes.events = sizes.persons * events_per_person;
}

Resources simulate_needs(const SimulateParams& params, const Workload& w) {
    const double genotypes = w.samples * w.variants;
    const double common_share =
        params.common_per_mb / (params.common_per_mb + params.rare_per_mb + 1e-9);
    const double compressed = genotypes * (0.2 * common_share + 0.01);
    // A unit is a 64th of all, at most 2^25 genotypes but at least 0.1 Mb. Text is kept of it.
    const double cell = w.samples * (params.common_per_mb + params.rare_per_mb) * 0.1,
                 unit = std::max(cell, std::min(0x1p25, genotypes / 64));
    double bytes = 0, memory = 60e6 + 64 * w.samples + 0.6 * unit;
    for (const std::string& format : params.formats) {
        bytes += format == "bed" ? genotypes / 4 : compressed;
        memory += format == "vcf" ? 6e6 + 4 * unit : format == "bcf" ? 2 * unit : 0;
    }
    return {.memory_bytes = memory,
            .storage_bytes = bytes + w.persons * (1240 + 7.5 * params.proteins),
            .scratch_bytes = bytes + w.persons * (520 + 4.0 * params.proteins),
            .core_hours = (genotypes * 3.5e-8 * static_cast<double>(params.formats.size()) +
                           w.persons * 3e-5) /
                          3600,
            .formula =
                "memory 60 MB + 64 B x N + one unit (a 64th of all, at most 2^25 genotypes or "
                "0.1 Mb; 0.6 bytes each, 4 more and 6 MB for VCF, 2 more for BCF); storage "
                "per genotype: "
                "0.21 bytes common, 0.01 rare (VCF, BCF each), 1/4 (bed), 1.2 kB and 8 a "
                "protein for a person; "
                "35 ns per genotype and format, 30 us a person"};
}

constexpr const char* details =
    R"(Founder haplotypes of each ancestry group descend from a common pool by an urn scheme: allele frequencies of a group are
Beta distributed about those of the pool with the F_ST given as drift, and each mutation is carried by all
descendants of one lineage, so that the spectrum is proportional to 1/f and linkage disequilibrium decays as lineages recombine.
People are mosaics of the founder haplotypes of their group; children recombine their parents' haplotypes. Rare variants
are put on one or a few founder haplotypes and transmitted: most are seen once or twice.

A tenth of a megabase is the smallest piece: its sites, and every haplotype in it, are computed from seed and index alone, never from
the pieces before. So memory does not grow with the number of variants, and results do not depend on the layout of the job.

Traits are sums of causal variants and environment; diseases are liabilities above a threshold that shift with age, sex, group and
(coronary disease) LDL cholesterol. They give rise to OMOP CDM 5.4 tables with the defects of real records: other units, missing
units, impossible values, rows twice, events outside the observation period, codes in lower case or without dot.
Variants are annotated with genes of 50 kb and drawn consequences (annotations.txt.gz, as regenie reads them).
Planted quality faults and all truths are written to truth/.

Limits: no selection, no admixed people, no indel longer than 4 bases, no pseudo-autosomal region.)";

/// Declares who is simulated.
void declare_people(StageOf<SimulateParams>& stage) {
    stage
        .param("samples", &SimulateParams::samples,
               {.doc = "Number of genomes.", .unit = "samples", .min = 20, .max = 1e8})
        .param("groups", &SimulateParams::groups, {.doc = "Labels of the ancestry groups."})
        .param("proportions", &SimulateParams::proportions,
               {.doc = "Share of each group; scaled to sum 1.", .unit = "proportion"})
        .param("drift", &SimulateParams::drift,
               {.doc = "F_ST of each group against the common ancestral pool, in (0, 0.5).",
                .unit = "F_ST"})
        .param("family_share", &SimulateParams::family_share,
               {.doc = "Share of the samples in families (trios, siblings, twins).",
                .unit = "proportion",
                .min = 0,
                .max = 1})
        .param("without_genome", &SimulateParams::without_genome,
               {.doc = "Persons with a health record but no genome, per sample.",
                .unit = "proportion",
                .min = 0,
                .max = 10})
        .param("without_record", &SimulateParams::without_record,
               {.doc = "Share of the genomes without a health record.",
                .unit = "proportion",
                .min = 0,
                .max = 1})
        .param("ldl_heritability", &SimulateParams::ldl_heritability,
               {.doc = "Heritability of LDL cholesterol.",
                .unit = "proportion",
                .min = 0.1,
                .max = 0.95})
        .param("ldl_locus_variance", &SimulateParams::ldl_locus_variance,
               {.doc = "Variance of LDL cholesterol that its strongest locus explains.",
                .unit = "proportion",
                .min = 0,
                .max = 0.5})
        .param("background_variants", &SimulateParams::background_variants,
               {.doc = "Causal variants of small effect per trait.",
                .unit = "variants",
                .min = 0,
                .max = 10000})
        .param(
            "defect_rate", &SimulateParams::defect_rate,
            {.doc = "How often records go wrong: about this share of rows for each kind of defect.",
             .unit = "proportion",
             .min = 0,
             .max = 0.2})
        .param("proteins", &SimulateParams::proteins,
               {.doc = "Proteins of each person in features.csv: the first six follow the "
                       "liabilities of the traits, the others are noise.",
                .unit = "proteins",
                .min = 0,
                .max = 9999});
}

void declare_genomes(StageOf<SimulateParams>& stage) {
    stage
        .param("chromosomes", &SimulateParams::chromosomes,
               {.doc = "Chromosomes of GRCh38, in order: chr1 to chr22, chrX, chrY, chrM."})
        .param(
            "region_mb", &SimulateParams::region_mb,
            {.doc = "Length of the stretch that is simulated on each chromosome; 250 is the whole.",
             .unit = "Mb",
             .min = 0.01,
             .max = 250})
        .param("common_per_mb", &SimulateParams::common_per_mb,
               {.doc = "Common sites per Mb; real genomes have about 3,000.",
                .unit = "sites/Mb",
                .min = 0,
                .max = 50000})
        .param("rare_per_mb", &SimulateParams::rare_per_mb,
               {.doc = "Rare sites per Mb, most seen once or twice.",
                .unit = "sites/Mb",
                .min = 0,
                .max = 150000})
        .param("common_frequency_min", &SimulateParams::common_frequency_min,
               {.doc = "Least expected minor allele frequency of a common site.",
                .unit = "proportion",
                .min = 0.0001,
                .max = 0.2})
        .param("panel_haplotypes", &SimulateParams::panel_haplotypes,
               {.doc = "Founder haplotypes of each group.",
                .unit = "haplotypes",
                .min = 10,
                .max = 20000})
        .param("panel_segment_cm", &SimulateParams::panel_segment_cm,
               {.doc = "Mean length of the shortest founder segments; longer gives more linkage "
                       "disequilibrium.",
                .unit = "cM",
                .min = 0.0001,
                .max = 10})
        .param("segment_cm", &SimulateParams::segment_cm,
               {.doc = "Mean length of what a person copies from one founder haplotype.",
                .unit = "cM",
                .min = 0.001,
                .max = 100})
        .param("recombination", &SimulateParams::recombination,
               {.doc = "Mean recombination rate.", .unit = "cM/Mb", .min = 0, .max = 100})
        .param("formats", &SimulateParams::formats,
               {.doc = "Genotype files: vcf (with .tbi), bcf (with .csi), bed (with .bim, .fam).",
                .choices = {"vcf", "bcf", "bed"}})
        .param("compression", &SimulateParams::compression,
               {.doc = "Deflate level of VCF and BCF, 1 fast to 12 small.", .min = 1, .max = 12});
}

void declare_faults(StageOf<SimulateParams>& stage) {
    stage
        .param("missing_rate", &SimulateParams::missing_rate,
               {.doc = "Mean share of missing calls.", .unit = "proportion", .min = 0, .max = 0.05})
        .param("duplicates", &SimulateParams::duplicates,
               {.doc = "Samples that hold the genome of another sample.", .unit = "samples"})
        .param("contaminated", &SimulateParams::contaminated,
               {.doc = "Samples mixed with DNA of another sample.", .unit = "samples"})
        .param("low_call", &SimulateParams::low_call,
               {.doc = "Samples with 15 % missing calls.", .unit = "samples"})
        .param("swapped_sex", &SimulateParams::swapped_sex,
               {.doc = "Samples whose sheet says the other sex.", .unit = "samples"})
        .param("hardy_weinberg_faults", &SimulateParams::hardy_weinberg_faults,
               {.doc = "Common variants at which half of the heterozygotes are called homozygous.",
                .unit = "variants",
                .max = 10000})
        .param("low_call_faults", &SimulateParams::low_call_faults,
               {.doc = "Common variants with 8 to 20 % missing calls.",
                .unit = "variants",
                .max = 10000});
}

} // namespace

Stage simulate_stage() {
    StageOf<SimulateParams> declared = stage<SimulateParams>("simulate");
    declared
        .summary("Make a synthetic cohort of genomes and health records with planted, documented "
                 "truths.")
        .details(details)
        .cites("Li & Stephens 2003, doi:10.1093/genetics/165.4.2213 (haplotypes as mosaics)")
        .cites("Balding & Nichols 1995, doi:10.1007/BF01441146 (allele frequencies of groups)")
        .cites("Falconer 1965, doi:10.1111/j.1469-1809.1965.tb00500.x (liability threshold)")
        .writes({.name = "cohort",
                 .artifact = Artifact::cohort,
                 .file = "cohort",
                 .doc = "Folder: genotypes.vcf.gz, .bcf, .bed; annotations.txt.gz; samples.tsv; "
                        "links.csv; omop/*.csv; features.csv with its dictionary; "
                        "truth/*.tsv with README.",
                 .tables = {}});
    declare_people(declared);
    declare_genomes(declared);
    declare_faults(declared);
    return declared.needs(simulate_needs).examines(examine_simulate).run(run_simulate);
}

} // namespace salus
