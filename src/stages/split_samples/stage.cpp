#include "formats/file_genotypes.hpp"
#include "stages/split_samples/split_samples.hpp"

namespace salus {
namespace {

void examine(const SplitSamplesParams&, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    examine_genotypes(inputs, sizes, problems);
}

Resources needs(const SplitSamplesParams&, const Workload& w) {
    return {.memory_bytes = 4.6e7 + 150 * w.samples,
            .storage_bytes = 20 * w.samples,
            .scratch_bytes = 0,
            .core_hours = 1e-6 * w.samples / 3600,
            .formula = "memory per rank 46 MB + 150 B x N; results 20 B x N; time 1 us x N"};
}

const char* const details =
    "Statistics and the people on whom scores are tuned and judged must not be the same: a score "
    "fits the people it was made from. This stage divides the samples into two lists by a hash of "
    "their identifiers and split_seed, so that a sample is in the same part in every cohort and "
    "run. "
    "With kinship, the members of a family (pairs up to its family_degree) stay together. Samples "
    "that did not pass quality are in neither list.\n\n"
    "association tests the people of discovery (its input samples), pgs_weights takes LD from them "
    "(ld_samples), and pgs_stacking tunes on those of tuning (samples).";

} // namespace

Stage split_samples_stage() {
    using P = SplitSamplesParams;
    auto declared = stage<P>("split_samples");
    declared.summary("lists of people for discovery and for tuning")
        .details(details)
        .cites("original: docs/methods.md, Polygenic scores")
        .reads({"genotypes", Artifact::genotype_store, "genotypes whose samples are divided"})
        .reads(
            {"quality", Artifact::quality_result, "samples that did not pass are left out", true})
        .reads({"kinship", Artifact::kinship_result, "families, which stay together", true})
        .writes({"discovery",
                 Artifact::sample_list,
                 "discovery.txt",
                 "samples that statistics are made from",
                 {}})
        .writes({"tuning",
                 Artifact::sample_list,
                 "tuning.txt",
                 "samples that scores are tuned and judged on",
                 {}});
    declared
        .param("tuning_fraction", &P::tuning_fraction,
               {.doc = "share of the people in the list tuning",
                .unit = "proportion",
                .min = 0.01,
                .max = 0.99})
        .param("split_seed", &P::split_seed,
               {.doc = "seed of the division", .min = 0, .max = 9e15});
    return declared.needs(needs).examines(examine).run(run_split_samples);
}

} // namespace salus
