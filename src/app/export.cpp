#include "app/commands.hpp"
#include "app/export_plan.hpp"
#include "app/table_text.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "formats/bgzip_text.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>

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
            columns_.push_back(&stored(tables, column));
        if (plan.only_tested)
            for (std::size_t c = 0; c < plan.columns.size(); ++c)
                if (plan.columns[c].name == "beta") beta_ = columns_[c];
    }

    /// Empty if the row is left out.
    std::string line(std::size_t row) const {
        if (beta_ && cell_text(*beta_, row) == "NA") return {};
        std::vector<std::string> cells;
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            std::string cell = formed(plan_.columns[c].form, cell_text(*columns_[c], row), cells);
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
        case ExportForm::as_is:
            break;
        }
        std::replace_if(
            cell.begin(), cell.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; },
            ' ');
        return cell;
    }

    const ExportPlan& plan_;
    std::vector<const ColumnData*> columns_;
    const ColumnData* beta_ = nullptr;
};

std::uint64_t write_rows(const H5File& file, const ExportPlan& plan, TextSink& sink) {
    std::vector<std::string> heads;
    for (const ExportColumn& column : plan.columns)
        heads.push_back(column.name);
    sink.write(join(heads, "\t") + "\n");
    std::uint64_t written = 0;
    for (std::uint64_t begin = 0; begin < plan.rows; begin += rows_at_once) {
        const std::uint64_t count = std::min(rows_at_once, plan.rows - begin);
        const auto tables = read_tables(file, plan, begin, count);
        const RowWriter rows(plan, tables);
        std::string batch;
        for (std::size_t row = 0; row < count; ++row) {
            const std::string line = rows.line(row);
            if (!line.empty()) ++written;
            batch += line;
        }
        sink.write(batch);
    }
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

/// Largest n of the table, for the sample size in the metadata.
std::uint64_t largest_n(const H5File& file, const std::string& table) {
    std::uint64_t most = 0;
    for (std::uint64_t begin = 0, rows = file.rows(table); begin < rows; begin += rows_at_once) {
        const TableData data =
            file.read_rows(table, begin, std::min(rows_at_once, rows - begin), {"n"});
        for (const std::uint32_t n : data.column<std::uint32_t>("n"))
            most = std::max<std::uint64_t>(most, n);
    }
    return most;
}

void write_ssf_metadata(const H5File& file, const CommandLine& line) {
    const std::filesystem::path path = line.output;
    const std::string build = file.text_attribute("/", "genome_build").value_or("unknown");
    const std::string trait = line.inside.substr(line.inside.find('/') + 1);
    std::string yaml = text(
        "# GWAS-SSF v1.0 metadata\ntrait_description:\n  - ", json_quote(trait),
        "\ngenome_assembly: ", json_quote(build),
        "\ncoordinate_system: 1-based\nsamples:\n  - sample_size: ", largest_n(file, line.inside),
        "\nanalysis_software: ",
        json_quote(
            text("salus ", file.text_attribute("/provenance", "version").value_or("unknown"))),
        "\ndata_file_name: ", json_quote(path.filename().string()),
        "\nfile_type: GWAS-SSF v1.0\ndata_file_md5sum: ", md5_of(path), "\nis_harmonised: false\n");
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
    if (std::filesystem::equivalent(path, line.path, ignored))
        throw UsageError({.what = "the output is the input",
                          .where = "--output",
                          .why = {},
                          .help = "give another name"});
}

} // namespace

std::string export_command(const CommandLine& line) {
    require_writable_name(line);
    const H5File file = H5File::open(result_file(line.path));
    const bool ssf = line.format == "gwas-ssf";
    const ExportPlan plan = ssf ? plan_gwas_ssf(file, line.inside) : plan_export(file, line.inside);
    TextSink sink(line.output, plan);
    const std::uint64_t written = write_rows(file, plan, sink);
    sink.commit();
    if (ssf) write_ssf_metadata(file, line);
    return text(line.output, ": ", with_thousands(written), " rows x ", plan.columns.size(),
                " columns", sink.indexed() ? ", with tabix index" : "",
                ssf ? ", with metadata" : "", "\n");
}

} // namespace salus
