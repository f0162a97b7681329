#pragma once

#include "base/date.hpp"
#include "base/error.hpp"
#include "health/code.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// What a row of a source says.
enum class RecordKind : std::uint8_t {
    person,
    observation_period,
    event,
    link,     // the person gave the sample `text`
    deletion, // the record `record` was withdrawn by its source
};

/// Where an event was recorded; the value is stored in event stores.
enum class EventSource : std::uint8_t {
    unknown = 0,
    inpatient = 1,
    outpatient = 2,
    emergency = 3,
    primary_care = 4,
    registry = 5,
    death_certificate = 6,
    self_report = 7,
    pharmacy = 8,
};

/// Marks of an event, or-ed; the value is stored in event stores.
enum EventFlag : std::uint8_t {
    primary_position = 1, // the main diagnosis of its encounter
    negated = 2,          // recorded as absent or not known: never counts as having it
    month_precision = 4,  // the day is the first of the month that was written
    year_precision = 8,   // the day is the first of the year that was written
};

constexpr std::uint32_t no_code = std::numeric_limits<std::uint32_t>::max();

/// One typed row of any source of health records (OMOP, FHIR, feature tables). Views are valid
/// until the reader goes on.
struct RecordRow {
    RecordKind kind = RecordKind::event;
    std::string_view person; // identifier as written in the source; never stored, never logged
    std::string_view record; // identifier of the row in its source, "" = none: for updates
    std::string_view visit;  // identifier of the encounter of an event, "" = none
    std::string_view text;   // link, person: sample_id, "" = none
    std::string_view site;   // person: data holder, practice or hospital, "" = none
    Day day = 0, end = 0;    // event, period: first and last day; person: day of birth
    double death = std::numeric_limits<double>::quiet_NaN(); // person: day of death, NaN = none
    bool has_birth = true;
    std::uint8_t sex = 0; // person: 0 unknown, 1 male, 2 female
    EventKind event = EventKind::condition;
    EventSource source = EventSource::unknown;
    std::uint8_t flags = 0;                                  // EventFlag
    std::uint8_t comparator = 0;                             // 0 equal, 1 <, 2 <=, 3 >=, 4 >
    std::uint32_t code = 0;                                  // index into codes() of the reader
    std::uint32_t unit = 0;                                  // index into units() of the reader
    std::uint32_t value_code = no_code;                      // index into codes(): value as a code
    double value = std::numeric_limits<double>::quiet_NaN(); // NaN = none
};

/// A code as it stands in the dictionary of an event store.
struct CodeEntry {
    std::string code;             // SYSTEM:code
    std::uint32_t concept_id = 0; // OMOP standard concept, 0 = none
    auto operator<=>(const CodeEntry&) const = default;
};

/// Rows of one source file, or of a byte range of it. A line may give no row or several. Codes and
/// units are collected in dictionaries in the order of their first appearance.
class RecordReader {
public:
    virtual ~RecordReader() = default;
    /// Goes to the next row; false at the end. Look at reject() before row().
    virtual bool next() = 0;
    /// Rule that the current line breaks, "" if none; a short name out of a fixed list.
    virtual std::string_view reject() const noexcept = 0;
    /// True if reject() is no fault of the file but a rule that leaves sound records out: entered in
    /// error, not final, not about a person. Such records are counted and never end the job.
    virtual bool left_out() const noexcept { return false; }
    virtual const RecordRow& row() const noexcept = 0;
    /// Line of the row, counted from 1 at the beginning of the range.
    virtual std::uint64_t line() const noexcept = 0;
    /// What is wrong with the current line: file, line, column and rule, never a value.
    virtual Problem problem() const = 0;
    virtual const std::vector<CodeEntry>& codes() const noexcept = 0;
    virtual const std::vector<std::string>& units() const noexcept = 0;
    /// Where the range began and ended, and how many lines it passed: to prove seams (check_seam).
    virtual std::uint64_t first_byte() const noexcept = 0;
    virtual std::uint64_t next_byte() const noexcept = 0;
    virtual std::uint64_t lines_passed() const noexcept = 0;
};

} // namespace salus
