#pragma once

#include "health/evaluate.hpp"
#include "health/event_store.hpp"
#include "stages/phenotypes/cohort.hpp"
#include "stages/phenotypes/sample_rows.hpp"

#include <cstdint>

namespace salus::phenotypes {

/// Columns of the rows that come from health records, behind the traits and their times.
enum RecordColumn : std::size_t {
    record_birth,
    record_last_day,
    record_sex,
    record_observed,
    record_columns
};

/// One shard of the event store: the traits of everybody who is linked to a sample of the cohort,
/// and what the covariates need. Memory O(shard).
void read_records(const EventStore& store, std::uint64_t shard, const TraitPanel& panel,
                  const Cohort& cohort, PartWriter& part);

/// Links to samples that have no genotypes, over all parts.
std::uint64_t unknown_links(const Parts& parts);

} // namespace salus::phenotypes
