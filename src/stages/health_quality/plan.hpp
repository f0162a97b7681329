#pragma once

#include "base/date.hpp"
#include "formats/delimited.hpp"
#include "stages/health_quality/fields.hpp"
#include "stages/health_quality/health_quality.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace salus::health_quality {

inline constexpr std::size_t none = static_cast<std::size_t>(-1);

/// One check of one thing: a row of the result.
struct Rule {
    Check check = Check::cdm_table;
    std::size_t table = none, field = none; // in Plan::tables, Plan::fields
    std::size_t concept_rule = none;        // in Specification::concepts
    double threshold = 0;                   // per cent of `examined` that may violate it
    std::string not_applicable = {};        // why it cannot be asked of these files
};

struct FieldPlan {
    std::size_t table = none, field = none;      // in Specification::tables, CdmTable::fields
    std::size_t column = none;                   // in the file; none = absent
    std::array<std::size_t, check_count> rule{}; // in Plan::rules; none = not asked or not possible
    std::size_t target = none;                   // table of the key it holds, if that file is there
    std::size_t end = none, concept_of = none, date = none; // fields: see CdmField, datetime_agrees
};

/// A table of the specification and its file. Fields by their place in Plan::fields, none = absent
/// in the file.
struct TablePlan {
    std::string name;
    std::filesystem::path path; // empty: no such file
    DelimitedHeader header = {};
    std::size_t first = 0, last = 0; // its fields
    std::size_t person = none, key = none, start = none, end = none, concept_field = none,
                source = none, source_concept = none, value = none, unit = none, unit_source = none,
                visit = none;
    bool events = false;
    std::array<std::size_t, check_count> rule{};

    bool is_there() const { return !path.empty(); }
};

/// A piece of one file.
struct SourceUnit {
    std::size_t table = 0;
    ByteRange range;
    bool first = false; // of its file
};

/// What is asked, of which files, and how the work is cut: a function of files and parameters,
/// never of ranks or threads.
struct Plan {
    Specification specification;
    std::vector<TablePlan> tables;
    std::vector<FieldPlan> fields;
    std::vector<Rule> rules;
    std::vector<SourceUnit> units;
    std::uint64_t shards = 1;
    std::filesystem::path concepts; // vocabulary; empty: none
    std::optional<Day> latest;      // last day that can be in the records

    const CdmField& spec(const FieldPlan& f) const {
        return specification.tables[f.table].fields[f.field];
    }
    std::size_t find_table(std::string_view name) const;
    /// Rule of a check of a whole table; none if it is not asked.
    std::size_t rule_of(Check check, std::size_t table) const {
        return tables[table].rule[index(check)];
    }
    std::size_t rule_of(Check check, const FieldPlan& f) const { return f.rule[index(check)]; }
    static std::size_t index(Check check) noexcept { return static_cast<std::size_t>(check); }
};

/// \param tables  tables of checks that the user gives
/// DataError if the folder holds no person table.
Plan make_plan(const HealthQualityParams& params, const std::filesystem::path& folder,
               const std::vector<std::filesystem::path>& tables);

/// Where a key goes in the exchange between the phases.
std::uint64_t shard_of(std::uint64_t key, std::uint64_t shards) noexcept;

} // namespace salus::health_quality
