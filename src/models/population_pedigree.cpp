#include "models/population_pedigree.hpp"

#include "base/error.hpp"
#include "base/random.hpp"

#include <array>
#include <numeric>

namespace salus {
namespace {

struct Role {
    Relation relation;
    std::uint8_t family; // in the block
    std::uint8_t father; // slot in the block
};
constexpr std::array<Role, Pedigree::block> roles{{
    {Relation::father, 0, 0},
    {Relation::mother, 0, 0},
    {Relation::child, 0, 0},
    {Relation::father, 1, 3},
    {Relation::mother, 1, 3},
    {Relation::child, 1, 3},
    {Relation::child, 1, 3},
    {Relation::father, 2, 7},
    {Relation::mother, 2, 7},
    {Relation::child, 2, 7},
    {Relation::twin, 2, 7},
    {Relation::child, 2, 7},
}};

std::uint64_t faulty_samples(const PedigreePlan& plan) noexcept {
    return plan.duplicates + plan.contaminated + plan.low_call + plan.swapped_sex;
}

std::uint8_t draw_group(const std::vector<double>& proportions, Rng rng) {
    double left = rng.uniform();
    for (std::size_t g = 0; g + 1 < proportions.size(); ++g)
        if ((left -= proportions[g]) < 0) return static_cast<std::uint8_t>(g);
    return static_cast<std::uint8_t>(proportions.size() - 1);
}

} // namespace

std::uint64_t samples_needed(const PedigreePlan& plan) noexcept { return 2 * faulty_samples(plan); }

Pedigree::Pedigree(const PedigreePlan& plan) : plan_(plan) {
    SALUS_ASSERT(plan.samples >= samples_needed(plan) && plan.samples < (std::uint64_t{1} << 31));
    const std::uint64_t room = plan.samples - samples_needed(plan);
    const auto wanted =
        static_cast<std::uint64_t>(plan.family_share * static_cast<double>(plan.samples));
    family_slots_ = std::min(wanted, room) / block * block;
    first_faulty_ = plan.samples - faulty_samples(plan);
    const std::uint64_t people = plan.samples + plan.without_genome;
    group_.resize(people);
    sex_.resize(people);
    for (std::uint64_t slot = 0; slot < people; ++slot) {
        const std::uint64_t origin = genome(slot);
        const Relation role = relation(slot);
        // The unrelated draw by slot, families by family; the highest bit keeps the two apart.
        const std::uint64_t unit = family(slot) ? *family(slot) | std::uint64_t{1} << 63 : origin;
        group_[slot] = draw_group(plan.proportions, Rng(plan.seed, "simulate.group", unit));
        const bool drawn_male = Rng(plan.seed, "simulate.sex", origin).bernoulli(0.5);
        const bool is_male = role == Relation::father || (role != Relation::mother && drawn_male);
        sex_[slot] = is_male ? 1 : 2;
    }
    slot_of_sample_.resize(plan.samples);
    sample_of_slot_.resize(plan.samples);
    std::iota(slot_of_sample_.begin(), slot_of_sample_.end(), 0U);
    Rng rng(plan.seed, "simulate.order", 0);
    for (std::uint64_t i = plan.samples; i > 1; --i)
        std::swap(slot_of_sample_[i - 1], slot_of_sample_[rng.below(i)]);
    for (std::uint32_t i = 0; i < plan.samples; ++i)
        sample_of_slot_[slot_of_sample_[i]] = i;
}

Relation Pedigree::relation(std::uint64_t slot) const noexcept {
    return slot < family_slots_ ? roles[slot % block].relation : Relation::unrelated;
}

std::uint64_t Pedigree::genome(std::uint64_t slot) const noexcept {
    if (relation(slot) == Relation::twin) return slot - 1;
    const bool copy = slot >= first_faulty_ && slot < first_faulty_ + plan_.duplicates;
    return copy ? donor(slot) : slot;
}

std::optional<std::uint64_t> Pedigree::family(std::uint64_t slot) const noexcept {
    if (slot >= family_slots_) return std::nullopt;
    return slot / block * families_per_block + roles[slot % block].family;
}

std::uint64_t Pedigree::father(std::uint64_t slot) const noexcept {
    return slot / block * block + roles[slot % block].father;
}

bool Pedigree::recorded_male(std::uint64_t slot) const noexcept {
    const bool swapped = slot >= swapped_sex(0) && slot < swapped_sex(plan_.swapped_sex);
    return male(slot) != swapped;
}

} // namespace salus
