#include "formats/file_genotypes.hpp"
#include "genotype/genotype_source.hpp"
#include "stages/allele_frequencies/allele_frequencies.hpp"

#include <algorithm>

namespace salus {
namespace {

bool given(const Inputs& inputs, const char* port) {
    const auto found = inputs.find(port);
    return found != inputs.end() && !found->second.empty();
}

void examine(const AlleleFrequenciesParams&, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    if (given(inputs, "groups") && given(inputs, "ancestry"))
        problems.push_back({.what = "both groups and ancestry are given",
                            .where = "stage allele_frequencies",
                            .why = "a sample is counted in one group",
                            .help = "leave out one of them"});
    examine_genotypes(inputs, sizes, problems);
}

Resources needs(const AlleleFrequenciesParams& params, const Workload& w) {
    const double populations = params.sex_within_groups ? 24 : 10;
    const double units = std::min(2048.0, std::max(8.0, w.variants * w.samples / 0x1p34));
    Resources r;
    const double fine = std::max(1.0, std::min(64.0, w.variants / block_rows(w)));
    const double read = std::min(8192.0, variants_at_once(w, 0x1p24, fine / 8));
    r.memory_bytes = 41e6 + dosage_bytes(w, read) + 800 * std::min(w.variants, 1e5) +
                     (190 + 0.75 * populations) * w.samples + 100 * populations * 8192 +
                     25 * populations * w.variants / units;
    r.storage_bytes = 25 * populations * w.variants;
    r.scratch_bytes = r.storage_bytes;
    r.core_hours =
        (w.variants * w.samples * 0.012e-9 * populations + w.variants * populations * 1e-6) / 3600;
    r.formula = "P populations (10 assumed, 24 with sex_within_groups), U = N M / 2^34 units, at "
                "least 8 and at most 2048: memory "
                "per rank 41 MB + 800 B x min(M, 100,000) + 190 B x N + 0.75 B x N P + 0.8 MB x P "
                "+ 25 B x P M / U; results "
                "and scratch "
                "25 B x P M; time 0.012 ns x N M P + 1 us x M P, less where variants are rare; "
                "with dosages another 2 B x N x min(max(M / 8, 8 blocks of the store), 2^26 / N, "
                "8,192) of memory";
    return r;
}

constexpr const char* details =
    "One line per ALT allele of the store with AC, AN, AF, AC_Het, AC_Hom and AC_Hemi of all "
    "samples; "
    "the same with the suffix _XX and _XY for samples recorded as female and male, and with _GROUP "
    "for "
    "every group. The definitions are those of bcftools +fill-tags: numbers of alleles, AC = "
    "AC_Het + "
    "AC_Hom + AC_Hemi, so a homozygous person counts two in AC_Hom. Outside the pseudo-autosomal "
    "regions recorded males have one allele on X and Y, nobody else counts on Y, and everybody has "
    "one "
    "on MT. Groups are countries or ancestries: a table of sample_id and group, or the result of "
    "stage "
    "ancestry.\n\n"
    "Small counts: where one to minimum_count - 1 people of a population carry the allele, its AC, "
    "AF "
    "and genotype counts are left out; where so few are heterozygous, homozygous or hemizygous, "
    "its "
    "genotype counts are. Other populations are hidden as well where the total less the published "
    "ones "
    "would reveal a hidden number, samples of unknown sex or without group included. Zero is "
    "published, "
    "and AN always is. HIDDEN names the populations of a line, and the header says how many there "
    "are. "
    "Both sexes of groups are published on lines where no part of the table of groups by sexes is "
    "small, "
    "and hidden altogether on the others. "
    "This protects one release; several releases of almost the same people can still be compared.";

} // namespace

Stage allele_frequencies_stage() {
    using P = AlleleFrequenciesParams;
    return stage<P>("allele_frequencies")
        .summary("allele frequencies by sex and group as VCF, without small counts")
        .details(details)
        .cites("Hundepool A et al (2012) Statistical Disclosure Control. Wiley. "
               "doi:10.1002/9781118348239")
        .reads({"genotypes", Artifact::genotype_store, "genotypes to be counted"})
        .reads({.name = "groups",
                .artifact = Artifact::ancestry_labels,
                .doc = "group of every sample: country, ancestry",
                .optional = true})
        .reads({.name = "ancestry",
                .artifact = Artifact::ancestry_result,
                .doc = "ancestry groups instead of groups",
                .optional = true})
        .reads({.name = "quality",
                .artifact = Artifact::quality_result,
                .doc = "leaves out variants and samples that failed",
                .optional = true})
        .writes({.name = "allele_frequencies",
                 .artifact = Artifact::allele_frequencies,
                 .file = "allele_frequencies.vcf.gz",
                 .doc = "sites with frequencies, bgzipped VCF",
                 .tables = {}})
        .writes({.name = "index",
                 .artifact = Artifact::allele_frequencies,
                 .file = "allele_frequencies.vcf.gz.tbi",
                 .doc = "tabix index of the sites",
                 .tables = {}})
        .param(
            "minimum_count", &P::minimum_count,
            {.doc =
                 "least number of people, other than none, that may be read from a count; 0 or 1 "
                 "publishes everything",
             .unit = "people",
             .min = 0,
             .max = 1000})
        .param("group_size_min", &P::group_size_min,
               {.doc = "groups with fewer samples are counted in the total only",
                .unit = "samples",
                .min = 1})
        .param("sex_within_groups", &P::sex_within_groups,
               {.doc = "also count _GROUP_XX and _GROUP_XY of every group in which each sex has "
                       "none or at least group_size_min samples"})
        .param("compression", &P::compression,
               {.doc = "deflate level, 1 fast to 12 small", .min = 1, .max = 12})
        .needs(needs)
        .examines(examine)
        .run(run_allele_frequencies);
}

} // namespace salus
