#include "stages/simulate/truth.hpp"

#include "base/text.hpp"

namespace salus {
namespace {

struct Kin {
    std::string family = "0", father = "0", mother = "0";
};

Kin kin_of(const SimulatedCohort& cohort, std::uint64_t slot) {
    const Pedigree& pedigree = cohort.pedigree();
    Kin kin;
    if (const auto family = pedigree.family(slot)) kin.family = text("F", *family + 1);
    if (pedigree.relation(slot) >= Relation::child) {
        kin.father = cohort.sample_of(pedigree.father(slot));
        kin.mother = cohort.sample_of(pedigree.mother(slot));
    }
    return kin;
}

std::string_view word(Relation relation) {
    switch (relation) {
    case Relation::father:
        return "father";
    case Relation::mother:
        return "mother";
    case Relation::child:
        return "child";
    case Relation::twin:
        return "twin";
    default:
        return "unrelated";
    }
}

std::string_view word(VariantFault fault) {
    return fault == VariantFault::hardy_weinberg ? "hardy_weinberg" : "low_call_rate";
}

} // namespace

void write_sample_sheet(const SimulatedCohort& cohort, const TextSink& out) {
    out("sample_id\tsex\tgroup\tfamily_id\tfather_id\tmother_id\n");
    for (std::uint64_t sample = 0; sample < cohort.pedigree().samples(); ++sample) {
        const std::uint64_t slot = cohort.pedigree().slot_of_sample(sample);
        const Kin kin = kin_of(cohort, slot);
        out(text(cohort.sample_id(sample), '\t', cohort.pedigree().recorded_male(slot) ? 1 : 2,
                 '\t', cohort.group_label(slot), '\t', kin.family, '\t', kin.father, '\t',
                 kin.mother, '\n'));
    }
}

void write_fam(const SimulatedCohort& cohort, const TextSink& out) {
    for (std::uint64_t sample = 0; sample < cohort.pedigree().samples(); ++sample) {
        const std::uint64_t slot = cohort.pedigree().slot_of_sample(sample);
        const Kin kin = kin_of(cohort, slot);
        out(text(kin.family, '\t', cohort.sample_id(sample), '\t', kin.father, '\t', kin.mother,
                 '\t', cohort.pedigree().recorded_male(slot) ? 1 : 2, "\t-9\n"));
    }
}

void write_links(const SimulatedCohort& cohort, const TextSink& out) {
    out("person_id,sample_id\n");
    for (std::uint64_t person = 0; person < cohort.persons(); ++person) {
        const std::uint64_t slot = cohort.slot_of_person(person);
        if (cohort.has_genome(slot))
            out(text(SimulatedCohort::person_id(person), ',', cohort.sample_of(slot), '\n'));
    }
}

void write_families(const SimulatedCohort& cohort, const TextSink& out) {
    out("family_id\tsample_id\tfather_id\tmother_id\trelation\ttwin_id\n");
    for (std::uint64_t slot = 0; slot < cohort.pedigree().family_slots(); ++slot) {
        const Kin kin = kin_of(cohort, slot);
        const Relation relation = cohort.pedigree().relation(slot);
        out(text(kin.family, '\t', cohort.sample_of(slot), '\t', kin.father, '\t', kin.mother, '\t',
                 word(relation), '\t',
                 relation == Relation::twin ? cohort.sample_of(cohort.pedigree().genome(slot))
                                            : "0",
                 '\n'));
    }
}

void write_sample_faults(const SimulatedCohort& cohort, const TextSink& out) {
    const Pedigree& pedigree = cohort.pedigree();
    out("sample_id\tfault\tother_sample_id\n");
    const auto row = [&](std::uint64_t slot, std::string_view fault, std::string_view other) {
        out(text(cohort.sample_of(slot), '\t', fault, '\t', other, '\n'));
    };
    for (std::uint64_t i = 0; i < pedigree.plan().duplicates; ++i)
        row(pedigree.duplicate(i), "duplicate",
            cohort.sample_of(pedigree.donor(pedigree.duplicate(i))));
    for (std::uint64_t i = 0; i < pedigree.plan().contaminated; ++i)
        row(pedigree.contaminated(i), "contaminated",
            cohort.sample_of(pedigree.donor(pedigree.contaminated(i))));
    for (std::uint64_t i = 0; i < pedigree.plan().low_call; ++i)
        row(pedigree.low_call(i), "low_call_rate", "0");
    for (std::uint64_t i = 0; i < pedigree.plan().swapped_sex; ++i)
        row(pedigree.swapped_sex(i), "swapped_sex", "0");
}

void write_variant_faults(const SimulatedCohort& cohort, const TextSink& out) {
    out("chromosome\tposition\tref\talt\tfault\n");
    for (const auto& [id, faulty] : cohort.faulty_sites()) {
        const SiteAlleles alleles = alleles_of_site(faulty.site, cohort.seed());
        out(text(cohort.map().region_of(cohort.map().cells()[faulty.cell]).chromosome, '\t',
                 faulty.site.position, '\t', alleles.ref, '\t', alleles.alt[0], '\t',
                 word(faulty.fault), '\n'));
    }
}

void write_causal_variants(const SimulatedCohort& cohort, const TextSink& out) {
    out("chromosome\tposition\tref\talt\ttrait\tlocus\tbeta\talt_frequency\tvariance_explained\n");
    for (const CausalVariant& variant : cohort.causal()) {
        const SiteAlleles alleles = alleles_of_site(variant.site, cohort.seed());
        out(text(cohort.map().regions()[variant.region].chromosome, '\t', variant.site.position,
                 '\t', alleles.ref, '\t', alleles.alt[0], '\t', cohort.traits()[variant.trait].name,
                 '\t', variant.named_locus ? "named" : "background", '\t',
                 significant(variant.beta, 6), '\t', significant(variant.frequency, 6), '\t',
                 significant(variant.variance_explained, 6), '\n'));
    }
}

void write_true_score(const SimulatedCohort& cohort, std::size_t trait, const TextSink& out) {
    out(text("###PGS CATALOG SCORING FILE\n#format_version=2.0\n#pgs_id=pgs_",
             cohort.traits()[trait].name, "\n#genome_build=GRCh38\n",
             "chr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\n"));
    for (const CausalVariant& variant : cohort.causal()) {
        if (variant.trait != trait) continue;
        const SiteAlleles alleles = alleles_of_site(variant.site, cohort.seed());
        out(text(cohort.map().regions()[variant.region].chromosome.substr(3), '\t',
                 variant.site.position, '\t', alleles.alt[0], '\t', alleles.ref, '\t',
                 significant(variant.beta, 6), '\n'));
    }
}

std::string truth_readme() {
    return R"(# What is planted in this cohort

All people are simulated. Tab-separated, with header; missing is NA, no parent is 0.

causal_variants.tsv: one row a causal variant. `beta` is the effect per ALT copy in standard deviations of the trait
(diseases: of the liability); `alt_frequency` is expected, before sampling people; `variance_explained` is of the variance
within ancestry groups. `locus` is `named` for the strong loci, `background` for the polygenic rest.

scores/: the same effects as one polygenic score for each trait, in the layout of the PGS Catalog: what a perfect study would find.

traits.tsv: one row a person with a health record. `<trait>_genetic` is the genetic value, `<trait>_liability` genetic plus
environmental value, both in standard deviations; then the true values (untreated LDL cholesterol in mg/dL, HbA1c in NGSP %,
body height in cm) and days of onset. Age, sex, group and, for coronary disease, LDL cholesterol act on top of the
liability.

sample_faults.tsv: `duplicate` (same genome as other_sample_id), `contaminated` (holds DNA of other_sample_id),
`low_call_rate`, `swapped_sex` (the sample sheet says the other sex).

features.csv beside this folder: `protein_0001` to `protein_0006` are 0.8 times the liability of LDL cholesterol, HbA1c, body height,
type 2 diabetes, coronary disease and asthma plus 0.6 times noise, in standard deviations; further proteins are noise. Liver fat rises, and activity falls, with
the liability of diabetes; coronary calcium rises with that of coronary disease. Smoking, alcohol and PM2.5 have no effect and no cause. 3 % of the cells are empty.

variant_faults.tsv: `hardy_weinberg` (half of the heterozygotes are called homozygous), `low_call_rate`.

families.tsv: parents, children and identical twins (`twin_id` is the other twin).
)";
}

} // namespace salus
