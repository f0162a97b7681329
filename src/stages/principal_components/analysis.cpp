#include "stages/principal_components/analysis.hpp"

#include "base/interrupt.hpp"
#include "base/text.hpp"
#include "parallel/parallel_for.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace salus::components {
namespace {

/// One product of Z Z' / M with the current block.
std::vector<double> image_of(const BlockKrylov& krylov, const RunContext& context,
                             const PackedGenotypes& genotypes, const Standard& standard,
                             const std::vector<std::uint32_t>& used, const Totals& totals) {
    std::vector<std::span<const double>> block;
    for (std::size_t c = 0; c < krylov.width(); ++c)
        block.push_back(krylov.column(c));
    const std::vector<double> b = collectively(context.comm(), "products with samples", [&] {
        return all_variant_products(genotypes, standard,
                                    spread(used, genotypes.samples(), block, 3));
    });
    auto image = sample_products(context.comm(), genotypes, standard,
                                 {.values = b, .columns = krylov.width(), .limbs = 3}, used);
    for (double& value : image)
        value /= static_cast<double>(totals.variants);
    return image;
}

std::vector<double> changes(const std::vector<double>& now, const std::vector<double>& before) {
    std::vector<double> change;
    for (std::size_t k = 0; k < now.size(); ++k)
        change.push_back(k < before.size()
                             ? std::fabs(now[k] - before[k]) /
                                   std::max(now[k], std::numeric_limits<double>::min())
                             : std::numeric_limits<double>::infinity());
    return change;
}

[[noreturn]] void fail_to_converge(const Components& found, const ComponentsParams& params) {
    const auto worst = std::max_element(found.change.begin(), found.change.end());
    throw DataError(
        {.what =
             text("after ", found.iterations, " iterations the eigenvalue of component ",
                  worst - found.change.begin() + 1, " still changes by ", significant(*worst, 2),
                  " of itself, more than the tolerance ", params.tolerance),
         .where = "principal components",
         .why = "eigenvalues that lie close together are separated slowly",
         .help = "raise iterations_max or oversampling, or ask for fewer components"});
}

} // namespace

FixedColumns spread(const std::vector<std::uint32_t>& used, std::size_t samples,
                    const std::vector<std::span<const double>>& columns, unsigned limbs) {
    FixedColumns fixed(samples, columns.size(), limbs);
    parallel_for(columns.size(), [&](std::size_t c) {
        std::vector<double> values(samples);
        for (std::size_t k = 0; k < used.size(); ++k)
            values[used[k]] = columns[c][k];
        fixed.set(c, values);
    });
    return fixed;
}

std::vector<double> all_variant_products(const PackedGenotypes& genotypes, const Standard& standard,
                                         const FixedColumns& y) {
    std::vector<double> b(genotypes.variants() * y.columns());
    genotypes.for_each_batch([&](const Batch& batch) {
        variant_products(
            batch, y, standard,
            std::span(b).subspan(batch.first * y.columns(), batch.size() * y.columns()));
    });
    return b;
}

Components find_components(const ComponentsParams& params, const RunContext& context,
                           const PackedGenotypes& genotypes, const Standard& standard,
                           const std::vector<std::uint32_t>& used, const Totals& totals) {
    const auto wanted = static_cast<std::size_t>(params.components);
    BlockKrylov krylov(used.size(), wanted + static_cast<std::size_t>(params.oversampling),
                       context.seed());
    Components found;
    std::vector<double> before;
    bool converged = false;
    while (!converged && found.iterations < static_cast<std::size_t>(params.iterations_max)) {
        if (context.comm().any(interrupt_requested()))
            throw Interrupted({.what = "stopped on request",
                               .where = "principal components",
                               .why = "a signal asked the job to stop, or its time is over",
                               .help = "run the same command again"});
        krylov.advance(image_of(krylov, context, genotypes, standard, used, totals));
        ++found.iterations;
        const auto now = krylov.values(wanted);
        found.change = changes(now, before);
        const double most = *std::max_element(found.change.begin(), found.change.end());
        converged = krylov.width() == 0 || (now.size() == wanted && most <= params.tolerance);
        context.log().info(text("iteration ", found.iterations, ": largest eigenvalue ",
                                significant(now[0], 6), ", largest relative change ",
                                significant(most, 2)));
        before = now;
    }
    if (!converged) fail_to_converge(found, params);
    if (krylov.width() == 0) std::fill(found.change.begin(), found.change.end(), 0.0);
    found.pairs = krylov.pairs(wanted);
    return found;
}

} // namespace salus::components
