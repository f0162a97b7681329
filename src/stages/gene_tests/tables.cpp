#include "base/text.hpp"
#include "stages/gene_tests/gene_tests.hpp"

namespace salus {

TableSpec gene_sets_table() {
    using enum ColumnType;
    return {.name = "sets",
            .row = "gene_set",
            .doc = "Sets of variants, in the order of the set list or of the annotations.",
            .columns = {
                {"set", text, "", "Name of the set or gene"},
                {"chromosome", text, "", "Chromosome of its first variant; empty without any"},
                {"first_location", u32, "bp", "Position of its first variant; 0 without any"},
                {"last_location", u32, "bp", "Position of its last variant on that chromosome"},
                {"variants_named", u32, "variants", "Variants that the set names"},
                {"variants_found", u32, "variants", "Those of them that the genotypes have"},
                {"variants_unannotated", u32, "variants",
                 "Variants found that have no annotation for this set, so are in no mask"},
                {"variants_failed_quality", u32, "variants", "Variants found that failed quality"},
                {"variants_on_y", u32, "variants",
                 "Variants found on chromosome Y, which are left out"},
            }};
}

TableSpec gene_test_rows_table() {
    using enum ColumnType;
    return {
        .name = "tests",
        .row = "test",
        .doc = "One row per set, mask and frequency bin, whether it can be tested or not; rows "
               "of traits/* are the same.",
        .columns = {
            {"set", text, "", "Name of the set"},
            {"mask", text, "", "Name of the mask"},
            {"frequency_bin", text, "", "Largest allele frequency of its variants, or singletons"},
            {"frequency_max", f64, "proportion",
             "Largest allele frequency of its variants; NaN for singletons"},
            {"variants", u32, "variants", "Variants in mask and bin that passed quality"},
        }};
}

TableSpec gene_set_variants_table() {
    using enum ColumnType;
    return {.name = "set_variants",
            .row = "set_variant",
            .doc = "Variants that passed quality and are in a mask and at least one frequency bin, "
                   "by set and mask; only with write_variants.",
            .columns = {
                {"set", text, "", "Name of the set"},
                {"mask", text, "", "Name of the mask"},
                {"chromosome", text, "", "Chromosome as written in the input"},
                {"base_pair_location", u32, "bp", "Position, 1-based"},
                {"variant_id", text, "", "Identifier as written in the input, empty if none"},
                {"other_allele", text, "", "Allele that is not counted"},
                {"effect_allele", text, "", "Allele that is counted"},
                {"effect_allele_frequency", f64, "proportion",
                 "Its frequency among all samples that pass quality"},
                {"allele_count", f64, "alleles", "Its copies among them"},
                {"frequency_bins", text, "", "Bins that it is in, as in tests.frequency_bin"},
            }};
}

TableSpec gene_trait_table(const std::string& trait, std::string_view kind) {
    using enum ColumnType;
    const bool survival = kind == "time_to_event", cases = survival || kind == "binary";
    const std::string unit = survival ? "log hazard per allele"
                             : cases  ? "log odds per allele"
                                      : "trait unit per allele";
    TableSpec spec{.name = salus::text("traits/", trait),
                   .row = "test",
                   .doc = salus::text("Tests of all sets for ", trait, "; rows as in tests."),
                   .columns = {{"n", u32, "people", "Samples in the test"}}};
    auto& columns = spec.columns;
    if (cases)
        columns.push_back({"n_cases", u32, "people",
                           "Cases in the test; of a time-to-event trait, people with the event"});
    columns.push_back({"variants", u32, "variants", "Variants with a carrier among them"});
    columns.push_back(
        {"variants_collapsed", u32, "variants",
         "Those of them with at most collapse_count_max copies, which count as one variant"});
    columns.push_back({"carriers", u32, "people", "People who carry at least one"});
    if (cases) columns.push_back({"carriers_cases", u32, "people", "The same among cases"});
    columns.push_back({"minor_allele_count", f64, "alleles", "Copies of all variants"});
    if (cases)
        columns.push_back({"minor_allele_count_cases", f64, "alleles", "The same among cases"});
    columns.push_back({"burden_beta", f64, unit, "Effect of one unit of the burden"});
    columns.push_back({"burden_standard_error", f64, unit, "Standard error of burden_beta"});
    for (const char* test : {"burden", "skat", "skat_o", "acat_v", "acat_o"})
        columns.push_back({salus::text(test, "_neg_log10_p"), f64, "-log10 p",
                           "Significance, without underflow; NaN if not tested"});
    columns.push_back({"skat_o_rho", f64, "proportion",
                       "Share of the burden test in the mixture with the least p"});
    columns.push_back(
        {"method", u8, "code", "Where p of skat, skat_o and acat_v come from; 0: not tested"});
    columns.push_back({"status", u8, "code", "0, or why tests are missing"});
    return spec;
}

TableSpec gene_summary_table() {
    using enum ColumnType;
    return {.name = "trait_summary",
            .row = "trait",
            .doc = "One row per analysed trait.",
            .columns = {{"name", text, "", "Trait; its results are in traits/NAME"},
                        {"kind", text, "", "quantitative, binary or time_to_event"},
                        {"n", u64, "people", "Samples with trait and all covariates"},
                        {"n_cases", u64, "people",
                         "Cases among them, or people with the event; 0 for quantitative traits"},
                        {"covariates", u32, "covariates", "Number that entered the model"},
                        {"covariates_constant", text, "",
                         "Covariates left out because they do not vary among these samples"}}};
}

TableSpec gene_skipped_table() {
    using enum ColumnType;
    return {.name = "traits_skipped",
            .row = "trait",
            .doc = "Traits that could not be analysed.",
            .columns = {{"name", text, "", "Trait"}, {"reason", text, "", "Why it was left out"}}};
}

TableSpec gene_leave_one_out_table(const std::string& trait) {
    using enum ColumnType;
    return {.name = salus::text("leave_one_out/", trait),
            .row = "left_out",
            .doc = "Tests without one variant; only with leave_one_out.",
            .columns = {{"set", text, "", "Name of the set"},
                        {"mask", text, "", "Name of the mask"},
                        {"frequency_bin", text, "", "As in tests"},
                        {"variant_without", text, "", "CHROM:POS:REF:ALT of the variant left out"},
                        {"burden_neg_log10_p", f64, "-log10 p", "Burden test without it"},
                        {"skat_o_neg_log10_p", f64, "-log10 p", "SKAT-O without it"}}};
}

TableSpec score_variants_table() {
    using enum ColumnType;
    return {.name = "variants",
            .row = "set_variant",
            .doc = "Variants of each set, sets in order: rows of scores/* are the same, and the "
                   "covariance of a set is a block of covariance/NAME.",
            .columns = {{"set", text, "", "Name of the set"},
                        {"chromosome", text, "", "Chromosome as written in the input"},
                        {"base_pair_location", u32, "bp", "Position, 1-based"},
                        {"other_allele", text, "", "Allele that is not counted"},
                        {"effect_allele", text, "", "Allele that is counted"}}};
}

TableSpec score_trait_table(const std::string& trait) {
    using enum ColumnType;
    return {.name = salus::text("scores/", trait),
            .row = "set_variant",
            .doc = salus::text("Score statistics for ", trait, "; rows as in variants."),
            .columns = {{"n", u32, "people", "Samples of the trait with a called genotype"},
                        {"allele_count", f64, "alleles", "Copies of effect_allele among them"},
                        {"score", f64, "1 per trait unit",
                         "Derivative of the log likelihood by the effect, at 0"},
                        {"variance", f64, "1 per trait unit squared", "Variance of the score"}}};
}

TableSpec score_covariance_table(const std::string& trait) {
    using enum ColumnType;
    return {.name = salus::text("covariance/", trait),
            .row = "variant_pair",
            .doc = salus::text("Covariance of the scores for ", trait,
                               ": set by set, of its m variants the upper triangle with the "
                               "diagonal, row by row, m (m + 1) / 2 values."),
            .columns = {{"covariance", f64, "1 per trait unit squared",
                         "Covariance of two scores; 0 where one has no carrier"}}};
}

} // namespace salus
