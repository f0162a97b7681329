#include "stages/pgs_weights/pgs_weights.hpp"

namespace salus {

TableSpec pgs_weights_table(const std::string& trait, const std::vector<std::string>& methods) {
    using enum ColumnType;
    TableSpec spec{
        .name = "weights/" + trait,
        .row = "score_variant",
        .doc = "One row per used variant, in the order of the genotypes; a column per set of "
               "weights. The stage score reads this table.",
        .columns = {{"chromosome", ColumnType::text, "", "Chromosome as written in the input"},
                    {"base_pair_location", u32, "bp", "Position, 1-based"},
                    {"variant_id", ColumnType::text, "", "Identifier, empty if none"},
                    {"other_allele", ColumnType::text, "", "Reference allele (REF)"},
                    {"effect_allele", ColumnType::text, "",
                     "Alternative allele (ALT), the one that is counted"}}};
    for (const std::string& method : methods)
        spec.columns.push_back(
            {"weight_" + method, f64, "units of the effects", "Weight per copy of effect_allele"});
    if (methods.empty())
        spec.columns.push_back(
            {"weight_{method}", f64, "units of the effects", "Weight per copy of effect_allele"});
    return spec;
}

TableSpec pgs_methods_table() {
    using enum ColumnType;
    return {.name = "methods",
            .row = "set_of_weights",
            .doc = "What became of every set of weights.",
            .columns = {{"method", ColumnType::text, "",
                         "Method and settings: phi; delta and number of lambda; r2 and p"},
                        {"status", ColumnType::text, "",
                         "found; failed or empty: there is no column of weights"},
                        {"reason", ColumnType::text, "",
                         "all_chains_diverged, not_positive_definite, no_eigenvalues, "
                         "not_converged, no_variant_selected; of found ones h2_not_mixed, "
                         "p_not_mixed or phi_not_mixed if the split R-hat is 1.1 or more"},
                        {"nonzero", u64, "variants", "Variants with a weight that is not 0"}}};
}

TableSpec pgs_chains_table() {
    using enum ColumnType;
    return {
        .name = "chains",
        .row = "gibbs_chain",
        .doc = "Chains of auto, continuous_shrinkage and mixture. NaN where a method has no such "
               "number.",
        .columns = {
            {"method", ColumnType::text, "", "Set of weights"},
            {"chain", u32, "1", "Number of the chain"},
            {"start", f64, "1",
             "Start of the share of causal variants, of continuous_shrinkage of phi"},
            {"h2", f64, "proportion", "Mean heritability of the kept iterations"},
            {"p", f64, "proportion", "Mean share of causal variants of the kept iterations"},
            {"phi", f64, "1", "Geometric mean of phi of the kept iterations"},
            {"range", f64, "1", "Range of the fitted marginal effects"},
            {"status", ColumnType::text, "",
             "kept; diverged: effects grew beyond twice the marginal ones; narrow: the range is "
             "below 0.95 of the 95th percentile of the chains; not_positive_definite: the "
             "correlations are none"}}};
}

TableSpec pgs_parameters_table() {
    using enum ColumnType;
    return {.name = "parameters",
            .row = "parameter_of_method",
            .doc = "What the kept chains say about the parameters of their method.",
            .columns = {
                {"method", ColumnType::text, "", "Set of weights"},
                {"parameter", ColumnType::text, "", "h2, p, alpha or phi"},
                {"mean", f64, "1", "Mean over the kept chains; of phi the geometric one"},
                {"r_hat", f64, "1", "Split R-hat; of phi that of its logarithm"},
                {"effective_sample", f64, "draws", "Independent draws that the mean is worth"}}};
}

TableSpec pgs_checks_table() {
    using enum ColumnType;
    return {.name = "checks",
            .row = "check",
            .doc = "What became of the rows of the statistics.",
            .columns = {{"reason", ColumnType::text, "",
                         "used, or why not: no_effect (no sample size), low_frequency (in the LD "
                         "samples), spread "
                         "(standard deviation of the genotype), frequency, sample_size, ambiguous, "
                         "not_tested (no effect or standard error), absent, allele_mismatch, "
                         "not_autosomal, duplicate"},
                        {"rows", u64, "rows", "Rows of the file"}}};
}

} // namespace salus
