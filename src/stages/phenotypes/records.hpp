#pragma once

#include "health/attrition.hpp"
#include "health/event_store.hpp"
#include "stages/phenotypes/cohort.hpp"
#include "stages/phenotypes/feature_events.hpp"
#include "stages/phenotypes/phecodes.hpp"
#include "stages/phenotypes/sample_rows.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace salus::phenotypes {

/// What health records tell of a sample, as numbers in a row. Criteria are for other definitions:
/// they have no place here.
struct RecordLayout {
    /// A definition with a column in the results.
    struct Column {
        std::size_t trait = 0;             // place in the panel
        std::optional<std::size_t> status; // place behind the phecodes in the status matrix, if it
                                           // has cases
        bool follow = false;               // has follow-up
        bool timed = false;                // has a time at risk
        std::size_t value = 0;             // place of its value in a row
        std::size_t date = 0; // of the case, NaN = none; behind it start and end of follow-up
        std::size_t time = 0; // behind it the entry
    };
    explicit RecordLayout(const TraitPanel& panel);

    std::vector<Column> columns;
    // Behind the traits.
    std::size_t birth = 0, first_day = 0, last_day = 0, death = 0, sex = 0, observed = 0;
    std::size_t width = 0, statuses = 0;
};

struct RecordSource {
    const EventStore& store;
    const FeatureEvents* features = nullptr; // more events, null without
};
/// One shard of the event store: the row of everybody who is linked to a sample of the cohort,
/// their phecodes, and how many of them got how far in each definition. Memory O(shard).
void read_records(const RecordSource& source, std::uint64_t shard, const TraitPanel& panel,
                  const PhecodeTraits& phecodes, const Cohort& cohort, PartWriter& part);

/// Links to samples that have no genotypes, over all parts.
std::uint64_t unknown_links(const Parts& parts);
/// Attrition of each definition of the panel, over all parts.
std::vector<AttritionCounts> add_attrition(const Parts& parts, std::size_t traits);

} // namespace salus::phenotypes
