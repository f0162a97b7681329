#include "stages/association/binary_tests.hpp"

#include "models/approximate_firth.hpp"
#include "models/saddlepoint.hpp"
#include "models/tails.hpp"

#include <algorithm>
#include <cmath>

namespace salus::association {
namespace {

void pad(std::vector<double>& values) { values.resize(padded_samples(values.size()), 0.0); }

// A likelihood ratio or Wald test of independent outcomes among relatives: chi-square / spread,
// which is exact as long as the effect is small. The estimate stays as it is.
FirthTest among_relatives(FirthTest fit, double spread) {
    if (spread == 1) return fit;
    fit.chi_square /= spread;
    fit.standard_error *= std::sqrt(spread);
    fit.neg_log10_p = chi_square_neg_log10_p(fit.chi_square);
    return fit;
}

} // namespace

void BinaryTests::test(const VariantGenotypes& genotypes, const TraitPlan& trait,
                       const SetView& view, const ScoreParts& score, VariantTest& result) {
    using Binary = TestRules::Binary;
    const Variant variant{genotypes, trait, view, score};
    ScoreTest first = score_test(score.score, score.variance);
    if (score.spread != 1) {
        first.standard_error *= std::sqrt(score.spread);
        first.neg_log10_p = wald_neg_log10_p(first.beta, first.standard_error);
    }
    set_effect(result, AssociationTest::score,
               {first.beta, first.standard_error, first.neg_log10_p}, view.flipped);
    const bool again = first.neg_log10_p > rules_.refit_neg_log10_p;
    switch (rules_.binary) {
    case Binary::score:
        return;
    case Binary::wald:
        return fit_wald(variant, result);
    case Binary::firth: {
        const FirthTest fit = fit_firth(variant);
        if (!fit.converged) return set_untested(result, AssociationStatus::not_converged);
        return set_firth(variant, fit, AssociationTest::firth, result);
    }
    case Binary::score_firth:
    case Binary::score_saddlepoint:
        if (again) test_again(variant, result);
        return;
    }
}

// Where who of the carriers are cases tells p, the effect is still that of Firth or of the score.
void BinaryTests::test_again(const Variant& variant, VariantTest& result) {
    const bool firth = rules_.binary == TestRules::Binary::score_firth;
    find_projection(variant);
    const auto carriers = carrier_tests_.test(variant.genotypes, variant.trait, variant.view,
                                              variant.score, projection_);
    if (firth) test_firth(variant, result);
    if (!carriers) {
        if (!firth) test_saddlepoint(variant, result);
        return;
    }
    if (result.status != AssociationStatus::tested) return;
    const double chi_square = chi_square_from_neg_log10_p(carriers->neg_log10_p);
    if (chi_square > 0) result.standard_error = std::fabs(result.beta) / std::sqrt(chi_square);
    result.test = carriers->test;
    result.neg_log10_p = carriers->neg_log10_p;
}

void BinaryTests::set_firth(const Variant& variant, const FirthTest& fit, AssociationTest test,
                            VariantTest& result) const {
    const double error =
        rules_.error_of_information ? fit.standard_error : likelihood_ratio_error(fit);
    set_effect(result, test, {fit.beta, error, fit.neg_log10_p}, variant.view.flipped);
}

// The null model's design with the imputed minor allele genotype as last column, and start values.
DesignColumns BinaryTests::design_with(const Variant& variant) {
    const SampleSet& set = plan_.sets[variant.trait.set];
    genotype_.resize(padded_samples(set.samples.size()));
    std::fill(genotype_.begin() + static_cast<std::ptrdiff_t>(set.samples.size()), genotype_.end(),
              0.0);
    variant.genotypes.expand(set.samples, variant.view.flipped, variant.view.mean, genotype_);
    design_.clear();
    for (const auto& column : set.design)
        design_.push_back(column.data());
    design_.push_back(genotype_.data());
    start_ = variant.trait.logistic.coefficients;
    start_.push_back(std::clamp(variant.score.score / variant.score.variance, -2.0, 2.0));
    return {.columns = design_, .samples = set.samples.size()};
}

void BinaryTests::fit_wald(const Variant& variant, VariantTest& result) {
    const BinaryPlan& logistic = variant.trait.logistic;
    const bool flipped = variant.view.flipped;
    const std::uint64_t in_cases = variant.genotypes.moments(logistic.cases).counted(flipped);
    if (in_cases == 0 || in_cases == variant.view.moments.counted(flipped)) {
        return set_untested(result, AssociationStatus::separated);
    }
    const DesignColumns design = design_with(variant);
    const LogisticFit fit = solver_.fit({.design = design,
                                         .outcome = logistic.outcome,
                                         .start = start_,
                                         .free = start_.size(),
                                         .offset = logistic.offset});
    // Estimates beyond 15 on the log odds scale are separation on the way to infinity.
    if (!fit.converged || std::fabs(fit.coefficients.back()) > 15) {
        return set_untested(result, AssociationStatus::not_converged);
    }
    const double beta = fit.coefficients.back(),
                 error = std::sqrt(fit.variances.back() * variant.score.spread);
    set_effect(result, AssociationTest::wald, {beta, error, wald_neg_log10_p(beta, error)},
               flipped);
}

FirthTest BinaryTests::fit_firth(const Variant& variant) {
    const DesignColumns design = design_with(variant);
    const BinaryPlan& logistic = variant.trait.logistic;
    return among_relatives(firth_test(solver_, design, logistic.outcome, start_, logistic.offset),
                           variant.score.spread);
}

// c = R^-1 U'g, the coefficients of the weighted regression of the genotype on the design.
void BinaryTests::find_projection(const Variant& variant) {
    const auto along = variant.score.along;
    const std::vector<double>& factor = variant.trait.logistic.factor;
    const std::size_t count = along.size();
    projection_.assign(along.begin(), along.end());
    for (std::size_t a = count; a-- > 0;) {
        for (std::size_t b = a + 1; b < count; ++b)
            projection_[a] -= factor[b * count + a] * projection_[b];
        projection_[a] /= factor[a * count + a];
    }
}

// Offset, outcome and slope g - x'c of the samples with copies of the allele, and the part -x'c,
// all padded. False, with nothing listed, if they are many.
bool BinaryTests::list_slopes(const Variant& variant) {
    const SampleSet& set = plan_.sets[variant.trait.set];
    const BinaryPlan& logistic = variant.trait.logistic;
    const double most = static_cast<double>(set.samples.size() / listed_share);
    const AlleleMoments& moments = variant.view.moments;
    if (variant.view.mean * static_cast<double>(moments.called) > 2 * most) return false;
    for (auto* values : {&offset_, &slope_, &own_slope_, &outcome_})
        values->clear();
    const std::size_t count = projection_.size();
    variant.genotypes.list_copies(plan_.columns.samples(), variant.view.flipped, variant.view.mean,
                                  copies_);
    for (const auto& [sample, copies] : copies_) {
        if (!set.members.contains(sample)) continue;
        const std::size_t member = set.positions[sample];
        const double* const row = set.rows.data() + member * count;
        double fitted = 0;
        for (std::size_t c = 0; c < count; ++c)
            fitted += row[c] * projection_[c];
        offset_.push_back(logistic.logit[member]);
        outcome_.push_back(logistic.outcome[member]);
        slope_.push_back(copies - fitted);
        own_slope_.push_back(-fitted);
    }
    listed_ = slope_.size();
    for (auto* values : {&offset_, &slope_, &own_slope_, &outcome_})
        pad(*values);
    return static_cast<double>(listed_) <= most;
}

// The columns that the slopes of all members are combinations of: the design and the genotype, with
// their coefficients in start_.
DesignColumns BinaryTests::combined_slopes(const Variant& variant) {
    const DesignColumns design = design_with(variant);
    start_.assign(projection_.begin(), projection_.end());
    for (double& c : start_)
        c = -c;
    start_.push_back(1);
    return design;
}

// The slopes of all members.
void BinaryTests::expand_slopes(const Variant& variant) {
    const DesignColumns design = combined_slopes(variant);
    slope_.resize(design.padded());
    linear_predictor(design, start_, slope_);
}

FirthTest BinaryTests::fit_approximate_firth(const Variant& variant) {
    return among_relatives(fit_fixed_offset(variant), variant.score.spread);
}

FirthTest BinaryTests::fit_fixed_offset(const Variant& variant) {
    const BinaryPlan& logistic = variant.trait.logistic;
    find_projection(variant);
    if (logistic.moments.columns > 0 && list_slopes(variant)) {
        const SlopeSums own = slope_sums({offset_, own_slope_, outcome_, listed_}, 0);
        SlopeMoments rest = logistic.moments.at(projection_);
        rest.score -= own.score;
        rest.information = std::max(0.0, rest.information - own.information);
        rest.third -= own.third;
        const FirthTest fit = approximate_firth({offset_, slope_, outcome_, listed_}, rest);
        if (fit.converged) return fit;
    }
    const DesignColumns design = combined_slopes(variant);
    const FirthTest fit =
        approximate_firth(slope_powers({design, start_, logistic.fitted, logistic.outcome}));
    if (fit.converged) return fit;
    slope_.resize(design.padded());
    linear_predictor(design, start_, slope_);
    return approximate_firth(
        {logistic.logit, slope_, logistic.outcome, static_cast<std::size_t>(variant.trait.n)});
}

// Approximate, and exact where that is significant or does not converge.
void BinaryTests::test_firth(const Variant& variant, VariantTest& result) {
    const FirthTest approximate = fit_approximate_firth(variant);
    if (!approximate.converged || approximate.neg_log10_p > rules_.exact_neg_log10_p) {
        const FirthTest exact = fit_firth(variant);
        if (exact.converged) return set_firth(variant, exact, AssociationTest::firth, result);
    }
    if (!approximate.converged) return set_untested(result, AssociationStatus::not_converged);
    set_firth(variant, approximate, AssociationTest::approximate_firth, result);
}

void BinaryTests::test_saddlepoint(const Variant& variant, VariantTest& result) {
    const BinaryPlan& logistic = variant.trait.logistic;
    const double variance = variant.score.variance;
    // Among relatives the score is brought to the spread of independent outcomes.
    SaddlepointProblem problem{.score = variant.score.score / std::sqrt(variant.score.spread),
                               .variance = variance};
    if (list_slopes(variant)) {
        outcome_.assign(outcome_.size(), 0.0);
        problem.exact = {offset_, slope_, outcome_, listed_};
        problem.rest_variance = std::max(0.0, variance - slope_sums(problem.exact, 0).information);
    } else {
        expand_slopes(variant);
        outcome_.assign(slope_.size(), 0.0);
        problem.exact = {logistic.logit, slope_, outcome_,
                         static_cast<std::size_t>(variant.trait.n)};
    }
    const SaddlepointTest test = saddlepoint_test(problem);
    result.converged = test.converged;
    if (!test.converged) return; // the score test stays
    const double beta = variant.score.score / variance;
    const double chi_square = chi_square_from_neg_log10_p(test.neg_log10_p);
    const double error =
        chi_square > 0 ? std::fabs(beta) / std::sqrt(chi_square) : result.standard_error;
    set_effect(result, AssociationTest::saddlepoint, {beta, error, test.neg_log10_p},
               variant.view.flipped);
}

} // namespace salus::association
