#include "stages/association/genotypic_tests.hpp"

#include <algorithm>
#include <cmath>

namespace salus::association {
namespace {

void set_pair(VariantTest& result, AssociationTest test, const PairTest& found) noexcept {
    set_effect(result, test, {found.beta_two, found.error_two, found.neg_log10_p}, false);
    result.beta_heterozygous = found.beta_one;
    result.standard_error_heterozygous = found.error_one;
}

// Effects and errors of the last two columns, heterozygotes and two copies.
PairTest pair_of(const LogisticFit& fit) noexcept {
    const std::size_t last = fit.coefficients.size() - 1;
    return {.beta_one = fit.coefficients[last - 1],
            .error_one = std::sqrt(fit.variances[last - 1]),
            .beta_two = fit.coefficients[last],
            .error_two = std::sqrt(fit.variances[last])};
}

// Estimates beyond 15 on the log odds scale are separation on the way to infinity.
bool is_finite_pair(const LogisticFit& fit) noexcept {
    const PairTest found = pair_of(fit);
    return fit.converged && std::fabs(found.beta_one) < 15 && std::fabs(found.beta_two) < 15;
}

} // namespace

void examine_pair(GenotypePair& pair, double least) noexcept {
    const double called = static_cast<double>(pair.any_view.moments.called),
                 any = static_cast<double>(pair.any_view.moments.copies),
                 two = static_cast<double>(pair.two_view.moments.copies);
    const double counts[] = {called - any, any - two, two};
    const auto absent = std::count(std::begin(counts), std::end(counts), 0.0);
    AssociationStatus& status = pair.any_view.status;
    status = called == 0   ? AssociationStatus::not_called
             : absent == 2 ? AssociationStatus::monomorphic
             : absent == 1 ? AssociationStatus::two_genotypes
             : *std::min_element(std::begin(counts), std::end(counts)) < least
                 ? AssociationStatus::rare
                 : AssociationStatus::tested;
    pair.any_view.flipped = pair.two_view.flipped = false;
    pair.any_view.mean = called > 0 ? any / called : 0;
    pair.two_view.mean = called > 0 ? two / called : 0;
}

void GenotypicTests::test_linear(const TraitPlan& trait, const PairSums& sums,
                                 VariantTest& result) const {
    const SampleSet& set = plan_.sets[trait.set];
    if (trait.n < set.covariates + 4) return set_untested(result, AssociationStatus::no_variance);
    const auto found =
        fit_linear_pair(sums, trait.yy, static_cast<double>(trait.n - set.covariates - 3));
    if (!found) return set_untested(result, AssociationStatus::collinear);
    if (!std::isfinite(found->neg_log10_p))
        return set_untested(result, AssociationStatus::no_variance);
    set_pair(result, AssociationTest::linear, *found);
}

// The null model's design with heterozygotes and carriers of two copies as last columns.
void GenotypicTests::fit_design(const GenotypePair& pair, const TraitPlan& trait,
                                const PairTest& start) {
    const SampleSet& set = plan_.sets[trait.set];
    any_.assign(padded_samples(set.samples.size()), 0.0);
    two_ = any_;
    pair.any.expand(set.samples, false, pair.any_view.mean, any_);
    pair.two.expand(set.samples, false, pair.two_view.mean, two_);
    for (std::size_t i = 0; i < set.samples.size(); ++i)
        any_[i] -= two_[i];
    design_.clear();
    for (const auto& column : set.design)
        design_.push_back(column.data());
    design_.push_back(any_.data());
    design_.push_back(two_.data());
    start_ = trait.logistic.coefficients;
    start_.push_back(std::clamp(start.beta_one, -2.0, 2.0));
    start_.push_back(std::clamp(start.beta_two, -2.0, 2.0));
}

void GenotypicTests::fit_wald(const GenotypePair& pair, const TraitPlan& trait,
                              VariantTest& result) {
    const BinaryPlan& logistic = trait.logistic;
    const AlleleMoments any = pair.any.moments(logistic.cases),
                        two = pair.two.moments(logistic.cases);
    const AlleleMoments &all_any = pair.any_view.moments, &all_two = pair.two_view.moments;
    const std::uint64_t cases[] = {any.called - any.copies, any.copies - two.copies, two.copies};
    const std::uint64_t people[] = {all_any.called - all_any.copies,
                                    all_any.copies - all_two.copies, all_two.copies};
    for (std::size_t k = 0; k < 3; ++k)
        if (cases[k] == 0 || cases[k] == people[k])
            return set_untested(result, AssociationStatus::separated);
    const LogisticFit fit =
        solver_.fit({.design = {.columns = design_, .samples = static_cast<std::size_t>(trait.n)},
                     .outcome = logistic.outcome,
                     .start = start_,
                     .free = start_.size(),
                     .offset = logistic.offset});
    if (!is_finite_pair(fit)) return set_untested(result, AssociationStatus::not_converged);
    PairTest found = pair_of(fit);
    const double va = found.error_one * found.error_one, vb = found.error_two * found.error_two,
                 c = fit.last_covariance;
    const double chi_square =
        (found.beta_one * found.beta_one * vb - 2 * found.beta_one * found.beta_two * c +
         found.beta_two * found.beta_two * va) /
        (va * vb - c * c);
    found.neg_log10_p = chi_square_2_neg_log10_p(chi_square);
    set_pair(result, AssociationTest::wald, found);
}

// The penalised likelihood ratio test of both; false, with nothing changed, if a fit fails.
bool GenotypicTests::fit_firth(const TraitPlan& trait, VariantTest& result) {
    LogisticProblem problem{
        .design = {.columns = design_, .samples = static_cast<std::size_t>(trait.n)},
        .outcome = trait.logistic.outcome,
        .start = start_,
        .free = start_.size(),
        .offset = trait.logistic.offset};
    const LogisticFit full = solver_.fit(problem, Penalty::firth);
    problem.free -= 2;
    std::vector<double> null_start = start_;
    std::fill(null_start.end() - 2, null_start.end(), 0.0);
    problem.start = null_start;
    const LogisticFit null = solver_.fit(problem, Penalty::firth);
    if (!full.converged || !null.converged) return false;
    PairTest found = pair_of(full);
    found.neg_log10_p =
        chi_square_2_neg_log10_p(std::max(0.0, 2 * (full.log_likelihood - null.log_likelihood)));
    set_pair(result, AssociationTest::firth, found);
    return true;
}

void GenotypicTests::test_binary(const GenotypePair& pair, const TraitPlan& trait,
                                 const PairSums& sums, VariantTest& result) {
    using Binary = TestRules::Binary;
    const auto score = score_pair(sums);
    if (!score) return set_untested(result, AssociationStatus::collinear);
    set_pair(result, AssociationTest::score, *score);
    const bool again = score->neg_log10_p > rules_.refit_neg_log10_p;
    if (rules_.binary == Binary::score || (rules_.binary == Binary::score_firth && !again)) return;
    fit_design(pair, trait, *score);
    if (rules_.binary == Binary::wald) return fit_wald(pair, trait, result);
    if (!fit_firth(trait, result)) set_untested(result, AssociationStatus::not_converged);
}

} // namespace salus::association
