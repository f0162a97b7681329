#include "stages/association/ordinal_tests.hpp"

#include "models/tails.hpp"

#include <algorithm>
#include <cmath>

namespace salus::association {
namespace {

// Estimates beyond 15 on the log odds scale are separation on the way to infinity.
constexpr double largest_beta = 15;

} // namespace

void OrdinalTests::test(const VariantGenotypes& genotypes, const TraitPlan& trait,
                        const SetView& view, double score, double variance, VariantTest& result) {
    const ScoreTest first = score_test(score, variance);
    set_effect(result, AssociationTest::ordinal_score,
               {first.beta, first.standard_error, first.neg_log10_p}, view.flipped);
    const bool wald = rules_.ordinal == TestRules::Ordinal::wald;
    if (!wald && !(first.neg_log10_p > rules_.odds_ratio_neg_log10_p)) return;
    const SampleSet& set = plan_.sets[trait.set];
    const OrdinalPlan& plan = *trait.ordinal;
    genotype_.assign(padded_samples(set.samples.size()), 0.0);
    genotypes.expand(set.samples, view.flipped, view.mean, genotype_);
    design_.clear();
    for (const auto& column : plan.design)
        design_.push_back(column.data());
    design_.push_back(genotype_.data());
    start_ = plan.coefficients;
    start_.push_back(std::clamp(first.beta, -2.0, 2.0));
    const OrdinalFit fit =
        solver_.fit({.level = plan.level,
                     .levels = plan.levels,
                     .design = {.columns = design_, .samples = set.samples.size()},
                     .start = start_,
                     .offset = plan.offset});
    const double beta = fit.coefficients.back();
    if (!fit.converged || std::fabs(beta) > largest_beta) {
        if (wald)
            set_untested(result, fit.converged ? AssociationStatus::separated
                                               : AssociationStatus::not_converged);
        return; // the score test stays
    }
    if (wald) {
        const double error = std::sqrt(fit.variances.back());
        return set_effect(result, AssociationTest::ordinal_wald,
                          {beta, error, wald_neg_log10_p(beta, error)}, view.flipped);
    }
    const double error =
        std::fabs(beta) / std::sqrt(chi_square_from_neg_log10_p(first.neg_log10_p));
    set_effect(result, AssociationTest::ordinal_score_fitted, {beta, error, first.neg_log10_p},
               view.flipped);
}

} // namespace salus::association
