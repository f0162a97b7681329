#pragma once

#include "models/mendel.hpp"
#include "stages/quality/cohort.hpp"
#include "stages/quality/variant_quality.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace salus {

/// Counts of one variant in every part of a partition, with the ploidy rules of count_by_ploidy.
/// Cost: one pass over a 2-bit row per part, or O(carriers + parts).
std::vector<PloidyCounts> count_parts(const VariantBlock& block, std::size_t v,
                                      VariantClass variant_class, const Partition& partition);

/// One variant in one batch or ancestry group; NaN where nobody is called or tested.
struct PartQuality {
    std::uint32_t called = 0;
    double call_rate = 0, alt_frequency = 0, hwe_neg_log10_p = 0, hwe_midp_neg_log10_p = 0;
};

/// What can be said of a variant when batches, groups, cases or trios are known; NaN = not tested.
struct VariantTests {
    double batch_call_rate_min, batch_missing_neg_log10_p, batch_frequency_neg_log10_p;
    double control_call_rate, case_call_rate, case_missing_neg_log10_p;
    double hwe_controls_neg_log10_p, hwe_controls_midp_neg_log10_p;
    double hwe_groups_midp_neg_log10_p; // the largest of all groups that are large enough
    std::vector<PartQuality> batches, groups;
    std::vector<std::uint32_t> mendel_errors;   // trios in which the calls contradict each other
    std::vector<std::uint32_t> mendel_unjudged; // trios that cannot be judged, ascending
    bool mendel_tested = false;                 // false on Y and MT

    /// The mid-p that decides the mark hardy_weinberg, if not that of everybody.
    std::optional<double> deciding_hwe(const QualityParams& params) const noexcept;
};

VariantTests test_variant(const VariantBlock& block, std::size_t v, VariantClass variant_class,
                          const QualityCohort& cohort, std::span<const Sex> sex,
                          const QualityParams& params);

/// Adds the reasons of these tests to those that `quality` has.
void mark_tests(const VariantTests& tests, std::size_t trios, const QualityParams& params,
                VariantQuality& quality);

/// The tables of these tests, filled variant by variant.
class TestTables {
public:
    explicit TestTables(const QualityCohort& cohort);
    void append(std::uint64_t variant, const VariantTests& tests);

    TableData tests, groups, batches;
    std::vector<std::uint32_t> trio_errors, trio_judged; // [trio]

private:
    const QualityCohort& cohort_;
};

} // namespace salus
