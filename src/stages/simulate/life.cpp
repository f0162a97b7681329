#include "stages/simulate/health.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

constexpr int last_year = 2024;
constexpr double days_per_year = 365.25;

Day last_day() { return day_from_civil(last_year, 12, 31); }

double between(Rng& rng, double low, double high) { return low + (high - low) * rng.uniform(); }

Day day_between(Rng& rng, Day low, Day high) {
    return high <= low
               ? low
               : low + static_cast<Day>(rng.below(static_cast<std::uint64_t>(high - low) + 1));
}

/// Age in years on the last day; children are 20 to 35 years younger than their mother.
double age_of(const SimulatedCohort& cohort, std::uint64_t slot) {
    const Pedigree& pedigree = cohort.pedigree();
    switch (pedigree.relation(slot)) {
    case Relation::child:
    case Relation::twin: {
        Rng rng(cohort.seed(), "simulate.age", pedigree.genome(slot));
        return std::max(20.0, age_of(cohort, pedigree.mother(slot)) - between(rng, 20, 35));
    }
    case Relation::father: {
        Rng rng(cohort.seed(), "simulate.age", slot);
        return age_of(cohort, slot + 1) + between(rng, -3, 7);
    }
    case Relation::mother: {
        Rng rng(cohort.seed(), "simulate.age", slot);
        return between(rng, 55, 85);
    }
    default: {
        Rng rng(cohort.seed(), "simulate.age", pedigree.genome(slot));
        return between(rng, 25, 88);
    }
    }
}

struct GroupEffects {
    std::string_view label;
    double ldl, height, diabetes; // mg/dL, cm, liability
};
constexpr std::array<GroupEffects, 4> group_effects{
    {{"AFR", -4, 0, 0.25}, {"EUR", 0, 0, 0}, {"EAS", -2, -4, 0.1}, {"SAS", -3, -5, 0.35}}};

GroupEffects effects_of(const std::string& label) {
    const auto found = std::find_if(group_effects.begin(), group_effects.end(),
                                    [&](const auto& e) { return e.label == label; });
    return found == group_effects.end() ? GroupEffects{label, 0, 0, 0} : *found;
}

void draw_observation(Rng& rng, double age, LifeCourse& life) {
    const double risk = std::min(0.6, 0.008 * std::exp(0.06 * (age - 50)));
    const Day end = last_day();
    if (rng.bernoulli(risk)) life.death = day_between(rng, day_from_civil(2016, 1, 1), end);
    life.observed_to = life.death.value_or(end);
    const Day adult = life.birth + static_cast<Day>(18 * days_per_year);
    const Day start = day_between(rng, day_from_civil(2005, 1, 1), day_from_civil(2013, 12, 31));
    life.observed_from = std::min(std::max(start, adult), life.observed_to - 300);
}

/// Day on which a disease begins: not before `youngest` years, most often while the person is
/// observed.
Day onset(Rng& rng, const LifeCourse& life, double youngest) {
    const Day earliest = std::max(life.birth + static_cast<Day>(youngest * days_per_year),
                                  life.observed_from - 1500);
    return day_between(rng, std::min(earliest, life.observed_to - 200), life.observed_to - 100);
}

void draw_measured_traits(const GroupEffects& group, double age, LifeCourse& life) {
    life.ldl = std::max(30.0, 128 + 34 * life.liability[ldl_trait] + 0.3 * (age - 50) +
                                  (life.male ? 3 : 0) + group.ldl);
    life.hba1c = 5.45 + 0.33 * life.liability[hba1c_trait] + 0.008 * (age - 50);
    life.height = (life.male ? 177 : 164) + 6.3 * life.liability[height_trait] -
                  0.08 * std::max(0.0, age - 40) + group.height;
}

void draw_diseases(const SimulatedCohort& cohort, std::uint64_t slot, const GroupEffects& group,
                   double age, LifeCourse& life) {
    Rng rng(cohort.seed(), "simulate.disease", slot);
    const auto& z = life.liability;
    life.type_1 = rng.bernoulli(0.006);
    const bool diabetic =
        z[diabetes_trait] + 0.02 * (age - 55) + group.diabetes > liability_threshold(0.13);
    const bool coronary =
        z[coronary_trait] + 0.3 * z[ldl_trait] + 0.03 * (age - 55) + (life.male ? 0.3 : -0.1) >
        liability_threshold(0.11);
    const bool asthmatic = z[asthma_trait] > liability_threshold(0.1);
    const Day diabetes = onset(rng, life, 25), heart = onset(rng, life, 35),
              asthma = onset(rng, life, 2);
    if (diabetic || life.type_1) {
        life.diabetes = diabetes;
        life.hba1c += between(rng, 0.9, 2.2);
        if (!life.type_1 && rng.bernoulli(0.7))
            life.metformin =
                day_between(rng, std::max(diabetes, life.observed_from), life.observed_to);
    }
    if (coronary) life.coronary = heart;
    if (asthmatic) life.asthma = asthma;
    const double treated = coronary ? 0.7 : life.ldl > 165 ? 0.45 : life.ldl > 145 ? 0.15 : 0;
    const Day earliest = coronary
                             ? std::max(heart, life.observed_from)
                             : life.observed_from + (life.observed_to - life.observed_from) / 2;
    if (rng.bernoulli(treated)) life.statin = day_between(rng, earliest, life.observed_to);
}

} // namespace

LifeCourse live(const SimulatedCohort& cohort, std::uint64_t slot) {
    LifeCourse life;
    life.male = cohort.pedigree().male(slot);
    life.genetic = genetic_values(cohort.haplotypes(), cohort.causal(), simulated_traits, slot);
    Rng environment(cohort.seed(), "simulate.environment", slot);
    for (std::size_t t = 0; t < simulated_traits; ++t)
        life.liability[t] =
            life.genetic[t] + std::sqrt(1 - cohort.traits()[t].heritability) * environment.normal();
    const double age = age_of(cohort, slot);
    life.birth = last_day() - static_cast<Day>(age * days_per_year);
    Rng rng(cohort.seed(), "simulate.life", slot);
    draw_observation(rng, age, life);
    const GroupEffects group = effects_of(cohort.group_label(slot));
    draw_measured_traits(group, age, life);
    draw_diseases(cohort, slot, group, age, life);
    return life;
}

} // namespace salus
