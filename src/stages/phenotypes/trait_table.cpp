#include "stages/phenotypes/trait_table.hpp"

#include "base/numbers.hpp"
#include "base/text.hpp"
#include "health/definition.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace salus::phenotypes {
namespace {

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

bool same_name(std::string_view a, std::string_view b) { return lower(a) == lower(b); }
bool is_among(const std::vector<std::string>& names, const std::string& name) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& other) { return same_name(other, name); });
}

// Declared kinds must be of columns that are read, ordinal ones as traits, and of one kind.
void check_kinds(const PhenotypesParams& params, const TableLayout& layout,
                 std::vector<Problem>& problems) {
    const std::vector<std::string> traits(
        layout.names.begin(), layout.names.begin() + static_cast<std::ptrdiff_t>(layout.traits));
    const auto refuse = [&](std::string what, const char* parameter, std::string help) {
        problems.push_back({.what = std::move(what),
                            .where = layout.path.string(),
                            .why = text(parameter, " names columns of the trait table that are ",
                                        "traits of this kind"),
                            .help = std::move(help)});
    };
    for (const std::string& name : params.binary_traits)
        if (!is_among(layout.names, name))
            refuse(text("column ", name, " of binary_traits is not read"), "binary_traits",
                   "correct the name, or add it to table_traits");
    for (const std::string& name : params.ordinal_traits) {
        if (is_among(params.binary_traits, name))
            refuse(text("column ", name, " is declared binary and ordinal"), "ordinal_traits",
                   "name it in one of binary_traits and ordinal_traits");
        else if (!is_among(traits, name))
            refuse(text("column ", name, " of ordinal_traits is not read as a trait"),
                   "ordinal_traits", "correct the name, or add it to table_traits");
    }
}

/// NAME = EVENT : TIME [: ENTRY] as written; nothing if it is not written so.
struct TimeColumns {
    std::string name;
    std::vector<std::string> columns; // event, time, entry
};
std::optional<TimeColumns> parse_times(std::string_view written) {
    const std::size_t equals = written.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    TimeColumns out{.name = std::string(trim(written.substr(0, equals)))};
    std::string_view rest = written.substr(equals + 1);
    for (;;) {
        const std::size_t colon = rest.find(':');
        out.columns.emplace_back(trim(rest.substr(0, colon)));
        if (out.columns.back().empty()) return std::nullopt;
        if (colon == std::string_view::npos) break;
        rest.remove_prefix(colon + 1);
    }
    const std::size_t count = out.columns.size();
    return count == 2 || count == 3 ? std::optional(out) : std::nullopt;
}

std::vector<TimeColumns> declared_times(const PhenotypesParams& params,
                                        std::vector<Problem>& problems) {
    std::vector<TimeColumns> out;
    for (const std::string& written : params.time_to_event) {
        auto times = parse_times(written);
        if (times && is_trait_name(times->name)) {
            out.push_back(std::move(*times));
            continue;
        }
        problems.push_back(
            {.what = text("cannot read \"", written, "\""),
             .where = "parameter time_to_event",
             .why = "it is written NAME = EVENT : TIME or NAME = EVENT : TIME : ENTRY, where NAME "
                    "becomes a column of result files and the others are columns of the table",
             .help = "for example \"stroke = stroke_event : stroke_years\""});
    }
    return out;
}

// A column of a time-to-event trait; several of them can share it.
std::size_t take_time_column(TableLayout& layout, const DelimitedHeader& header,
                             const std::string& name, std::vector<Problem>& problems) {
    if (auto unknown = header.missing({name}); !unknown.empty()) {
        problems.push_back(std::move(unknown.front()));
        return 0;
    }
    const std::size_t column = header.require(name), first = layout.traits + layout.covariates;
    for (std::size_t c = first; c < layout.columns.size(); ++c)
        if (layout.columns[c] == column) return c;
    layout.columns.push_back(column);
    layout.names.push_back(header.names[column]);
    return layout.columns.size() - 1;
}

// Times of one row: positive, and behind the entry.
void check_times(const TableLayout& layout, std::span<const double> values,
                 const DelimitedReader& reader) {
    for (const TableTime& times : layout.times) {
        const double time = values[times.time];
        const double entry = times.entry ? values[*times.entry] : 0;
        if (std::isnan(time) || std::isnan(entry) || (time > 0 && entry >= 0 && entry < time))
            continue;
        const bool positive = time > 0;
        throw DataError(
            {.what = positive ? "the time at risk begins before 0 or does not begin before it ends"
                              : "the time at risk is not positive",
             .where = reader.where(layout.names[positive ? *times.entry : times.time]),
             .why = text("trait ", times.name, " needs 0 <= entry < time, and time > 0"),
             .help = "leave the time empty for people who had the event before they were at risk"});
    }
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
    layout.minus_9_missing = params.plink_binary;
    const auto times = declared_times(params, problems);
    std::vector<std::string> traits = params.table_traits, others = params.table_covariates;
    for (const TimeColumns& trait : times)
        others.insert(others.end(), trait.columns.begin(), trait.columns.end());
    const auto used = [&](const std::string& name) { return is_among(others, name); };
    if (traits.empty())
        for (const std::string& name : header.names)
            if (!is_plink_identity(name) && !used(name)) traits.push_back(name);
    for (const std::string& name : traits)
        take_column(layout, header, name, problems);
    layout.traits = layout.names.size();
    for (const std::string& name : params.table_covariates)
        take_column(layout, header, name, problems);
    layout.covariates = layout.names.size() - layout.traits;
    for (const TimeColumns& trait : times) {
        const auto take = [&](std::size_t c) {
            return take_time_column(layout, header, trait.columns[c], problems);
        };
        TableTime& added = layout.times.emplace_back(TableTime{.name = trait.name});
        added.event = take(0);
        added.time = take(1);
        if (trait.columns.size() > 2) added.entry = take(2);
    }
    check_kinds(params, layout, problems);
    return layout;
}

void read_trait_table(const TableLayout& layout, ByteRange range, const Cohort& cohort,
                      PartWriter& part) {
    DelimitedReader reader(layout.path, range);
    SampleRows rows(layout.columns.size());
    std::vector<std::uint64_t> other_than_01(layout.columns.size(), 0),
        other_than_plink = other_than_01, values = other_than_01;
    std::vector<double> row(layout.columns.size());
    std::uint64_t read = 0, unknown = 0;
    while (reader.next_valid()) {
        ++read;
        const auto sample = cohort.find(trim(reader[layout.id_column]));
        if (!sample) ++unknown;
        std::fill(row.begin(), row.end(), nan);
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
            row[c] = v;
        }
        if (sample) std::copy(row.begin(), row.end(), rows.add(*sample).begin());
        if (layout.minus_9_missing) std::replace(row.begin(), row.end(), -9.0, nan);
        check_times(layout, row, reader);
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
        const bool event = std::any_of(layout.times.begin(), layout.times.end(),
                                       [&](const TableTime& times) { return times.event == c; });
        const bool declared = event || is_among(params.binary_traits, layout.names[c]);
        const bool trait = event || c < layout.traits;
        if (trait && is_among(params.ordinal_traits, layout.names[c])) {
            out.push_back(params.plink_binary ? Coding::ordinal_without_minus_9 : Coding::ordinal);
            continue;
        }
        const bool fits =
            (params.plink_binary ? column.other_than_plink : column.other_than_01) == 0;
        if (declared && !fits)
            throw DataError(
                {.what = text("column ", layout.names[c],
                              event ? " holds events" : " is declared binary",
                              " but holds other values"),
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
        return value == 1 ? 0 : value == 2 ? 1 : nan;
    case Coding::plain_without_minus_9:
    case Coding::ordinal_without_minus_9:
        return value == -9 ? nan : value;
    case Coding::plain:
    case Coding::ordinal:
    case Coding::binary_01:
        return value;
    }
    return nan;
}

} // namespace salus::phenotypes
