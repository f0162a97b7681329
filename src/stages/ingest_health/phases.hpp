#pragma once

#include "formats/fhir_medications.hpp"
#include "health/event_store.hpp"
#include "run/context.hpp"
#include "stages/ingest_health/counts.hpp"
#include "stages/ingest_health/plan.hpp"
#include "stages/ingest_health/staging.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace salus::ingest_health {

/// Why a row is refused by a shard; what readers refuse has names of their own.
inline constexpr std::string_view duplicate_person = "duplicate_person",
                                  unknown_person = "unknown_person",
                                  duplicate_link = "duplicate_link",
                                  duplicate_record = "duplicate_record", withdrawn = "withdrawn";
/// What is odd about rows that are kept.
inline constexpr std::string_view outside_observation = "outside_observation",
                                  before_birth = "before_birth", after_death = "after_death",
                                  death_before_birth = "death_before_birth";

/// Phase "medications", one unit: codes of the Medication files of a FHIR export, to which other
/// resources refer.
void read_medications(const Plan& plan, const IngestHealthParams& params, PartWriter& part);
FhirMedications medications_from(const H5File& part);

/// Phase "rows", one piece of a file: typed rows by shard, the codes, units and sites it uses,
/// counts, where it began and ended. Memory O(batch + codes + persons of the piece).
void stage_rows(const Plan& plan, std::uint64_t unit, const IngestHealthParams& params,
                const Pseudonyms& pseudonyms, const FhirMedications& medications, PartWriter& part);

/// Phase "codes", one unit: dictionaries of all pieces merged and sorted, what the places in those
/// of the pieces become, line numbers of the pieces, seams checked. The store that is updated
/// counts as a piece behind all others. Memory: all different codes, and 4 bytes for each code of
/// each piece.
void merge_codes(const Plan& plan, const Parts& rows, const EventStore* previous, PartWriter& part);

/// What the phases behind need to know of all pieces.
struct Merged {
    /// Where the entries of the dictionary of each piece stand in the merged one.
    struct Places {
        std::vector<std::uint32_t> place;
        std::vector<std::uint64_t> begin; // [unit + 1]
        std::span<const std::uint32_t> of(std::uint64_t unit) const {
            return std::span(place).subspan(begin[unit], begin[unit + 1] - begin[unit]);
        }
    };
    Places codes, units, sites;
    std::vector<std::uint64_t> lines_before; // [unit], in its file
    std::vector<std::uint64_t> deletions;    // records that were withdrawn, ascending
    std::string key_mark;                    // of the key of the pseudonyms
    static Merged read_from(const H5File& part);
};

/// What a shard works on.
struct ShardTask {
    const Plan& plan;
    const IngestHealthParams& params;
    const Parts& rows;
    const Merged& merged;
    std::uint64_t shard;
    const EventStore* previous = nullptr; // store that is updated
};

struct EventRow;
/// Phase "shards", one shard: its persons, their observation periods, links and events in order,
/// with persons numbered in the shard. Memory 200 bytes per event of the shard.
/// \param scratch  memory that one shard leaves to the next
void build_shard(const ShardTask& task, std::vector<EventRow>& scratch, PartWriter& part);

/// A table of the result, put together from what the shards hold: in units of `encode_rows` rows,
/// the ranks bring it into its stored form, and the root then only copies.
class ShardTables {
public:
    /// (all) Counts the rows of the shards.
    ShardTables(RunContext& context, const Parts& shards);
    std::uint64_t units() const noexcept { return units_.size(); }
    void encode(std::uint64_t unit, PartWriter& part) const;
    void assemble(ResultWriter& out, const Parts& encoded) const;
    /// The table `shards`.
    TableData ranges() const;
    std::uint64_t rows(std::size_t table) const { return tables_[table].begin.back(); }
    /// What the shards changed, all together.
    const std::vector<std::uint64_t>& changes() const noexcept { return changes_; }

    static constexpr std::size_t persons = 0, periods = 1, events = 2, links = 3;

private:
    struct Table {
        TableSpec spec;
        std::vector<std::uint64_t> begin; // [shard + 1]
        std::map<std::string, std::size_t> widths;
    };
    struct Unit {
        std::size_t table = 0;
        std::uint64_t begin = 0, end = 0;
    };
    const Parts& shards_;
    std::vector<std::uint64_t> changes_;
    std::vector<Table> tables_;
    std::vector<Unit> units_;
};

} // namespace salus::ingest_health
