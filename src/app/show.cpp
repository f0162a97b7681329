#include "app/commands.hpp"
#include "app/table_text.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "schema/describe.hpp"
#include "schema/suggest.hpp"
#include "store/h5.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <span>

namespace salus {
namespace {

constexpr std::size_t page_width = 110;

std::string columns_text(const TableSpec& spec) {
    std::size_t names = 0, types = 0;
    const auto type_of = [](const ColumnSpec& c) {
        return text(to_string(c.type), c.unit.empty() ? "" : ", ", c.unit);
    };
    for (const ColumnSpec& column : spec.columns) {
        names = std::max(names, column.name.size());
        types = std::max(types, type_of(column).size());
    }
    std::string out;
    for (const ColumnSpec& column : spec.columns) {
        const std::string type = type_of(column);
        out += text("  ", column.name, std::string(names + 2 - column.name.size(), ' '), type,
                    std::string(types + 2 - type.size(), ' '), column.doc, "\n");
    }
    return out;
}

std::string names_key(const TableSpec& spec) {
    std::string key;
    for (const ColumnSpec& column : spec.columns)
        key += column.name + "\n";
    return key;
}

/// Prints the parts of one file; remembers which sets of columns were explained already.
class Show {
public:
    Show(const H5File& file, std::uint64_t rows) : file_(file), rows_(rows) {}

    std::string table(const std::string& name) {
        const TableSpec spec = file_.table_spec(name);
        const std::uint64_t rows = file_.rows(name);
        const std::uint64_t shown = std::min(rows, rows_);
        std::string out =
            text("\n", name, ": ", with_thousands(rows), " rows x ", spec.columns.size(),
                 " columns", spec.row.empty() ? "" : text(", one per ", spec.row), "\n",
                 spec.doc.empty() ? "" : text("  ", spec.doc, "\n"));
        const auto [first, is_new] = explained_.try_emplace(names_key(spec), name);
        out += is_new ? columns_text(spec) : text("  columns as in ", first->second, "\n");
        if (shown == 0) return out;
        return out + text("\n", data_frame(file_.read_rows(name, 0, shown), 0, page_width));
    }

    /// Arrays that belong to no table.
    std::string arrays(const std::string& group) const {
        std::string out;
        for (const std::string& member : file_.members(group)) {
            const std::string path = group == "/" ? member : text(group, "/", member);
            if (!file_.is_group(path))
                out += text("  ", path, "  ", shape_text(path), "\n");
            else if (!file_.is_table(path))
                out += arrays(path);
            else
                out += arrays_below(path);
        }
        return out;
    }

    std::string provenance() const {
        static constexpr std::array names{"program",   "version",    "stage",  "instance",
                                          "title",     "parameters", "inputs", "seed",
                                          "citations", "plan_digest"};
        if (!file_.exists("provenance")) return "";
        std::string out = "\nprovenance\n";
        for (const std::string_view name : names)
            if (const auto value = file_.text_attribute("/provenance", name);
                value && !value->empty())
                out += text("  ", name, std::string(name.size() < 14 ? 14 - name.size() : 1, ' '),
                            one_line(*value), "\n");
        return out;
    }

private:
    std::string arrays_below(const std::string& table) const {
        std::string out;
        for (const std::string& member : file_.members(table))
            if (const std::string path = text(table, "/", member);
                file_.is_group(path) && !file_.is_table(path))
                out += arrays(path);
        return out;
    }
    std::string shape_text(const std::string& path) const {
        std::string out;
        for (const std::uint64_t extent : file_.shape(path))
            out += text(out.empty() ? "" : " x ", with_thousands(extent));
        return out.empty() ? "scalar" : out;
    }
    static std::string one_line(std::string value) {
        std::replace(value.begin(), value.end(), '\n', ' ');
        return value;
    }

    const H5File& file_;
    std::uint64_t rows_;
    std::map<std::string, std::string> explained_;
};

} // namespace

std::filesystem::path result_file(const std::filesystem::path& path) {
    std::error_code ignored;
    if (!std::filesystem::exists(path))
        throw UsageError({.what = "there is no file or folder of this name",
                          .where = path.string(),
                          .why = {},
                          .help = "give a result file of salus (.h5) or a genotype store"});
    const bool folder = std::filesystem::is_directory(path, ignored);
    if (folder && !std::filesystem::exists(path / "index.h5", ignored))
        throw DataError({.what = "this folder is not a genotype store",
                         .where = path.string(),
                         .why = "it holds no index.h5",
                         .help = "give an HDF5 file, or the folder that ingest_genomes wrote; for "
                                 "a run use: salus status"});
    return folder ? path / "index.h5" : path;
}

std::string show_command(const CommandLine& line) {
    const std::filesystem::path path = result_file(line.path);
    const H5File file = H5File::open(path);
    const auto tables = file.tables();
    Show show(file, line.rows);
    if (!line.inside.empty()) {
        if (std::find(tables.begin(), tables.end(), line.inside) == tables.end())
            throw UsageError({.what = text("the file has no table '", line.inside, "'"),
                              .where = path.string(),
                              .why = {},
                              .help = suggestion(line.inside, tables)});
        return text(line.path.string(), "\n", show.table(line.inside));
    }
    std::string out = text(line.path.string(), ": ", tables.size(),
                           tables.size() == 1 ? " table" : " tables", "\n");
    for (const std::string& table : tables)
        out += show.table(table);
    if (const std::string arrays = show.arrays("/"); !arrays.empty())
        out += text("\narrays\n", arrays);
    return out + show.provenance();
}

} // namespace salus
