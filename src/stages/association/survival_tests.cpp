#include "stages/association/survival_tests.hpp"

#include "base/numbers.hpp"
#include "genotype/packed.hpp"
#include "kernels/transpose.hpp"
#include "models/logistic.hpp"
#include "models/tails.hpp"

#include <algorithm>
#include <cmath>

namespace salus::association {
namespace {

// Share of the expected squares that the risk sets' means must leave: rounding leaves 1e-12 where
// the genotype is the same in all that are at risk together.
constexpr double not_at_risk_below = 1e-10;

// A walk through all samples costs as much as the carriers of samples / 64 and their sorting.
constexpr std::size_t rare_share = 64;

constexpr double saddlepoint_beyond = 2; // standard deviations

// The same p, with beta of the whole model.
AssociationTest fitted(AssociationTest test) noexcept {
    switch (test) {
    case AssociationTest::cox_exact:
        return AssociationTest::cox_exact_fitted;
    case AssociationTest::cox_saddlepoint:
        return AssociationTest::cox_saddlepoint_fitted;
    default:
        return AssociationTest::cox_score_fitted;
    }
}

constexpr std::size_t stride = 64; // bytes of a sample row of up to 256 variants

} // namespace

SurvivalTests::SurvivalTests(const ScanPlan& plan, const TestRules& rules)
    : plan_(plan), rules_(rules), place_(plan.traits.size()) {
    for (std::size_t t = 0; t < plan.traits.size(); ++t) {
        if (!plan.traits[t].survival) continue;
        place_[t] = traits_.size();
        traits_.push_back(t);
        carriers_.emplace_back(*plan.traits[t].survival->score);
    }
}

// Whether calls are scanned with those of other variants. The same for every form of genotypes.
bool SurvivalTests::is_scanned(std::size_t v, std::size_t set) const noexcept {
    const VariantGenotypes& genotypes = *variants_[v];
    const SetView& view = views_[v * plan_.sets.size() + set];
    if (genotypes.has_dosages() || view.status != AssociationStatus::tested) return false;
    const std::uint64_t samples = plan_.columns.samples();
    const std::uint64_t absent = plan_.sets[set].samples.size() - view.moments.called;
    return view.flipped || (view.moments.copies + absent) * rare_share > samples;
}

// Squared means of the risk sets of up to most_scanned variants without dosages, all traits.
void SurvivalTests::scan_rows(std::span<const std::size_t> which) {
    const std::size_t samples = plan_.columns.samples(), sets = plan_.sets.size();
    std::vector<const std::uint8_t*> rows;
    packed_.resize(most_scanned);
    for (const std::size_t v : which) {
        if (!variants_[v]->is_list()) {
            rows.push_back(variants_[v]->row());
            continue;
        }
        auto& row = packed_[rows.size()];
        row.assign((samples + 255) / 256 * 64, 0);
        for (const Carrier carrier : variants_[v]->carriers())
            packed_set(row, carrier_sample(carrier), carrier_call(carrier));
        rows.push_back(row.data());
    }
    calls_.resize(samples * stride);
    transpose_calls(rows, samples, calls_.data(), stride);
    std::vector<CountedCall> counted(which.size());
    std::vector<double> out(which.size());
    for (std::size_t s = 0; s < traits_.size(); ++s) {
        const TraitPlan& trait = plan_.traits[traits_[s]];
        for (std::size_t k = 0; k < which.size(); ++k) {
            const SetView& view = views_[which[k] * sets + trait.set];
            counted[k] = {view.flipped ? 2.0 : 0.0, view.mean};
        }
        scan_calls(trait.survival->scan, calls_.data(), stride, counted, out);
        for (std::size_t k = 0; k < which.size(); ++k)
            if (is_scanned(which[k], trait.set))
                squared_means_[s * variants_.size() + which[k]] = out[k];
    }
}

void SurvivalTests::prepare(std::span<const VariantGenotypes* const> variants,
                            std::span<const SetView> views) {
    variants_ = variants;
    views_ = views;
    if (traits_.empty()) return;
    squared_means_.assign(traits_.size() * variants.size(), nan);
    std::vector<std::size_t> which;
    for (std::size_t v = 0; v < variants.size(); ++v) {
        const auto scanned = [&](std::size_t t) { return is_scanned(v, plan_.traits[t].set); };
        if (std::none_of(traits_.begin(), traits_.end(), scanned)) continue;
        which.push_back(v);
        if (which.size() < most_scanned) continue;
        scan_rows(which);
        which.clear();
    }
    if (!which.empty()) scan_rows(which);
}

// Genotypes by row, padded.
void SurvivalTests::expand_rows(const Variant& variant) {
    const auto order = variant.plan().sets.order();
    values_.resize(order.size());
    variant.genotypes.expand(plan_.sets[variant.trait.set].samples, variant.view.flipped,
                             variant.view.mean, values_);
    genotype_.assign(padded_samples(order.size()), 0.0);
    for (std::size_t row = 0; row < order.size(); ++row)
        genotype_[row] = values_[order[row]];
}

// Rows and values of all members whose genotype is not 0.
void SurvivalTests::list_carriers(const Variant& variant) {
    listed_.clear();
    variant.genotypes.list_copies(plan_.columns.samples(), variant.view.flipped, variant.view.mean,
                                  copies_);
    for (const auto& [sample, copies] : copies_) {
        const std::uint32_t row = variant.plan().row_of[sample];
        if (row != SurvivalPlan::no_row && copies != 0) listed_.push_back({row, copies});
    }
}

double SurvivalTests::squared_means(const Variant& variant) {
    list_carriers(variant);
    const std::size_t rows = variant.plan().sets.rows();
    if (listed_.size() * rare_share <= rows) return variant.carriers.squared_means(listed_);
    genotype_.assign(rows, 0.0);
    for (const auto& [row, value] : listed_)
        genotype_[row] = value;
    return scan_values(variant.plan().scan, genotype_);
}

PoissonScore SurvivalTests::poisson_score(const Variant& variant) {
    list_carriers(variant);
    return regression_.of(variant.plan(), listed_, variant.score, variant.information);
}

// The whole model of one variant, from the one-step estimate.
CoxFit SurvivalTests::fit(const Variant& variant) {
    expand_rows(variant);
    const SurvivalPlan& plan = variant.plan();
    const std::size_t rows = plan.sets.rows();
    for (std::size_t row = 0; row < rows; ++row)
        genotype_[row] -= variant.view.mean;
    design_.clear();
    for (const auto& column : plan.design)
        design_.push_back(column.data());
    design_.push_back(genotype_.data());
    start_ = plan.coefficients;
    start_.push_back(std::clamp(variant.score / variant.information, -2.0, 2.0));
    return solver_.fit({.risk = plan.sets,
                        .design = {.columns = design_, .samples = rows},
                        .start = start_,
                        .offset = plan.offset});
}

void SurvivalTests::fit_wald(const Variant& variant, VariantTest& result) {
    const bool flipped = variant.view.flipped;
    if (variant.genotypes.moments(variant.plan().events).counted(flipped) == 0)
        return set_untested(result, AssociationStatus::separated);
    const CoxFit whole = fit(variant);
    if (!whole.converged)
        return set_untested(result, whole.monotone ? AssociationStatus::separated
                                                   : AssociationStatus::not_converged);
    const std::size_t last = whole.coefficients.size() - 1;
    const double beta = whole.coefficients[last], error = std::sqrt(whole.variance(last));
    set_effect(result, AssociationTest::cox_wald, {beta, error, wald_neg_log10_p(beta, error)},
               flipped);
}

ExactEventsTest SurvivalTests::exact_tail(const Variant& variant) {
    const SurvivalPlan& plan = variant.plan();
    event_carriers_.clear();
    variant.genotypes.list_copies(plan_.columns.samples(), variant.view.flipped, 0, copies_);
    for (const auto& [sample, copies] : copies_) {
        const std::uint32_t row = plan.row_of[sample];
        if (row == SurvivalPlan::no_row || copies < least_copies) continue;
        event_carriers_.push_back(
            {.follow_up = &plan.follow_up[plan.stratum.empty() ? 0 : plan.stratum[row]],
             .risk = plan.score->state().risk[row],
             .entry = plan.entry.empty() ? -HUGE_VAL : plan.entry[row],
             .copies = copies,
             .residual = plan.sets.event()[row] - plan.score->state().expected[row]});
    }
    return exact_.test(event_carriers_);
}

// p beyond the reach of the normal distribution, and what it is of.
AssociationTest SurvivalTests::test_tail(const Variant& variant, Effect& effect,
                                         VariantTest& result) {
    const double copies = variant.view.mean * static_cast<double>(variant.view.moments.called);
    if (copies < rules_.exact_copies_max + 0.5) {
        const ExactEventsTest exact = exact_tail(variant);
        if (exact.usable) {
            effect.neg_log10_p = rules_.mid_p ? exact.neg_log10_mid_p : exact.neg_log10_p;
            return AssociationTest::cox_exact;
        }
    }
    const PoissonTail tail = saddlepoint_.test(poisson_score(variant));
    result.converged = tail.converged;
    if (!tail.converged) return AssociationTest::cox_score;
    effect.neg_log10_p = tail.neg_log10_p;
    return AssociationTest::cox_saddlepoint;
}

void SurvivalTests::test_score(const Variant& variant, VariantTest& result) {
    const ScoreTest first = score_test(variant.score, variant.information);
    Effect effect{first.beta, first.standard_error, first.neg_log10_p};
    AssociationTest test = AssociationTest::cox_score;
    if (rules_.survival == TestRules::Survival::score_saddlepoint &&
        std::fabs(first.beta) > saddlepoint_beyond * first.standard_error)
        test = test_tail(variant, effect, result);
    if (effect.neg_log10_p > rules_.hazard_ratio_neg_log10_p) {
        const CoxFit whole = fit(variant);
        if (whole.converged) {
            effect.beta = whole.coefficients.back();
            test = fitted(test);
        }
    }
    const double chi_square = chi_square_from_neg_log10_p(effect.neg_log10_p);
    if (test != AssociationTest::cox_score && chi_square > 0)
        effect.standard_error = std::fabs(effect.beta) / std::sqrt(chi_square);
    set_effect(result, test, effect, variant.view.flipped);
}

void SurvivalTests::test(std::size_t v, std::size_t t, const SurvivalScore& score,
                         VariantTest& result) {
    const TraitPlan& trait = plan_.traits[t];
    Variant variant{*variants_[v], trait, views_[v * plan_.sets.size() + trait.set],
                    carriers_[place_[t]], score.score};
    const double scanned = squared_means_[place_[t] * variants_.size() + v];
    const double alone =
        score.expected_squares - (std::isnan(scanned) ? squared_means(variant) : scanned);
    if (!(alone > not_at_risk_below * score.expected_squares))
        return set_untested(result, AssociationStatus::not_at_risk);
    variant.information = alone - score.covariates;
    if (!(variant.information > collinear_below * alone))
        return set_untested(result, AssociationStatus::collinear);
    if (rules_.survival == TestRules::Survival::wald) return fit_wald(variant, result);
    test_score(variant, result);
}

} // namespace salus::association
