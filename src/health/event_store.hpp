#pragma once

#include "base/date.hpp"
#include "health/code.hpp"
#include "health/record_row.hpp"
#include "store/h5.hpp"

#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace salus {

/// Layout of an event store (events.h5). Persons are numbered by their row in `persons`, where they
/// stand by pseudonym; a shard is a range of them. Events stand by person, day, kind, code, file
/// and line.
TableSpec persons_table();
TableSpec observation_periods_table();
TableSpec events_table();
TableSpec links_table();
TableSpec codes_table();
TableSpec units_table();
TableSpec sites_table();
TableSpec shards_table();
TableSpec rejects_table();
TableSpec flagged_table();
TableSpec ingested_table();
TableSpec changes_table();
/// 2: pseudonyms, sites, end, source, flags, value as a code, file and record of events.
constexpr std::int64_t event_store_version = 2;
constexpr std::uint64_t no_record = std::numeric_limits<std::uint64_t>::max();
/// Set in identifiers of records that are hashes.
constexpr std::uint64_t hashed_record = std::uint64_t{1} << 63;

/// A dated, coded row of a health record.
struct Event {
    Day day = 0;
    EventKind kind = EventKind::condition;
    std::uint8_t comparator = 0; // 0 equal, 1 <, 2 <=, 3 >=, 4 >
    std::uint32_t code = 0;      // row of the code dictionary
    std::uint32_t unit = 0;      // row of the unit dictionary
    double value = 0;            // NaN = none
    Day end = 0;                 // last day; = day where the source has none
    EventSource source = EventSource::unknown;
    std::uint8_t flags = 0;             // EventFlag
    std::uint32_t value_code = no_code; // row of the code dictionary: value as a code
};

/// Time in which the record of a person is complete, both days included.
struct Period {
    Day start = 0, end = 0;
};

/// All that is known of one person. Dates that are not known are NaN.
struct PersonView {
    std::uint8_t sex = 0; // 0 unknown, 1 male, 2 female
    double birth = 0, death = 0;
    std::uint32_t site = 0;          // row of the site dictionary; 0 = unknown
    std::span<const Period> periods; // ascending, apart from each other
    std::span<const Event> events;   // ascending by day
};

/// Persons of one shard with their events, and the samples that they gave.
struct Shard {
    std::vector<std::uint8_t> sex;
    std::vector<double> birth, death;
    std::vector<std::uint32_t> site;
    std::vector<Period> periods;
    std::vector<std::size_t> period_begin; // [person + 1]
    std::vector<Event> events;
    std::vector<std::size_t> event_begin; // [person + 1]
    std::vector<std::uint32_t> linked;  // persons with a sample, numbered in this shard, ascending
    std::vector<std::string> sample_id; // [linked]

    std::size_t size() const noexcept { return sex.size(); }
    PersonView person(std::size_t p) const noexcept;
};

/// An event store opened for reading. Rank-local; memory O(codes + shards), and one shard while it
/// is read.
class EventStore {
public:
    /// DataError if the file is not a complete event store of this version.
    explicit EventStore(const std::filesystem::path& path);

    std::uint64_t shard_count() const noexcept { return shards_; }
    std::uint64_t person_count() const noexcept { return persons_; }
    std::uint64_t event_count() const noexcept { return events_; }
    const std::vector<std::string>& codes() const noexcept { return codes_; }
    const std::vector<std::uint32_t>& concepts() const noexcept { return concepts_; }
    const std::vector<std::string>& units() const noexcept { return units_; }
    const std::vector<std::string>& sites() const noexcept { return sites_; }
    /// First row of every shard in persons, and behind the last one their number.
    const std::vector<std::uint64_t>& person_begin() const noexcept { return person_begin_; }
    /// The same for events.
    const std::vector<std::uint64_t>& event_begin() const noexcept { return event_begin_; }
    const H5File& file() const noexcept { return file_; }
    /// Where the source had no table of observation periods, the time from the first to the last
    /// event of a person stands for it.
    Shard read_shard(std::uint64_t shard) const;

private:
    H5File file_;
    std::uint64_t shards_ = 0, persons_ = 0, events_ = 0;
    bool has_periods_ = true;
    std::vector<std::string> codes_, units_, sites_;
    std::vector<std::uint32_t> concepts_;
    std::vector<std::uint64_t> person_begin_, event_begin_, period_begin_,
        link_begin_; // [shard + 1]
};

} // namespace salus
