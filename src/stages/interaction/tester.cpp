#include "stages/interaction/tester.hpp"

#include "base/numbers.hpp"
#include "models/logistic.hpp"
#include "models/tails.hpp"

#include <algorithm>
#include <cmath>

namespace salus::interaction {
namespace {

using association::AlleleMoments;
using association::Ploidy;
using association::VariantGenotypes;

// A sample with more leverage has no residual that could tell its error.
constexpr double leverage_max = 1 - 1e-9;

struct Alleles {
    double alt = 0, all = 0;
};

double copies_of(const AlleleMoments& moments) noexcept {
    return std::ldexp(static_cast<double>(moments.copies), -static_cast<int>(moments.shift));
}

// Haploid calls count one allele although they are coded 0 or 2.
Alleles count_alleles(const VariantGenotypes& variant, const AlleleMoments& everybody,
                      const SampleMask& males) noexcept {
    const double copies = copies_of(everybody);
    const auto called = static_cast<double>(everybody.called);
    if (variant.ploidy() == Ploidy::diploid) return {copies, 2 * called};
    if (variant.ploidy() != Ploidy::x) return {0.5 * copies, called};
    const AlleleMoments haploid = variant.moments(males);
    return {copies - 0.5 * copies_of(haploid), 2 * called - static_cast<double>(haploid.called)};
}

// Effects in units of the environment, the main one where it is `at` standard deviations from 0.
EffectCovariance rescale(const EffectCovariance& c, double at, double sd) noexcept {
    return {.main = c.main + 2 * at * c.both + at * at * c.interaction,
            .interaction = c.interaction / (sd * sd),
            .both = (c.both + at * c.interaction) / sd};
}

} // namespace

TestRules rules_of(const InteractionParams& params) {
    const RobustError robust = params.robust == "hc0"   ? RobustError::hc0
                               : params.robust == "hc1" ? RobustError::hc1
                               : params.robust == "hc2" ? RobustError::hc2
                                                        : RobustError::hc3;
    return {.robust = robust,
            .minor_allele_count_min = static_cast<double>(params.minor_allele_count_min),
            .effective_samples_min = params.effective_samples_min,
            .effective_samples_min_binary =
                std::max(params.effective_samples_min, params.effective_samples_min_binary),
            .centre = params.centre};
}

InteractionTest untested(const TraitModel& trait, AssociationStatus status) {
    constexpr EffectCovariance none{nan, nan, nan};
    return {.frequency = nan,
            .main = nan,
            .interaction = nan,
            .model = none,
            .robust = none,
            .neg_log10_p_model = nan,
            .neg_log10_p = nan,
            .neg_log10_p_joint = nan,
            .effective_samples = nan,
            .n = static_cast<std::uint32_t>(trait.n),
            .n_cases = static_cast<std::uint32_t>(trait.n_cases),
            .status = status};
}

Tester::Tester(const Plan& plan, const TestRules& rules) : plan_(plan), rules_(rules) {
    for (const Set& set : plan.sets) {
        const InteractionDesign design = set.design(rules.robust);
        sets_.push_back(
            {.fit_linear = LinearInteraction(design), .fit_binary = LogisticInteraction(design)});
    }
    for (std::size_t t = 0; t < plan.traits.size(); ++t) {
        const TraitModel& trait = plan.traits[t];
        OfSet& of = sets_[trait.set];
        (trait.binary ? of.binary : of.linear).push_back(t);
        if (!trait.binary) of.residuals.push_back(trait.values.data());
    }
}

// The centred genotype over the members, missing ones at the mean, and why it is not tested.
AssociationStatus Tester::prepare(const VariantGenotypes& variant, const Set& set,
                                  std::vector<double>& genotype, double& frequency) const {
    const AlleleMoments moments = variant.moments(set.members);
    const Alleles alleles = count_alleles(variant, moments, set.males);
    frequency = alleles.all > 0 ? alleles.alt / alleles.all : nan;
    if (moments.called == 0) return AssociationStatus::not_called;
    if (moments.constant()) return AssociationStatus::monomorphic;
    if (std::min(alleles.alt, alleles.all - alleles.alt) < rules_.minor_allele_count_min)
        return AssociationStatus::rare;
    const double mean = copies_of(moments) / static_cast<double>(moments.called);
    genotype.assign(padded_samples(set.samples.size()), 0.0);
    variant.expand(set.samples, false, mean, genotype);
    for (std::size_t i = 0; i < set.samples.size(); ++i)
        genotype[i] -= mean;
    return AssociationStatus::tested;
}

void Tester::finish(const InteractionFit& fit, const TraitModel& trait,
                    InteractionTest& result) const {
    using State = InteractionFit::State;
    if (fit.state != State::fitted) {
        result.status = fit.state == State::collinear     ? AssociationStatus::collinear
                        : fit.state == State::no_variance ? AssociationStatus::no_variance
                                                          : AssociationStatus::not_converged;
        return;
    }
    const double least =
        trait.binary ? rules_.effective_samples_min_binary : rules_.effective_samples_min;
    if (!(fit.effective_samples >= least) || !(fit.largest_leverage < leverage_max)) {
        result.status = static_cast<AssociationStatus>(little_information);
        result.effective_samples = fit.effective_samples;
        return;
    }
    const Set& set = plan_.sets[trait.set];
    const double at = rules_.centre ? 0 : -set.environment_mean / set.environment_sd;
    result.main = fit.main + at * fit.interaction;
    result.interaction = fit.interaction / set.environment_sd;
    result.model = rescale(fit.model, at, set.environment_sd);
    result.robust = rescale(fit.robust, at, set.environment_sd);
    result.effective_samples = fit.effective_samples;
    const auto left = static_cast<double>(trait.n - set.parameters());
    const double model = fit.interaction / std::sqrt(fit.model.interaction);
    result.neg_log10_p_model =
        trait.binary ? normal_neg_log10_p(model) : student_t_neg_log10_p(model, left);
    // Bell and McCaffrey's degrees of freedom of a robust variance, leverages left out but for 1.
    const double df = std::min(left, std::max(0.5, fit.effective_samples - 1));
    result.neg_log10_p =
        student_t_neg_log10_p(fit.interaction / std::sqrt(fit.robust.interaction), df);
    result.neg_log10_p_joint = joint_neg_log10_p(fit.main, fit.interaction, fit.robust, df);
}

void Tester::test_linear(std::size_t s, std::span<InteractionTest> results) {
    OfSet& of = sets_[s];
    const std::size_t traits = of.linear.size();
    fits_.resize(tested_.size() * traits);
    usable_.resize(tested_.size());
    of.fit_linear.fit(tested_, of.residuals, fits_, usable_);
    for (std::size_t k = 0; k < tested_.size(); ++k)
        for (std::size_t i = 0; i < traits; ++i)
            finish(fits_[k * traits + i], plan_.traits[of.linear[i]],
                   results[tested_variant_[k] * plan_.traits.size() + of.linear[i]]);
}

void Tester::test_binary(std::size_t s, std::span<InteractionTest> results) {
    OfSet& of = sets_[s];
    for (std::size_t k = 0; k < tested_.size(); ++k) {
        for (const std::size_t t : of.binary) {
            const TraitModel& trait = plan_.traits[t];
            finish(usable_[k] != 0
                       ? of.fit_binary.fit(tested_[k], trait.values, trait.null_coefficients)
                       : InteractionFit{},
                   trait, results[tested_variant_[k] * plan_.traits.size() + t]);
        }
    }
}

void Tester::test_set(std::size_t s, std::span<const VariantGenotypes> variants,
                      std::span<InteractionTest> results) {
    const Set& set = plan_.sets[s];
    tested_.clear();
    tested_variant_.clear();
    if (genotypes_.size() < variants.size()) genotypes_.resize(variants.size());
    for (std::size_t v = 0; v < variants.size(); ++v) {
        double frequency = nan;
        const AssociationStatus status = prepare(variants[v], set, genotypes_[v], frequency);
        for (const auto* traits : {&sets_[s].linear, &sets_[s].binary}) {
            for (const std::size_t t : *traits) {
                InteractionTest& result = results[v * plan_.traits.size() + t];
                result = untested(plan_.traits[t], status);
                result.frequency = frequency;
            }
        }
        if (status != AssociationStatus::tested) continue;
        tested_.push_back(genotypes_[v].data());
        tested_variant_.push_back(v);
    }
    if (tested_.empty()) return;
    test_linear(s, results);
    test_binary(s, results);
}

void Tester::test(std::span<const VariantGenotypes> variants, std::span<InteractionTest> results) {
    for (std::size_t s = 0; s < sets_.size(); ++s)
        if (!sets_[s].linear.empty() || !sets_[s].binary.empty()) test_set(s, variants, results);
}

} // namespace salus::interaction
