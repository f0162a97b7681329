// Fits a sum of single effects to a file of numbers, for comparison with other programs.
// Usage: fit_susie FILE. The file: variants, samples, sum of squares of the trait, most effects,
// 1 if the residual variance is estimated; then products, prior weights and correlations.
// Prints `fit residual-variance elbo iterations converged`, `set purity coverage variants...`
// (from 1), and `pip` of each variant.
#include "models/susie.hpp"

#include <cstdio>
#include <fstream>

int main(int argc, char** argv) {
    using namespace salus;
    if (argc < 2) return 2;
    std::ifstream in(argv[1]);
    std::size_t variants = 0;
    int estimated = 0;
    SusieData data;
    SusieRule rule;
    in >> variants >> data.samples >> data.yy >> rule.effects >> estimated;
    std::vector<double> products(variants), prior(variants), correlation(variants * variants);
    for (auto* values : {&products, &prior, &correlation})
        for (double& value : *values)
            in >> value;
    if (!in) return 1;
    data.products = products;
    data.prior = prior;
    data.correlation = correlation;
    rule.residual_variance = estimated != 0 ? ResidualVariance::estimated : ResidualVariance::fixed;
    const SusieFit fit = fit_susie(data, rule);
    std::printf("fit %.17g %.17g %d %d\n", fit.residual_variance, fit.elbo, fit.iterations,
                fit.converged ? 1 : 0);
    for (const CredibleSet& set : fit.sets) {
        std::printf("set %.17g %.17g", set.purity, set.coverage);
        for (const std::size_t v : set.variants)
            std::printf(" %zu", v + 1);
        std::printf("\n");
    }
    for (const double pip : fit.pip)
        std::printf("pip %.17g\n", pip);
}
