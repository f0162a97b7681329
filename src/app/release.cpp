#include "app/release.hpp"

#include "app/commands.hpp"
#include "app/export_plan.hpp"
#include "app/table_text.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "models/suppression.hpp"

#include <algorithm>
#include <map>
#include <numeric>

namespace salus {
namespace {

std::vector<std::string> list_of(std::string_view written) {
    std::vector<std::string> out;
    for (const std::string_view name : split(written, ','))
        out.emplace_back(trim(name));
    return out;
}

ReleaseRule parse_rule(std::string_view written) {
    const auto words = split(trim(written), ' ');
    SALUS_ASSERT(words.size() >= 2 && words.size() % 2 == 0);
    ReleaseRule rule{.column = std::string(words[1]), .whole = {}, .by = {}, .hides = {}};
    using Kind = ReleaseRule::Kind;
    const std::map<std::string_view, Kind> kinds{{"total", Kind::total},
                                                 {"part", Kind::part},
                                                 {"cells", Kind::cells},
                                                 {"steps", Kind::steps}};
    SALUS_ASSERT(kinds.contains(words[0]));
    rule.kind = kinds.at(words[0]);
    for (std::size_t w = 2; w < words.size(); w += 2) {
        if (words[w] == "of")
            rule.whole = words[w + 1];
        else if (words[w] == "by")
            rule.by = list_of(words[w + 1]);
        else {
            SALUS_ASSERT(words[w] == "hides");
            rule.hides = list_of(words[w + 1]);
        }
    }
    SALUS_ASSERT((rule.kind == Kind::part) == !rule.whole.empty());
    return rule;
}

class Hider {
public:
    Hider(const TableData& table, std::uint64_t minimum)
        : table_(table), minimum_(minimum), rows_(table.rows()) {
        hidden_.column.assign(table.columns().size(), std::vector<std::uint8_t>(rows_, 0));
    }

    void apply(const ReleaseRule& rule) {
        const auto counts = numbers(rule.column);
        if (rule.kind == ReleaseRule::Kind::part) return apply_part(rule, counts);
        for (const auto& rows : groups(rule)) {
            std::vector<std::uint64_t> cells;
            for (const std::size_t row : rows)
                cells.push_back(counts[row]);
            const auto release = rule.kind == ReleaseRule::Kind::steps
                                     ? suppress_steps(cells, minimum_)
                                     : suppress_one_way(cells, minimum_);
            for (std::size_t i = 0; i < rows.size(); ++i)
                hide(rule, rows[i], release[i]);
        }
    }
    HiddenCells finish() { return std::move(hidden_); }

private:
    std::size_t place(const std::string& name) const {
        const auto& columns = table_.spec().columns;
        const auto found = std::find_if(columns.begin(), columns.end(),
                                        [&](const ColumnSpec& c) { return c.name == name; });
        SALUS_ASSERT(found != columns.end());
        return static_cast<std::size_t>(found - columns.begin());
    }
    const std::vector<std::uint64_t>& numbers(const std::string& name) const {
        return table_.column<std::uint64_t>(name);
    }

    /// Rows that are judged together: one by one for a total.
    std::vector<std::vector<std::size_t>> groups(const ReleaseRule& rule) const {
        std::map<std::vector<std::string>, std::vector<std::size_t>> by;
        for (std::size_t row = 0; row < rows_; ++row) {
            std::vector<std::string> key;
            if (rule.kind == ReleaseRule::Kind::total) key.push_back(text(row));
            for (const std::string& column : rule.by)
                key.push_back(cell_text(table_.columns()[place(column)], row));
            by[key].push_back(row);
        }
        std::vector<std::vector<std::size_t>> out;
        for (auto& [key, rows] : by)
            out.push_back(std::move(rows));
        return out;
    }

    void apply_part(const ReleaseRule& rule, const std::vector<std::uint64_t>& counts) {
        const auto& whole = numbers(rule.whole);
        for (std::size_t row = 0; row < rows_; ++row) {
            const std::uint64_t rest = whole[row] - std::min(whole[row], counts[row]);
            hide(rule, row, suppress_one_way(std::vector{counts[row], rest}, minimum_)[0]);
        }
    }

    void hide(const ReleaseRule& rule, std::size_t row, CellRelease release) {
        if (release == CellRelease::shown) return;
        auto& cell = hidden_.column[place(rule.column)][row];
        if (cell == 0) ++(release == CellRelease::small ? hidden_.small : hidden_.others);
        cell = 1;
        for (const std::string& name : rule.hides)
            hidden_.column[place(name)][row] = 1;
    }

    const TableData& table_;
    std::uint64_t minimum_;
    std::size_t rows_;
    HiddenCells hidden_;
};

[[noreturn]] void refuse(const CommandLine& line, std::string what, std::string why,
                         std::string help) {
    throw DisclosureError({.what = std::move(what),
                           .where = text(line.path.string(), ", table ", line.inside),
                           .why = std::move(why),
                           .help = std::move(help)});
}

std::string released_text(const TableData& table, const HiddenCells& hidden) {
    std::string out;
    const auto& specs = table.spec().columns;
    for (std::size_t c = 0; c < specs.size(); ++c)
        out += text(c > 0 ? "\t" : "", specs[c].name);
    out += '\n';
    for (std::size_t row = 0; row < table.rows(); ++row) {
        for (std::size_t c = 0; c < specs.size(); ++c) {
            std::string cell =
                hidden.column[c][row] != 0 ? "NA" : cell_text(table.columns()[c], row);
            if (cell.empty()) cell = "NA";
            std::replace_if(
                cell.begin(), cell.end(),
                [](char ch) { return ch == '\t' || ch == '\n' || ch == '\r'; }, ' ');
            out += text(c > 0 ? "\t" : "", cell);
        }
        out += '\n';
    }
    return out;
}

} // namespace

std::vector<ReleaseRule> parse_release(std::string_view written) {
    std::vector<ReleaseRule> rules;
    for (const std::string_view rule : split(written, ';'))
        rules.push_back(parse_rule(rule));
    return rules;
}

HiddenCells hide_cells(const TableData& table, const std::vector<ReleaseRule>& rules,
                       std::uint64_t minimum) {
    Hider hider(table, minimum);
    for (const ReleaseRule& rule : rules)
        hider.apply(rule);
    return hider.finish();
}

std::string export_release(const CommandLine& line) {
    if (!line.format.empty() && line.format != "tsv")
        refuse(line, text("format ", line.format, " is not for release"),
               "small numbers are suppressed in plain tables only", "leave --format out");
    const H5File file = H5File::open(result_file(line.path));
    if (!file.is_table(line.inside)) plan_export(file, line.inside); // says which tables there are
    const auto written = file.text_attribute(line.inside, "release");
    if (!written)
        refuse(
            line, "this table is not made for release",
            "it has rows of single people, or no rule how small numbers are suppressed in it",
            "export without --release inside the secure environment, or release a table of counts");
    const TableData table = file.read(line.inside);
    const HiddenCells hidden = hide_cells(table, parse_release(*written), line.release);
    write_file_atomically(line.output, released_text(table, hidden));
    return text(line.output, ": ", with_thousands(table.rows()), " rows x ", table.columns().size(),
                " columns, ", with_thousands(hidden.small), " numbers below ", line.release,
                " and ", with_thousands(hidden.others), " others suppressed\n");
}

} // namespace salus
