#pragma once

#include "models/population_map.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace salus {

enum class Relation : std::uint8_t { unrelated, father, mother, child, twin };

struct PedigreePlan {
    std::uint64_t samples = 1000;       // genomes
    std::uint64_t without_genome = 0;   // further unrelated people, who only have health records
    double family_share = 0.2;          // of the samples
    std::vector<double> proportions{1}; // of the ancestry groups, sum 1
    std::uint64_t duplicates = 0;       // samples that hold the genome of another one
    std::uint64_t contaminated = 0;     // samples with a share of another person's DNA
    std::uint64_t low_call = 0;         // samples with many missing calls
    std::uint64_t swapped_sex = 0;      // samples with the wrong sex on record
    std::uint64_t seed = 1;
};

/// Who is who: people are slots, families first, then unrelated people, then those with planted
/// faults, then people without a genome. Relations are arithmetic on the slot; only group, sex and
/// the shuffled order of the samples are stored: 11 bytes a sample.
///
/// Families come in blocks of twelve: a trio, two parents with two children, two parents with
/// identical twins and another child.
class Pedigree {
public:
    explicit Pedigree(const PedigreePlan& plan);
    static constexpr std::uint64_t block = 12, families_per_block = 3;

    std::uint64_t samples() const noexcept { return plan_.samples; }
    std::uint64_t people() const noexcept { return sex_.size(); }
    std::uint64_t family_slots() const noexcept { return family_slots_; }
    /// First of the slots with planted faults; all before are clean.
    std::uint64_t first_faulty() const noexcept { return first_faulty_; }
    const PedigreePlan& plan() const noexcept { return plan_; }

    std::uint8_t group(std::uint64_t slot) const noexcept { return group_[slot]; }
    bool male(std::uint64_t slot) const noexcept { return sex_[slot] == 1; }
    Relation relation(std::uint64_t slot) const noexcept;
    bool founder(std::uint64_t slot) const noexcept {
        return relation(slot) < Relation::child && genome(slot) == slot;
    }
    /// The slot whose genome this one has: itself, the first twin, or the original of a duplicate.
    std::uint64_t genome(std::uint64_t slot) const noexcept;
    std::optional<std::uint64_t> family(std::uint64_t slot) const noexcept;
    /// Parents of children and twins.
    std::uint64_t father(std::uint64_t slot) const noexcept;
    std::uint64_t mother(std::uint64_t slot) const noexcept { return father(slot) + 1; }

    // Planted faults, i-th of the number in the plan.
    std::uint64_t duplicate(std::uint64_t i) const noexcept { return first_faulty_ + i; }
    std::uint64_t contaminated(std::uint64_t i) const noexcept {
        return duplicate(plan_.duplicates) + i;
    }
    std::uint64_t low_call(std::uint64_t i) const noexcept {
        return contaminated(plan_.contaminated) + i;
    }
    std::uint64_t swapped_sex(std::uint64_t i) const noexcept {
        return low_call(plan_.low_call) + i;
    }
    /// The clean, unrelated slot that a duplicate copies or that contaminates: counted down from
    /// the faulty ones.
    std::uint64_t donor(std::uint64_t faulty) const noexcept {
        return first_faulty_ - 1 - (faulty - first_faulty_);
    }
    /// Sex on record with the sample.
    bool recorded_male(std::uint64_t slot) const noexcept;

    std::uint64_t slot_of_sample(std::uint64_t sample) const noexcept {
        return slot_of_sample_[sample];
    }
    std::uint64_t sample_of_slot(std::uint64_t slot) const noexcept {
        return sample_of_slot_[slot];
    }

private:
    PedigreePlan plan_;
    std::uint64_t family_slots_ = 0, first_faulty_ = 0;
    std::vector<std::uint8_t> group_, sex_;
    std::vector<std::uint32_t> slot_of_sample_, sample_of_slot_;
};

/// Fewest samples that hold the planted faults and their donors.
std::uint64_t samples_needed(const PedigreePlan& plan) noexcept;

} // namespace salus
