#include "stages/principal_components/tables.hpp"

#include "base/text.hpp"
#include "genotype/store_layout.hpp"
#include "stages/principal_components/principal_components.hpp"

namespace salus {
namespace {

/// Columns pc1 ... pcK, or the one column pc{k} that stands for them in the declaration.
void add_component_columns(TableSpec& spec, std::size_t components, const std::string& unit,
                           const std::string& doc) {
    if (components == 0) spec.columns.push_back({"pc{k}", ColumnType::f64, unit, doc});
    for (std::size_t k = 1; k <= components; ++k)
        spec.columns.push_back({text("pc", k), ColumnType::f64, unit, doc});
}

} // namespace

TableSpec components_eigenvalues_table() {
    using enum ColumnType;
    return {.name = "eigenvalues",
            .row = "component",
            .doc = "One row per component, largest first.",
            .columns = {{"pc", u32, "1", "Number of the component, from 1"},
                        {"eigenvalue", f64, "1",
                         "Eigenvalue of the relationship matrix Z Z' / M of the used samples"},
                        {"variance_share", f64, "proportion",
                         "Eigenvalue over the sum of all eigenvalues (the trace)"},
                        {"residual", f64, "1",
                         "Length of A v - eigenvalue v over the eigenvalue; the sine of the angle "
                         "to the true component is at most this over the relative gap to its "
                         "neighbours"},
                        {"last_change", f64, "1",
                         "Relative change of the eigenvalue in the last iteration"}}};
}

TableSpec components_samples_table(std::size_t components) {
    TableSpec spec{.name = "samples",
                   .row = "sample",
                   .doc = "One row per sample, in the order of the genotype store.",
                   .columns = {{"sample_id", ColumnType::text, "", "Sample identifier"},
                               {"used", ColumnType::u8, "0 or 1",
                                "1 if the components were computed from this sample, 0 if it was "
                                "projected onto them"}}};
    add_component_columns(spec, components, "1",
                          "Coordinate; over the used samples its squares sum to 1");
    return spec;
}

TableSpec components_loadings_table(std::size_t components) {
    using enum ColumnType;
    TableSpec spec{
        .name = "loadings",
        .row = "variant",
        .doc = "One row per variant that takes part, in the order of the genotype store.",
        .columns = {{"chromosome", text, "", "Chromosome as written in the input"},
                    {"base_pair_location", u32, "bp", "Position, 1-based"},
                    {"variant_id", text, "", "Identifier as written in the input, empty if none"},
                    {"other_allele", text, "", "Reference allele (REF)"},
                    {"effect_allele", text, "", "Alternative allele (ALT)"},
                    {"alt_frequency", f64, "proportion", "ALT frequency f in the used samples"},
                    {"scale", f64, "alleles", "sqrt(2 f (1 - f))"}}};
    add_component_columns(spec, components, "1",
                          "Loading: a coordinate is the sum over variants of "
                          "(ALT copies - 2 alt_frequency) / scale x loading");
    return spec;
}

namespace components {

TableData eigenvalue_rows(const Components& found, const Totals& totals) {
    TableData table(components_eigenvalues_table());
    for (std::size_t k = 0; k < found.pairs.values.size(); ++k) {
        const double value = found.pairs.values[k];
        table.column<std::uint32_t>("pc").push_back(static_cast<std::uint32_t>(k + 1));
        table.column<double>("eigenvalue").push_back(value);
        table.column<double>("variance_share").push_back(value / totals.trace);
        table.column<double>("residual").push_back(found.pairs.residuals[k] / value);
        table.column<double>("last_change").push_back(found.change[k]);
    }
    return table;
}

TableData sample_rows(const SampleTable& samples, std::span<const std::uint8_t> used,
                      std::span<const double> scores) {
    const std::size_t components = samples.size() == 0 ? 0 : scores.size() / samples.size();
    TableData table(components_samples_table(components));
    table.column<std::string>("sample_id") = samples.id;
    table.column<std::uint8_t>("used").assign(used.begin(), used.end());
    for (std::size_t k = 0; k < components; ++k) {
        const auto column = scores.subspan(k * samples.size(), samples.size());
        table.column<double>(text("pc", k + 1)).assign(column.begin(), column.end());
    }
    return table;
}

void append_loading(TableData& table, const Variant& v, double frequency, double scale,
                    std::span<const double> weights) {
    table.column<std::string>("chromosome").push_back(v.chromosome);
    table.column<std::uint32_t>("base_pair_location").push_back(v.position);
    table.column<std::string>("variant_id").push_back(shown_text(v.id));
    table.column<std::string>("other_allele").push_back(v.ref);
    table.column<std::string>("effect_allele").push_back(v.alt);
    table.column<double>("alt_frequency").push_back(frequency);
    table.column<double>("scale").push_back(scale);
    for (std::size_t k = 0; k < weights.size(); ++k)
        table.column<double>(text("pc", k + 1)).push_back(weights[k]);
}

} // namespace components
} // namespace salus
