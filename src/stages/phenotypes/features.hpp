#pragma once

#include "health/feature_store.hpp"
#include "health/ucum.hpp"
#include "stages/phenotypes/cohort.hpp"
#include "stages/phenotypes/phenotypes.hpp"
#include "store/parts.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus::phenotypes {

/// Whether a name fits a pattern, in which `*` stands for any characters.
bool fits_pattern(std::string_view name, std::string_view pattern);

/// A trait or covariate that is made of a feature.
struct FeatureColumn {
    std::string name, kind, unit, doc;
    const StoredFeature* feature = nullptr; // of the store
    std::string when;                       // first, last, or a visit
    Line line;                              // to the unit that is asked for
    std::optional<double> level;            // 1 where the value is this level, 0 where another
};

/// Traits, then covariates.
struct FeaturePlan {
    std::vector<FeatureColumn> columns;
    std::size_t traits = 0;
};

/// What is asked for by the parameters `feature_traits` and `feature_covariates`, each written
/// `[NEW =] NAME [is LEVEL] [in UNIT] [at VISIT]`. Problems: a name, level or unit that is not
/// there, a trait of a category with more than two levels.
FeaturePlan plan_features(const FeatureStore& store, const PhenotypesParams& params,
                          std::vector<Problem>& problems);

/// Columns that are read by one unit of the phase "features".
inline constexpr std::size_t feature_columns_per_unit = 64;
std::uint64_t feature_unit_count(const FeaturePlan& plan) noexcept;

/// Brings features into the order of the samples.
class FeatureJoin {
public:
    FeatureJoin(const FeatureStore& store, const FeaturePlan& plan, const Cohort& cohort)
        : store_(store), plan_(plan), cohort_(cohort) {}
    /// Phase "features", one unit. DataError if a sample is linked to two persons, or a table has
    /// no sample of the genotypes. Memory 8 bytes per row of the table, and per sample and column.
    void read(std::uint64_t unit, PartWriter& part);

private:
    struct Rows {
        std::string table; // "" = none yet
        std::vector<std::uint32_t> sample;
        std::vector<std::uint32_t> visit; // in visits
        std::vector<std::string> visits;
    };
    void take_rows(const std::string& table);
    void read_column(const FeatureColumn& column, std::span<double> out);

    const FeatureStore& store_;
    const FeaturePlan& plan_;
    const Cohort& cohort_;
    Rows rows_; // of the last table
};

/// Calls `take` with the values of each column for the samples of a block.
void read_feature_block(
    const Parts& parts, std::uint64_t block, std::size_t columns,
    const std::function<void(std::size_t column, std::span<const double> values)>& take);

} // namespace salus::phenotypes
