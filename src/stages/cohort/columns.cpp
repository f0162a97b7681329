#include "stages/cohort/columns.hpp"

#include "base/numbers.hpp"
#include "base/text.hpp"
#include "health/status_matrix.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace salus::matching {
namespace {

std::vector<ColumnPlace> all_columns(const H5File& file) {
    std::vector<ColumnPlace> places;
    for (const std::string table : {"traits", "covariates"})
        if (file.is_table(table))
            for (const ColumnSpec& column : file.table_spec(table).columns)
                places.push_back({table, column.name});
    if (const auto matrix = StatusMatrix::open(file))
        for (const StatusTrait& trait : matrix->traits())
            places.push_back({"status", trait.name});
    places.push_back({"samples", "sex"});
    places.push_back({"samples", "group"});
    return places;
}

std::vector<double> group_numbers(const std::vector<std::string>& groups) {
    std::map<std::string, double> number;
    for (const std::string& group : groups)
        number.emplace(group, 0);
    double next = 0;
    for (auto& [group, n] : number)
        n = group.empty() ? nan : next++;
    std::vector<double> values;
    values.reserve(groups.size());
    for (const std::string& group : groups)
        values.push_back(number.at(group));
    return values;
}

} // namespace

std::optional<ColumnPlace> find_column(const H5File& file, const std::string& name,
                                       std::string_view parameter, std::vector<Problem>& problems) {
    const auto places = all_columns(file);
    std::vector<std::string> names;
    for (const ColumnPlace& place : places) {
        if (place.column == name) return place;
        names.push_back(place.column);
    }
    const auto near = nearest(name, names);
    problems.push_back({.what = text("there is no column \"", name, "\""),
                        .where = text(file.path().string(), ", parameter ", parameter),
                        .why = "it is neither a trait nor a covariate, sex or group",
                        .help = near ? text("did you mean ", *near, "?")
                                     : "salus show lists the columns of the file"});
    return std::nullopt;
}

std::vector<double> read_column(const H5File& file, const ColumnPlace& place) {
    if (place.table == "status") {
        const auto matrix = StatusMatrix::open(file);
        return matrix->values(*matrix->find(place.column));
    }
    const TableData data = file.read(place.table, {place.column});
    if (place.table != "samples") return data.column<double>(place.column);
    if (place.column == "group") return group_numbers(data.column<std::string>("group"));
    std::vector<double> values;
    for (const std::uint8_t sex : data.column<std::uint8_t>("sex"))
        values.push_back(sex == 0 ? nan : sex);
    return values;
}

bool Condition::holds(double v) const noexcept {
    if (std::isnan(v)) return false;
    switch (op) {
    case Op::equal:
        return v == value;
    case Op::unequal:
        return v != value;
    case Op::less:
        return v < value;
    case Op::at_most:
        return v <= value;
    case Op::greater:
        return v > value;
    case Op::at_least:
        return v >= value;
    case Op::known:
        break;
    }
    return true;
}

std::optional<Condition> parse_condition(std::string_view written) {
    using Op = Condition::Op;
    constexpr std::array<std::pair<std::string_view, Op>, 6> ops{{{"<=", Op::at_most},
                                                                  {">=", Op::at_least},
                                                                  {"!=", Op::unequal},
                                                                  {"<", Op::less},
                                                                  {">", Op::greater},
                                                                  {"=", Op::equal}}};
    Condition out{.column = {}, .written = std::string(trim(written))};
    for (const auto& [sign, op] : ops) {
        const std::size_t at = written.find(sign);
        if (at == std::string_view::npos) continue;
        const auto value = parse_double(trim(written.substr(at + sign.size())));
        out.column = trim(written.substr(0, at));
        out.op = op;
        if (!value || std::isnan(*value) || out.column.empty()) return std::nullopt;
        out.value = *value;
        return out;
    }
    constexpr std::string_view known = " known";
    if (!out.written.ends_with(known)) return std::nullopt;
    out.column = trim(std::string_view(out.written).substr(0, out.written.size() - known.size()));
    return out;
}

double ExactColumn::bin(double v) const noexcept { return width > 0 ? std::floor(v / width) : v; }

std::optional<ExactColumn> parse_exact(std::string_view written) {
    const std::size_t slash = written.find('/');
    ExactColumn out{.column = std::string(trim(written.substr(0, slash)))};
    if (slash == std::string_view::npos) return out;
    const auto width = parse_double(trim(written.substr(slash + 1)));
    if (!width || !(*width > 0) || !std::isfinite(*width)) return std::nullopt;
    out.width = *width;
    return out;
}

Request make_request(const CohortParams& params, const H5File& file,
                     std::vector<Problem>& problems) {
    Request request;
    const auto refuse = [&](const std::string& written, std::string_view parameter,
                            std::string_view help) {
        problems.push_back(
            {.what = text("cannot read \"", written, "\""),
             .where = text("parameter ", parameter),
             .why = "it names a column of the phenotype table and what is asked of it",
             .help = std::string(help)});
    };
    const auto need = [&](const std::string& name, std::string_view parameter) {
        return find_column(file, name, parameter, problems).has_value();
    };
    need(params.case_trait, "case_trait");
    if (!params.nearest.empty()) need(params.nearest, "nearest");
    for (const std::string& written : params.require) {
        const auto condition = parse_condition(written);
        if (!condition)
            refuse(written, "require", "write \"age >= 40\", \"stroke = 0\" or \"ldl known\"");
        else if (need(condition->column, "require"))
            request.require.push_back(*condition);
    }
    for (const std::string& written : params.exact) {
        const auto column = parse_exact(written);
        if (!column)
            refuse(written, "exact", "write \"sex\", or \"age / 5\" for bins of five");
        else if (need(column->column, "exact"))
            request.exact.push_back(*column);
    }
    for (const std::string& name : params.describe)
        if (need(name, "describe")) request.describe.push_back(name);
    if (params.describe.empty() && file.is_table("covariates"))
        for (const ColumnSpec& column : file.table_spec("covariates").columns)
            request.describe.push_back(column.name);
    return request;
}

} // namespace salus::matching
