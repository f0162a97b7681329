#include "stages/loci/loci.hpp"

namespace salus {
namespace {

std::vector<ColumnSpec> key_columns() {
    using enum ColumnType;
    return {{"trait", text, "", "Trait"},
            {"locus", text, "", "Its locus: chromosome:start-end, unique within the trait"}};
}

void add_variant_columns(std::vector<ColumnSpec>& columns) {
    using enum ColumnType;
    columns.push_back({"variant", u64, "1", "Row of the variant in the genotype store, from 0"});
    columns.push_back({"base_pair_location", u32, "bp", "Position, 1-based"});
    columns.push_back({"variant_id", text, "", "Identifier as written in the input"});
    columns.push_back({"other_allele", text, "", "Reference allele (REF)"});
    columns.push_back({"effect_allele", text, "", "Alternative allele (ALT)"});
}

TableSpec keyed(std::string name, std::string row, std::string doc, bool with_variant) {
    TableSpec spec{.name = std::move(name),
                   .row = std::move(row),
                   .doc = std::move(doc),
                   .columns = key_columns()};
    if (with_variant) add_variant_columns(spec.columns);
    return spec;
}

void add(TableSpec& spec, std::initializer_list<ColumnSpec> columns) {
    spec.columns.insert(spec.columns.end(), columns);
}

} // namespace

TableSpec loci_traits_table() {
    using enum ColumnType;
    return {.name = "traits",
            .row = "trait",
            .doc = "One row per trait of the association result.",
            .columns = {{"name", text, "", "Trait"},
                        {"kind", text, "", "quantitative or binary"},
                        {"n", u64, "people", "Samples of the models"},
                        {"loci", u64, "loci", "Loci; 0 if no test passed p_max"},
                        {"signals", u64, "signals", "Conditional signals"},
                        {"credible_sets", u64, "sets", "Credible sets"},
                        {"note", text, "", "Why the trait was left out; empty if it was not"}}};
}

TableSpec loci_table() {
    using enum ColumnType;
    TableSpec spec =
        keyed("loci", "region", "One row per locus: merged windows of index variants.", false);
    add(spec,
        {{"chromosome", text, "", "Chromosome as written in the input"},
         {"start", u32, "bp", "First position of the window"},
         {"end", u32, "bp", "Last position of the window"},
         {"index_variant", u64, "1", "Row of the most significant variant in the genotype store"},
         {"index_variant_id", text, "", "Its identifier"},
         {"index_position", u32, "bp", "Its position"},
         {"neg_log10_p", f64, "-log10 p", "Its test in the association result"},
         {"beta", f64, "per allele", "Its effect there"},
         {"standard_error", f64, "per allele", "Standard error of beta"},
         {"variants", u64, "variants", "Tested variants in the window"},
         {"clumps", u64, "clumps", "Index variants of clumps"},
         {"signals", u64, "signals", "Signals of the conditional analysis"},
         {"credible_sets", u64, "sets", "Credible sets"},
         {"hla", u8, "0 or 1", "1 if it overlaps the HLA region, 6:25-34 Mb of GRCh37"},
         {"conditional_status", u8, "code", "How far the conditional analysis got"},
         {"fine_mapping_status", u8, "code", "How far fine-mapping got"},
         {"residual_variance", f64, "trait unit^2",
          "Of the sum of single effects; 1 for binary traits; NaN without"},
         {"elbo", f64, "log", "Evidence lower bound of the sum of single effects; NaN without"},
         {"iterations", u32, "iterations", "Of the sum of single effects"}});
    return spec;
}

TableSpec loci_clumps_table() {
    using enum ColumnType;
    TableSpec spec = keyed("clumps", "clump", "Index variants by position.", true);
    add(spec, {{"neg_log10_p", f64, "-log10 p", "Test of the index variant"},
               {"members", u64, "variants", "Variants of the clump, without the index variant"},
               {"start", u32, "bp", "First position of a variant of the clump"},
               {"end", u32, "bp", "Last position"}});
    return spec;
}

TableSpec loci_clump_members_table() {
    using enum ColumnType;
    TableSpec spec =
        keyed("clump_members", "member", "Variants that index variants claimed.", true);
    add(spec, {{"index_variant", u64, "1", "Row of the index variant in the genotype store"},
               {"neg_log10_p", f64, "-log10 p", "Test of the member"},
               {"r2", f64, "1", "With the index variant, over samples called in both"}});
    return spec;
}

TableSpec loci_signals_table() {
    using enum ColumnType;
    TableSpec spec =
        keyed("signals", "signal", "Conditional signals in the order they were found.", true);
    add(spec, {{"step", u32, "1", "1 for the index variant of the locus"},
               {"effect_allele_frequency", f64, "proportion", "Among the samples of the trait"},
               {"marginal_beta", f64, "per allele", "Effect with the covariates only"},
               {"marginal_standard_error", f64, "per allele", "Its standard error"},
               {"marginal_neg_log10_p", f64, "-log10 p", "Its test"},
               {"conditional_beta", f64, "per allele", "Effect given the signals before it"},
               {"conditional_standard_error", f64, "per allele", "Its standard error"},
               {"conditional_neg_log10_p", f64, "-log10 p", "Its test"},
               {"joint_beta", f64, "per allele",
                "Effect in the model of all signals; NaN if that does "
                "not converge"},
               {"joint_standard_error", f64, "per allele", "Its standard error"},
               {"joint_neg_log10_p", f64, "-log10 p", "Its test"}});
    return spec;
}

TableSpec loci_credible_sets_table() {
    using enum ColumnType;
    TableSpec spec = keyed("credible_sets", "credible_set",
                           "Sets that hold a causal variant with the probability asked for; the "
                           "variant is that of the largest probability.",
                           true);
    add(spec, {{"set", u32, "1", "Number within the locus, the purest first"},
               {"size", u64, "variants", "Variants in the set"},
               {"coverage", f64, "probability", "Probability of the variants in the set"},
               {"purity", f64, "1", "Least absolute correlation between two of them"},
               {"mean_correlation", f64, "1", "Mean absolute correlation"},
               {"lead_pip", f64, "probability", "Inclusion probability of the variant"},
               {"log_bayes_factor", f64, "log", "Of this effect against none"}});
    return spec;
}

TableSpec loci_variants_table() {
    using enum ColumnType;
    TableSpec spec = keyed("variants", "locus_variant", "Tested variants of the loci.", true);
    add(spec,
        {{"effect_allele_frequency", f64, "proportion", "Among the samples of the trait"},
         {"neg_log10_p", f64, "-log10 p", "Test of the association result"},
         {"beta", f64, "per allele", "Effect there"},
         {"standard_error", f64, "per allele", "Its standard error"},
         {"pip", f64, "probability", "Posterior inclusion probability; NaN without fine-mapping"},
         {"credible_set", u32, "1", "Set that the variant is in; 0: none"},
         {"r2", f64, "1", "With the index variant of the locus, missing genotypes at their mean"}});
    return spec;
}

} // namespace salus
