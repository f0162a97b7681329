#include "base/problems.hpp"
#include "base/text.hpp"
#include "stages/ancestry/ancestry.hpp"
#include "store/h5.hpp"

#include <filesystem>

namespace salus {
namespace {

void examine(const AncestryParams&, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    const auto found = inputs.find("components");
    if (found == inputs.end()) return;
    double samples = 0;
    for (const auto& path : found->second) {
        if (!std::filesystem::exists(path)) return;
        try {
            samples += static_cast<double>(H5File::open(path).rows("samples"));
        } catch (const Error& error) {
            keep_problems(error, problems);
        }
    }
    if (samples > 0) sizes.samples = samples;
}

Resources needs(const AncestryParams& p, const Workload& w) {
    const double d = static_cast<double>(p.components_count), k = static_cast<double>(p.groups_max);
    const double fitted = std::min(w.samples, static_cast<double>(p.fit_samples_max));
    Resources r;
    r.memory_bytes = 46e6 + w.samples * (420 + 16 * d) + 16 * fitted * k;
    r.storage_bytes = 100 * w.samples;
    r.core_hours = (fitted * k * k / 2 * d * d * static_cast<double>(p.starts) * 50 * 3e-9 +
                    w.samples * k * d * d * 3e-9) /
                   3600;
    r.formula = "D components, K groups at most, F = samples of the fit: memory of the root rank "
                "46 MB + (420 + 16 D) B x N + 16 B x F K; results 100 B x N; time 150 ns x F K^2/2 "
                "D^2 starts when clustering + 3 ns x N K D^2; on one rank";
    return r;
}

const char* const details =
    "Gives every sample a group in the space of the leading principal components (each weighted by "
    "the root of its eigenvalue).\n\n"
    "With labels of a reference panel, each group is a Gaussian learnt from its labelled samples; "
    "covariances of small groups lean on the pooled one (prior_samples). Priors are equal, so the "
    "sizes of the panel do not matter. The panel's samples must have coordinates of the same "
    "components: analyse both sets together, or project one onto the loadings of the other and "
    "give both results. The table accuracy shows how labelled samples are classified by groups "
    "learnt without them.\n\n"
    "Without labels, Gaussian mixtures of 1 to groups_max groups are fitted and the one with the "
    "least BIC is taken, so that the data decide the number; the groups are called cluster_1 (the "
    "largest), cluster_2 and so on. BIC prefers more groups where ancestries shade into each "
    "other: clusters are a description, not peoples.\n\n"
    "A sample is unassigned if its posterior probability is below probability_min (between "
    "groups), or if it is farther from its group than all but a share outlier_p_min of a Gaussian "
    "would be (outside of all). best_group, probability and distance are reported all the same.";

} // namespace

TableSpec ancestry_samples_table() {
    using enum ColumnType;
    return {
        .name = "samples",
        .row = "sample",
        .doc = "One row per sample, in the order of the component results.",
        .columns = {{"sample_id", text, "", "Sample identifier"},
                    {"group", text, "", "Ancestry group, or unassigned"},
                    {"best_group", text, "", "The most probable group, assigned or not"},
                    {"probability", f64, "probability", "Posterior probability of best_group"},
                    {"distance", f64, "1", "Mahalanobis distance to the centre of best_group"},
                    {"outlier_p", f64, "probability",
                     "Share of a Gaussian group that lies farther away than this sample"},
                    {"second_group", text, "", "The second most probable group"},
                    {"second_probability", f64, "probability", "Its posterior probability"},
                    {"reference_group", text, "", "Label of the reference panel, empty if none"}}};
}

TableSpec ancestry_groups_table(std::size_t components) {
    using enum ColumnType;
    TableSpec spec{.name = "groups",
                   .row = "ancestry_group",
                   .doc = "One row per group.",
                   .columns = {{"group", text, "", "Name of the group"},
                               {"samples", u64, "samples", "Samples assigned to it"},
                               {"reference_samples", u64, "samples",
                                "Labelled samples that it was learnt from"}}};
    const std::string doc = "Coordinate of the centre, in units of the component result";
    if (components == 0) spec.columns.push_back({"pc{k}", f64, "1", doc});
    for (std::size_t k = 1; k <= components; ++k)
        spec.columns.push_back({salus::text("pc", k), f64, "1", doc});
    return spec;
}

TableSpec ancestry_accuracy_table() {
    using enum ColumnType;
    return {.name = "accuracy",
            .row = "pair",
            .doc = "Labelled samples by label and by group found without them (cross-validation); "
                   "only with labels.",
            .columns = {{"reference_group", text, "", "Label of the reference panel"},
                        {"group", text, "", "Group found, or unassigned"},
                        {"samples", u64, "samples", "Number of samples"}}};
}

TableSpec ancestry_mixtures_table() {
    using enum ColumnType;
    return {.name = "mixtures",
            .row = "mixture",
            .doc = "Numbers of clusters that were tried; only without labels.",
            .columns = {{"groups", u32, "groups", "Number of clusters"},
                        {"log_likelihood", f64, "1", "Log likelihood of the fitted samples"},
                        {"bic", f64, "1", "Bayesian information criterion; less is better"},
                        {"converged", u8, "0 or 1", "1 if the iterations settled"},
                        {"chosen", u8, "0 or 1", "1 for the mixture that was taken"}}};
}

Stage ancestry_stage() {
    using P = AncestryParams;
    return stage<P>("ancestry")
        .summary("ancestry groups in the space of principal components")
        .details(details)
        .cites("Fraley C, Raftery AE (2007) Bayesian regularization for normal mixture estimation "
               "and model-based clustering. J Classif 24:155. doi:10.1007/s00357-007-0004-5")
        .cites("Friedman JH (1989) Regularized discriminant analysis. J Am Stat Assoc 84:165. "
               "doi:10.1080/01621459.1989.10478752")
        .cites("Arthur D, Vassilvitskii S (2007) k-means++: the advantages of careful seeding. "
               "Proc 18th ACM-SIAM Symp Discrete Algorithms 1027")
        .reads({.name = "components",
                .artifact = Artifact::components_result,
                .doc = "coordinates of the samples; several results of the same loadings are taken "
                       "together",
                .many = true})
        .reads(
            {"labels", Artifact::ancestry_labels, "sample_id and group of a reference panel", true})
        .writes({"ancestry",
                 Artifact::ancestry_result,
                 "ancestry.h5",
                 "groups of the samples with probability and distance",
                 {ancestry_samples_table(), ancestry_groups_table(0), ancestry_accuracy_table(),
                  ancestry_mixtures_table()}})
        .param("components_count", &P::components_count,
               {.doc = "leading components that are used, at most those that there are",
                .unit = "components",
                .min = 1,
                .max = 1000})
        .param("probability_min", &P::probability_min,
               {.doc = "least posterior probability of an assigned sample",
                .unit = "probability",
                .min = 0,
                .max = 1})
        .param("outlier_p_min", &P::outlier_p_min,
               {.doc = "share of a group beyond which a sample is too far away to belong to it; 0 "
                       "switches it off",
                .unit = "probability",
                .min = 0,
                .max = 0.5})
        .param("group_size_min", &P::group_size_min,
               {.doc = "fewest samples of a group", .unit = "samples", .min = 2})
        .param("prior_samples", &P::prior_samples,
               {.doc = "weight of the pooled covariance, in samples (labels)",
                .unit = "samples",
                .min = 0.1})
        .param("folds", &P::folds,
               {.doc = "folds of the cross-validation (labels)", .unit = "folds", .min = 2})
        .param("groups_max", &P::groups_max,
               {.doc = "largest number of clusters that is tried",
                .unit = "groups",
                .min = 1,
                .max = 100})
        .param("starts", &P::starts,
               {.doc = "starting points per number of clusters", .unit = "starts", .min = 1})
        .param("fit_samples_max", &P::fit_samples_max,
               {.doc = "samples that clusters are fitted to, drawn from those that the components "
                       "were computed from; all are classified",
                .unit = "samples",
                .min = 100})
        .needs(needs)
        .examines(examine)
        .run(run_ancestry);
}

} // namespace salus
