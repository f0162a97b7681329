#include "models/population_pedigree.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace salus {
namespace {

PedigreePlan usual_plan() {
    return {.samples = 1000,
            .without_genome = 30,
            .family_share = 0.2,
            .proportions = {0.2, 0.5, 0.3},
            .duplicates = 2,
            .contaminated = 3,
            .low_call = 5,
            .swapped_sex = 4,
            .seed = 11};
}

TEST(Pedigree, FamiliesAreInOneGroupAndParentsHaveTheirSex) {
    const Pedigree pedigree(usual_plan());
    ASSERT_EQ(pedigree.family_slots(), 192U);
    int children = 0, twins = 0;
    for (std::uint64_t slot = 0; slot < pedigree.family_slots(); ++slot) {
        const Relation relation = pedigree.relation(slot);
        if (relation == Relation::father) {
            EXPECT_TRUE(pedigree.male(slot));
        }
        if (relation == Relation::mother) {
            EXPECT_FALSE(pedigree.male(slot));
        }
        if (relation < Relation::child) continue;
        ++children;
        EXPECT_EQ(pedigree.relation(pedigree.father(slot)), Relation::father);
        EXPECT_EQ(pedigree.relation(pedigree.mother(slot)), Relation::mother);
        EXPECT_EQ(pedigree.family(slot), pedigree.family(pedigree.mother(slot)));
        EXPECT_EQ(pedigree.group(slot), pedigree.group(pedigree.father(slot)));
        if (relation == Relation::twin) {
            ++twins;
            EXPECT_EQ(pedigree.genome(slot), slot - 1);
            EXPECT_EQ(pedigree.male(slot), pedigree.male(slot - 1));
        }
    }
    EXPECT_EQ(children, 16 * 6);
    EXPECT_EQ(twins, 16);
}

TEST(Pedigree, FaultySlotsAreApart) {
    const Pedigree pedigree(usual_plan());
    std::set<std::uint64_t> slots;
    for (std::uint64_t i = 0; i < 2; ++i)
        slots.insert({pedigree.duplicate(i), pedigree.donor(pedigree.duplicate(i))});
    for (std::uint64_t i = 0; i < 3; ++i)
        slots.insert({pedigree.contaminated(i), pedigree.donor(pedigree.contaminated(i))});
    for (std::uint64_t i = 0; i < 5; ++i)
        slots.insert(pedigree.low_call(i));
    for (std::uint64_t i = 0; i < 4; ++i)
        slots.insert(pedigree.swapped_sex(i));
    EXPECT_EQ(slots.size(), 2U * 5 + 9);
    for (const std::uint64_t slot : slots)
        EXPECT_EQ(pedigree.relation(slot), Relation::unrelated);
    EXPECT_EQ(pedigree.genome(pedigree.duplicate(1)), pedigree.donor(pedigree.duplicate(1)));
    EXPECT_EQ(pedigree.group(pedigree.duplicate(1)),
              pedigree.group(pedigree.donor(pedigree.duplicate(1))));
    int wrong = 0;
    for (std::uint64_t slot = 0; slot < 1000; ++slot)
        wrong += pedigree.recorded_male(slot) != pedigree.male(slot) ? 1 : 0;
    EXPECT_EQ(wrong, 4);
}

TEST(Pedigree, SampleOrderIsAPermutation) {
    const Pedigree pedigree(usual_plan());
    std::set<std::uint64_t> seen;
    for (std::uint64_t sample = 0; sample < 1000; ++sample) {
        seen.insert(pedigree.slot_of_sample(sample));
        EXPECT_EQ(pedigree.sample_of_slot(pedigree.slot_of_sample(sample)), sample);
    }
    EXPECT_EQ(seen.size(), 1000U);
}

TEST(Pedigree, GroupsHaveTheirProportions) {
    PedigreePlan plan = usual_plan();
    plan.samples = 50'000;
    const Pedigree pedigree(plan);
    std::array<int, 3> count{};
    for (std::uint64_t slot = 0; slot < plan.samples; ++slot)
        ++count[pedigree.group(slot)];
    EXPECT_NEAR(count[1] / 50'000.0, 0.5, 0.012);
    EXPECT_NEAR(count[0] / 50'000.0, 0.2, 0.012);
}

TEST(Pedigree, FamiliesGiveWayToFaultsInASmallCohort) {
    PedigreePlan plan = usual_plan();
    plan.samples = samples_needed(plan);
    plan.family_share = 1;
    const Pedigree pedigree(plan);
    EXPECT_EQ(pedigree.family_slots(), 0U);
}

} // namespace
} // namespace salus
