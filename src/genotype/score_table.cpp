#include "genotype/score_table.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace salus {
namespace {

const char* table_of(ScoreScale scale) noexcept {
    switch (scale) {
    case ScoreScale::plain:
        return "scores";
    case ScoreScale::z_mean:
        return "z_mean";
    case ScoreScale::z_variance:
        break;
    }
    return "z_variance";
}

} // namespace

ScoreTable::ScoreTable(const std::filesystem::path& path) : file_(H5File::open(path)) {
    if (!file_.is_table("scores") || !file_.is_table("report"))
        throw DataError({.what = "the file is no result of the stage score",
                         .where = path.string(),
                         .why = "it has no tables scores and report",
                         .help = {}});
    for (const ColumnSpec& column : file_.table_spec("scores").columns)
        if (column.name != "sample_id") names_.push_back(column.name);
    samples_ = file_.rows("scores");
}

std::vector<std::string> ScoreTable::sample_ids() const {
    return file_.read("scores", {"sample_id"}).column<std::string>("sample_id");
}

bool ScoreTable::has(ScoreScale scale) const { return file_.is_table(table_of(scale)); }

std::vector<double> ScoreTable::column(const std::string& name, ScoreScale scale) const {
    if (!has(scale))
        throw DataError({.what = "the scores are not relative to ancestry",
                         .where = file_.path().string(),
                         .why = text("there is no table ", table_of(scale)),
                         .help = "give the stage score principal components"});
    if (std::find(names_.begin(), names_.end(), name) == names_.end()) {
        const auto near = nearest(name, names_);
        throw DataError({.what = text("there is no score '", name, "'"),
                         .where = file_.path().string(),
                         .why = text("the file has ", names_.size(), " scores"),
                         .help = near ? text("did you mean '", *near, "'?") : std::string()});
    }
    return file_.read(table_of(scale), {name}).column<double>(name);
}

} // namespace salus
