#pragma once

#include "kernels/fixed_columns.hpp"
#include "kernels/genotype_counts.hpp"
#include "models/covariate_moments.hpp"
#include "models/linear.hpp"
#include "stages/association/family_plan.hpp"
#include "stages/association/ordinal_plan.hpp"
#include "stages/association/phenotypes.hpp"
#include "stages/association/survival_plan.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace salus::association {

/// A column of doubles padded with zeros as kernels/logistic_sums.hpp wants it.
using PaddedColumn = std::vector<double>;

/// The samples that traits are tested in: no value of trait or covariates is missing, quality
/// passed. Traits with equal samples share one set and its covariate columns.
struct SampleSet {
    SampleMask members, males;          // males: of the members, for chromosome X
    std::vector<std::uint32_t> samples; // members, ascending
    std::vector<std::string> constant;  // covariates that do not vary here, left out
    std::size_t parameters = 0;         // of a model with one variant
    bool split = false;                 // strata are not among the covariates (Cox models)
    std::string collinear;              // what depends on what, then its traits are unusable
    std::size_t first_column = 0;       // of the orthonormal covariates in ScanPlan::columns
    std::size_t covariates = 0;         // number of these columns
    // Of sets with binary traits, over members:
    std::vector<PaddedColumn> design;     // [1, covariates x sqrt(n)][member]
    std::vector<double> rows;             // the same as [member][column], for carriers
    std::vector<std::uint32_t> positions; // [sample] -> member
};

/// The null model of a binary trait, and what the tests that start from it need.
struct BinaryPlan {
    // U with U'U = information, as columns W X R^-1 of the null model, R'R = X'WX.
    std::size_t first_weighted = 0; // C + 1 columns, the first is weight / sqrt(sum of weights)
    std::size_t square_column = 0;  // the same first column, in ScanPlan::squares
    double root_weight = 0;         // sqrt(sum of weights)
    std::vector<double> factor;     // [C + 1][C + 1]: R', lower
    SampleMask cases, male_cases;
    bool penalised = false;           // Firth's, as maximum likelihood does not exist
    std::vector<double> coefficients; // for SampleSet::design
    std::vector<double> firth_shift;  // what Firth's penalty adds to them, to first order
    PaddedColumn outcome, offset;     // over members; offset: empty if there is none
    // Saddle-point: logit of the null model. Approximate Firth: of the penalised null model.
    PaddedColumn logit;
    PaddedColumn fitted;      // approximate Firth: probabilities at that logit
    CovariateMoments moments; // approximate Firth with at most most_moment_columns: at that logit
};
inline constexpr std::size_t most_moment_columns = 32;

/// What is prepared for one trait, once for all variants.
struct TraitPlan {
    std::string name;
    bool binary = false;
    std::size_t set = 0;
    std::uint64_t n = 0, n_cases = 0;
    std::size_t column = 0; // quantitative: residual; else of the null model: outcome - fitted
    double yy = 0;          // quantitative: sum of squares of the residual
    double residual_sd = 0; // quantitative: after covariates and offset; binary: NaN
    BinaryPlan logistic;    // binary only
    std::unique_ptr<SurvivalPlan> survival; // time-to-event only
    std::unique_ptr<OrdinalPlan> ordinal;   // ordinal only
    std::unique_ptr<FamilyPlan> family;     // quantitative and binary, where relatives are known

    std::string_view kind() const noexcept {
        return survival  ? "time_to_event"
               : ordinal ? "ordinal"
               : binary  ? "binary"
                         : "quantitative";
    }
    bool is_quantitative() const noexcept { return !survival && !ordinal && !binary; }
    bool has_cases() const noexcept { return binary || survival; }
    /// Cases, or those with the event.
    const SampleMask& cases() const noexcept {
        return survival ? survival->events : logistic.cases;
    }
    const SampleMask& male_cases() const noexcept {
        return survival ? survival->male_events : logistic.male_cases;
    }
};

/// All columns that genotypes are multiplied with in one pass.
struct ScanPlan {
    std::vector<SampleSet> sets;
    std::vector<TraitPlan> traits;
    FixedColumns columns, squares;
    std::vector<SkippedTrait> unusable; // traits that cannot be analysed in these samples
    std::vector<Problem> collinear;     // covariates that depend on others, by sample set
};

/// Strata with more values than that are no categories.
inline constexpr std::size_t most_strata = 200;

/// Which samples may take part, and who is related to whom.
struct Eligible {
    std::vector<std::uint8_t> samples; // nonzero = may
    std::vector<Sex> sex;
    std::vector<Relationship> relatives = {}; // of the samples of the genotypes
};

/// Predictions from other chromosomes, which the tests of one hold fixed.
struct Offsets {
    /// [trait of the phenotypes][sample], NaN where there is none (the sample is then left out).
    /// A trait without any: empty.
    std::vector<std::vector<double>> values;
    /// Of quantitative traits, after covariates: sqrt(|residual|^2 / (n - covariates - 1)).
    bool in_standard_deviations = false;
};

/// Builds the columns of traits [first, last). A trait that cannot be analysed (constant, one
/// class, fewer samples than parameters, null model without convergence, collinear covariates) goes
/// to `unusable`. Memory: sets x (C + 1), sets of binary traits x 2 (C + 1) more, binary traits x
/// (C + 6) and quantitative traits columns of 8 N bytes.
ScanPlan make_plan(const Phenotypes& phenotypes, std::size_t first, std::size_t last,
                   const Eligible& eligible, const AssociationParams& params,
                   const Offsets& offsets = {});

} // namespace salus::association
