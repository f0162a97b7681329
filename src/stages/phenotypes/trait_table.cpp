#include "stages/phenotypes/trait_table.hpp"

#include "base/text.hpp"
#include "health/definition.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

namespace salus::phenotypes {
namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

/// Columns of a PLINK phenotype or covariate file that are neither.
bool is_plink_identity(std::string_view name) {
    constexpr std::array<std::string_view, 9> names{"fid", "#fid", "iid", "#iid",     "sid",
                                                    "pat", "mat",  "sex", "sample_id"};
    return std::find(names.begin(), names.end(), lower(name)) != names.end();
}

std::optional<std::size_t> sample_column(const DelimitedHeader& header) {
    for (const char* name : {"sample_id", "IID", "#IID"})
        if (const auto found = header.find(name)) return found;
    return std::nullopt;
}

void take_column(TableLayout& layout, const DelimitedHeader& header, const std::string& name,
                 std::vector<Problem>& problems) {
    if (auto unknown = header.missing({name}); !unknown.empty()) {
        problems.push_back(std::move(unknown.front()));
        return;
    }
    const std::size_t column = header.require(name);
    if (std::find(layout.columns.begin(), layout.columns.end(), column) != layout.columns.end() ||
        column == layout.id_column)
        problems.push_back(
            {.what = text("column ", name, " is asked for twice"),
             .where = text(layout.path.string(), ", line 1"),
             .why = "a column is a trait, a covariate or the sample, and only one of them",
             .help = "take it out of table_traits or table_covariates"});
    else if (!is_trait_name(header.names[column]))
        problems.push_back({.what = text("the name of column ", name, " cannot be used"),
                            .where = text(layout.path.string(), ", line 1"),
                            .why = "names become columns of result files",
                            .help = "use letters, digits, _, - and ., beginning with a letter"});
    layout.columns.push_back(column);
    layout.names.push_back(header.names[column]);
}

} // namespace

bool is_missing(std::string_view text) noexcept {
    return text.empty() || text == "." || text == "NA" || text == "NaN" || text == "nan" ||
           text == "na" || text == "NAN";
}

TableLayout trait_table_layout(const std::filesystem::path& path, const PhenotypesParams& params,
                               std::vector<Problem>& problems) {
    const DelimitedHeader header = read_delimited_header(path);
    TableLayout layout{.path = path};
    const auto id = sample_column(header);
    if (!id) {
        problems.push_back(
            {.what = "there is no column sample_id",
             .where = text(path.string(), ", line 1"),
             .why = "a trait table names the sample of each row in sample_id, IID or #IID, "
                    "separated by tabs or commas",
             .help = "rename the column, and check the separator: blanks do not separate"});
        return layout;
    }
    layout.id_column = *id;
    std::vector<std::string> traits = params.table_traits;
    const auto covariate = [&](const std::string& name) {
        const auto same = [&](const std::string& other) { return lower(other) == lower(name); };
        return std::any_of(params.table_covariates.begin(), params.table_covariates.end(), same);
    };
    if (traits.empty())
        for (const std::string& name : header.names)
            if (!is_plink_identity(name) && !covariate(name)) traits.push_back(name);
    for (const std::string& name : traits)
        take_column(layout, header, name, problems);
    layout.traits = layout.names.size();
    for (const std::string& name : params.table_covariates)
        take_column(layout, header, name, problems);
    return layout;
}

void read_trait_table(const TableLayout& layout, ByteRange range, const Cohort& cohort,
                      PartWriter& part) {
    DelimitedReader reader(layout.path, range);
    SampleRows rows(layout.columns.size());
    std::vector<std::uint64_t> other_than_01(layout.columns.size(), 0),
        other_than_plink = other_than_01, values = other_than_01;
    std::uint64_t read = 0, unknown = 0;
    while (reader.next_valid()) {
        ++read;
        const auto sample = cohort.find(trim(reader[layout.id_column]));
        if (!sample) ++unknown;
        std::span<double> out;
        if (sample) out = rows.add(*sample);
        for (std::size_t c = 0; c < layout.columns.size(); ++c) {
            const std::string_view written = trim(reader[layout.columns[c]]);
            if (is_missing(written)) continue;
            const auto number = parse_double(written);
            if (!number || !std::isfinite(*number))
                throw DataError(
                    {.what = "this is not a number",
                     .where = reader.where(layout.names[c]),
                     .why = "traits and covariates are numbers; empty, NA, NaN and . are missing",
                     .help = "correct the value, or name the columns to read in table_traits"});
            const double v = *number;
            ++values[c];
            if (v != 0 && v != 1) other_than_01[c] = 1;
            if (v != 0 && v != 1 && v != 2 && v != -9) other_than_plink[c] = 1;
            if (sample) out[c] = v;
        }
    }
    rows.write(part, cohort.size());
    part.write_array<std::uint64_t>("other_than_01", other_than_01, {}, Compression::none);
    part.write_array<std::uint64_t>("other_than_plink", other_than_plink, {}, Compression::none);
    part.write_array<std::uint64_t>("value_count", values, {}, Compression::none);
    part.write_array<std::uint64_t>(
        "span", std::vector<std::uint64_t>{reader.first_byte(), reader.next_byte(), read, unknown},
        {}, Compression::none);
}

TableFacts merge_trait_table(const TableLayout& layout, const Parts& parts) {
    TableFacts facts{.columns = std::vector<ColumnFacts>(layout.columns.size())};
    std::uint64_t end = 0;
    for (std::uint64_t u = 0; u < parts.size(); ++u) {
        const H5File part = parts.open(u);
        const auto span = part.read_array<std::uint64_t>("span");
        if (u > 0) check_seam(layout.path, end, span.at(0));
        end = span.at(1);
        facts.rows += span.at(2);
        facts.unknown_samples += span.at(3);
        const auto other_than_01 = part.read_array<std::uint64_t>("other_than_01");
        const auto other_than_plink = part.read_array<std::uint64_t>("other_than_plink");
        const auto values = part.read_array<std::uint64_t>("value_count");
        for (std::size_t c = 0; c < facts.columns.size(); ++c) {
            facts.columns[c].other_than_01 |= static_cast<std::uint8_t>(other_than_01.at(c));
            facts.columns[c].other_than_plink |= static_cast<std::uint8_t>(other_than_plink.at(c));
            facts.columns[c].values += values.at(c);
        }
    }
    return facts;
}

std::vector<Coding> codings(const TableLayout& layout, const TableFacts& facts,
                            const PhenotypesParams& params) {
    std::vector<Coding> out;
    for (std::size_t c = 0; c < layout.columns.size(); ++c) {
        const ColumnFacts& column = facts.columns[c];
        const auto same = [&](const std::string& name) {
            return lower(name) == lower(layout.names[c]);
        };
        const bool declared =
            std::any_of(params.binary_traits.begin(), params.binary_traits.end(), same);
        const bool trait = c < layout.traits;
        const bool fits =
            (params.plink_binary ? column.other_than_plink : column.other_than_01) == 0;
        if (declared && !fits)
            throw DataError(
                {.what =
                     text("column ", layout.names[c], " is declared binary but holds other values"),
                 .where = layout.path.string(),
                 .why = params.plink_binary ? "with plink_binary it is 1 for controls, 2 for "
                                              "cases, 0 or -9 for missing"
                                            : "it is 1 for cases, 0 for controls",
                 .help = params.plink_binary
                             ? "correct the column"
                             : "correct the column, or set plink_binary = true for 1/2 coding"});
        const bool binary = trait && fits && column.values > 0;
        if (params.plink_binary)
            out.push_back(binary ? Coding::binary_12 : Coding::plain_without_minus_9);
        else
            out.push_back(binary ? Coding::binary_01 : Coding::plain);
    }
    return out;
}

double decoded(double value, Coding coding) noexcept {
    switch (coding) {
    case Coding::binary_12:
        return value == 1 ? 0 : value == 2 ? 1 : missing;
    case Coding::plain_without_minus_9:
        return value == -9 ? missing : value;
    case Coding::plain:
    case Coding::binary_01:
        return value;
    }
    return missing;
}

} // namespace salus::phenotypes
