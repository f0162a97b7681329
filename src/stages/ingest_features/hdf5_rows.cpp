#include "stages/ingest_features/hdf5_rows.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "store/foreign_arrays.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace salus::ingest_features {
namespace {

constexpr std::string_view matrix = "values", matrix_names = "columns";
constexpr std::uint64_t text_per_cell = 7; // bytes that a cell would take in a CSV, about

/// The columns of a table: datasets, or columns of the matrix.
struct Table {
    struct Column {
        std::string name, dataset;
        std::optional<std::uint64_t> place; // in the matrix
    };
    std::vector<Column> columns;
    std::uint64_t rows = 0;
};

[[noreturn]] void refuse(const ForeignArrays& file, std::string what, std::string why) {
    throw DataError({.what = std::move(what),
                     .where = file.file().path().string(),
                     .why = std::move(why),
                     .help = "write the table as docs/features.md says"});
}

void add_matrix(const ForeignArrays& file, Table& table) {
    const auto shape = file.file().shape(matrix);
    const ForeignArrays::Element element = file.element(matrix);
    if (shape.size() != 2 ||
        (element != ForeignArrays::Element::integer && element != ForeignArrays::Element::real))
        refuse(file, "values is not a matrix of numbers", "it holds [person, feature]");
    if (!file.file().exists(matrix_names) ||
        file.element(matrix_names) != ForeignArrays::Element::text)
        refuse(file, "there is no dataset columns with texts", "it names the columns of values");
    const auto names = file.read_texts(matrix_names, 0, file.file().shape(matrix_names).at(0));
    if (names.size() != shape[1])
        refuse(file, text("columns names ", names.size(), " of ", shape[1], " columns of values"),
               "every column of values has one name");
    for (std::size_t c = 0; c < names.size(); ++c)
        table.columns.push_back({names[c], std::string(matrix), c});
}

void check_names(const ForeignArrays& file, const Table& table) {
    std::vector<std::string> names;
    for (const Table::Column& column : table.columns)
        names.push_back(lower(column.name));
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end())
        refuse(file, text("column ", *twice, " is there twice"),
               "columns are found by name, whatever the case");
}

Table look_at(const ForeignArrays& file) {
    Table table;
    std::optional<std::uint64_t> rows;
    for (const std::string& name : file.file().members("/")) {
        if (file.file().is_group(name)) continue;
        const bool whole = name == matrix;
        if (name == matrix_names && file.file().exists(matrix)) continue;
        const auto shape = file.file().shape(name);
        if (shape.empty() || (shape.size() != 1 && !whole))
            refuse(file, text("dataset ", name, " is no column"),
                   "besides values, the datasets of the root group have one value per person");
        if (rows && *rows != shape[0])
            refuse(file, text("dataset ", name, " has ", shape[0], " rows, others have ", *rows),
                   "all datasets have one row per person");
        rows = shape[0];
        if (whole)
            add_matrix(file, table);
        else
            table.columns.push_back({name, name, std::nullopt});
    }
    table.rows = rows.value_or(0);
    check_names(file, table);
    return table;
}

/// Rows of an HDF5 table, read some thousand at a time.
class Hdf5Rows final : public FeatureRows {
public:
    Hdf5Rows(const std::filesystem::path& path, ByteRange range, const FeatureColumns& columns,
             std::span<const CellReader> readers)
        : file_(path), table_(look_at(file_)), columns_(columns), readers_(readers),
          begin_(std::min(range.begin, table_.rows)), end_(std::min(range.end, table_.rows)),
          at_(begin_) {
        for (const std::size_t column : columns.columns)
            open(table_.columns[column]);
        constexpr std::uint64_t cells = std::uint64_t{1} << 22;
        const std::uint64_t width = has_matrix_ ? file_.file().shape(matrix)[1] : 1;
        batch_ =
            std::max<std::uint64_t>(1, cells / std::max<std::uint64_t>(width, sources_.size()));
    }

    bool next() override {
        if (started_) ++at_;
        started_ = true;
        if (at_ >= end_) return false;
        if (at_ >= batch_end_) read_batch();
        return true;
    }
    std::string_view reject() const noexcept override {
        const bool good = is_utf8(words_[0][row()]) && is_utf8(words_[1][row()]);
        return good ? std::string_view{} : "not_utf8";
    }
    Problem problem() const override {
        return {.what = "the text is not UTF-8",
                .where = where("person_id"),
                .why = "texts are read as UTF-8",
                .help = "write the file again with texts in UTF-8"};
    }
    std::string_view person() override { return trim(words_[0][row()]); }
    std::string_view visit() override { return trim(words_[1][row()]); }
    std::string_view visit_date() override { return trim(words_[2][row()]); }

    void cells(std::span<CellBits> out) override {
        const std::size_t r = row();
        for (std::size_t f = 0; f < out.size(); ++f) {
            const Source& source = sources_[f];
            out[f] = source.place     ? readers_[f].read(values_[r * width_ + *source.place])
                     : source.is_text ? readers_[f].read(texts_[source.number][r])
                                      : readers_[f].read(numbers_[source.number][r]);
        }
    }
    std::uint64_t line() const noexcept override { return at_ - begin_ + 1; }
    std::uint64_t lines_passed() const noexcept override { return at_ - begin_; }
    std::string where(std::string_view column) const override {
        return text(file_.file().path().string(), ", row ", at_ + 1,
                    column.empty() ? "" : ", column ", column);
    }
    std::uint64_t first_byte() const noexcept override { return begin_; }
    std::uint64_t next_byte() const noexcept override { return at_; }

private:
    /// Where the cells of a feature come from.
    struct Source {
        std::optional<std::uint64_t> place; // in the matrix
        std::string dataset;
        bool is_text = false;
        std::size_t number = 0; // in texts_ or numbers_
    };

    std::size_t row() const noexcept { return at_ - batch_begin_; }

    void open(const Table::Column& column) {
        Source source{.place = column.place, .dataset = column.dataset};
        const ForeignArrays::Element element = file_.element(column.dataset);
        if (element == ForeignArrays::Element::other)
            refuse(file_, text("dataset ", column.dataset, " is neither numbers nor text"),
                   "columns are of whole or floating numbers, or of text");
        if (column.place) {
            has_matrix_ = true;
        } else {
            source.is_text = element == ForeignArrays::Element::text;
            source.number = source.is_text ? texts_.size() : numbers_.size();
            if (source.is_text)
                texts_.emplace_back();
            else
                numbers_.emplace_back();
        }
        sources_.push_back(std::move(source));
    }

    void read_words(std::size_t which, std::optional<std::size_t> column) {
        if (!column) return words_[which].assign(batch_end_ - batch_begin_, "");
        const Table::Column& from = table_.columns[*column];
        if (from.place || file_.element(from.dataset) == ForeignArrays::Element::real)
            refuse(file_, text("column ", from.name, " is neither text nor whole numbers"),
                   "persons, visits and their days are told by a dataset of their own");
        words_[which] = file_.read_texts(from.dataset, batch_begin_, batch_end_ - batch_begin_);
    }

    void read_batch() {
        batch_begin_ = at_;
        batch_end_ = std::min(end_, at_ + batch_);
        const std::uint64_t count = batch_end_ - batch_begin_;
        read_words(0, columns_.person);
        read_words(1, columns_.visit);
        read_words(2, columns_.visit_date);
        if (has_matrix_) {
            values_ = file_.read_numbers(matrix, batch_begin_, count);
            width_ = values_.size() / count;
        }
        for (const Source& source : sources_) {
            if (source.place) continue;
            if (source.is_text)
                texts_[source.number] = file_.read_texts(source.dataset, batch_begin_, count);
            else
                numbers_[source.number] = file_.read_numbers(source.dataset, batch_begin_, count);
        }
    }

    ForeignArrays file_;
    Table table_;
    const FeatureColumns& columns_;
    std::span<const CellReader> readers_;
    std::uint64_t begin_, end_, at_, batch_ = 1, batch_begin_ = 0, batch_end_ = 0;
    bool started_ = false, has_matrix_ = false;
    std::vector<Source> sources_;                   // [feature]
    std::array<std::vector<std::string>, 3> words_; // persons, visits, days [row of the batch]
    std::vector<double> values_;                    // [row, column of the matrix]
    std::size_t width_ = 0;
    std::vector<std::vector<std::string>> texts_;
    std::vector<std::vector<double>> numbers_;
};

} // namespace

bool is_hdf5(const std::filesystem::path& path) {
    constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
    const InputFile file(path);
    std::array<char, 8> head{};
    if (file.size() < head.size()) return false;
    file.read_at(0, std::as_writable_bytes(std::span(head)));
    return std::memcmp(head.data(), signature.data(), head.size()) == 0;
}

std::vector<std::string> hdf5_table_columns(const std::filesystem::path& path) {
    std::vector<std::string> names;
    for (Table::Column& column : look_at(ForeignArrays(path)).columns)
        names.push_back(std::move(column.name));
    return names;
}

std::vector<ByteRange> hdf5_table_ranges(const std::filesystem::path& path, std::uint64_t bytes) {
    const Table table = look_at(ForeignArrays(path));
    const std::uint64_t width = text_per_cell * std::max<std::uint64_t>(1, table.columns.size()),
                        rows = std::max<std::uint64_t>(1, bytes / width);
    std::vector<ByteRange> ranges;
    for (std::uint64_t begin = 0; begin == 0 || begin < table.rows; begin += rows)
        ranges.push_back({begin, begin + rows});
    return ranges;
}

std::uint64_t hdf5_table_bytes(const std::filesystem::path& path) {
    const Table table = look_at(ForeignArrays(path));
    return text_per_cell * table.rows * table.columns.size();
}

std::unique_ptr<FeatureRows> open_hdf5_rows(const std::filesystem::path& path, ByteRange range,
                                            const FeatureColumns& columns,
                                            std::span<const CellReader> readers) {
    return std::make_unique<Hdf5Rows>(path, range, columns, readers);
}

} // namespace salus::ingest_features
