#include "stages/loci/signals.hpp"

#include "base/numbers.hpp"

#include <algorithm>
#include <cmath>

namespace salus::loci {
namespace {

constexpr std::uint64_t scan_bytes = std::uint64_t{1} << 28;

struct Best {
    std::size_t variant = SIZE_MAX;
    ConditionalTest test;
};

// The most significant variant (the first of equals) that is no proxy of the signals.
Best find_best(const ConditionalModel& model, const GenotypeSums& sums, double r2_max) {
    Best best;
    for (std::size_t v = 0; v < sums.squares.size(); ++v) {
        const ConditionalTest test = model.test(sums.of(v), sums.squares[v]);
        if (!test.tested || test.r2 > r2_max) continue;
        if (best.variant == SIZE_MAX || test.neg_log10_p > best.test.neg_log10_p)
            best = {.variant = v, .test = test};
    }
    return best;
}

void fit_jointly(const ConditionalTrait& trait, std::span<const CentredGenotypes> genotypes,
                 std::vector<Signal>& signals) {
    const JointFit fit = fit_joint(trait, genotypes);
    for (std::size_t s = 0; s < signals.size(); ++s)
        signals[s].joint =
            fit.converged ? fit.effects[s]
                          : JointEffect{.beta = nan, .standard_error = nan, .neg_log10_p = nan};
}

} // namespace

LocusVariants::LocusVariants(const GenotypeSource& source, const Members& members,
                             std::vector<std::uint64_t> rows, std::size_t kept_max)
    : source_(source), members_(members), rows_(std::move(rows)) {
    if (rows_.size() > kept_max) return;
    kept_.emplace(members);
    kept_->load(source, rows_);
}

GenotypeSums LocusVariants::sums(std::span<const std::vector<double>> columns,
                                 std::span<const double> weights) const {
    if (kept_) return genotype_sums(*kept_, columns, weights);
    GenotypeSums all{.columns = columns.size(), .products = {}, .squares = {}};
    const std::uint64_t step = std::max<std::uint64_t>(32, scan_bytes / (3 * members_.size() + 1));
    for (std::size_t begin = 0; begin < rows_.size(); begin += step) {
        LocusGenotypes some(members_);
        some.load(source_, std::span(rows_).subspan(begin, std::min(step, rows_.size() - begin)));
        const GenotypeSums part = genotype_sums(some, columns, weights);
        all.products.insert(all.products.end(), part.products.begin(), part.products.end());
        all.squares.insert(all.squares.end(), part.squares.begin(), part.squares.end());
    }
    return all;
}

CentredGenotypes LocusVariants::genotypes(std::size_t v) const {
    if (kept_) return kept_->expand(v);
    LocusGenotypes one(members_);
    one.load(source_, std::span(rows_).subspan(v, 1));
    return one.expand(0);
}

Stepwise find_signals(const LocusVariants& variants, std::size_t index_variant,
                      const ConditionalTrait& trait, const LociParams& params) {
    Stepwise found;
    found.null_model.emplace(trait, std::span<const CentredGenotypes>());
    if (!found.null_model->usable()) {
        found.null_model.reset();
        found.status = StepStatus::no_model;
        return found;
    }
    const ConditionalModel& null_model = *found.null_model;
    found.null_sums = variants.sums(null_model.columns(), null_model.weights());
    const auto marginal = [&](std::size_t v) {
        return null_model.test(found.null_sums.of(v), found.null_sums.squares[v]);
    };
    const double least = -std::log10(params.p_max);
    std::vector<CentredGenotypes> genotypes;
    Best next{.variant = index_variant, .test = marginal(index_variant)};
    while (next.variant != SIZE_MAX) {
        found.signals.push_back({.variant = next.variant,
                                 .marginal = marginal(next.variant),
                                 .conditional = next.test});
        genotypes.push_back(variants.genotypes(next.variant));
        if (found.signals.size() == static_cast<std::size_t>(params.signals_max)) {
            found.status = StepStatus::signals_max;
            break;
        }
        const ConditionalModel model(trait, genotypes);
        if (!model.usable()) {
            found.status = StepStatus::no_model;
            break;
        }
        next =
            find_best(model, variants.sums(model.columns(), model.weights()), params.signal_r2_max);
        if (next.variant != SIZE_MAX && next.test.neg_log10_p < least) next.variant = SIZE_MAX;
    }
    fit_jointly(trait, genotypes, found.signals);
    return found;
}

} // namespace salus::loci
