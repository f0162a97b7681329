#include "stages/risk_model/columns.hpp"

#include "base/error.hpp"
#include "base/numbers.hpp"
#include "base/text.hpp"
#include "formats/delimited.hpp"
#include "health/status_matrix.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace salus::risk_models {
namespace {

bool is_missing(std::string_view cell) {
    return cell.empty() || cell == "." || lower(cell) == "na" || lower(cell) == "nan";
}

} // namespace

SampleColumns::SampleColumns(const std::filesystem::path& phenotypes,
                             const std::vector<std::filesystem::path>& tables,
                             const std::filesystem::path& episodes)
    : file_(H5File::open(phenotypes)), samples_(file_.rows("samples")) {
    places_ = {{"sex", Place::sex}, {"group", Place::group}};
    if (const auto matrix = StatusMatrix::open(file_))
        for (const StatusTrait& trait : matrix->traits()) {
            places_[trait.name] = Place::status;
            kinds_[trait.name] = "binary";
        }
    if (file_.is_table("covariates"))
        for (const ColumnSpec& column : file_.table_spec("covariates").columns)
            places_[column.name] = Place::covariates;
    if (file_.is_table("traits"))
        for (const ColumnSpec& column : file_.table_spec("traits").columns)
            places_[column.name] = Place::traits;
    if (file_.is_table("trait_info")) {
        const TableData info = file_.read("trait_info", {"name", "kind"});
        const auto& names = info.column<std::string>("name");
        for (std::size_t t = 0; t < names.size(); ++t)
            kinds_[names[t]] = info.column<std::string>("kind")[t];
    }
    const auto all = file_.read("samples", {"group"});
    const auto& group = all.column<std::string>("group");
    std::set<std::string> names(group.begin(), group.end());
    names.erase("");
    groups_.assign(names.begin(), names.end());
    for (const auto& table : tables)
        table.extension() == ".h5" ? add_scores(table) : add_table(table);
    if (!episodes.empty()) add_episodes(episodes);
}

void SampleColumns::claim(const std::string& name, Place place, const std::filesystem::path& path) {
    if (has(name))
        throw DataError({.what = text("column \"", name, "\" is there already"),
                         .where = path.string(),
                         .why = "every column of a model has one meaning",
                         .help = "rename the column in the table"});
    places_[name] = place;
}

void SampleColumns::add_episodes(const std::filesystem::path& path) {
    episodes_ = read_episodes(path, ids());
    for (const auto& [name, values] : episodes_.columns) {
        claim(name, Place::episodes, path);
        if (episodes_.is_event(name)) kinds_[name] = "time_to_event";
    }
}

std::vector<double>& SampleColumns::new_column(const std::string& name,
                                               const std::filesystem::path& path) {
    claim(name, Place::table, path);
    return others_[name] = std::vector<double>(samples_, nan);
}

void SampleColumns::add_scores(const std::filesystem::path& path) {
    const H5File scores = H5File::open(path);
    std::unordered_map<std::string, std::uint64_t> place;
    const auto known = ids();
    for (std::uint64_t i = 0; i < known.size(); ++i)
        place.emplace(known[i], i);
    for (const std::string table : {"scores", "z_mean", "z_variance"}) {
        if (!scores.is_table(table)) continue;
        const auto of = scores.read(table, {"sample_id"}).column<std::string>("sample_id");
        for (const ColumnSpec& column : scores.table_spec(table).columns) {
            if (column.type != ColumnType::f64) continue;
            auto& values =
                new_column(table == "scores" ? column.name : text(column.name, ".", table), path);
            const auto given = scores.read_array<double>(text(table, "/", column.name));
            for (std::size_t i = 0; i < of.size(); ++i)
                if (const auto at = place.find(of[i]); at != place.end())
                    values[at->second] = given[i];
        }
    }
}

void SampleColumns::add_table(const std::filesystem::path& path) {
    DelimitedReader reader(path);
    const DelimitedHeader& header = reader.header();
    std::size_t id = 0;
    for (const char* name : {"sample_id", "IID", "#IID"})
        if (const auto at = header.find(name)) {
            id = *at;
            break;
        } else if (std::string_view(name) == "#IID") {
            id = header.require("sample_id");
        }
    std::vector<std::vector<double>*> columns(header.names.size(), nullptr);
    for (std::size_t c = 0; c < header.names.size(); ++c) {
        const std::string& name = header.names[c];
        if (c == id || name == "FID" || name == "#FID") continue;
        columns[c] = &new_column(name, path);
    }
    std::unordered_map<std::string, std::uint64_t> place;
    const auto known = ids();
    for (std::uint64_t i = 0; i < known.size(); ++i)
        place.emplace(known[i], i);
    std::vector<std::uint8_t> seen(samples_, 0);
    while (reader.next_valid()) {
        const auto found = place.find(std::string(reader[id]));
        if (found == place.end()) continue;
        if (seen[found->second]++ != 0)
            throw DataError({.what = "a sample stands twice in the table",
                             .where = reader.where(),
                             .why = "a sample has one value of each column",
                             .help = "remove one of the rows"});
        for (std::size_t c = 0; c < columns.size(); ++c) {
            if (columns[c] == nullptr || is_missing(reader[c])) continue;
            const auto value = parse_double(trim(reader[c]));
            if (!value)
                throw DataError({.what = "a cell is not a number",
                                 .where = reader.where(header.names[c]),
                                 .why = "columns of a model are numbers",
                                 .help = "code the column by numbers, or leave it out"});
            (*columns[c])[found->second] = *value;
        }
    }
}

std::vector<std::string> SampleColumns::names() const {
    std::vector<std::string> out;
    for (const auto& [name, place] : places_)
        out.push_back(name);
    return out;
}

std::string SampleColumns::kind(const std::string& name) const {
    const auto found = kinds_.find(name);
    return found == kinds_.end() ? std::string{} : found->second;
}

std::string SampleColumns::time_unit(const std::string& name) const {
    if (!file_.is_table("times")) return {};
    for (const ColumnSpec& column : file_.table_spec("times").columns)
        if (column.name == name) return column.unit;
    return {};
}

std::vector<double> SampleColumns::group_numbers(const std::vector<std::string>& groups) const {
    std::vector<double> out;
    for (const std::string& group : groups) {
        const auto at = std::lower_bound(groups_.begin(), groups_.end(), group);
        out.push_back(group.empty() ? nan : static_cast<double>(at - groups_.begin()));
    }
    return out;
}

std::vector<double> SampleColumns::read(const std::string& name) const {
    return read(name, 0, samples_);
}

std::vector<double> SampleColumns::read(const std::string& name, std::uint64_t begin,
                                        std::uint64_t count) const {
    const auto slice = [&](const std::vector<double>& all) {
        const auto from = all.begin() + static_cast<std::ptrdiff_t>(begin);
        return std::vector<double>(from, from + static_cast<std::ptrdiff_t>(count));
    };
    switch (places_.at(name)) {
    case Place::traits:
        return file_.read_rows<double>(text("traits/", name), begin, count);
    case Place::covariates:
        return file_.read_rows<double>(text("covariates/", name), begin, count);
    case Place::status: {
        const auto matrix = StatusMatrix::open(file_);
        return slice(matrix->values(*matrix->find(name)));
    }
    case Place::sex: {
        std::vector<double> out;
        for (const std::uint8_t sex : file_.read_rows<std::uint8_t>("samples/sex", begin, count))
            out.push_back(sex == 0 ? nan : sex);
        return out;
    }
    case Place::group:
        return group_numbers(
            file_.read_rows("samples", begin, count, {"group"}).column<std::string>("group"));
    case Place::episodes:
        return slice(episodes_.at_begin(name));
    case Place::table:
        break;
    }
    return slice(others_.at(name));
}

SampleColumns::Times SampleColumns::times(const std::string& name) const {
    if (of_episodes(name)) {
        auto found = episodes_.first_events(name);
        return {.exit = std::move(found.exit), .entry = std::move(found.entry)};
    }
    const std::string time = text("times/", name), entry = time + ".entry";
    Times out{.exit = file_.read_array<double>(time), .entry = {}};
    if (file_.exists(entry)) out.entry = file_.read_array<double>(entry);
    return out;
}

std::vector<double> SampleColumns::status(const std::string& name) const {
    return of_episodes(name) ? episodes_.first_events(name).status : read(name);
}

std::vector<std::string> SampleColumns::ids() const { return ids(0, samples_); }

std::vector<std::string> SampleColumns::ids(std::uint64_t begin, std::uint64_t count) const {
    return file_.read_rows("samples", begin, count, {"sample_id"}).column<std::string>("sample_id");
}

std::vector<std::string> SampleColumns::groups() const { return groups_; }

} // namespace salus::risk_models
