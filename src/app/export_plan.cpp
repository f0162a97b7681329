#include "app/export_plan.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "schema/suggest.hpp"

#include <algorithm>
#include <array>
#include <span>

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

void note_places(ExportPlan& plan, std::string_view chromosome, std::string_view position) {
    for (std::size_t i = 0; i < plan.columns.size(); ++i) {
        if (plan.columns[i].name == chromosome) plan.chromosome = static_cast<int>(i);
        if (plan.columns[i].name == position) plan.position = static_cast<int>(i);
    }
}

/// A column of a format and what it is made from.
struct FormatColumn {
    std::string_view name, ours;
    ExportForm form = ExportForm::as_is;
};
// Mandatory and known columns of GWAS-SSF v1.0 in its order.
constexpr std::array<FormatColumn, 14> ssf_names{
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
     {"info", "info"},
     {"ref_allele", "OA", ExportForm::constant}}};
constexpr std::array<FormatColumn, 17> regenie_names{
    {{"CHROM", "chromosome", ExportForm::plink_number},
     {"GENPOS", "base_pair_location"},
     {"ID", "variant_id"},
     {"ALLELE0", "other_allele"},
     {"ALLELE1", "effect_allele"},
     {"A1FREQ", "effect_allele_frequency"},
     {"A1FREQ_CASES", "effect_allele_frequency_cases"},
     {"A1FREQ_CONTROLS", "effect_allele_frequency_controls"},
     {"N", "n"},
     {"N_CASES", "n_cases"},
     {"N_CONTROLS", "n_cases", ExportForm::controls},
     {"TEST", "ADD", ExportForm::constant},
     {"BETA", "beta"},
     {"SE", "standard_error"},
     {"CHISQ", "neg_log10_p", ExportForm::chi_square},
     {"LOG10P", "neg_log10_p"},
     {"EXTRA", "NA", ExportForm::constant}}};

/// The columns of a format that the tables have, rows without an effect left out.
ExportPlan plan_statistics(const H5File& file, const std::string& table,
                           std::span<const FormatColumn> names, std::string_view format) {
    require_table(file, table);
    const TableSpec statistics = file.table_spec(table);
    if (!joins_variants(file, table) || !has_column(statistics, "beta") ||
        !has_column(statistics, "neg_log10_p"))
        throw UsageError(
            {.what = text("table '", table, "' holds no association statistics"),
             .where = file.path().string(),
             .why = text(format, " is a format for them"),
             .help = "give a table traits/NAME of an association result, or leave out --format"});
    const TableSpec variants = file.table_spec("variants");
    ExportPlan plan{.rows = file.rows(table), .only_tested = true};
    for (const auto& [name, ours, form] : names) {
        const bool constant = form == ExportForm::constant;
        const bool in_statistics = has_column(statistics, ours);
        if (!constant && !in_statistics && !has_column(variants, ours)) continue;
        plan.columns.push_back({.name = std::string(name),
                                .table = in_statistics ? table : "variants",
                                .column = std::string(ours),
                                .form = form,
                                .constant = constant ? std::string(ours) : std::string()});
    }
    return plan;
}

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
    note_places(plan, "chromosome", "base_pair_location");
    return plan;
}

ExportPlan plan_gwas_ssf(const H5File& file, const std::string& table) {
    ExportPlan plan = plan_statistics(file, table, ssf_names, "GWAS-SSF");
    plan.missing = "#NA";
    // Of meta-analyses the reference allele is not known.
    if (has_column(file.table_spec("variants"), "studies"))
        std::erase_if(plan.columns, [](const ExportColumn& column) {
            return column.name == "ref_allele" || column.name == "variant_id";
        });
    note_places(plan, "chromosome", "base_pair_location");
    return plan;
}

ExportPlan plan_regenie(const H5File& file, const std::string& table) {
    ExportPlan plan = plan_statistics(file, table, regenie_names, "regenie");
    note_places(plan, "CHROM", "GENPOS");
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

std::string plink_chromosome_number(std::string_view chromosome) {
    const std::string number = chromosome_number(chromosome);
    if (lower(chromosome).ends_with("m") || lower(chromosome).ends_with("mt")) return "26";
    return number;
}

} // namespace salus
