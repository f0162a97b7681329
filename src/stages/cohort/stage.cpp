#include "base/problems.hpp"
#include "schema/existing_input.hpp"
#include "stages/cohort/tables.hpp"

namespace salus {
namespace {

using namespace matching;

void examine(const CohortParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    const auto* path = existing_input(inputs, "phenotypes");
    if (path == nullptr) return;
    try {
        const H5File file = H5File::open(*path);
        sizes.samples = static_cast<double>(file.rows("samples"));
        make_request(params, file, problems);
    } catch (const Error& error) {
        keep_problems(error, problems);
    }
}

Resources needs(const CohortParams& params, const Workload& w) {
    // Matched people are fewer than all of them.
    const double matched = 5 * std::min(8.0, static_cast<double>(params.ratio));
    return {.memory_bytes = 4.5e7 + w.samples * (118 + matched),
            .storage_bytes = w.samples * (40.0 + 30 * static_cast<double>(params.ratio)),
            .scratch_bytes = 16 * w.samples * static_cast<double>(params.ratio),
            .core_hours = w.samples * 2e-6 / 3600,
            .formula =
                "memory per rank 45 MB + (118 + 5 x ratio, of at most 8) B x N; result (40 + 30 x "
                "ratio) B x N; scratch 16 B x ratio x N; 2 us x N"};
}

constexpr std::string_view details =
    "Selects people by rules over a phenotype table and matches controls to cases (or unexposed to "
    "exposed people). The rules are applied in their order, and how many cases and possible "
    "controls "
    "each leaves is in the table attrition. A missing value never fulfils a rule.\n\n"
    "Matching is exact in all columns of exact (bins of a width: \"age / 5\") and nearest in one "
    "column, within a caliper: greedy, in rounds, so that every case gets a first control before "
    "any "
    "gets a second. Where two controls are equally near, random numbers keyed by seed and sample "
    "decide, so the result is the same on any number of ranks. It costs O(N log N).\n\n"
    "Table 1 gives means, standard deviations and standardised differences before and after; after "
    "matching, the controls of a set share the weight 1. A difference below 0.1 is commonly taken "
    "as "
    "balance.\n\n"
    "The tables members and matched_sets name samples and must not be released; attrition and "
    "table_1 "
    "may be, with small counts suppressed (salus export --release).";

} // namespace

Stage cohort_stage() {
    using P = CohortParams;
    auto declared = stage<P>("cohort");
    declared.summary("selects people and matches controls to cases")
        .details(std::string(details))
        .cites("Ho DE, Imai K, King G, Stuart EA (2011) MatchIt: nonparametric preprocessing for "
               "parametric causal inference. J Stat Softw 42(8). doi:10.18637/jss.v042.i08")
        .cites("Austin PC (2009) Balance diagnostics for comparing the distribution of baseline "
               "covariates between treatment groups in propensity-score matched samples. Stat Med "
               "28:3083. doi:10.1002/sim.3697")
        .reads({.name = "phenotypes",
                .artifact = Artifact::phenotype_table,
                .doc = "traits and covariates of the people"})
        .writes({.name = "cohort",
                 .artifact = Artifact::cohort_result,
                 .file = "cohort.h5",
                 .doc = "Members, matched sets, attrition and table 1.",
                 .tables = {members_table(), matched_sets_table(), attrition_table(),
                            table_1_table()}});
    declared
        .required("case_trait", &P::case_trait,
                  {.doc = "binary trait: 1 is a case or exposed, 0 may be a control, missing is "
                          "neither"})
        .param("require", &P::require,
               {.doc = "rules that everyone fulfils: \"age >= 40\", \"stroke = 0\", \"ldl known\""})
        .param("exact", &P::exact,
               {.doc = "columns that are the same within a set; \"age / 5\" compares bins of five"})
        .param(
            "nearest", &P::nearest,
            {.doc = "column in which the nearest control is taken; empty takes any of the stratum"})
        .param("caliper", &P::caliper,
               {.doc = "largest difference in the column nearest; 0 = no limit",
                .unit = "of the column",
                .min = 0,
                .max = 1e300})
        .param("ratio", &P::ratio,
               {.doc = "controls per case at most", .unit = "people", .min = 1, .max = 1000})
        .param("replacement", &P::replacement, {.doc = "whether a control can be in several sets"})
        .param(
            "order", &P::order,
            {.doc = "which case chooses first: as in the file, by the column nearest, or at random",
             .choices = {"data", "largest", "smallest", "random"}})
        .param("describe", &P::describe, {.doc = "columns of table 1; empty takes all covariates"})
        .param("standardise", &P::standardise,
               {.doc =
                    "standard deviation of the standardised difference: of both groups pooled, or "
                    "of the cases, before matching",
                .choices = {"pooled", "cases"}});
    return declared.needs(needs).examines(examine).run(run_cohort);
}

} // namespace salus
