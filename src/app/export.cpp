#include "app/commands.hpp"
#include "app/export_plan.hpp"
#include "app/release.hpp"
#include "app/table_text.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "formats/bgzip_text.hpp"
#include "models/tails.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <set>

namespace salus {
namespace {

constexpr std::uint64_t rows_at_once = 65536;

/// Plain or bgzipped, by the name of the file.
class TextSink {
public:
    TextSink(const std::filesystem::path& path, const ExportPlan& plan) {
        if (path.extension() != ".gz") {
            plain_ = std::make_unique<AtomicFile>(path);
            return;
        }
        indexed_ = plan.chromosome >= 0 && plan.position >= 0;
        zipped_ = indexed_ ? std::make_unique<BgzipText>(
                                 path, BgzipText::Places{plan.chromosome + 1, plan.position + 1})
                           : std::make_unique<BgzipText>(path);
    }
    void write(std::string_view content) {
        if (plain_)
            plain_->write(content);
        else
            zipped_->write(content);
    }
    void commit() {
        if (plain_)
            plain_->commit();
        else
            zipped_->commit();
    }
    bool indexed() const noexcept { return indexed_; }

private:
    std::unique_ptr<AtomicFile> plain_;
    std::unique_ptr<BgzipText> zipped_;
    bool indexed_ = false;
};

/// Rows of all tables that the plan reads from, in step.
std::map<std::string, TableData> read_tables(const H5File& file, const ExportPlan& plan,
                                             std::uint64_t begin, std::uint64_t count) {
    std::map<std::string, std::vector<std::string>> wanted;
    for (const ExportColumn& column : plan.columns) {
        if (column.form == ExportForm::constant) continue;
        auto& names = wanted[column.table];
        if (std::find(names.begin(), names.end(), column.column) == names.end())
            names.push_back(column.column);
    }
    std::map<std::string, TableData> tables;
    for (const auto& [table, columns] : wanted)
        tables.emplace(table, file.read_rows(table, begin, count, columns));
    return tables;
}

const ColumnData& stored(const std::map<std::string, TableData>& tables,
                         const ExportColumn& column) {
    const TableData& table = tables.at(column.table);
    const auto& specs = table.spec().columns;
    const auto found = std::find_if(specs.begin(), specs.end(),
                                    [&](const ColumnSpec& c) { return c.name == column.column; });
    SALUS_ASSERT(found != specs.end());
    return table.columns()[static_cast<std::size_t>(found - specs.begin())];
}

/// Writes the rows of one batch; cells of a row are made in the order of the plan, so that the
/// identity of a variant can be put together from the cells before it.
class RowWriter {
public:
    RowWriter(const ExportPlan& plan, const std::map<std::string, TableData>& tables)
        : plan_(plan) {
        for (const ExportColumn& column : plan.columns)
            columns_.push_back(column.form == ExportForm::constant ? nullptr
                                                                   : &stored(tables, column));
        if (plan.only_tested)
            for (std::size_t c = 0; c < plan.columns.size(); ++c)
                if (plan.columns[c].column == "beta") beta_ = columns_[c];
    }

    /// Empty if the row is left out.
    std::string line(std::size_t row) const {
        if (beta_ && cell_text(*beta_, row) == "NA") return {};
        std::vector<std::string> cells;
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            std::string cell = columns_[c] == nullptr ? plan_.columns[c].constant
                                                      : formed(plan_.columns[c].form,
                                                               cell_text(*columns_[c], row), cells);
            if (cell.empty() || cell == "NA") cell = plan_.missing;
            cells.push_back(std::move(cell));
        }
        return join(cells, "\t") + "\n";
    }

private:
    static std::string formed(ExportForm form, std::string cell,
                              const std::vector<std::string>& before) {
        switch (form) {
        case ExportForm::chromosome_number:
            return chromosome_number(cell);
        case ExportForm::place_and_alleles:
            return text(before[0], "_", before[1], "_", before[3], "_", before[2]);
        case ExportForm::rsid:
            return cell.starts_with("rs") ? cell : std::string{};
        case ExportForm::plink_number:
            return plink_chromosome_number(cell);
        case ExportForm::chi_square:
            return chi_square_of(cell);
        case ExportForm::controls:
            return difference(before[before.size() - 2], before.back());
        case ExportForm::as_is:
        case ExportForm::constant:
            break;
        }
        std::replace_if(
            cell.begin(), cell.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; },
            ' ');
        return cell;
    }

    static std::string chi_square_of(const std::string& neg_log10_p) {
        const auto value = parse_double(neg_log10_p);
        return value ? text(chi_square_from_neg_log10_p(*value)) : std::string();
    }
    static std::string difference(const std::string& all, const std::string& cases) {
        const auto a = parse_double(all), b = parse_double(cases);
        return a && b ? text(*a - *b) : std::string();
    }

    const ExportPlan& plan_;
    std::vector<const ColumnData*> columns_;
    const ColumnData* beta_ = nullptr;
};

/// Whether rows come by position, each chromosome in one run.
class SortCheck {
public:
    void take(std::string_view line, const ExportPlan& plan) {
        if (plan.chromosome < 0 || plan.position < 0) return;
        const auto cells = split(line, '\t');
        const std::string_view chromosome = cells[static_cast<std::size_t>(plan.chromosome)];
        const double position =
            parse_double(cells[static_cast<std::size_t>(plan.position)]).value_or(0);
        if (chromosome != chromosome_) {
            sorted_ = sorted_ && seen_.insert(std::string(chromosome)).second;
            chromosome_ = chromosome;
        } else if (position < position_) {
            sorted_ = false;
        }
        position_ = position;
    }
    bool sorted() const noexcept { return sorted_; }

private:
    std::set<std::string> seen_;
    std::string chromosome_;
    double position_ = 0;
    bool sorted_ = true;
};

struct Written {
    std::uint64_t rows = 0;
    bool sorted = true;
};

Written write_rows(const H5File& file, const ExportPlan& plan, TextSink& sink) {
    std::vector<std::string> heads;
    for (const ExportColumn& column : plan.columns)
        heads.push_back(column.name);
    sink.write(join(heads, "\t") + "\n");
    Written written;
    SortCheck check;
    for (std::uint64_t begin = 0; begin < plan.rows; begin += rows_at_once) {
        const std::uint64_t count = std::min(rows_at_once, plan.rows - begin);
        const auto tables = read_tables(file, plan, begin, count);
        const RowWriter rows(plan, tables);
        std::string batch;
        for (std::size_t row = 0; row < count; ++row) {
            const std::string line = rows.line(row);
            if (line.empty()) continue;
            ++written.rows;
            check.take(line, plan);
            batch += line;
        }
        sink.write(batch);
    }
    written.sorted = check.sorted();
    return written;
}

/// MD5 of a file as GWAS-SSF metadata wants it; not used for anything that needs to be safe.
std::string md5_of(const std::filesystem::path& path) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free);
    SALUS_ASSERT(context && EVP_DigestInit_ex(context.get(), EVP_md5(), nullptr) == 1);
    InputFile file(path);
    std::vector<std::byte> buffer(1 << 20);
    for (std::size_t got; (got = file.read(buffer)) > 0;)
        SALUS_ASSERT(EVP_DigestUpdate(context.get(), buffer.data(), got) == 1);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    SALUS_ASSERT(EVP_DigestFinal_ex(context.get(), digest.data(), &length) == 1);
    std::string hex;
    for (unsigned i = 0; i < length; ++i)
        hex += text("0123456789abcdef"[digest[i] >> 4], "0123456789abcdef"[digest[i] & 15]);
    return hex;
}

/// Largest number of a column of people in the statistics, else in the variants; 0 if unknown.
std::uint64_t largest(const H5File& file, const std::string& statistics,
                      const std::string& column) {
    for (const std::string& table : {statistics, std::string("variants")}) {
        const auto spec = file.table_spec(table);
        if (std::none_of(spec.columns.begin(), spec.columns.end(),
                         [&](const ColumnSpec& c) { return c.name == column; }))
            continue;
        double most = 0;
        for (std::uint64_t begin = 0, rows = file.rows(table); begin < rows;
             begin += rows_at_once) {
            const TableData data =
                file.read_rows(table, begin, std::min(rows_at_once, rows - begin), {column});
            for (std::size_t i = 0; i < data.rows(); ++i)
                most = std::fmax(most, parse_double(cell_text(data.columns()[0], i)).value_or(0));
        }
        return static_cast<std::uint64_t>(most);
    }
    return 0;
}

/// What is not in the result is NR, as the GWAS Catalog writes what is not reported.
std::string samples_yaml(const H5File& file, const std::string& table) {
    const std::uint64_t all = largest(file, table, "n"), cases = largest(file, table, "n_cases");
    std::string yaml =
        text("samples:\n  - sample_size: ", all, "\n    sample_ancestry_category:\n      - NR\n");
    if (cases > 0)
        yaml += text("    case_control_study: true\n    case_count: ", cases,
                     "\n    control_count: ", all - std::min(all, cases), "\n");
    return yaml;
}

void write_ssf_metadata(const H5File& file, const CommandLine& line, bool sorted) {
    const std::filesystem::path path = line.output;
    const std::string build = file.text_attribute("/", "genome_build").value_or("unknown");
    const std::string trait = line.inside.substr(line.inside.find('/') + 1);
    std::string yaml =
        text("# GWAS-SSF v1.0 metadata\ntrait_description:\n  - ", json_quote(trait),
             "\ngenome_assembly: ", json_quote(build), "\ncoordinate_system: 1-based\n",
             samples_yaml(file, line.inside), "genotyping_technology:\n  - NR\nanalysis_software: ",
             json_quote(
                 text("salus ", file.text_attribute("/provenance", "version").value_or("unknown"))),
             "\ndata_file_name: ", json_quote(path.filename().string()),
             "\nfile_type: GWAS-SSF v1.0\ndata_file_md5sum: ", md5_of(path),
             "\nis_harmonised: false\nis_sorted: ", sorted, "\n");
    write_file_atomically(path.string() + "-meta.yaml", yaml);
}

void require_writable_name(const CommandLine& line) {
    const std::filesystem::path path = line.output;
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored))
        throw UsageError({.what = text(path.string(), " is a folder"),
                          .where = "--output",
                          .why = {},
                          .help = "give the name of a file"});
    if (path.has_parent_path() && !std::filesystem::is_directory(path.parent_path()))
        throw UsageError({.what = text("there is no folder ", path.parent_path().string()),
                          .where = "--output",
                          .why = {},
                          .help = "make it first, or correct the path"});
    if (std::filesystem::equivalent(path, line.path, ignored))
        throw UsageError({.what = "the output is the input",
                          .where = "--output",
                          .why = {},
                          .help = "give another name"});
}

} // namespace

std::string export_command(const CommandLine& line) {
    if (line.format == "regenie-loco") return export_loco(line);
    require_writable_name(line);
    if (line.release > 0) return export_release(line);
    const H5File file = H5File::open(result_file(line.path));
    const bool ssf = line.format == "gwas-ssf";
    const ExportPlan plan = ssf                        ? plan_gwas_ssf(file, line.inside)
                            : line.format == "regenie" ? plan_regenie(file, line.inside)
                                                       : plan_export(file, line.inside);
    TextSink sink(line.output, plan);
    const Written written = write_rows(file, plan, sink);
    sink.commit();
    if (ssf) write_ssf_metadata(file, line, written.sorted);
    return text(line.output, ": ", with_thousands(written.rows), " rows x ", plan.columns.size(),
                " columns", sink.indexed() ? ", with tabix index" : "",
                ssf ? ", with metadata" : "", "\n");
}

} // namespace salus
