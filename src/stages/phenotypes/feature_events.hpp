#pragma once

#include "health/code_set.hpp"
#include "health/event_store.hpp"
#include "health/feature_store.hpp"
#include "health/pseudonym.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace salus::phenotypes {

/// Features as events of health records, so that definitions can ask for them: `FEATURE:NAME` with
/// the value and unit of a number, `FEATURE:NAME=LABEL` of a category. Rows without a day are no
/// events. Memory: 8 bytes per feature and row, 24 per row of each table.
class FeatureEvents {
public:
    /// \param names  features, `*` stands for any characters. DataError if the stores have
    /// pseudonyms of different keys; UsageError if there is no such feature.
    FeatureEvents(const FeatureStore& features, const EventStore& store,
                  const std::vector<std::string>& names);
    FeatureEvents(const FeatureEvents&) = delete;

    /// Codes and units of the event store, and behind them those of the features.
    StoreDictionary dictionary() const noexcept { return {codes_, concepts_, units_, nullptr}; }
    const std::vector<std::string>& codes() const noexcept { return codes_; }
    /// Adds the events of the persons of a shard.
    void add_to(Shard& shard, std::uint64_t number) const;

private:
    struct Table {
        std::vector<Pseudonym> persons; // [row], ascending
        std::vector<double> day;        // [row], NaN = none
    };
    struct Column {
        const Table* table = nullptr;
        std::vector<double> values; // [row]
        bool levels = false;        // a code for each level
        std::uint32_t code = 0, unit = 0;
    };
    void add_column(const FeatureStore& features, const StoredFeature& feature);
    std::uint32_t add_code(const std::string& code);

    const EventStore& store_;
    std::vector<std::string> codes_, units_;
    std::vector<std::uint32_t> concepts_; // [code]
    std::map<std::string, Table> tables_;
    std::vector<Column> columns_;
};

} // namespace salus::phenotypes
