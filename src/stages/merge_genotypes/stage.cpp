#include "base/problems.hpp"
#include "formats/file_genotypes.hpp"
#include "genotype/store_layout.hpp"
#include "stages/merge_genotypes/merge_genotypes.hpp"
#include "stages/merge_genotypes/plan.hpp"

#include <algorithm>

namespace salus {
namespace {

const char* const details =
    "Joins genotype stores in one of two ways, which their samples decide.\n\n"
    "Stores that hold the same samples, in whatever order, are joined variant by variant: one "
    "store "
    "per chromosome, or parts of the same chromosome that may lie between each other. The result "
    "has the samples in the order of the first store. A variant that two of them hold is an error, "
    "and so is a sample whose recorded sex differs.\n\n"
    "Stores that have no sample in common are joined sample by sample: batches of a growing "
    "cohort. "
    "Variants are the same if chromosome, position, REF and ALT are, written in the same way; "
    "normalise against a reference on ingest so that they are. Variants that are not in every "
    "store "
    "are left out and counted (sites = \"intersection\"), or filled with missing calls where a "
    "store does not have them (sites = \"union\"). The first store that has an ID gives it; FILTER "
    "is what any batch found against the variant; INFO is left out.\n\n"
    "Stores with some samples in common are refused. All must be of the same genome build. Dosages "
    "and phase are carried. Chromosomes come in an order that contradicts none of the stores.";

void examine(const MergeGenotypesParams&, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    const auto found = inputs.find("genotypes");
    if (found == inputs.end() || found->second.empty() ||
        !std::all_of(found->second.begin(), found->second.end(),
                     [](const auto& path) { return std::filesystem::exists(path); }))
        return;
    try {
        const GenotypeStores stores = open_stores(found->second);
        const MergePlan plan = plan_merge(stores, found->second);
        sizes.samples = static_cast<double>(plan.result.samples.size());
        sizes.variants = 0;
        sizes.dosages = false;
        for (const auto& store : stores) {
            sizes.dosages = sizes.dosages || store->may_have_dosages();
            const auto variants = static_cast<double>(store->variant_count());
            sizes.variants = plan.kind == MergeKind::variants ? sizes.variants + variants
                                                              : std::max(sizes.variants, variants);
        }
    } catch (const Error& error) {
        keep_problems(error, problems);
    }
}

Resources needs(const MergeGenotypesParams&, const Workload& w) {
    Resources r;
    r.memory_bytes = 46e6 + 350 * std::min(w.variants, 5e4) + 230 * w.samples;
    // Dosages of blocks of the stores, and of a segment.
    if (w.dosages)
        r.memory_bytes +=
            dosage_bytes(w, 0) + std::min(67e6, 2 * w.samples * variants_at_once(w, 0x1p40, 64));
    r.storage_bytes = w.samples * w.variants * (w.dosages ? 2.25 : 0.25) + 60 * w.variants;
    r.scratch_bytes = 0;
    r.core_hours = (w.samples * w.variants * 1e-9 + w.variants * 5e-6) / 3600;
    r.formula = "memory per rank 46 MB + 350 B x min(M, 50,000) + 230 B x N (a block of each "
                "store, a segment); "
                "results at most N M / 4 (2 B x N M more with dosages) + 60 B x M, parts are "
                "linked into the result and take no "
                "second space; time 1 ns x N M + 5 us x M; with dosages another 2 B x N x (a block "
                "of the store + M / 64) of memory, 67 MB of the latter at most";
    return r;
}

} // namespace

Stage merge_genotypes_stage() {
    return stage<MergeGenotypesParams>("merge_genotypes")
        .summary("Joins genotype stores of the same samples, or of batches of samples.")
        .details(details)
        .cites("Danecek P et al. Twelve years of SAMtools and BCFtools. GigaScience 2021, "
               "doi:10.1093/gigascience/giab008")
        .reads({.name = "genotypes",
                .artifact = Artifact::genotype_store,
                .doc = "Stores to join; samples and chromosomes come in this order",
                .optional = false,
                .many = true})
        .writes({.name = "genotypes",
                 .artifact = Artifact::genotype_store,
                 .file = "genotypes.store",
                 .doc = "Folder with index.h5 (samples, variants, parts) and part files with the "
                        "genotypes",
                 .tables = {variants_table_spec("", {}), long_text_table_spec("")}})
        .param("sites", &MergeGenotypesParams::sites,
               {.doc = "Stores of different samples: keep variants that all have, or all variants, "
                       "with missing calls where a store has them not.",
                .choices = {"intersection", "union"}})
        .needs(needs)
        .examines(examine)
        .run(run_merge_genotypes);
}

} // namespace salus
