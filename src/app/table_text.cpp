#include "app/table_text.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

constexpr std::size_t widest_cell = 24;

/// Six significant digits are enough to look at; export gives all of them.
std::string short_cell(const ColumnData& column, std::size_t row) {
    if (const auto* reals = std::get_if<std::vector<double>>(&column))
        return significant((*reals)[row], 6);
    if (const auto* reals = std::get_if<std::vector<float>>(&column))
        return significant(static_cast<double>((*reals)[row]), 6);
    std::string cell = cell_text(column, row);
    if (cell.size() > widest_cell) {
        cell.resize(widest_cell - 3);
        while (!cell.empty() && (static_cast<unsigned char>(cell.back()) & 0xC0) == 0x80)
            cell.pop_back();
        if (!cell.empty() && static_cast<unsigned char>(cell.back()) >= 0xC0) cell.pop_back();
        cell += "...";
    }
    return cell;
}

struct FrameColumn {
    std::vector<std::string> cells; // head first
    std::size_t width = 0;
    bool left = false;
};

FrameColumn make_column(std::string head) {
    return {.cells = {std::move(head)}, .width = 0, .left = false};
}

void measure(FrameColumn& column) {
    for (const std::string& cell : column.cells)
        column.width = std::max(column.width, cell.size());
}

std::string print_columns(const std::vector<const FrameColumn*>& columns) {
    std::string out;
    for (std::size_t line = 0; line < columns.front()->cells.size(); ++line) {
        std::string row;
        for (const FrameColumn* column : columns) {
            const std::string& cell = column->cells[line];
            const std::string gap(column->width - cell.size(), ' ');
            row += text("  ", column->left ? cell : gap, column->left ? gap : cell);
        }
        row.erase(row.find_last_not_of(' ') + 1);
        out += row + "\n";
    }
    return out;
}

} // namespace

std::string cell_text(const ColumnData& column, std::size_t row) {
    return std::visit(
        [row](const auto& values) -> std::string {
            using T = typename std::decay_t<decltype(values)>::value_type;
            if constexpr (std::is_same_v<T, float>) {
                if (std::isnan(values[row])) return "NA";
                char buffer[32];
                return {buffer, std::to_chars(buffer, buffer + sizeof buffer, values[row]).ptr};
            } else {
                return text(values[row]);
            }
        },
        column);
}

std::string data_frame(const TableData& rows, std::uint64_t first, std::size_t width) {
    const std::size_t count = rows.rows();
    FrameColumn index = make_column("");
    for (std::size_t row = 0; row < count; ++row)
        index.cells.push_back(text(first + row));
    measure(index);
    std::vector<FrameColumn> columns;
    for (std::size_t c = 0; c < rows.columns().size(); ++c) {
        FrameColumn column = make_column(rows.spec().columns[c].name);
        column.left = rows.spec().columns[c].type == ColumnType::text;
        for (std::size_t row = 0; row < count; ++row)
            column.cells.push_back(short_cell(rows.columns()[c], row));
        measure(column);
        columns.push_back(std::move(column));
    }
    std::string out;
    for (std::size_t c = 0; c < columns.size();) {
        std::vector<const FrameColumn*> block{&index};
        std::size_t used = index.width + 2;
        do {
            used += columns[c].width + 2;
            block.push_back(&columns[c++]);
        } while (c < columns.size() && used + columns[c].width + 2 <= width);
        out += text(out.empty() ? "" : "\n", print_columns(block));
    }
    return out;
}

} // namespace salus
