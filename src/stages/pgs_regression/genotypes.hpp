#pragma once

#include "stages/pgs_regression/cohort.hpp"
#include "stages/principal_components/products.hpp"
#include "stages/principal_components/selection.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace salus::pgs_regression {

/// Which variants take part and how they become numbers, by data alone: autosomal, passing, kept by
/// pruning, common and called enough among the eligible samples.
class VariantRule {
public:
    VariantRule(const PgsRegressionParams& params, const RunContext& context,
                const GenotypeSource& genotypes, const std::vector<std::uint8_t>& eligible);
    /// Ascending by position.
    std::vector<components::ChosenVariant> operator()(const VariantBlock& block) const;
    double centre(const components::ChosenVariant& variant) const noexcept {
        return 2 * variant.frequency();
    }
    /// Copies per unit of the regression: (2 f (1 - f))^(-power / 2).
    double scale(const components::ChosenVariant& variant) const noexcept;

private:
    components::VariantChoice choice_;
    double power_;
    std::uint64_t called_min_;
};

/// The chosen variants of this rank.
class ChosenGenotypes {
public:
    ChosenGenotypes(const PgsRegressionParams& params, const RunContext& context,
                    const GenotypeSource& source, const VariantRule& rule);
    const components::Standard& standard() const noexcept { return standard_; }
    const components::PackedGenotypes& packed() const noexcept { return packed_; }

private:
    components::Standard standard_;
    components::PackedGenotypes packed_; // last: reading it fills the other
};

} // namespace salus::pgs_regression
