#include "stages/simulate/health.hpp"
#include "stages/simulate/features.hpp"

#include "base/text.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace salus {
namespace {

SimulateParams health_params(double defects) {
    SimulateParams params;
    params.samples = 1500;
    params.chromosomes = {"chr2", "chr7", "chr11"};
    params.background_variants = 20;
    params.defect_rate = defects;
    return params;
}

const SimulatedCohort& health_cohort() {
    static const SimulatedCohort made(health_params(0.02), 5);
    return made;
}
const SimulatedCohort& clean_cohort() {
    static const SimulatedCohort made(health_params(0), 5);
    return made;
}

std::vector<std::vector<std::string>> rows_of(const PersonRows& rows, SimulatedTable table) {
    std::vector<std::vector<std::string>> parsed;
    for (const std::string_view line : split(rows.table[static_cast<std::size_t>(table)], '\n')) {
        if (line.empty()) continue;
        parsed.emplace_back();
        for (const std::string_view field : split(line, ','))
            parsed.back().emplace_back(field);
    }
    return parsed;
}

TEST(Records, RowsHaveTheColumnsOfTheHeader) {
    for (std::uint64_t person = 0; person < 300; ++person) {
        const PersonRows rows = record_person(health_cohort(), person);
        for (std::size_t t = 0; t < simulated_tables; ++t) {
            const auto table = static_cast<SimulatedTable>(t);
            const std::size_t columns = split(table_header(table), ',').size();
            for (const auto& row : rows_of(rows, table))
                ASSERT_EQ(row.size(), columns) << table_name(table);
        }
        ASSERT_EQ(split(rows.truth, '\t').size(),
                  split(trait_truth_header(health_cohort()), '\t').size());
    }
}

// Correlations: 0.8 with the liability, standard error 0.36 / sqrt(1,400) = 0.01; 0 otherwise, 1 /
// sqrt(1,400) = 0.027. Five of them. Empty cells: 3 % of 1,400, 0.5 %.
TEST(Records, ProteinsFollowTheLiabilitiesAndCellsAreSometimesEmpty) {
    const std::size_t columns = split(feature_header(health_cohort().params()), ',').size();
    ASSERT_EQ(columns, 8 + health_cohort().params().proteins);
    for (const std::size_t number : {std::size_t{0}, std::size_t{3}, std::size_t{7}}) {
        double n = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
        for (std::uint64_t person = 0; person < health_cohort().persons(); ++person) {
            const std::string row = record_person(health_cohort(), person).features;
            const auto cells = split(std::string_view(row).substr(0, row.size() - 1), ',');
            ASSERT_EQ(cells.size(), columns);
            ASSERT_EQ(cells[0], text(SimulatedCohort::person_id(person)));
            const auto value = parse_double(cells[8 + number]);
            if (!value) continue;
            const double z = live(health_cohort(), health_cohort().slot_of_person(person))
                                 .liability[number < simulated_traits ? number : 0];
            ++n, x += *value, y += z, xx += *value * *value, yy += z * z, xy += *value * z;
        }
        const double r = (xy - x * y / n) / std::sqrt((xx - x * x / n) * (yy - y * y / n));
        EXPECT_NEAR(r, number < simulated_traits ? 0.8 : 0.0,
                    number < simulated_traits ? 0.05 : 0.13)
            << number;
        EXPECT_NEAR(1 - n / static_cast<double>(health_cohort().persons()), 0.03, 0.025);
    }
}

TEST(Records, IdentifiersAreUniqueAndDatesReal) {
    std::set<std::string> ids;
    std::size_t count = 0;
    for (std::uint64_t person = 0; person < 300; ++person)
        for (const auto& row :
             rows_of(record_person(health_cohort(), person), SimulatedTable::measurement)) {
            ids.insert(row[0]);
            ++count;
            ASSERT_TRUE(parse_date(row[3]));
        }
    EXPECT_EQ(ids.size(), count);
    EXPECT_GT(count, 900U);
}

TEST(Records, WithoutDefectsEventsLieInTheObservationPeriod) {
    for (std::uint64_t person = 0; person < 300; ++person) {
        const PersonRows rows = record_person(clean_cohort(), person);
        const auto period = rows_of(rows, SimulatedTable::observation_period).at(0);
        for (const auto& row : rows_of(rows, SimulatedTable::condition_occurrence)) {
            ASSERT_GE(row[3], period[2]);
            ASSERT_LE(row[3], period[3]);
            ASSERT_EQ(row[13], [&] {
                std::string upper = row[13];
                for (char& c : upper)
                    c = static_cast<char>(std::toupper(c));
                return upper;
            }());
        }
        for (const auto& row : rows_of(rows, SimulatedTable::measurement)) {
            ASSERT_FALSE(row[18].empty());
            ASSERT_NE(row[8], "9999");
        }
    }
}

TEST(Records, DefectsAreThere) {
    std::size_t no_unit = 0, impossible = 0, outside = 0, lower_case = 0, dotless = 0, twice = 0;
    for (std::uint64_t person = 0; person < health_cohort().persons(); ++person) {
        const PersonRows rows = record_person(health_cohort(), person);
        const auto period = rows_of(rows, SimulatedTable::observation_period).at(0);
        std::vector<std::string> last;
        for (const auto& row : rows_of(rows, SimulatedTable::measurement)) {
            no_unit += row[18].empty() ? 1U : 0U;
            impossible += row[8].starts_with("9999") ? 1U : 0U;
            outside += row[3] < period[2] || row[3] > period[3] ? 1U : 0U;
            twice +=
                !last.empty() && std::equal(row.begin() + 1, row.end(), last.begin() + 1) ? 1U : 0U;
            last = row;
        }
        for (const auto& row : rows_of(rows, SimulatedTable::condition_occurrence)) {
            lower_case += std::islower(static_cast<unsigned char>(row[13][0])) ? 1U : 0U;
            dotless += row[13].size() > 3 && row[13].find('.') == std::string::npos ? 1U : 0U;
        }
    }
    for (const std::size_t found : {no_unit, impossible, outside, lower_case, dotless, twice})
        EXPECT_GT(found, 5U);
}

TEST(Records, StatinsLowerMeasuredLdl) {
    double before = 0, after = 0;
    int treated = 0;
    for (std::uint64_t person = 0; person < clean_cohort().persons(); ++person) {
        const LifeCourse life = live(clean_cohort(), clean_cohort().slot_of_person(person));
        if (!life.statin) continue;
        for (const auto& row :
             rows_of(record_person(clean_cohort(), person), SimulatedTable::measurement)) {
            if (row[16] != "13457-7" || row[18] != "mg/dL") continue;
            const double ratio = *parse_double(row[8]) / life.ldl;
            if (parse_date(row[3]) >= life.statin)
                after += ratio, ++treated;
            else
                before = std::max(before, ratio);
        }
    }
    ASSERT_GT(treated, 50);
    EXPECT_NEAR(after / treated, 0.68, 0.02);
    EXPECT_GT(before, 0.9);
}

TEST(Lives, LiabilityHasUnitVarianceAndTheHeritability) {
    for (std::size_t t = 0; t < simulated_traits; ++t) {
        double n = 0, sum = 0, square = 0, genetic = 0, genetic_square = 0;
        for (std::uint64_t person = 0; person < health_cohort().persons(); ++person) {
            const std::uint64_t slot = health_cohort().slot_of_person(person);
            if (health_cohort().group_label(slot) != "EUR") continue;
            const LifeCourse life = live(health_cohort(), slot);
            ++n;
            sum += life.liability[t], square += life.liability[t] * life.liability[t];
            genetic += life.genetic[t], genetic_square += life.genetic[t] * life.genetic[t];
        }
        const double variance = square / n - sum / n * sum / n;
        const double heritability = (genetic_square / n - genetic / n * genetic / n) / variance;
        // 20 background variants on 6 Mb are in linkage disequilibrium: a third more or less.
        EXPECT_NEAR(heritability, health_cohort().traits()[t].heritability,
                    0.35 * health_cohort().traits()[t].heritability)
            << t;
    }
}

TEST(Lives, PrevalenceAgesAndDeathsAreThoseOfAdults) {
    double diabetes = 0, coronary = 0, asthma = 0, deaths = 0;
    const auto n = static_cast<double>(health_cohort().persons());
    for (std::uint64_t person = 0; person < health_cohort().persons(); ++person) {
        const LifeCourse life = live(health_cohort(), health_cohort().slot_of_person(person));
        diabetes += life.diabetes ? 1.0 : 0.0, coronary += life.coronary ? 1 : 0,
            asthma += life.asthma ? 1 : 0, deaths += life.death ? 1U : 0U;
        ASSERT_LT(life.birth, life.observed_from);
        ASSERT_LT(life.observed_from, life.observed_to);
        ASSERT_TRUE(!life.death || *life.death == life.observed_to);
    }
    EXPECT_NEAR(diabetes / n, 0.17, 0.08);
    EXPECT_NEAR(coronary / n, 0.15, 0.08);
    EXPECT_NEAR(asthma / n, 0.1, 0.05);
    EXPECT_NEAR(deaths / n, 0.03, 0.03);
}

TEST(Persons, SomeHaveNoGenomeAndSomeGenomesNoRecord) {
    std::set<std::uint64_t> slots;
    std::size_t without = 0;
    for (std::uint64_t person = 0; person < health_cohort().persons(); ++person) {
        slots.insert(health_cohort().slot_of_person(person));
        without += health_cohort().has_genome(health_cohort().slot_of_person(person)) ? 0U : 1U;
    }
    EXPECT_EQ(slots.size(), health_cohort().persons());
    EXPECT_EQ(without, 45U);
    EXPECT_LT(health_cohort().persons() - without, 1500U);
    EXPECT_FALSE(slots.contains(health_cohort().pedigree().duplicate(0)));
}

} // namespace
} // namespace salus
