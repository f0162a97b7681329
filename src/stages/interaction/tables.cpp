#include "base/text.hpp"
#include "stages/interaction/interaction.hpp"

namespace salus {

TableSpec interaction_trait_table(const std::string& trait, bool binary) {
    using enum ColumnType;
    const std::string effect = binary ? "log odds per allele" : "trait unit per allele";
    const std::string product = effect + " and environment unit";
    TableSpec spec{
        .name = salus::text("traits/", trait),
        .row = "variant",
        .doc = salus::text("Interaction of all variants with the environment for ", trait,
                           "; rows as in variants."),
        .columns = {{"effect_allele_frequency", f64, "proportion",
                     "ALT alleles over called alleles in the samples of this trait; NaN if none"},
                    {"n", u32, "people", "Samples in the test; missing genotypes are imputed"}}};
    auto& columns = spec.columns;
    if (binary) columns.push_back({"n_cases", u32, "people", "Cases in the test"});
    columns.insert(
        columns.end(),
        {{"beta", f64, effect,
          "Effect of one copy of effect_allele where the environment is environment_at "
          "(trait_summary); NaN if not tested"},
         {"standard_error", f64, effect, "Standard error of beta from the model"},
         {"standard_error_robust", f64, effect, "Robust standard error of beta"},
         {"beta_interaction", f64, product,
          "Change of beta per unit of the environment; NaN if not tested"},
         {"standard_error_interaction", f64, product,
          "Standard error of beta_interaction from the model"},
         {"standard_error_interaction_robust", f64, product,
          "Robust standard error of beta_interaction"},
         {"covariance_robust", f64, "product of the units of both effects",
          "Robust covariance of beta and beta_interaction"},
         {"neg_log10_p_model", f64, "-log10 p",
          "Two-sided significance of beta_interaction by the errors of the model"},
         {"neg_log10_p", f64, "-log10 p",
          "Two-sided significance of beta_interaction by robust errors"},
         {"neg_log10_p_joint", f64, "-log10 p",
          "Significance of variant and interaction together, 2 degrees of freedom, by robust "
          "errors"},
         {"effective_samples", f64, "people",
          "Samples that carry the interaction: squared sum of their shares in the variance of "
          "beta_interaction over the sum of squares"},
         {"status", u8, "code", "0, or why the variant was not tested"}});
    return spec;
}

TableSpec interaction_summary_table() {
    using enum ColumnType;
    return {
        .name = "trait_summary",
        .row = "trait",
        .doc = "One row per analysed trait.",
        .columns = {
            {"name", text, "", "Trait; its results are in traits/NAME"},
            {"kind", text, "", "quantitative or binary"},
            {"n", u64, "people", "Samples with trait, covariates and environment"},
            {"n_cases", u64, "people", "Cases among them; 0 for quantitative traits"},
            {"variants_tested", u64, "variants", "Variants with status 0"},
            {"lambda_gc", f64, "1",
             "Median chi-square of the robust interaction test over 0.4549; NaN "
             "without tests"},
            {"environment", text, "", "The environment"},
            {"environment_mean", f64, "environment unit", "Its mean"},
            {"environment_sd", f64, "environment unit", "Its standard deviation (over n)"},
            {"environment_at", f64, "environment unit", "Where beta is the effect of the variant"},
            {"covariates", u32, "covariates",
             "Number that entered the model, the environment among them"},
            {"covariates_constant", text, "",
             "Covariates left out because they do not vary among these samples"}}};
}

} // namespace salus
