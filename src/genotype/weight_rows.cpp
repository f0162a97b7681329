#include "genotype/weight_rows.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

constexpr std::uint64_t page_rows = 65536;

bool contains(std::span<const std::string> names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

} // namespace

std::vector<std::string> weight_tables(const std::filesystem::path& path) {
    std::vector<std::string> found;
    for (const std::string& table : H5File::open(path).tables())
        if (table.starts_with("weights/")) found.push_back(table);
    if (found.empty())
        throw DataError({.what = "the file holds no table of weights",
                         .where = path.string(),
                         .why = "weights are in tables weights/NAME, as pgs_weights and risk write "
                                "them",
                         .help = {}});
    return found;
}

WeightRows::WeightRows(const std::filesystem::path& path, std::string table,
                       std::span<const std::string> wanted)
    : file_(H5File::open(path)), table_(std::move(table)), rows_(file_.rows(table_)) {
    for (const ColumnSpec& column : file_.table_spec(table_).columns) {
        const bool named = column.name.starts_with("weight_");
        if (!named && column.name != "weight") continue;
        const std::string shown = named ? column.name.substr(7) : std::string();
        if (!wanted.empty() && !contains(wanted, shown) && !contains(wanted, column.name)) continue;
        stored_.push_back(column.name);
        shown_.push_back(shown);
    }
    if (stored_.empty())
        throw DataError({.what = "the table has no column of weights that is asked for",
                         .where = text(path.string(), ", ", table_),
                         .why = "columns of weights are weight or weight_NAME",
                         .help = "leave weight_columns empty to take all"});
}

std::string WeightRows::genome_build() const {
    return file_.text_attribute("/", "genome_build").value_or("");
}

void WeightRows::load() {
    std::vector<std::string> columns{"chromosome", "base_pair_location", "variant_id",
                                     "other_allele", "effect_allele"};
    columns.insert(columns.end(), stored_.begin(), stored_.end());
    begin_ = at_;
    page_.emplace(file_.read_rows(table_, begin_, std::min(page_rows, rows_ - begin_), columns));
}

bool WeightRows::next(WeightRow& out) {
    if (at_ == rows_) return false;
    if (!page_ || at_ == begin_ + page_rows) load();
    const auto row = static_cast<std::size_t>(at_++ - begin_);
    out.chromosome = page_->column<std::string>("chromosome")[row];
    out.position = page_->column<std::uint32_t>("base_pair_location")[row];
    out.id = page_->column<std::string>("variant_id")[row];
    out.effect_allele = page_->column<std::string>("effect_allele")[row];
    out.other_allele = page_->column<std::string>("other_allele")[row];
    out.weights.resize(stored_.size());
    for (std::size_t c = 0; c < stored_.size(); ++c) {
        out.weights[c] = page_->column<double>(stored_[c])[row];
        if (!std::isfinite(out.weights[c]))
            throw DataError({.what = "a weight is no finite number",
                             .where = text(file_.path().string(), ", ", table_, ", row ", at_),
                             .why = "every variant of the table has a weight",
                             .help = {}});
    }
    return true;
}

} // namespace salus
