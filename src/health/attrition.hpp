#pragma once

#include "health/evaluate.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace salus {

/// Persons of one trait by how far they got and by what they are in the end.
struct AttritionCounts {
    std::array<std::uint64_t, static_cast<std::size_t>(CaseStep::complete) + 1> steps{};
    std::array<std::uint64_t, static_cast<std::size_t>(CaseStatus::unobserved) + 1> status{};
    std::array<std::uint64_t, static_cast<std::size_t>(ExcludedBy::age) + 1> excluded{};

    void add(const TraitOutcome& outcome) noexcept;
    /// As numbers for a part file and back. `numbers` has `size` members.
    static constexpr std::size_t size = static_cast<std::size_t>(CaseStep::complete) +
                                        static_cast<std::size_t>(CaseStatus::unobserved) +
                                        static_cast<std::size_t>(ExcludedBy::age) + 3;
    void write(std::span<std::uint64_t> numbers) const noexcept;
    void add(std::span<const std::uint64_t> numbers) noexcept;
};

/// One step, and who is left behind it.
struct AttritionRow {
    std::string path; // "case", "value" or "control": the steps to which this one belongs
    std::string step; // in words
    std::uint64_t left = 0, lost = 0;
};

/// The steps that a definition has, in their order. All persons minus all that the rows of "case"
/// lose are the cases, likewise for "value". The rows of "control" begin with everybody observed,
/// and end with the controls.
std::vector<AttritionRow> attrition_rows(const TraitDefinition& trait,
                                         const AttritionCounts& counts);

/// Numbers of a row as text for people outside: a number from 1 to threshold - 1 is "<threshold",
/// and where such a number would follow from its neighbours, "-" stands for what would give it
/// away. threshold 0 or 1: all numbers.
struct SuppressedRow {
    std::string left, lost;
};
std::vector<SuppressedRow> suppress_small(const std::vector<AttritionRow>& rows,
                                          std::uint64_t threshold);

} // namespace salus
