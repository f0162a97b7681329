#include "stages/association/scan.hpp"

namespace salus::association {
namespace {

void clear_if_collinear(PairSums& sums, double aa, double bb) noexcept {
    if (sums.aa > collinear_below * aa && sums.bb > collinear_below * bb) return;
    sums.aa = sums.ab = sums.bb = 0;
}

} // namespace

// Carriers of two copies carry any, so that products of both columns are sums over the former.

PairSums Scanner::linear_pair(const GenotypePair& pair, const TraitPlan& trait, const Sums& any,
                              const Sums& two) const {
    const SampleSet& set = plan_.sets[trait.set];
    const FixedColumns& columns = plan_.columns;
    const double a = pair.any_view.mean, b = pair.two_view.mean,
                 called = static_cast<double>(pair.any_view.moments.called);
    const auto centred = [&](const Sums& sums, const SetView& view, std::size_t column) {
        return imputed(sums, view, column) -
               view.mean * columns.real(column, columns.total(column));
    };
    PairSums sums{.aa = called * a * (1 - a),
                  .ab = called * b * (1 - a),
                  .bb = called * b * (1 - b),
                  .ay = centred(any, pair.any_view, trait.column),
                  .by = centred(two, pair.two_view, trait.column)};
    const double aa = sums.aa, bb = sums.bb;
    for (std::size_t c = set.first_column; c < set.first_column + set.covariates; ++c) {
        const double along_a = centred(any, pair.any_view, c),
                     along_b = centred(two, pair.two_view, c);
        sums.aa -= along_a * along_a;
        sums.ab -= along_a * along_b;
        sums.bb -= along_b * along_b;
    }
    clear_if_collinear(sums, aa, bb);
    return sums;
}

PairSums Scanner::binary_pair(const GenotypePair& pair, const TraitPlan& trait, const Sums& any,
                              const Sums& two) const {
    const BinaryPlan& logistic = trait.logistic;
    const std::size_t first = logistic.first_weighted;
    const double a = pair.any_view.mean, b = pair.two_view.mean;
    const double absent =
        any.missing.empty() ? 0 : plan_.columns.real(first, any.missing[first]); // their weight
    PairSums sums{.aa = weighted_squares(any, pair.any_view, first, logistic.square_column),
                  .ab = imputed(two, pair.two_view, first) - b * (1 - a) * absent,
                  .bb = weighted_squares(two, pair.two_view, first, logistic.square_column),
                  .ay = imputed(any, pair.any_view, trait.column),
                  .by = imputed(two, pair.two_view, trait.column)};
    for (double* const value : {&sums.aa, &sums.ab, &sums.bb})
        *value *= logistic.root_weight;
    const double aa = sums.aa, bb = sums.bb;
    for (std::size_t c = first; c <= first + plan_.sets[trait.set].covariates; ++c) {
        const double along_a = imputed(any, pair.any_view, c),
                     along_b = imputed(two, pair.two_view, c);
        sums.aa -= along_a * along_a;
        sums.ab -= along_a * along_b;
        sums.bb -= along_b * along_b;
    }
    clear_if_collinear(sums, aa, bb);
    return sums;
}

// Variants v and v + 1 of the group are one variant in two codings.
void Scanner::test_pair(std::span<const VariantGenotypes* const> pair, std::size_t v,
                        std::span<VariantTest> results) {
    const Sums any = sums_of(*pair[0], v), two = sums_of(*pair[1], v + 1);
    std::vector<GenotypePair> views;
    for (const SampleSet& set : plan_.sets) {
        views.push_back({*pair[0], *pair[1], view_set(*pair[0], set), view_set(*pair[1], set)});
        examine_pair(views.back(), rules_.minor_allele_count_min);
    }
    for (std::size_t t = 0; t < plan_.traits.size(); ++t) {
        const TraitPlan& trait = plan_.traits[t];
        const GenotypePair& both = views[trait.set];
        VariantTest& result = results[t] = {};
        describe(*pair[0], trait, both.any_view, result);
        if (both.any_view.status != AssociationStatus::tested)
            set_untested(result, both.any_view.status);
        else if (trait.binary)
            genotypic_.test_binary(both, trait, binary_pair(both, trait, any, two), result);
        else
            genotypic_.test_linear(trait, linear_pair(both, trait, any, two), result);
    }
}

} // namespace salus::association
