#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace salus::health_quality {

/// What can be asked of the records. Names of the Data Quality Dashboard where it asks the same.
enum class Check : std::uint8_t {
    cdm_table,
    cdm_field,
    readable_rows,
    is_required,
    datatype,
    primary_key,
    foreign_key,
    fk_domain,
    standard_concept,
    person_completeness,
    value_completeness,
    standard_concept_completeness,
    source_concept_completeness,
    source_value_completeness,
    value_low,
    value_high,
    start_before_end,
    after_birth,
    before_death,
    within_visit,
    within_observation,
    datetime_agrees,
    period_overlap,
    concept_value_low,
    concept_value_high,
    concept_unit,
    concept_sex,
    concept_sex_descendants,
    unit_agrees,
    store_keeps,
    rate_breaks,
    rate_outliers,
    code_switches,
    heaping_new_year,
    heaping_month,
    digit_preference,
    unit_mixture,
    duplicate_persons,
    linked_persons,
    linked_samples,
    genotype_sex,
    genotype_duplicates,
    genotype_family,
};
constexpr std::size_t check_count = 43;

/// Fixed properties of a check. Kahn et al. 2016, doi:10.13063/2327-9214.1244: category, and
/// whether the records are judged by themselves (verification) or against knowledge from outside
/// (validation).
struct CheckInfo {
    std::string_view id, category, subcategory, context, examined, doc;
    bool sign = false; // a statistical sign: at worst WARN
};
const CheckInfo& info_of(Check check) noexcept;

/// Rows looked at and rows at fault, exact.
struct Tally {
    std::uint64_t examined = 0, violated = 0;
    Tally& operator+=(const Tally& more) noexcept {
        examined += more.examined;
        violated += more.violated;
        return *this;
    }
    void count(bool bad) noexcept {
        ++examined;
        violated += bad ? 1 : 0;
    }
    friend bool operator==(const Tally&, const Tally&) = default;
};

} // namespace salus::health_quality
