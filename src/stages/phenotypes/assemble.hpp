#pragma once

#include "health/status_matrix.hpp"
#include "stages/phenotypes/cohort.hpp"
#include "stages/phenotypes/features.hpp"
#include "stages/phenotypes/phenotypes.hpp"
#include "stages/phenotypes/records.hpp"
#include "stages/phenotypes/trait_table.hpp"

#include <optional>
#include <string>
#include <vector>

namespace salus::phenotypes {

struct TraitInfo {
    std::string name, kind, unit, doc;
    std::uint64_t n = 0, cases = 0;
    std::string time_unit = {}; // of a time-to-event trait
    bool has_entry = false;     // its time at risk begins late
};

/// What the result consists of: fixed before the samples are put together.
struct Layout {
    std::vector<TraitInfo> traits;       // from definitions, then from the table, then its times
    std::optional<RecordLayout> records; // of definitions; nothing without
    std::vector<StatusTrait> phecodes;   // first rows of the status matrix
    std::size_t defined = 0;             // the first so many are from definitions
    std::vector<Coding> codings;         // [column of the table]
    std::size_t table_traits = 0;        // of these columns are traits
    std::size_t table_covariates = 0;    // the next are covariates
    std::vector<TableTime> table_times;
    FeaturePlan features;               // its traits are the last ones
    std::size_t feature_covariates = 0; // place of the first of them
    std::string table_name;             // file name of the trait table, for messages
    std::vector<ColumnSpec> covariates;
    std::vector<std::string> dummies; // groups with a covariate, in order
    bool age = false, age_squared = false, sex = false;
    std::optional<double> index_day; // nothing = last observation of each person

    TableSpec traits_table() const;
    /// Times at risk of the time-to-event traits: NAME, and NAME.entry where it begins late.
    TableSpec times_table() const;
    TableSpec covariates_table() const;
    /// Dates of cases, ages on them, begin and end of follow-up: a column for each definition that
    /// has them.
    std::vector<TableSpec> case_tables() const;
};
TableSpec samples_table();
/// Birth, observation and death of the persons of the samples; there if there are records.
TableSpec lives_table();
TableSpec trait_info_table();
TableSpec attrition_table();
/// The doc of a table of case_tables(), for a column of any name.
std::vector<TableSpec> described_case_tables();

/// UsageError if two traits, or two covariates, have one name, or there is no trait and no phecode
/// at all. `panel`: definitions over the event store, null without records.
Layout make_layout(const PhenotypesParams& params, const Cohort& cohort, const TraitPanel* panel,
                   const std::vector<StatusTrait>& phecodes,
                   const std::optional<TableLayout>& table, const std::vector<Coding>& codings,
                   const FeaturePlan& features);

/// Sources of rows: parts by shard of the event store, by range of the trait table, and by columns
/// of the feature store.
struct Sources {
    const Parts& records;
    const Parts& table;
    const Parts& features; // by columns
};

/// One block of samples: tables samples, traits and covariates in genotype order, and counts.
/// DataError if a sample is linked to two persons or stands twice in the trait table. Memory
/// O(block x columns).
void join_block(const Layout& layout, const Cohort& cohort, const Sources& sources,
                std::uint64_t block, PartWriter& part);

/// Rows of the status matrix: phecodes, then the definitions with cases.
std::vector<StatusTrait> status_traits(const Layout& layout);

struct JoinCounts {
    std::uint64_t linked = 0;   // samples with a person
    std::uint64_t observed = 0; // of these, with an observation period
    std::uint64_t in_table = 0; // samples in the trait table
};
/// Adds up the counts of all blocks: n and cases of the traits, and the links.
JoinCounts add_counts(const Parts& blocks, std::vector<TraitInfo>& traits);

} // namespace salus::phenotypes
