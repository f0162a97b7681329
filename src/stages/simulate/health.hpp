#pragma once

#include "base/date.hpp"
#include "stages/simulate/cohort.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace salus {

/// OMOP tables that are written, in this order.
enum class SimulatedTable : std::uint8_t {
    person,
    observation_period,
    condition_occurrence,
    measurement,
    drug_exposure,
    death
};
inline constexpr std::size_t simulated_tables = 6;
std::string_view table_name(SimulatedTable table) noexcept;
/// Header line of the table: all columns of OMOP CDM 5.4.
std::string_view table_header(SimulatedTable table) noexcept;

/// What happens to a person, before anybody records it. Missing days are absent.
struct LifeCourse {
    std::vector<double> genetic;                      // [trait]
    std::array<double, simulated_traits> liability{}; // standard units: genetic + environment
    bool male = false;
    Day birth = 0, observed_from = 0, observed_to = 0;
    std::optional<Day> death;
    double ldl = 0;                                                   // untreated, mg/dL
    double hba1c = 0;                                                 // NGSP %
    double height = 0;                                                // cm
    std::optional<Day> diabetes, coronary, asthma, statin, metformin; // onset or first exposure
    bool type_1 = false; // type 1 diabetes instead of type 2
};
LifeCourse live(const SimulatedCohort& cohort, std::uint64_t slot);

/// CSV rows of one person, the row of its features, and the line of the truth table.
struct PersonRows {
    std::array<std::string, simulated_tables> table;
    std::string features;
    std::string truth;
};
PersonRows record_person(const SimulatedCohort& cohort, std::uint64_t person);

/// Header of truth/traits.tsv.
std::string trait_truth_header(const SimulatedCohort& cohort);

} // namespace salus
