#include "stages/association/ordinal_plan.hpp"

#include "base/text.hpp"
#include "stages/association/null_model.hpp"

#include <algorithm>
#include <cmath>

namespace salus::association {
namespace {

// Estimates beyond 15 on the log odds scale, for a standardised covariate, are separation.
constexpr double largest_ordinal_coefficient = 15;

// Columns and information of the directions that a genotype is cleared of: all thresholds
// together, every threshold but the first, covariates.
struct Directions {
    std::vector<std::vector<double>> columns;
    std::vector<double> gram;
};

double product(std::span<const double> a, std::span<const double> b) noexcept {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        sum += a[i] * b[i];
    return sum;
}

Directions directions_of(const OrdinalPlan& plan, const OrdinalTerms& terms) {
    const std::size_t n = plan.level.size(), thresholds = plan.levels - 1,
                      count = thresholds + plan.design.size();
    Directions out{.columns = {terms.weight}, .gram = std::vector<double>(count * count, 0.0)};
    for (std::size_t k = 1; k < thresholds; ++k)
        out.columns.push_back(terms.crossed[k]);
    for (const auto& x : plan.design) {
        auto& column = out.columns.emplace_back(n);
        for (std::size_t i = 0; i < n; ++i)
            column[i] = terms.weight[i] * x[i];
    }
    const std::vector<double> ones(n, 1.0);
    // What direction b multiplies a column with, but for single thresholds.
    const auto factor_of = [&](std::size_t b) {
        return std::span(b == 0 ? ones : plan.design[b - thresholds]).first(n);
    };
    for (std::size_t a = 0; a < count; ++a)
        for (std::size_t b = 0; b <= a; ++b) {
            double& entry = out.gram[a * count + b];
            if (b == 0 || b >= thresholds)
                entry = product(factor_of(b), out.columns[a]);
            else if (a < thresholds)
                entry = terms.thresholds[a * thresholds + b];
            else
                entry = product(factor_of(a), out.columns[b]);
        }
    return out;
}

} // namespace

Levels levels_of(std::span<const double> values) {
    std::vector<double> found(values.begin(), values.end());
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    Levels levels{.count = found.size()};
    for (const double value : values)
        levels.of.push_back(static_cast<std::uint32_t>(
            std::lower_bound(found.begin(), found.end(), value) - found.begin()));
    return levels;
}

OrdinalNull fit_ordinal_null(std::span<const double> values,
                             std::span<const std::vector<double>> basis,
                             std::span<const double> offset) {
    OrdinalNull null;
    OrdinalPlan& plan = null.plan;
    Levels levels = levels_of(values);
    if (levels.count > most_ordinal_levels) {
        null.problem = text("it has ", levels.count, " levels, more than ", most_ordinal_levels,
                            ": test it as quantitative");
        return null;
    }
    plan.levels = levels.count;
    plan.level = std::move(levels.of);
    const std::size_t n = values.size();
    const double scale = std::sqrt(static_cast<double>(n));
    for (const auto& column : basis) {
        auto& x = plan.design.emplace_back(padded_samples(n), 0.0);
        for (std::size_t i = 0; i < n; ++i)
            x[i] = column[i] * scale;
    }
    plan.offset.assign(offset.begin(), offset.end());
    if (!offset.empty()) plan.offset.resize(padded_samples(n), 0.0);
    std::vector<const double*> pointers;
    for (const auto& column : plan.design)
        pointers.push_back(column.data());
    const OrdinalProblem problem{.level = plan.level,
                                 .levels = plan.levels,
                                 .design = {.columns = pointers, .samples = n},
                                 .offset = plan.offset};
    const OrdinalFit fit = OrdinalSolver().fit(problem);
    if (!fit.converged ||
        std::any_of(fit.coefficients.begin() + static_cast<std::ptrdiff_t>(plan.levels) - 1,
                    fit.coefficients.end(),
                    [](double b) { return std::fabs(b) > largest_ordinal_coefficient; })) {
        null.problem = "the proportional odds model of the covariates alone does not converge: "
                       "they separate its levels";
        return null;
    }
    plan.coefficients = fit.coefficients;
    OrdinalTerms terms = ordinal_terms(problem, fit.coefficients);
    Directions directions = directions_of(plan, terms);
    orthogonalise(directions.columns, directions.gram);
    plan.root_weight = directions.gram[0];
    plan.weighted = directions.columns.size();
    null.residual = std::move(terms.residual);
    null.weighted = std::move(directions.columns);
    return null;
}

} // namespace salus::association
