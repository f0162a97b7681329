#pragma once

#include "formats/loco_predictions.hpp"
#include "stages/association/plan.hpp"
#include "stages/gene_tests/gene_tests.hpp"
#include "stages/gene_tests/trait_scores.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace salus::gene_tests {

/// What the null models are made of.
struct NullInput {
    const association::Phenotypes& phenotypes;
    const association::Eligible& eligible;
    const GeneTestsParams& params;
    const LocoPredictions* predictions; // null: none
};

/// The parameters of association that its plans read.
AssociationParams association_params(const GeneTestsParams& params);

/// Null models of the traits of one pass, for the chromosome that was asked for last: with
/// predictions, each chromosome has its own, from the prediction without it.
class NullModels {
public:
    NullModels(const NullInput& input, std::size_t first, std::size_t last)
        : input_(input), first_(first), last_(last) {}
    /// [trait of the pass], in the order of the phenotypes; null where the trait has no null model
    /// there.
    const std::vector<std::unique_ptr<TraitScores>>& of(const std::string& chromosome);
    /// Of the chromosome asked for last.
    const association::ScanPlan& plan() const { return *plan_; }

private:
    association::Offsets offsets_for(const std::string& chromosome);

    const NullInput& input_;
    std::size_t first_, last_;
    std::vector<double> units_; // [trait of the pass] of the predictions, made when first needed
    std::optional<std::string> chromosome_;
    std::optional<association::ScanPlan> plan_;
    std::vector<std::unique_ptr<TraitScores>> traits_;
};

} // namespace salus::gene_tests
