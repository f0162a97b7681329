#include "stages/risk_model/episodes.hpp"

#include "base/error.hpp"
#include "base/numbers.hpp"
#include "base/text.hpp"
#include "formats/delimited.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <unordered_map>

namespace salus::risk_models {
namespace {

double number_at(const DelimitedReader& reader, std::size_t column) {
    const std::string_view cell = trim(reader[column]);
    if (cell.empty() || cell == "." || lower(cell) == "na" || lower(cell) == "nan") return nan;
    const auto value = parse_double(cell);
    if (!value)
        throw DataError({.what = "a cell is not a number",
                         .where = reader.where(reader.header().names[column]),
                         .why = "columns of a model are numbers",
                         .help = "code the column by numbers, or leave it out"});
    return *value;
}

std::size_t column_of(const DelimitedHeader& header, std::initializer_list<const char*> names) {
    for (const char* name : names)
        if (const auto at = header.find(name)) return *at;
    return header.require(*names.begin());
}

void check_times(const DelimitedReader& reader, double start, double stop) {
    if (std::isfinite(start) && std::isfinite(stop) && start >= 0 && start < stop) return;
    throw DataError({.what = std::isfinite(start) && std::isfinite(stop) && start < stop
                                 ? "a row begins before 0"
                                 : "a row does not end behind its start",
                     .where = reader.where("stop"),
                     .why = "a row is the time (start, stop] of a person, counted from 0",
                     .help = "correct the row; an event on the day of entry needs a small time of "
                             "its own, for example half a day"});
}

/// Rows in the order of the file.
struct FileRows {
    Episodes of;
    std::vector<std::uint64_t> line;
    std::vector<std::vector<double>> values; // [column of the file]
};

FileRows read_rows(DelimitedReader& reader, std::span<const std::string> ids) {
    const DelimitedHeader& header = reader.header();
    const std::size_t id = column_of(header, {"sample_id", "IID", "#IID"}),
                      start = column_of(header, {"start", "tstart"}),
                      stop = column_of(header, {"stop", "tstop"});
    std::unordered_map<std::string, std::uint32_t> place;
    for (std::uint32_t i = 0; i < ids.size(); ++i)
        place.emplace(ids[i], i);
    FileRows rows;
    rows.values.resize(header.names.size());
    while (reader.next_valid()) {
        const double from = number_at(reader, start), to = number_at(reader, stop);
        check_times(reader, from, to);
        const auto found = place.find(std::string(trim(reader[id])));
        if (found == place.end()) {
            ++rows.of.unknown;
            continue;
        }
        rows.of.sample.push_back(found->second);
        rows.of.start.push_back(from), rows.of.stop.push_back(to);
        rows.line.push_back(reader.line());
        for (std::size_t c = 0; c < rows.values.size(); ++c)
            if (c != id && c != start && c != stop && header.names[c] != "FID" &&
                header.names[c] != "#FID")
                rows.values[c].push_back(number_at(reader, c));
    }
    return rows;
}

void check_overlap(const Episodes& rows, std::span<const std::uint64_t> line,
                   const std::filesystem::path& path) {
    for (std::size_t i = 1; i < rows.rows(); ++i)
        if (rows.sample[i] == rows.sample[i - 1] && rows.start[i] < rows.stop[i - 1])
            throw DataError({.what = text("two rows of a person overlap in time: lines ",
                                          std::min(line[i], line[i - 1]), " and ",
                                          std::max(line[i], line[i - 1])),
                             .where = path.string(),
                             .why = "a person would be at risk twice at one time",
                             .help = "end each row where the next one begins"});
}

template <class T>
std::vector<T> in_order(const std::vector<T>& values, std::span<const std::uint64_t> order) {
    std::vector<T> out;
    out.reserve(values.size());
    for (const std::uint64_t i : order)
        out.push_back(values[i]);
    return out;
}

} // namespace

bool Episodes::is_event(const std::string& name) const {
    const auto& values = columns.at(name);
    return std::all_of(values.begin(), values.end(),
                       [](double v) { return std::isnan(v) || v == 0 || v == 1; });
}

std::vector<double> Episodes::at_begin(const std::string& name) const {
    const auto& values = columns.at(name);
    std::vector<double> out(first.size() - 1, nan);
    for (std::size_t s = 0; s < out.size(); ++s)
        if (first[s] < first[s + 1]) out[s] = values[first[s]];
    return out;
}

Episodes::FirstEvents Episodes::first_events(const std::string& name) const {
    const auto& values = columns.at(name);
    const std::vector<double> nobody(first.size() - 1, nan);
    FirstEvents out{nobody, nobody, nobody};
    for (std::size_t i = 0; i < rows(); ++i) {
        const std::size_t s = sample[i];
        if (std::isnan(values[i]) || out.status[s] == 1) continue;
        if (std::isnan(out.entry[s])) out.entry[s] = start[i];
        out.exit[s] = stop[i];
        out.status[s] = values[i];
    }
    return out;
}

Episodes read_episodes(const std::filesystem::path& path, std::span<const std::string> ids) {
    DelimitedReader reader(path);
    FileRows rows = read_rows(reader, ids);
    if (rows.of.rows() == 0)
        throw DataError({.what = text("none of its ", rows.of.unknown, " rows is of a sample"),
                         .where = path.string(),
                         .why = "rows are matched by sample_id",
                         .help = "use the identifiers of the phenotypes"});
    std::vector<std::uint64_t> order(rows.of.rows());
    std::iota(order.begin(), order.end(), std::uint64_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::uint64_t a, std::uint64_t b) {
        return rows.of.sample[a] != rows.of.sample[b] ? rows.of.sample[a] < rows.of.sample[b]
                                                      : rows.of.start[a] < rows.of.start[b];
    });
    Episodes out{.sample = in_order(rows.of.sample, order),
                 .start = in_order(rows.of.start, order),
                 .stop = in_order(rows.of.stop, order),
                 .columns = {},
                 .first = std::vector<std::uint64_t>(ids.size() + 1, 0),
                 .unknown = rows.of.unknown};
    check_overlap(out, in_order(rows.line, order), path);
    for (std::size_t c = 0; c < rows.values.size(); ++c)
        if (!rows.values[c].empty())
            out.columns[reader.header().names[c]] = in_order(rows.values[c], order);
    for (const std::uint32_t s : out.sample)
        ++out.first[s + 1];
    std::partial_sum(out.first.begin(), out.first.end(), out.first.begin());
    return out;
}

} // namespace salus::risk_models
