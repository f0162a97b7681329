#include "stages/report/read_tables.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace salus::report {
namespace {

const ColumnData* find_column(const TableData& table, std::string_view name) {
    const auto& specs = table.spec().columns;
    for (std::size_t i = 0; i < specs.size(); ++i)
        if (specs[i].name == name) return &table.columns()[i];
    return nullptr;
}

} // namespace

std::vector<double> numbers(const TableData& table, std::string_view column) {
    const ColumnData* data = find_column(table, column);
    if (data == nullptr) return std::vector<double>(table.rows(), unknown);
    return std::visit(
        [](const auto& values) -> std::vector<double> {
            using T = typename std::decay_t<decltype(values)>::value_type;
            if constexpr (std::is_same_v<T, std::string>)
                return std::vector<double>(values.size(), unknown);
            else {
                std::vector<double> out;
                out.reserve(values.size());
                for (const T value : values)
                    out.push_back(static_cast<double>(value));
                return out;
            }
        },
        *data);
}

std::vector<std::uint64_t> counts(const TableData& table, std::string_view column) {
    std::vector<std::uint64_t> out;
    for (const double value : numbers(table, column))
        out.push_back(value > 0 ? static_cast<std::uint64_t>(value) : 0);
    return out;
}

std::vector<std::string> words(const TableData& table, std::string_view column) {
    const ColumnData* data = find_column(table, column);
    if (data == nullptr || !std::holds_alternative<std::vector<std::string>>(*data))
        return std::vector<std::string>(table.rows());
    return std::get<std::vector<std::string>>(*data);
}

std::vector<RowRange> row_slices(std::uint64_t rows, std::uint64_t size) {
    std::vector<RowRange> slices;
    for (std::uint64_t begin = 0; begin < rows; begin += size)
        slices.push_back({begin, std::min(rows, begin + size)});
    return slices;
}

Source read_source(const std::string& port, const std::filesystem::path& path) {
    static constexpr std::array<std::string_view, 9> names = {
        "stage",      "instance", "title",     "version",    "seed",
        "parameters", "inputs",   "citations", "plan_digest"};
    Source source{.name = port, .facts = {}};
    const H5File file = H5File::open(path);
    if (!file.exists("/provenance")) return source;
    for (const auto name : names)
        if (const auto value = file.text_attribute("/provenance", name))
            source.facts.emplace_back(std::string(name), *value);
    return source;
}

} // namespace salus::report
