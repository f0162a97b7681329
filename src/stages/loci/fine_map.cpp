#include "stages/loci/cluster_unit.hpp"

#include <malloc.h>

#include <cmath>

namespace salus::loci {
namespace {

// Covariates out of the products of genotypes, then each in units of its own length.
void standardise(std::vector<double>& gram, const GenotypeSums& sums, const ConditionalModel& model,
                 const std::vector<double>& variances) {
    const std::size_t m = variances.size();
    std::vector<double> scale(m);
    for (std::size_t v = 0; v < m; ++v)
        scale[v] = variances[v] > 0 ? 1 / std::sqrt(variances[v]) : 0;
    for (std::size_t a = 0; a < m; ++a) {
        const auto left = sums.of(a);
        for (std::size_t b = 0; b <= a; ++b) {
            const auto right = sums.of(b);
            double rest = gram[a * m + b];
            for (std::size_t c = 1; c <= model.covariate_columns(); ++c)
                rest -= left[c] * right[c];
            gram[a * m + b] = gram[b * m + a] = rest * scale[a] * scale[b];
        }
        gram[a * m + a] = 1;
    }
}

} // namespace

FineMapping fine_map(const LocusVariants& variants, const Stepwise& stepwise,
                     const ConditionalTrait& trait, const LociParams& params) {
    FineMapping result;
    if (!stepwise.null_model)
        result.status = StepStatus::no_model;
    else if (variants.kept() == nullptr)
        result.status = StepStatus::too_many_variants;
    if (result.status != StepStatus::done) return result;
    const ConditionalModel& model = *stepwise.null_model;
    const GenotypeSums& sums = stepwise.null_sums;
    const auto n = static_cast<double>(trait.samples);
    std::vector<double> variances, products, z;
    for (std::size_t v = 0; v < variants.size(); ++v) {
        const ConditionalTest test = model.test(sums.of(v), sums.squares[v]);
        const double length = test.tested ? std::sqrt(test.variance) : 0;
        variances.push_back(test.tested ? test.variance : 0);
        z.push_back(test.tested ? test.score / length : 0);
        products.push_back(z.back() * std::sqrt(n - 1));
    }
    std::vector<double> correlation = genotype_gram(*variants.kept(), model.weights());
    standardise(correlation, sums, model, variances);
    if (trait.binary) products = products_of_z(z, n);
    result.fit = fit_susie(
        {.correlation = correlation,
         .products = products,
         .yy = trait.binary ? n - 1 : model.residual_squares(),
         .samples = n},
        {.effects = static_cast<std::size_t>(params.effects_max),
         .residual_variance = trait.binary ? ResidualVariance::fixed : ResidualVariance::estimated,
         .coverage = params.coverage,
         .purity_min = params.purity_min});
    // The allocator keeps up to 64 MiB that are free; the next locus may not fit into them.
    std::vector<double>().swap(correlation);
    ::malloc_trim(0);
    if (!result.fit.converged) result.status = StepStatus::not_converged;
    return result;
}

} // namespace salus::loci
