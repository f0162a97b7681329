#pragma once

#include "genotype/genotype_source.hpp"
#include "kernels/genotype_counts.hpp"
#include "stages/quality/quality.hpp"

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace salus {

/// Samples divided by a label: batches, ancestry groups, or controls and cases. Memory: 4 bytes per
/// sample and 3/4 byte per sample and label.
struct Partition {
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

    std::vector<std::string> names;                    // ascending
    std::vector<std::uint32_t> label;                  // [sample] index into names, or none
    std::vector<SampleMask> everybody, males, females; // [label]

    bool empty() const noexcept { return names.empty(); }
    std::size_t size() const noexcept { return names.size(); }
};
/// Divides by text; samples with "" are in no part.
Partition divide(const std::vector<std::string>& label, const std::vector<Sex>& sex);
/// The same with given names; `label` holds indices into them or Partition::none.
Partition divide(std::vector<std::string> names, std::vector<std::uint32_t> label,
                 const std::vector<Sex>& sex);

struct Trio {
    std::uint32_t child = 0, father = 0, mother = 0; // sample indices
};

/// What is known of the samples beside genotypes and sex.
struct QualityCohort {
    Partition batches, groups, status;                // of `status` label 0 is control, 1 is case
    Partition group_controls;                         // groups without cases, if both are known
    std::vector<Trio> trios;                          // by child
    std::vector<std::vector<std::uint32_t>> trios_of; // [sample] indices of its trios, if any

    bool has_tests() const noexcept {
        return !batches.empty() || !groups.empty() || !status.empty() || !trios.empty();
    }
};

struct CohortFiles {
    std::optional<std::filesystem::path> sheet, ancestry, phenotypes;
};
/// Reads the optional inputs. UsageError if a parameter asks for an input that is not there;
/// DataError if an input does not fit the samples. Memory O(samples x labels / 4).
QualityCohort read_cohort(const CohortFiles& files, const QualityParams& params,
                          const SampleTable& samples);

} // namespace salus
