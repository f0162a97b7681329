#include "base/text.hpp"
#include "stages/all.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace salus {
namespace {

const Stage& stage_named(std::string_view name) {
    const auto& stages = all_stages();
    const auto found = std::find_if(stages.begin(), stages.end(),
                                    [&](const Stage& s) { return s.name() == name; });
    if (found == stages.end()) throw InternalError({.what = text("no stage ", name)});
    return *found;
}

/// A run of one rank and thread of tests/bench/memory_stages.sh and the largest resident size that
/// the system told of it.
struct MeasuredRun {
    const char* stage;
    double samples, variants, peak_mebibytes;
};

/// The traits of these runs: four quantitative and three binary ones with five covariates.
Workload workload_of(const MeasuredRun& run) {
    const TraitCounts traits{.quantitative = 4, .binary = 3, .covariates = 5};
    const std::string_view stage = run.stage;
    return {.samples = run.samples,
            .variants = run.variants,
            .traits = 7,
            .table = traits,
            .tested = traits,
            .columns = 4,
            .set_variants = run.variants / 150,
            .predictions = stage == "association",
            .pruned = stage == "kinship"};
}

// Never below the peak, and at most 20 % above: what a scheduler is asked for.
TEST(MemoryPlans, AreThoseOfMeasuredRuns) {
    for (const MeasuredRun& run : {MeasuredRun{"association", 2000, 11632, 54.3},
                                   MeasuredRun{"association", 5000, 53909, 89.0},
                                   MeasuredRun{"association", 20000, 7626, 102.1},
                                   MeasuredRun{"association", 60000, 4000, 217.7},
                                   MeasuredRun{"interaction", 2000, 11632, 50.9},
                                   MeasuredRun{"interaction", 5000, 53909, 80.7},
                                   MeasuredRun{"interaction", 20000, 7626, 66.6},
                                   MeasuredRun{"interaction", 60000, 4000, 100.6},
                                   MeasuredRun{"gene_tests", 2000, 11632, 48.5},
                                   MeasuredRun{"gene_tests", 5000, 53909, 59.7},
                                   MeasuredRun{"gene_tests", 20000, 7626, 80.1},
                                   MeasuredRun{"gene_tests", 60000, 4000, 161.5},
                                   MeasuredRun{"kinship", 2000, 11632, 71.6},
                                   MeasuredRun{"kinship", 5000, 53909, 84.4},
                                   MeasuredRun{"kinship", 20000, 7626, 554.1},
                                   MeasuredRun{"null_model", 2000, 11632, 400.2},
                                   MeasuredRun{"quality", 2000, 11632, 53.0},
                                   MeasuredRun{"quality", 5000, 53909, 77.7},
                                   MeasuredRun{"quality", 60000, 4000, 86.5},
                                   MeasuredRun{"merge_genotypes", 2000, 11632, 45.4},
                                   MeasuredRun{"merge_genotypes", 5000, 53909, 59.6},
                                   MeasuredRun{"merge_genotypes", 20000, 7626, 45.4},
                                   MeasuredRun{"merge_genotypes", 60000, 4000, 52.2},
                                   MeasuredRun{"risk_validation", 2000, 11632, 42.3},
                                   MeasuredRun{"risk_validation", 5000, 53909, 43.7},
                                   MeasuredRun{"risk_validation", 20000, 7626, 48.2},
                                   MeasuredRun{"risk_validation", 60000, 4000, 64.3},
                                   MeasuredRun{"risk", 2000, 11632, 49.8},
                                   MeasuredRun{"risk", 5000, 53909, 67.6},
                                   MeasuredRun{"risk", 20000, 7626, 75.4},
                                   MeasuredRun{"risk", 60000, 4000, 133.2}}) {
        SCOPED_TRACE(text(run.stage, ", ", run.samples, " samples, ", run.variants, " variants"));
        const Stage& stage = stage_named(run.stage);
        const auto params = stage.defaults();
        const double planned = stage.needs(params.get(), workload_of(run)).memory_bytes / 0x1p20;
        EXPECT_GE(planned, run.peak_mebibytes);
        EXPECT_LE(planned, 1.2 * run.peak_mebibytes);
    }
}

} // namespace
} // namespace salus
