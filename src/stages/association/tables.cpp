#include "base/text.hpp"
#include "stages/association/association.hpp"

namespace salus {

TableSpec association_variants_table() {
    using enum ColumnType;
    return {
        .name = "variants",
        .row = "variant",
        .doc = "One row per variant of the genotype store, in its order; rows of traits/* are the "
               "same.",
        .columns = {
            {"chromosome", text, "", "Chromosome as written in the input"},
            {"base_pair_location", u32, "bp", "Position, 1-based"},
            {"variant_id", text, "", "Identifier as written in the input, empty if none"},
            {"other_allele", text, "", "Reference allele (REF)"},
            {"effect_allele", text, "", "Alternative allele (ALT); effects are per copy of it"}}};
}

TableSpec association_trait_table(const std::string& trait, std::string_view kind,
                                  const std::string& coding) {
    using enum ColumnType;
    const bool binary = kind == "binary", survival = kind == "time_to_event";
    const std::string unit = salus::text(survival                      ? "log hazard"
                                         : binary || kind == "ordinal" ? "log odds"
                                                                       : "trait unit",
                                         coding == "additive" ? " per allele" : " per genotype");
    const std::string effect =
        coding == "dominant"    ? "Effect of any copy of effect_allele against none"
        : coding == "genotypic" ? "Effect of two copies of effect_allele against none"
        : coding == "recessive" ? "Effect of no copy of other_allele against any"
                                : "Effect of one copy of effect_allele";
    TableSpec spec{
        .name = salus::text("traits/", trait),
        .row = "variant",
        .doc = salus::text("Tests of all variants for ", trait, "; rows as in variants."),
        .columns = {{"effect_allele_frequency", f64, "proportion",
                     "ALT alleles over called alleles in the samples of this trait; NaN if none"},
                    {"n", u32, "people", "Samples in the test; missing genotypes are imputed"}}};
    auto& columns = spec.columns;
    if (binary || survival) {
        columns.push_back({"n_cases", u32, "people",
                           "Cases in the test; of a time-to-event trait, people with the event"});
        columns.push_back({"effect_allele_frequency_cases", f64, "proportion",
                           "The same among cases, or people with the event"});
        columns.push_back({"effect_allele_frequency_controls", f64, "proportion",
                           "The same among controls, or censored people"});
    }
    columns.push_back({"n_effective", f64, "people",
                       binary || survival
                           ? "4 / (1 / cases + 1 / controls) of those with a called genotype"
                           : "Samples with a called genotype"});
    columns.push_back({"beta", f64, unit, effect + "; NaN if not tested"});
    columns.push_back({"standard_error", f64, unit, "Standard error of beta"});
    if (coding == "genotypic") {
        columns.push_back({"beta_heterozygous", f64, unit,
                           "Effect of one copy of effect_allele against none; NaN if not tested"});
        columns.push_back(
            {"standard_error_heterozygous", f64, unit, "Standard error of beta_heterozygous"});
    }
    columns.push_back({"neg_log10_p", f64, "-log10 p",
                       coding == "genotypic"
                           ? "Significance of both effects together, 2 degrees of freedom"
                           : "Two-sided significance, without underflow"});
    columns.push_back({"test", u8, "code", "Which test beta and neg_log10_p come from"});
    columns.push_back({"status", u8, "code", "0, or why the variant was not tested"});
    columns.push_back({"converged", u8, "1",
                       "0 if iterations did not settle: the test is missing (status 7), or the "
                       "score test stands in for the saddle-point one"});
    return spec;
}

TableSpec association_summary_table() {
    using enum ColumnType;
    return {
        .name = "trait_summary",
        .row = "trait",
        .doc = "One row per analysed trait.",
        .columns = {{"name", text, "", "Trait; its results are in traits/NAME"},
                    {"kind", text, "", "quantitative, binary, ordinal or time_to_event"},
                    {"n", u64, "people", "Samples with trait and all covariates"},
                    {"n_cases", u64, "people",
                     "Cases, or people with the event; 0 for quantitative and ordinal traits"},
                    {"variants_tested", u64, "variants", "Variants with status 0"},
                    {"lambda_gc", f64, "1",
                     "Median chi-square (1 df, from the p-values) over 0.4549; NaN without tests"},
                    {"residual_sd", f64, "trait unit",
                     "Standard deviation after covariates; NaN for other than quantitative traits"},
                    {"transformation", text, "", "rank_inverse_normal or none"},
                    {"null_model", text, "",
                     "How the model of the covariates alone was fitted: least_squares, "
                     "restricted_likelihood (with relatives), "
                     "maximum_likelihood (logistic, proportional odds), firth where covariates "
                     "separate cases and controls, or partial_likelihood (Cox)"},
                    {"offset", text, "",
                     "loco where predictions from the other chromosomes are held fixed, or none"},
                    {"family_share", f64, "1",
                     "Share of the residual variance that runs along relationships; NaN without "
                     "the input relatives, or without relatives among the samples"},
                    {"covariates", u32, "covariates", "Number that entered the model"},
                    {"covariates_constant", text, "",
                     "Covariates left out because they do not vary among these samples"}}};
}

TableSpec association_skipped_table() {
    using enum ColumnType;
    return {.name = "traits_skipped",
            .row = "trait",
            .doc = "Traits that could not be analysed.",
            .columns = {{"name", text, "", "Trait"}, {"reason", text, "", "Why it was left out"}}};
}

} // namespace salus
