#pragma once

#include "stages/risk_model/declaration.hpp"
#include "stages/risk_model/risk_model.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace salus::risk_models {

/// Who cannot be in a model, by the first reason that holds.
struct Attrition {
    std::uint64_t samples = 0, quality = 0, rules = 0, no_outcome = 0, no_covariate = 0;
    std::uint64_t no_follow_up = 0; // time at risk not above 0, or ended before it began
    std::uint64_t imputed = 0;      // in the model with columns to be filled
};

/// People of a model with their outcome, or rows of people; the same on every rank. 40 bytes each.
struct People {
    std::vector<std::uint32_t> sample;  // place in the phenotype table, ascending; rows repeat it
    std::vector<std::uint8_t> training; // 1 training, 0 held out
    std::vector<double> outcome;        // survival: 0 censored, 1 event, 2 competing event
    std::vector<double> exit, entry;    // survival, entry empty if all are 0
    std::vector<std::uint32_t> episode; // place among the episodes; empty if a person is one row
    Attrition lost;
    std::size_t size() const noexcept { return sample.size(); }
};

/// A rule on one column, as the stage cohort has them: "age >= 40", "stroke = 0", "ldl known".
struct PeopleRules {
    std::vector<std::string> where;
    std::optional<std::filesystem::path> quality;
    double validation_fraction = 0; // of the people, by their identifier and the seed
    std::uint64_t split_seed = 1;
    bool impute = false; // training people may lack columns of the formula
};
/// Adds a problem for a rule that cannot be read.
void check_rules(const std::vector<std::string>& where, const SampleColumns& columns,
                 std::vector<Problem>& problems);

/// Reads one column at a time. DataError if an outcome has other values than its kind allows, or
/// the samples of quality are others.
People read_people(const Declaration& model, const SampleColumns& columns,
                   const PeopleRules& rules);

/// Whether people of a model are several rows in time: its outcome is a column of the episodes.
bool has_rows(const Declaration& model, const SampleColumns& columns);
/// The rows of these people that have the outcome and all columns; `has_rows` holds.
People rows_of(const Declaration& model, const SampleColumns& columns, const People& people);
/// How many people the rows belong to; rows of one person follow each other.
std::uint64_t count_people(const People& people, std::span<const std::uint32_t> rows);

/// A column for these people.
std::vector<double> values_of(const SampleColumns& columns, const std::string& name,
                              const People& people, std::span<const std::uint32_t> rows);

/// The outcome of a time-to-event trait and what competes with it: status and times of everybody,
/// NaN = missing.
struct TimedOutcome {
    std::vector<double> status, exit, entry;
};
TimedOutcome timed_outcome(const SampleColumns& columns, const std::string& event,
                           const std::string& competing);

} // namespace salus::risk_models
