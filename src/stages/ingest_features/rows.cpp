#include "stages/ingest_features/phases.hpp"

#include "base/date.hpp"
#include "base/text.hpp"
#include "stages/ingest_features/hdf5_rows.hpp"
#include "store/packed_table.hpp"

#include <algorithm>
#include <unordered_map>

namespace salus::ingest_features {
namespace {

constexpr std::size_t batch_cells = std::size_t{1} << 23; // of 8 bytes

std::string_view rule_of(std::string_view reason) {
    if (reason == no_person) return "every row is of a person";
    if (reason == bad_date) return "the day of a row is written YYYY-MM-DD, or is empty";
    if (reason == duplicate_person) return "a person has one row, or one for each day and visit";
    return "every person is one of the health records";
}

TableSpec tallies_table() {
    return {.name = "tallies",
            .row = "tally",
            .doc = "Rows that were left out.",
            .columns = {{"reason", ColumnType::text, "", "rule that they break"},
                        {"rows", ColumnType::u64, "1", "number of rows"},
                        {"first_line", ColumnType::u64, "1", "line of the first of them"}}};
}

/// Cells of rows, on their way to columns.
class Batches {
public:
    Batches(PartWriter& part, std::size_t features)
        : part_(part), features_(features),
          rows_(std::max<std::size_t>(1, batch_cells / std::max<std::size_t>(1, features))) {
        cells_.reserve(features_ * std::min<std::size_t>(rows_, 1024));
    }
    /// The cells of a new row, to be filled in before the next call.
    std::span<CellBits> row() {
        if (cells_.size() == rows_ * features_) flush();
        cells_.resize(cells_.size() + features_);
        return std::span(cells_).last(features_);
    }
    void finish() {
        if (!cells_.empty()) flush();
        part_.write_array<std::uint64_t>("batches", sizes_, {}, Compression::none);
    }

private:
    void flush() {
        constexpr std::size_t tile = 32; // a square of them stays in the first-level cache
        const std::size_t rows = cells_.size() / features_;
        std::vector<CellBits> columns(cells_.size());
        for (std::size_t r0 = 0; r0 < rows; r0 += tile)
            for (std::size_t f0 = 0; f0 < features_; f0 += tile)
                for (std::size_t f = f0; f < std::min(features_, f0 + tile); ++f)
                    for (std::size_t r = r0; r < std::min(rows, r0 + tile); ++r)
                        columns[f * rows + r] = cells_[r * features_ + f];
        part_.write_array<std::uint64_t>(text("cells/", sizes_.size()), columns, {features_, rows},
                                         Compression::none);
        sizes_.push_back(rows);
        cells_.clear();
    }

    PartWriter& part_;
    std::size_t features_, rows_;
    std::vector<CellBits> cells_; // [row, feature]
    std::vector<std::uint64_t> sizes_;
};

/// Words numbered in the order of their first appearance.
class Words {
public:
    std::uint32_t of(std::string_view word) {
        const auto [at, fresh] =
            index_.try_emplace(std::string(word), static_cast<std::uint32_t>(words_.size()));
        if (fresh) words_.emplace_back(word);
        return at->second;
    }
    TableData table() const {
        TableData out({.name = "visits",
                       .row = "visit",
                       .doc = "Visits of the rows.",
                       .columns = {{"visit", ColumnType::text, "", "as written"}}});
        out.column<std::string>("visit") = words_;
        return out;
    }

private:
    std::vector<std::string> words_;
    std::unordered_map<std::string, std::uint32_t> index_;
};

/// Takes the rows of one piece.
class Taker {
public:
    Taker(const FeatureTable& table, const IngestFeaturesParams& params, FeatureRows& rows,
          const Pseudonyms& pseudonyms, PartWriter& part)
        : table_(table), params_(params), rows_(rows), pseudonyms_(pseudonyms), part_(part),
          batches_(part, table.features()) {}

    void take() {
        ++read_;
        if (const std::string_view reason = rows_.reject(); !reason.empty()) {
            if (params_.on_bad_record == "fail") throw DataError(rows_.problem());
            return left_out_[std::string(reason)].add(rows_.line());
        }
        const std::string_view person = rows_.person(), date = rows_.visit_date();
        const auto day = parse_date(date);
        if (person.empty()) return refuse(no_person);
        if (!date.empty() && !day) return refuse(bad_date);
        const Pseudonym id = pseudonyms_.of(person);
        high_.push_back(id.high);
        low_.push_back(id.low);
        day_.push_back(day.value_or(std::numeric_limits<Day>::min()));
        visit_.push_back(visits_.of(rows_.visit()));
        line_.push_back(rows_.line());
        const std::span<CellBits> cells = batches_.row();
        rows_.cells(cells);
        if (params_.on_bad_record == "fail") check_cells(cells);
    }

    void finish() {
        batches_.finish();
        part_.write_array<std::uint64_t>("high", high_, {}, Compression::none);
        part_.write_array<std::uint64_t>("low", low_, {}, Compression::none);
        part_.write_array<std::int32_t>("day", day_, {}, Compression::none);
        part_.write_array<std::uint32_t>("visit", visit_, {}, Compression::none);
        part_.write_array<std::uint64_t>("line", line_, {}, Compression::none);
        part_.write_array<std::uint64_t>("span",
                                         std::vector<std::uint64_t>{rows_.first_byte(),
                                                                    rows_.next_byte(),
                                                                    rows_.lines_passed(), read_},
                                         {}, Compression::none);
        write_packed(part_, visits_.table());
        write_tallies(part_, left_out_);
        part_.file().attribute("/", "key_mark", pseudonyms_.key_mark());
    }

private:
    void refuse(std::string_view reason) {
        if (params_.on_bad_record == "fail") refuse_row(params_, reason, rows_.where(""));
        left_out_[std::string(reason)].add(rows_.line());
    }

    void check_cells(std::span<const CellBits> cells) const {
        const auto bad =
            std::find(cells.begin(), cells.end(), cell_without_value(cell_reason::unreadable));
        if (bad == cells.end()) return;
        const Feature& f = table_.columns.features[static_cast<std::size_t>(bad - cells.begin())];
        throw DataError(
            {.what = text("this is not a value of type ", to_string(f.kind)),
             .where = rows_.where(f.column),
             .why = f.has_levels() ? "a category is one of the levels of its dictionary"
                    : f.kind == FeatureKind::date
                        ? "dates are written YYYY-MM-DD; empty, NA, NaN and . are missing"
                        : "empty, NA, NaN, . and the missing codes of the dictionary are missing",
             .help = text("declare the code in ", table_.dictionary.string(),
                          ", correct the cell, or set on_bad_record = \"skip\" to count such cells "
                          "as missing")});
    }

    const FeatureTable& table_;
    const IngestFeaturesParams& params_;
    FeatureRows& rows_;
    const Pseudonyms& pseudonyms_;
    PartWriter& part_;
    Batches batches_;
    std::vector<std::uint64_t> high_, low_, line_;
    std::vector<Day> day_;
    std::vector<std::uint32_t> visit_;
    Words visits_;
    Tallies left_out_;
    std::uint64_t read_ = 0;
};

} // namespace

void write_tallies(PartWriter& part, const Tallies& tallies) {
    TableData table(tallies_table());
    for (const auto& [reason, tally] : tallies) {
        table.column<std::string>("reason").push_back(reason);
        table.column<std::uint64_t>("rows").push_back(tally.rows);
        table.column<std::uint64_t>("first_line").push_back(tally.first_line);
    }
    write_packed(part, table);
}

void add_tallies(Tallies& to, const H5File& part, std::uint64_t lines_before) {
    const TableData table = read_packed(part, tallies_table());
    for (std::size_t i = 0; i < table.rows(); ++i) {
        Tally& tally = to[table.column<std::string>("reason")[i]];
        const std::uint64_t line = lines_before + table.column<std::uint64_t>("first_line")[i];
        tally.first_line = tally.rows == 0 ? line : std::min(tally.first_line, line);
        tally.rows += table.column<std::uint64_t>("rows")[i];
    }
}

void refuse_row(const IngestFeaturesParams& params, std::string_view reason,
                const std::string& where) {
    if (params.on_bad_record != "fail") return;
    throw DataError({.what = text("bad row: ", reason),
                     .where = where,
                     .why = std::string(rule_of(reason)),
                     .help = "mend the row, or set on_bad_record = \"skip\" to leave such rows out "
                             "and count them"});
}

void stage_rows(const Plan& plan, std::uint64_t unit, const IngestFeaturesParams& params,
                const Pseudonyms& pseudonyms, PartWriter& part) {
    const TableUnit& piece = plan.units[unit];
    const FeatureTable& table = plan.tables[piece.table];
    const auto open = table.hdf5 ? open_hdf5_rows : open_feature_rows;
    const auto rows = open(table.path, piece.range, table.columns, table.readers);
    Taker taker(table, params, *rows, pseudonyms, part);
    while (rows->next())
        taker.take();
    taker.finish();
}

} // namespace salus::ingest_features
