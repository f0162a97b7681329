#pragma once

#include "run/unit_tables.hpp"
#include "stages/pgs_regression/paths.hpp"
#include "stages/pgs_regression/ridge.hpp"

#include <string>
#include <vector>

namespace salus::pgs_regression {

/// One set of weights and how it was found: a row of the table fits.
struct WeightSet {
    std::size_t trait = 0;
    std::string name, problem; // problem: reason code; empty: found
    const RidgeFit* ridge = nullptr;
    const PathFit* path = nullptr;
    double validation = std::numeric_limits<double>::quiet_NaN(); // measure of the trait's kind
    std::uint64_t nonzero = 0;
    bool chosen = false; // best of the trait

    bool found() const noexcept { return problem.empty() && nonzero > 0; }
    const std::string& trait_name(const Cohort& cohort) const { return cohort.traits[trait].name; }
};

/// All sets, by trait: ridge regression with the heritability that validates best, and each alpha.
/// \param variants  that take part.
std::vector<WeightSet> weight_sets(const PgsRegressionParams& params, const Cohort& cohort,
                                   const RidgeResult& ridge, const std::vector<PathFit>& paths,
                                   std::uint64_t variants);

/// How scores are judged: r2, auc or concordance.
std::string_view measure_of(RegressedKind kind) noexcept;

/// (all) Rows of the tables of weights, a unit for some variants.
Parts write_weights(RunContext& context, const GenotypeSource& source, const VariantRule& rule,
                    const Cohort& cohort, const std::vector<WeightSet>& sets);
/// Their tables: traits with at least one set that was found.
std::vector<TableSpec> weight_specs(const Cohort& cohort, const std::vector<WeightSet>& sets);

} // namespace salus::pgs_regression
