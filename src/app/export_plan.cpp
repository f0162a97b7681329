#include "app/export_plan.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "schema/suggest.hpp"

#include <algorithm>
#include <array>

namespace salus {
namespace {

void require_table(const H5File& file, const std::string& table) {
    const auto tables = file.tables();
    if (std::find(tables.begin(), tables.end(), table) == tables.end())
        throw UsageError({.what = text("the file has no table '", table, "'"),
                          .where = file.path().string(),
                          .why = {},
                          .help = suggestion(table, tables)});
}

bool has_column(const TableSpec& spec, std::string_view name) {
    return std::any_of(spec.columns.begin(), spec.columns.end(),
                       [&](const ColumnSpec& c) { return c.name == name; });
}

bool joins_variants(const H5File& file, const std::string& table) {
    return table.starts_with("traits/") && file.is_table("variants") &&
           file.rows("variants") == file.rows(table);
}

void note_places(ExportPlan& plan) {
    for (std::size_t i = 0; i < plan.columns.size(); ++i) {
        if (plan.columns[i].name == "chromosome") plan.chromosome = static_cast<int>(i);
        if (plan.columns[i].name == "base_pair_location") plan.position = static_cast<int>(i);
    }
}

/// Mandatory and known columns of GWAS-SSF v1.0 in its order, with our names.
struct SsfName {
    std::string_view ssf, ours;
    ExportForm form = ExportForm::as_is;
};
constexpr std::array<SsfName, 13> ssf_names{
    {{"chromosome", "chromosome", ExportForm::chromosome_number},
     {"base_pair_location", "base_pair_location"},
     {"effect_allele", "effect_allele"},
     {"other_allele", "other_allele"},
     {"beta", "beta"},
     {"standard_error", "standard_error"},
     {"effect_allele_frequency", "effect_allele_frequency"},
     {"neg_log_10_p_value", "neg_log10_p"},
     {"variant_id", "variant_id", ExportForm::place_and_alleles},
     {"rsid", "variant_id", ExportForm::rsid},
     {"n", "n"},
     {"n_cases", "n_cases"},
     {"info", "info"}}};

} // namespace

ExportPlan plan_export(const H5File& file, const std::string& table) {
    require_table(file, table);
    ExportPlan plan;
    plan.rows = file.rows(table);
    if (joins_variants(file, table))
        for (const ColumnSpec& column : file.table_spec("variants").columns)
            plan.columns.push_back(
                {.name = column.name, .table = "variants", .column = column.name});
    for (const ColumnSpec& column : file.table_spec(table).columns)
        plan.columns.push_back({.name = column.name, .table = table, .column = column.name});
    note_places(plan);
    return plan;
}

ExportPlan plan_gwas_ssf(const H5File& file, const std::string& table) {
    require_table(file, table);
    const TableSpec statistics = file.table_spec(table);
    if (!joins_variants(file, table) || !has_column(statistics, "beta") ||
        !has_column(statistics, "neg_log10_p"))
        throw UsageError(
            {.what = text("table '", table, "' holds no association statistics"),
             .where = file.path().string(),
             .why = "GWAS-SSF is a format for them",
             .help = "give a table traits/NAME of an association result, or leave out --format"});
    const TableSpec variants = file.table_spec("variants");
    ExportPlan plan;
    plan.rows = file.rows(table);
    plan.only_tested = true;
    plan.missing = "#NA";
    for (const auto& [ssf, ours, form] : ssf_names) {
        const bool in_statistics = has_column(statistics, ours);
        if (!in_statistics && !has_column(variants, ours)) continue;
        plan.columns.push_back({.name = std::string(ssf),
                                .table = in_statistics ? table : "variants",
                                .column = std::string(ours),
                                .form = form});
    }
    note_places(plan);
    return plan;
}

std::string chromosome_number(std::string_view chromosome) {
    if (lower(chromosome.substr(0, 3)) == "chr") chromosome.remove_prefix(3);
    const std::string name = lower(chromosome);
    if (name == "x") return "23";
    if (name == "y") return "24";
    if (name == "m" || name == "mt") return "25";
    return std::string(chromosome);
}

} // namespace salus
