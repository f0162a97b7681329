#pragma once

#include "health/feature.hpp"
#include "store/h5.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// Layout of a feature store (features.h5). Of each table: `data/TABLE/rows` by pseudonym, day and
/// visit, `data/TABLE/values` [feature, row] and `data/TABLE/missing` [feature, row], the number of
/// the reason in `reasons`.
TableSpec feature_tables_table();
TableSpec features_table();
TableSpec feature_levels_table();
TableSpec feature_reasons_table();
TableSpec feature_missing_table();
TableSpec feature_rows_table(const std::string& table);
std::string feature_values_array(const std::string& table);
std::string feature_missing_array(const std::string& table);
constexpr std::int64_t feature_store_version = 1;

struct StoredFeature {
    Feature feature; // name, column, kind, unit, doc, levels
    std::string table;
    std::uint64_t place = 0; // row of values and missing
};

/// A feature store opened for reading. Rank-local; memory O(features), and a column while it is
/// read.
class FeatureStore {
public:
    /// DataError if the file is not a complete feature store of this version.
    explicit FeatureStore(const std::filesystem::path& path);

    const std::vector<StoredFeature>& features() const noexcept { return features_; }
    /// By its name in results.
    const StoredFeature* find(std::string_view name) const;
    /// All values of a feature, [row of its table], NaN = missing.
    std::vector<double> values(const StoredFeature& feature) const;
    /// Columns of data/TABLE/rows.
    TableData rows(const std::string& table, const std::vector<std::string>& columns) const;
    const std::filesystem::path& path() const noexcept { return file_.path(); }
    /// Of the key of the pseudonyms.
    std::optional<std::string> key_mark() const {
        return file_.text_attribute("/", "pseudonym_key_mark");
    }

private:
    H5File file_;
    std::vector<StoredFeature> features_; // by table, then by column
};

} // namespace salus
