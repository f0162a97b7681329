#include "stages/gene_tests/null_models.hpp"

namespace salus::gene_tests {

using association::Offsets;

AssociationParams association_params(const GeneTestsParams& params) {
    AssociationParams result;
    result.traits = params.traits;
    result.covariates = params.covariates;
    result.binary_test = "score";
    result.rank_inverse_normal = params.rank_inverse_normal;
    result.components_count = params.components_count;
    result.traits_per_pass = params.traits_per_pass;
    return result;
}

// Predictions in standard deviations of the trait after covariates become units of the trait.
Offsets NullModels::offsets_for(const std::string& chromosome) {
    if (input_.predictions == nullptr) return {};
    if (units_.empty()) {
        units_.assign(last_ - first_, 1);
        if (input_.predictions->in_standard_deviations()) {
            const auto plain =
                association::make_plan(input_.phenotypes, first_, last_, input_.eligible,
                                       association_params(input_.params));
            for (const association::TraitPlan& trait : plain.traits)
                for (std::size_t t = first_; t < last_; ++t)
                    if (trait.is_quantitative() && input_.phenotypes.traits[t].name == trait.name)
                        units_[t - first_] = trait.residual_sd;
        }
    }
    Offsets offsets;
    offsets.values.resize(input_.phenotypes.traits.size());
    for (std::size_t t = first_; t < last_; ++t) {
        offsets.values[t] =
            input_.predictions->offset(input_.phenotypes.traits[t].name, chromosome);
        for (double& value : offsets.values[t])
            value *= units_[t - first_];
    }
    return offsets;
}

const std::vector<std::unique_ptr<TraitScores>>& NullModels::of(const std::string& chromosome) {
    // Without predictions one chromosome stands for all.
    // With them, 1 stands for that of a set of no variants.
    const std::string wanted = input_.predictions == nullptr ? ""
                               : chromosome.empty()          ? "1"
                                                             : loco_chromosome(chromosome);
    if (chromosome_ == wanted) return traits_;
    traits_.clear();
    plan_ = association::make_plan(input_.phenotypes, first_, last_, input_.eligible,
                                   association_params(input_.params), offsets_for(wanted));
    traits_.resize(last_ - first_);
    for (const association::TraitPlan& trait : plan_->traits)
        for (std::size_t t = first_; t < last_; ++t)
            if (input_.phenotypes.traits[t].name == trait.name)
                traits_[t - first_] = std::make_unique<TraitScores>(*plan_, trait);
    chromosome_ = wanted;
    return traits_;
}

} // namespace salus::gene_tests
