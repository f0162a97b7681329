#pragma once

#include "base/error.hpp"
#include "health/feature.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace salus {

/// What a column of a feature table is for.
enum class ColumnRole : std::uint8_t {
    person,     // who the row is of
    visit,      // which of several rows of a person it is: a word or a number
    visit_date, // the day of the row
    feature,
    passed_over, // free text, and what is not wanted
};

struct DictionaryColumn {
    std::string column;
    ColumnRole role = ColumnRole::feature;
    Feature feature; // of role feature
    std::uint64_t line = 0;
};

/// The columns of a feature table, in the order of the dictionary.
struct FeatureDictionary {
    std::filesystem::path path;
    std::vector<DictionaryColumn> columns;
};

/// Reads a dictionary: CSV or TSV with the columns `column` and `type`, and as needed `name`,
/// `unit`, `missing`, `levels`, `minimum`, `maximum`, `description`. All that is wrong with it goes
/// to `problems`, with the line.
FeatureDictionary read_feature_dictionary(const std::filesystem::path& path,
                                          std::vector<Problem>& problems);

/// Where the columns of a table are that a dictionary declares.
struct FeatureColumns {
    std::vector<Feature> features;    // in the order of the table
    std::vector<std::size_t> columns; // [feature] place in the table
    std::size_t person = 0;
    std::optional<std::size_t> visit, visit_date;
};
/// Matches a dictionary and the columns of its table, whatever their case. Problems: a declared
/// column that the table lacks, a column that is not declared (unless `pass_over_undeclared`),
/// no column of persons (`person_id` needs no declaration), no feature at all.
FeatureColumns match_columns(const FeatureDictionary& dictionary,
                             const std::filesystem::path& table,
                             const std::vector<std::string>& names, bool pass_over_undeclared,
                             std::vector<Problem>& problems);

} // namespace salus
