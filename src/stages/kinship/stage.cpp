#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "genotype/genotype_source.hpp"
#include "models/kinship.hpp"
#include "stages/kinship/kinship.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

void examine(const KinshipParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    const auto degree = std::max(params.family_degree, params.unrelated_degree);
    const double needed = kinship_of_degree(static_cast<unsigned>(degree));
    // The usual cut-offs are written with three digits.
    if (params.kinship_min > needed * 1.005)
        problems.push_back({.what = text("kinship_min (", params.kinship_min,
                                         ") hides relatives of degree ", degree),
                            .where = "stage kinship",
                            .why = text("families and the unrelated set need all pairs above ",
                                        significant(needed, 3)),
                            .help = "lower kinship_min, or family_degree and unrelated_degree"});
    examine_genotypes(inputs, sizes, problems);
    examine_variant_set(inputs, params.minor_allele_frequency_min, sizes, problems);
}

Resources needs(const KinshipParams& params, const Workload& w) {
    // Pruning leaves a third at most, and an eighth at least is assumed of what it leaves.
    const double most = static_cast<double>(params.variants_max);
    const double used = std::min(w.set_variants > 0 ? w.set_variants
                                 : w.pruned         ? w.variants / 3
                                                    : w.variants,
                                 most);
    const double band = std::max(2048.0, w.samples / 128);
    const double pairs = w.samples * w.samples / 2;
    // Of few variants chance makes relatives: the estimate of an unrelated pair has a standard
    // deviation of about 0.86 / sqrt(variants).
    const double left = w.set_variants > 0 || !w.pruned ? used : std::min(w.variants / 8, most);
    const double by_chance =
        0.5 * std::erfc(params.kinship_min * std::sqrt(left) / (0.86 * std::sqrt(2.0)));
    const double bands = std::ceil(w.samples / band),
                 units = std::max(1.0, bands * (bands + 1) / 2);
    const double relatives = 10 * w.samples + pairs * by_chance;
    Resources r;
    const double read = std::min(65536.0, variants_at_once(w, 0x1p26, 8));
    r.memory_bytes = 58e6 + dosage_bytes(w, read) + 300 * std::min(w.variants, 65536.0) +
                     16 * used +
                     std::max(std::min(0x1p28, 0.5 * w.samples * used) + 200 * w.samples,
                              2.5 * std::min(band, w.samples) * used / 4) +
                     56 * (w.samples + relatives) + 200 * relatives / units;
    r.storage_bytes = 40 * relatives + 20 * w.samples;
    r.scratch_bytes = w.samples * used / 4 + 20 * used + 60 * relatives;
    r.core_hours =
        (w.variants * w.samples * 0.1e-9 + used * w.samples * 1e-9 + pairs * used * 0.004e-9) /
        3600;
    r.formula =
        "m = min(M, variants_max) variants (counted where the result of ld or quality is there; M "
        "/ 3 with ld), bands of b = max(2048, N / 128) samples: memory "
        "per rank 58 MB + 300 B x min(M, 65,536) + 16 B x m + the larger of min(256 MB, N m / 2 B) "
        "+ "
        "200 B x N and 2.5 b m / 4 B, + 56 B x (N + pairs) + 200 B x the pairs of two bands (found "
        "are 10 N and those that m "
        "variants, or M / 8 where the input ld is still to be made, make relatives by chance); "
        "scratch N m / 4 B; time 0.1 ns x N M + "
        "1 ns x N m + 0.004 ns x m N^2 / 2; with dosages another 2 B x N x min(M / 8, 2^28 / N, "
        "65,536) of memory";
    return r;
}

constexpr const char* details =
    "Kinship of every two samples by KING-robust, from exact integer counts over the autosomal "
    "variants that both have a call of. The estimate needs no allele frequencies, so it holds in "
    "mixed populations; pairs of different ancestry come out negative. Cut-offs of KING: above "
    "0.354 "
    "one genome (duplicate samples or identical twins), 0.177 first, 0.0884 second and 0.0442 "
    "third "
    "degree. Parents and children are told from full siblings by the share of variants without a "
    "common allele.\n\n"
    "The screen is exact: the sum of squared genotype differences of a pair only grows from "
    "variant "
    "to variant, and the numbers of heterozygotes that bound it are known beforehand, so a pair is "
    "left as soon as it cannot reach kinship_min any more. No pair above the cut-off is missed.\n\n"
    "Give the result of LD pruning where there is one: linked variants repeat themselves. Without "
    "it, and with more than variants_max eligible variants, evenly spaced ones are used.\n\n"
    "Families are samples joined by pairs up to family_degree. The unrelated set holds no pair up "
    "to "
    "unrelated_degree. Among up to 40 linked samples it is a largest set, and of those the one "
    "with "
    "the best call rates; in larger groups the sample with the most relatives is dropped first, of "
    "equals the one with the lower call rate, then the later one.";

void declare_params(StageOf<KinshipParams>& stage) {
    using P = KinshipParams;
    stage
        .param("kinship_min", &P::kinship_min,
               {.doc = "least kinship of a pair that is reported; a very low value reports all",
                .unit = "kinship",
                .min = -1000,
                .max = 0.5})
        .param("minor_allele_frequency_min", &P::minor_allele_frequency_min,
               {.doc = "least minor allele frequency of a variant that is used",
                .unit = "proportion",
                .min = 0,
                .max = 0.5})
        .param("variants_max", &P::variants_max,
               {.doc = "most variants that are used; of more, evenly spaced ones are taken",
                .unit = "variants",
                .min = 1,
                .max = 10'000'000})
        .param("parent_child_ibs0_max", &P::parent_child_ibs0_max,
               {.doc = "share of variants without a common allele, over the share expected between "
                       "unrelated people, up to which a pair of first degree is parent and child; "
                       "full siblings have about 1/4",
                .unit = "ratio",
                .min = 0,
                .max = 0.25})
        .param("family_degree", &P::family_degree,
               {.doc = "pairs up to this degree join samples to a family",
                .unit = "degree",
                .min = 0,
                .max = 3})
        .param("unrelated_degree", &P::unrelated_degree,
               {.doc = "the unrelated set holds no pair up to this degree",
                .unit = "degree",
                .min = 0,
                .max = 3})
        .param("screen", &P::screen,
               {.doc = "exact: leave a pair as soon as it cannot reach kinship_min; none: count "
                       "every pair over all variants. Both give the same pairs",
                .choices = {"exact", "none"}});
}

} // namespace

TableSpec kinship_pairs_table() {
    using enum ColumnType;
    return {.name = "pairs",
            .row = "pair",
            .doc =
                "Pairs of samples with at least kinship_min, by bands of samples in the order of "
                "the genotype store.",
            .columns = {
                {"sample_1", text, "", "Sample identifier, the earlier in the store"},
                {"sample_2", text, "", "Sample identifier, the later in the store"},
                {"variants", u32, "variants", "Variants called in both"},
                {"het_1", u32, "variants", "Of these heterozygous in the first"},
                {"het_2", u32, "variants", "Of these heterozygous in the second"},
                {"het_het", u32, "variants", "Of these heterozygous in both"},
                {"ibs0", u32, "variants", "Of these homozygous for different alleles"},
                {"kinship", f64, "kinship", "KING-robust kinship, 1/2 for one genome"},
                {"degree", u8, "degree",
                 "0 one genome, 1 to 3 degree of relationship, 4 further or none"},
                {"relation", text, "",
                 "duplicate_or_twin, parent_child, full_siblings, second_degree, third_degree or "
                 "further"},
            }};
}

TableSpec kinship_samples_table() {
    using enum ColumnType;
    return {.name = "samples",
            .row = "sample",
            .doc = "One row per sample, in the order of the genotype store.",
            .columns = {
                {"sample_id", text, "", "Sample identifier"},
                {"compared", u8, "0 or 1", "0 if the sample failed quality and was left out"},
                {"call_rate", f64, "proportion", "Called of the variants used; 0 if left out"},
                {"family", u32, "number",
                 "Family by pairs up to family_degree, counted from 1; 0 without such a relative"},
                {"relatives", u32, "samples", "Reported relatives up to third degree"},
                {"unrelated", u8, "0 or 1",
                 "1 if in the set of samples without relatives up to unrelated_degree"},
            }};
}

TableSpec pedigree_checks_table() {
    using enum ColumnType;
    return {
        .name = "pedigree_checks",
        .row = "check",
        .doc = "Relationships declared in the sample sheet, and pairs of first degree or closer "
               "that it does not declare; empty without father_id and mother_id.",
        .columns = {
            {"sample_1", text, "", "Sample identifier, the earlier in the store"},
            {"sample_2", text, "", "Sample identifier, the later in the store"},
            {"declared", text, "",
             "parent_child, full_siblings, half_siblings, siblings (a parent is not known) or "
             "none"},
            {"found", text, "",
             "Relation found, below_kinship_min, or not_compared where a sample failed quality"},
            {"kinship", f64, "kinship", "Kinship found; NaN below kinship_min"},
            {"agrees", u8, "0 or 1", "1 if found is what was declared"},
        }};
}

Stage kinship_stage() {
    StageOf<KinshipParams> declared = stage<KinshipParams>("kinship");
    declared.summary("related pairs, families and a set of unrelated samples")
        .details(details)
        .cites(
            "Manichaikul A et al (2010) Robust relationship inference in genome-wide association "
            "studies. Bioinformatics 26:2867. doi:10.1093/bioinformatics/btq559")
        .reads({"genotypes", Artifact::genotype_store, "genotypes of the samples to compare"})
        .reads({.name = "quality",
                .artifact = Artifact::quality_result,
                .doc = "leaves out variants and samples that failed",
                .optional = true})
        .reads({.name = "ld",
                .artifact = Artifact::ld_result,
                .doc = "uses only variants kept by pruning",
                .optional = true})
        .reads({.name = "sample_sheet",
                .artifact = Artifact::sample_sheet,
                .doc = "father_id and mother_id (or a .fam file) are compared with what is found",
                .optional = true})
        .writes({"kinship",
                 Artifact::kinship_result,
                 "kinship.h5",
                 "related pairs, families and unrelated samples",
                 {kinship_pairs_table(), kinship_samples_table(), pedigree_checks_table()}});
    declare_params(declared);
    return declared.needs(needs).examines(examine).run(run_kinship);
}

} // namespace salus
