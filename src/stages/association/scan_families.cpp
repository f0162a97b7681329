#include "stages/association/scan.hpp"

#include "models/linear.hpp"

#include <algorithm>
#include <cmath>

namespace salus::association {
namespace {

// Lists with expected carriers of at most related samples / 4 are followed carrier by carrier.
constexpr double related_share = 4;

} // namespace

// h'Fh of the minor allele over pairs of relatives, missing genotypes at the mean.
double Scanner::pair_sum(const VariantGenotypes& genotypes, const FamilyPlan& family,
                         const SetView& view) {
    const PairForm& pairs = family.pairs;
    const std::size_t count = pairs.samples().size();
    if (related_.size() < count) related_.resize(count);
    const double carriers = view.mean * static_cast<double>(view.moments.called);
    const bool listed = (genotypes.is_list() || genotypes.has_dosage_list()) && !view.flipped;
    if (!listed || carriers * related_share > static_cast<double>(count)) {
        genotypes.expand(pairs.samples(), view.flipped, view.mean, related_);
        const double sum = pairs.value(related_);
        std::fill_n(related_.begin(), count, 0.0);
        return sum;
    }
    genotypes.list_copies(plan_.columns.samples(), false, view.mean, copies_);
    places_.clear();
    for (const auto& [sample, copies] : copies_) {
        const std::uint32_t place = pairs.place(sample);
        if (place == PairForm::none) continue;
        related_[place] = copies;
        places_.push_back(place);
    }
    const double sum = pairs.value(related_, places_);
    for (const std::uint32_t place : places_)
        related_[place] = 0;
    return sum;
}

// Variance of the score among relatives over its variance among unrelated people. With u = U'h of
// left_variance (in along_) it is V + h'Fh - 2 u'(X R^-1)'Fh + u'(X R^-1)'F(X R^-1)u over V.
double Scanner::family_spread(const VariantGenotypes& genotypes, const TraitPlan& trait,
                              const SetView& view, const Sums& sums, double variance) {
    const FamilyPlan& family = *trait.family;
    if (family.share == 0) return 1;
    double more = pair_sum(genotypes, family, view);
    const std::size_t count = along_.size();
    for (std::size_t a = 0; a < count; ++a) {
        more -= 2 * along_[a] * imputed(sums, view, family.first_column + a);
        for (std::size_t b = 0; b < count; ++b)
            more += along_[a] * family.cross[a * count + b] * along_[b];
    }
    // A has no negative eigenvalue, so that 1 - share of the variance is left at least.
    return std::max(1 - family.share, 1 + more / variance);
}

void Scanner::test_mixed_linear(const VariantGenotypes& genotypes, const TraitPlan& trait,
                                const SetView& view, const Sums& sums, VariantTest& result) {
    const FamilyPlan& family = *trait.family;
    const std::size_t covariates = plan_.sets[trait.set].covariates;
    const LinearSums linear{.gg = left_variance(sums, view,
                                                {.first = family.first_column,
                                                 .count = covariates + 1,
                                                 .weight = family.weight_column,
                                                 .square = family.square_column,
                                                 .of_pairs = pair_sum(genotypes, family, view)}),
                            .gy = imputed(sums, view, trait.column),
                            .yy = trait.yy,
                            .residual_df = static_cast<double>(trait.n - covariates - 2)};
    if (linear.gg < 0) return set_untested(result, AssociationStatus::collinear);
    const LinearFit fit = fit_linear(linear);
    if (!std::isfinite(fit.neg_log10_p))
        return set_untested(result, AssociationStatus::no_variance);
    set_effect(result, AssociationTest::mixed_linear,
               {fit.beta, fit.standard_error, fit.neg_log10_p}, view.flipped);
}

} // namespace salus::association
