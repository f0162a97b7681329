#pragma once

#include "stages/quality/cohort.hpp"
#include "stages/quality/sample_counters.hpp"
#include "stages/quality/variant_quality.hpp"
#include "stages/quality/variant_tests.hpp"
#include "store/parts.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace salus {

inline constexpr std::uint64_t markers_wanted = 1008; // 42 signatures of 24

/// Picks the first good variant of each of equal stretches of a unit for the duplicate search.
class MarkerPicker {
public:
    MarkerPicker(VariantRange unit, std::uint64_t unit_index, std::uint64_t unit_count)
        : unit_(unit) {
        const std::uint64_t stride = std::max<std::uint64_t>(1, unit_count / (2 * markers_wanted));
        wanted_ = unit_index % stride == 0 ? (2 * markers_wanted + unit_count - 1) / unit_count : 0;
    }
    void offer(const VariantBlock& block, std::size_t v, VariantClass c, const VariantQuality& q);
    const std::vector<std::uint8_t>& rows() const noexcept { return rows_; }

private:
    VariantRange unit_;
    std::uint64_t wanted_ = 0, next_ = 0;
    std::vector<std::uint8_t> rows_;
};

/// What all units of a run share.
struct QualityRun {
    const GenotypeSource& genotypes;
    const SexMasks& masks;
    const QualityCohort& cohort;
    const QualityParams& params;
};

/// Everything of one unit: the rows of its variants, its part of the sample statistics, its
/// markers, and the tests that need more than genotypes.
class UnitQuality {
public:
    UnitQuality(const QualityRun& run, MarkerPicker picker);
    void add(VariantRange range);
    void write(PartWriter& part);

private:
    struct OfVariant {
        VariantQuality quality;
        VariantFacts facts;
        std::optional<VariantTests> tests;
    };
    void examine(std::size_t v, const Variant& variant, OfVariant& out) const;

    const QualityRun& run_;
    MarkerPicker picker_;
    TableData variants_;
    VariantColumns columns_;
    SampleCounts samples_;
    std::optional<TestTables> tests_;
    std::uint64_t passed_ = 0;
    VariantBlock block_;
};

} // namespace salus
