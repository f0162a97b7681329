#pragma once

#include "base/table_spec.hpp"
#include "stages/health_quality/checks.hpp"

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace salus::health_quality {

enum class FieldType : std::uint8_t { integer, number, date, datetime, text };

/// What is asked of one column. A check applies if it has a threshold: per cent of the rows that
/// may violate it.
struct CdmField {
    std::string name;
    FieldType type = FieldType::text;
    std::size_t width = 0;          // bytes of text at most; 0 = any
    std::string foreign_table = {}; // whose key it holds
    std::string domain = {};        // of its concept
    std::string end_field = {};     // of start_before_end
    std::string concept_field = {}; // of source_value_completeness
    double low = std::numeric_limits<double>::quiet_NaN(), high = low; // NaN = no limit
    std::map<Check, double> thresholds = {};

    bool asks(Check check) const { return thresholds.contains(check); }
};

struct CdmTable {
    std::string name;
    std::vector<CdmField> fields;
    std::map<Check, double> thresholds = {}; // of the table as a whole

    const CdmField* find(std::string_view field) const;
    CdmField* find(std::string_view field);
    bool has_events() const; // rows of persons with dates, other than person and its periods
    /// Field of the first day of a row, "" if none; its last day, "" if none.
    std::string start_field() const, end_field() const;
};

/// What is asked of the rows of one concept.
struct ConceptRule {
    Check check;
    std::string table, field; // field: of the concept
    std::uint32_t concept_id = 0, unit = 0;
    double limit = 0;                         // value_low, value_high
    std::uint8_t sex = 0;                     // concept_sex: the sex it occurs in
    std::vector<std::uint32_t> units = {};    // concept_unit
    std::vector<std::uint32_t> concepts = {}; // concept_sex_descendants: above all that it is
                                              // about; in a plan all of these
    double threshold = 5;
};

/// All that is asked.
struct Specification {
    std::vector<CdmTable> tables;
    std::vector<ConceptRule> concepts;

    const CdmTable* find(std::string_view table) const;
    CdmTable* find(std::string_view table);
};

/// The OMOP Common Data Model 5.4 as far as it is checked, with the thresholds of the Data Quality
/// Dashboard 2 for it, ranges of frequent measurements and rubrics of ICD-10 of one sex.
Specification builtin_specification();

/// Replaces what `path` speaks of: a CSV table in the layout of the Data Quality Dashboard (levels
/// table, field or concept) or of the field level of the CDM specification, recognised by its
/// columns. DataError with line and column.
void read_specification(const std::filesystem::path& path, Specification& specification);

/// Adds ranges and units of frequent measurements (UCUM units as OMOP concepts; limits are far
/// outside of what is survived, so that they catch wrong units and placeholders, not disease).
void add_builtin_concepts(Specification& specification);

/// Sex in which alone an ICD-10 code occurs: 0 both, 1 male, 2 female. WHO, ICD-10 volume 2 (2016),
/// section 4.2: categories limited to, or more likely to occur in, one sex.
std::uint8_t sex_of_icd10(std::string_view code);

} // namespace salus::health_quality
