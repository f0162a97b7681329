#include "stages/pgs_regression/genotypes.hpp"

#include "base/bytes.hpp"
#include "stages/principal_components/projection.hpp"

#include <algorithm>
#include <cmath>

namespace salus::pgs_regression {
namespace {

std::uint64_t least_called(const std::vector<std::uint8_t>& eligible, double share) {
    const auto people = std::count(eligible.begin(), eligible.end(), std::uint8_t{1});
    return static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(people)));
}

} // namespace

VariantRule::VariantRule(const PgsRegressionParams& params, const RunContext& context,
                         const GenotypeSource& genotypes, const std::vector<std::uint8_t>& eligible)
    : choice_(context, genotypes, SampleMask(eligible), params.maf_min),
      power_(params.frequency_power), called_min_(least_called(eligible, params.call_rate_min)) {}

std::vector<components::ChosenVariant> VariantRule::operator()(const VariantBlock& block) const {
    auto chosen = choice_(block);
    std::erase_if(chosen, [&](const auto& v) { return v.counts.called() < called_min_; });
    return chosen;
}

double VariantRule::scale(const components::ChosenVariant& variant) const noexcept {
    return std::pow(variant.scale(), -power_);
}

ChosenGenotypes::ChosenGenotypes(const PgsRegressionParams& params, const RunContext& context,
                                 const GenotypeSource& source, const VariantRule& rule)
    : packed_(source, components::units_of_rank(context.comm(), source),
              params.rows_memory_max * gibibyte, [&](const VariantBlock& block) {
                  std::vector<std::size_t> positions;
                  for (const auto& variant : rule(block)) {
                      positions.push_back(variant.position);
                      standard_.centre.push_back(rule.centre(variant));
                      standard_.scale.push_back(rule.scale(variant));
                  }
                  return positions;
              }) {}

} // namespace salus::pgs_regression
