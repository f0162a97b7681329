#include "base/text.hpp"
#include "stages/simulate/features.hpp"
#include "stages/simulate/health.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

constexpr std::array<std::string_view, simulated_tables> names{
    "person",      "observation_period", "condition_occurrence",
    "measurement", "drug_exposure",      "death"};

// OMOP CDM 5.4, all columns in the order of the specification.
constexpr std::array<std::string_view, simulated_tables> headers{
    "person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,birth_datetime,race_"
    "concept_id,"
    "ethnicity_concept_id,location_id,provider_id,care_site_id,person_source_value,gender_source_"
    "value,"
    "gender_source_concept_id,race_source_value,race_source_concept_id,ethnicity_source_value,"
    "ethnicity_source_concept_id\n",
    "observation_period_id,person_id,observation_period_start_date,observation_period_end_date,"
    "period_type_concept_id\n",
    "condition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_start_"
    "datetime,"
    "condition_end_date,condition_end_datetime,condition_type_concept_id,condition_status_concept_"
    "id,stop_reason,"
    "provider_id,visit_occurrence_id,visit_detail_id,condition_source_value,condition_source_"
    "concept_id,"
    "condition_status_source_value\n",
    "measurement_id,person_id,measurement_concept_id,measurement_date,measurement_datetime,"
    "measurement_time,"
    "measurement_type_concept_id,operator_concept_id,value_as_number,value_as_concept_id,unit_"
    "concept_id,range_low,"
    "range_high,provider_id,visit_occurrence_id,visit_detail_id,measurement_source_value,"
    "measurement_source_concept_id,unit_source_value,unit_source_concept_id,value_source_value,"
    "measurement_event_id,"
    "meas_event_field_concept_id\n",
    "drug_exposure_id,person_id,drug_concept_id,drug_exposure_start_date,drug_exposure_start_"
    "datetime,"
    "drug_exposure_end_date,drug_exposure_end_datetime,verbatim_end_date,drug_type_concept_id,stop_"
    "reason,refills,"
    "quantity,days_supply,sig,route_concept_id,lot_number,provider_id,visit_occurrence_id,visit_"
    "detail_id,"
    "drug_source_value,drug_source_concept_id,route_source_value,dose_unit_source_value\n",
    "person_id,death_date,death_datetime,death_type_concept_id,cause_concept_id,cause_source_value,"
    "cause_source_concept_id\n"};

constexpr int from_records = 32817;            // OMOP type concept "EHR"
constexpr std::uint64_t rows_per_person = 200; // identifiers reserved in each table

struct Condition {
    std::string_view code; // ICD-10
    int concept_id;        // OMOP standard concept
};
constexpr Condition diabetes_2{"E11.9", 201826}, diabetes_2_renal{"E11.2", 443731},
    diabetes_1{"E10.9", 201254}, angina{"I20.9", 321318}, infarction{"I21.4", 4270024},
    coronary{"I25.1", 317576}, asthma{"J45.9", 317009}, hypertension{"I10", 320128},
    lipids{"E78.0", 4029305};
constexpr std::array<Condition, 6> background{{{"J06.9", 4181583},
                                               {"M54.5", 194133},
                                               {"K21.9", 318800},
                                               {"N39.0", 81902},
                                               {"F32.9", 440383},
                                               {"L30.9", 133834}}};

struct Drug {
    std::string_view code; // ATC
    int concept_id;        // OMOP standard concept (RxNorm ingredient)
};
constexpr std::array<Drug, 3> statins{
    {{"C10AA01", 1539403}, {"C10AA05", 1545958}, {"C10AA07", 1510813}}};
constexpr Drug metformin{"A10BA02", 1503297};
constexpr std::array<Drug, 4> other_drugs{
    {{"M01AE01", 1177480}, {"A02BC01", 923645}, {"C08CA01", 1332418}, {"R03AC02", 1154343}}};

struct Unit {
    std::string_view code; // UCUM
    int concept_id;
};
constexpr Unit mg_dl{"mg/dL", 8840}, mmol_l{"mmol/L", 8753}, percent{"%", 8554},
    mmol_mol{"mmol/mol", 9579}, centimetre{"cm", 8582}, metre{"m", 9546}, inch{"[in_i]", 9330},
    mm_hg{"mm[Hg]", 8876}, kilogram{"kg", 9529};

struct Test {
    std::string_view code; // LOINC
    int concept_id;
};
constexpr Test ldl_test{"13457-7", 3028288}, hba1c_test{"4548-4", 3004410},
    height_test{"8302-2", 3036277}, pressure_test{"8480-6", 3004249},
    weight_test{"29463-7", 3025315};

/// Writes the rows of one person with the habits, and the mistakes, of real records.
class Recorder {
public:
    Recorder(const SimulatedCohort& cohort, std::uint64_t person)
        : cohort_(cohort), person_(person), slot_(cohort.slot_of_person(person)),
          life_(live(cohort, slot_)), rng_(cohort.seed(), "simulate.records", slot_),
          defects_(cohort.params().defect_rate) {}

    PersonRows record() {
        write_person();
        write_conditions();
        write_measurements();
        write_drugs();
        rows_.features = feature_row(cohort_, person_, life_);
        write_truth();
        return std::move(rows_);
    }

private:
    std::string& table(SimulatedTable which) {
        return rows_.table[static_cast<std::size_t>(which)];
    }
    std::uint64_t next_id(SimulatedTable which) {
        std::uint64_t& used = used_[static_cast<std::size_t>(which)];
        SALUS_ASSERT(used < rows_per_person);
        return person_ * rows_per_person + ++used;
    }
    std::uint64_t id() const { return SimulatedCohort::person_id(person_); }

    Day some_day(Day from, Day to) {
        from = std::max(from, life_.observed_from);
        to = std::min(to, life_.observed_to);
        return to <= from
                   ? to
                   : from + static_cast<Day>(rng_.below(static_cast<std::uint64_t>(to - from) + 1));
    }
    /// A day of an event; seldom before the observation begins, or after it ends.
    Day recorded_day(Day day) {
        if (!rng_.bernoulli(defects_ / 2)) return day;
        const auto off = static_cast<Day>(1 + rng_.below(400));
        return rng_.bernoulli(0.7) ? life_.observed_from - off
                                   : life_.observed_to + std::min(off, 60);
    }
    /// `times` in [low, high], uniformly.
    std::uint64_t times(std::uint64_t low, std::uint64_t high) {
        return low + rng_.below(high - low + 1);
    }

    void write_person() {
        const std::string day = format_date(life_.birth);
        const auto parts = split(day, '-');
        const std::string& group = cohort_.group_label(slot_);
        const int race = group == "AFR" ? 8516 : group == "EUR" ? 8527 : 8515;
        const std::string source =
            cohort_.has_genome(slot_) ? cohort_.sample_of(slot_) : text("P", id());
        table(SimulatedTable::person) +=
            text(id(), ',', life_.male ? 8507 : 8532, ',', *parse_integer(parts[0]), ',',
                 *parse_integer(parts[1]), ',', *parse_integer(parts[2]), ",,", race,
                 ",38003564,,,,", source, ',', life_.male ? "M" : "F", ",0,", group, ",0,,0\n");
        table(SimulatedTable::observation_period) +=
            text(person_ + 1, ',', id(), ',', format_date(life_.observed_from), ',',
                 format_date(life_.observed_to), ',', from_records, '\n');
        if (life_.death)
            table(SimulatedTable::death) +=
                text(id(), ',', format_date(*life_.death), ",,", from_records,
                     life_.coronary ? ",317576,I25.1,0\n" : ",0,,\n");
    }

    std::string written_code(std::string_view code) {
        std::string out(code);
        if (rng_.bernoulli(2 * defects_)) std::erase(out, '.');
        if (rng_.bernoulli(defects_)) out = lower(out);
        return out;
    }

    void condition(Day day, const Condition& what) {
        day = recorded_day(day);
        const std::string tail =
            text(',', id(), ',', what.concept_id, ',', format_date(day), ",,,,", from_records,
                 ",,,,,,", written_code(what.code), ",0,\n");
        add(SimulatedTable::condition_occurrence, tail);
    }
    /// The same row twice under two identifiers is a common mistake.
    void add(SimulatedTable which, const std::string& tail) {
        table(which) += text(next_id(which), tail);
        if (rng_.bernoulli(defects_ / 2)) table(which) += text(next_id(which), tail);
    }
    void disease(Day onset, std::uint64_t low, std::uint64_t high,
                 std::span<const Condition> codes) {
        constexpr double seen_once = 0.04;
        const std::uint64_t rows = rng_.bernoulli(seen_once) ? 1 : times(low, high);
        for (std::uint64_t i = 0; i < rows; ++i)
            condition(some_day(onset, life_.observed_to), codes[rng_.below(codes.size())]);
    }

    void write_conditions() {
        constexpr std::array type_2{diabetes_2, diabetes_2, diabetes_2_renal};
        constexpr std::array heart{coronary, coronary, infarction, angina};
        if (life_.diabetes && life_.type_1)
            disease(*life_.diabetes, 2, 5, std::span(&diabetes_1, 1));
        if (life_.diabetes && (!life_.type_1 || rng_.bernoulli(0.3)))
            disease(*life_.diabetes, 3, 6, type_2);
        if (!life_.diabetes && rng_.bernoulli(0.01))
            condition(some_day(life_.observed_from, life_.observed_to), diabetes_2);
        if (life_.coronary) disease(*life_.coronary, 3, 6, heart);
        if (life_.asthma) disease(*life_.asthma, 2, 4, std::span(&asthma, 1));
        const double years_old = (life_.observed_to - life_.birth) / 365.25;
        if (rng_.bernoulli(std::clamp((years_old - 35) / 80, 0.02, 0.5)))
            disease(life_.observed_from, 1, 3, std::span(&hypertension, 1));
        if (life_.ldl > 170 && rng_.bernoulli(0.5))
            disease(life_.observed_from, 1, 2, std::span(&lipids, 1));
        for (std::uint64_t i = times(0, 4); i > 0; --i)
            condition(some_day(life_.observed_from, life_.observed_to),
                      background[rng_.below(background.size())]);
    }

    void measurement(Day day, const Test& test, double value, int digits, const Unit& unit) {
        day = recorded_day(day);
        if (rng_.bernoulli(defects_ / 4)) value = rng_.bernoulli(0.5) ? 0 : 9999;
        const bool no_unit = rng_.bernoulli(1.5 * defects_);
        const std::string tail =
            text(',', id(), ',', test.concept_id, ',', format_date(day), ",,,", from_records, ",,",
                 fixed(value, digits), ",,", no_unit ? std::string("0") : text(unit.concept_id),
                 ",,,,,,", test.code, ",0,", no_unit ? "" : unit.code, ",,,,\n");
        add(SimulatedTable::measurement, tail);
    }

    void write_measurements() {
        const Day from = life_.observed_from, to = life_.observed_to;
        if (!rng_.bernoulli(0.06))
            for (std::uint64_t i = times(1, 4); i > 0; --i)
                measure_ldl(some_day(from, to));
        if (life_.diabetes || rng_.bernoulli(0.6))
            for (std::uint64_t i = life_.diabetes ? times(2, 4) : times(1, 2); i > 0; --i)
                measure_hba1c(
                    some_day(life_.diabetes ? std::max(*life_.diabetes, from) : from, to));
        if (!rng_.bernoulli(0.08))
            for (std::uint64_t i = times(1, 2); i > 0; --i)
                measure_height(some_day(from, to));
        if (rng_.bernoulli(0.5))
            measurement(some_day(from, to), pressure_test, std::round(128 + 15 * rng_.normal()), 0,
                        mm_hg);
        if (rng_.bernoulli(0.4)) {
            const double body_mass_index = std::max(17.0, 26 + 4 * rng_.normal());
            measurement(some_day(from, to), weight_test,
                        body_mass_index * life_.height * life_.height / 1e4, 1, kilogram);
        }
    }
    void measure_ldl(Day day) {
        constexpr double statin_effect = 0.68, molar = 38.67;
        const bool treated = life_.statin && day >= *life_.statin;
        const double value =
            std::max(15.0, life_.ldl * (treated ? statin_effect : 1) + 8 * rng_.normal());
        if (rng_.bernoulli(0.12))
            measurement(day, ldl_test, value / molar, 2, mmol_l);
        else
            measurement(day, ldl_test, value, 0, mg_dl);
    }
    void measure_hba1c(Day day) {
        const double value = std::max(3.8, life_.hba1c + 0.12 * rng_.normal());
        if (rng_.bernoulli(0.25))
            measurement(day, hba1c_test, (value - 2.152) / 0.09148, 0, mmol_mol);
        else
            measurement(day, hba1c_test, value, 1, percent);
    }
    void measure_height(Day day) {
        const double value = life_.height + 0.6 * rng_.normal();
        const double way = rng_.uniform();
        if (way < 0.04)
            measurement(day, height_test, value / 100, 2, metre);
        else if (way < 0.08)
            measurement(day, height_test, value / 2.54, 1, inch);
        else
            measurement(day, height_test, value, 1, centimetre);
    }

    void drug(Day day, const Drug& what, int days) {
        day = recorded_day(day);
        const std::string tail = text(',', id(), ',', what.concept_id, ',', format_date(day), ",,",
                                      format_date(day + days - 1), ",,,", from_records, ",,,,",
                                      days, ",,,,,,,", what.code, ",0,,\n");
        add(SimulatedTable::drug_exposure, tail);
    }
    void write_drugs() {
        if (life_.statin) repeat_drug(*life_.statin, statins[rng_.below(statins.size())]);
        if (life_.metformin) repeat_drug(*life_.metformin, metformin);
        for (std::uint64_t i = times(0, 2); i > 0; --i)
            drug(some_day(life_.observed_from, life_.observed_to),
                 other_drugs[rng_.below(other_drugs.size())], 10);
    }
    void repeat_drug(Day start, const Drug& what) {
        drug(start, what, 90);
        for (std::uint64_t i = times(0, 3); i > 0; --i)
            drug(some_day(start, life_.observed_to), what, 90);
    }

    void write_truth() {
        const auto disease_text = [](const std::optional<Day>& onset) {
            return onset ? format_date(*onset) : std::string("NA");
        };
        std::string& out = rows_.truth;
        out = text(cohort_.has_genome(slot_) ? cohort_.sample_of(slot_) : "NA", '\t', id());
        for (std::size_t t = 0; t < simulated_traits; ++t)
            out += text('\t', fixed(life_.genetic[t], 5), '\t', fixed(life_.liability[t], 5));
        out += text('\t', fixed(life_.ldl, 2), '\t', fixed(life_.hba1c, 3), '\t',
                    fixed(life_.height, 2), '\t',
                    disease_text(life_.type_1 ? std::nullopt : life_.diabetes), '\t',
                    disease_text(life_.coronary), '\t', disease_text(life_.asthma), '\t',
                    disease_text(life_.statin), '\n');
    }

    const SimulatedCohort& cohort_;
    std::uint64_t person_, slot_;
    LifeCourse life_;
    Rng rng_;
    double defects_;
    PersonRows rows_;
    std::array<std::uint64_t, simulated_tables> used_{};
};

} // namespace

std::string_view table_name(SimulatedTable table) noexcept {
    return names[static_cast<std::size_t>(table)];
}
std::string_view table_header(SimulatedTable table) noexcept {
    return headers[static_cast<std::size_t>(table)];
}

PersonRows record_person(const SimulatedCohort& cohort, std::uint64_t person) {
    return Recorder(cohort, person).record();
}

std::string trait_truth_header(const SimulatedCohort& cohort) {
    std::string out = "sample_id\tperson_id";
    for (const TraitArchitecture& trait : cohort.traits())
        out += text('\t', trait.name, "_genetic\t", trait.name, "_liability");
    return out += "\tldl_mg_dl\thba1c_percent\tbody_height_cm\ttype_2_diabetes_onset\tcoronary_"
                  "disease_onset\tasthma_onset\tstatin_start\n";
}

} // namespace salus
