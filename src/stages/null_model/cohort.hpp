#pragma once

#include "models/float_cholesky.hpp"
#include "stages/association/phenotypes.hpp"
#include "stages/null_model/null_model.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace salus::whole_genome {

using association::Phenotypes;
using association::SkippedTrait;

/// Half-open range of members.
struct Fold {
    std::size_t begin = 0, end = 0;
    std::size_t size() const noexcept { return end - begin; }
};

/// Samples whose Gram matrices are made from genotypes, and orthonormal covariates over them. The
/// first base, if there, is all samples that may take part; the others are those of traits that
/// lack many of these.
struct Base {
    std::vector<std::uint32_t> samples;     // of the genotypes, ascending
    std::vector<Fold> folds;                // contiguous, equal up to one member
    std::vector<std::vector<double>> basis; // [column][member]; the first is the intercept
};

/// The samples of some traits: members of a base but for a few absent ones.
struct SampleSet {
    std::size_t base = 0;
    std::vector<std::uint32_t> members, absent; // places in Base::samples, ascending
    std::vector<Fold> folds;                    // of members: those of the base
    /// Basis of the set = basis of the base x rotation; [row of base basis][column].
    std::vector<std::vector<double>> rotation;
    std::vector<std::vector<std::vector<double>>> fold_products; // [fold] Q'Q of its members
};

enum class TraitKind : std::uint8_t { quantitative, binary, time_to_event };
std::string_view to_string(TraitKind kind) noexcept;

struct TraitModel {
    std::string name;
    TraitKind kind = TraitKind::quantitative;
    bool leave_one_out = false; // level 0 predicts each sample by all others, not by other folds
    std::size_t set = 0;
    std::uint64_t n_cases = 0;
    /// [member of the set]: residual of covariates, variance 1; of the martingale residual of a Cox
    /// model of the covariates, if time to event.
    std::vector<double> values;
    double scale = 1;                       // standard deviation that it was divided by
    std::vector<std::vector<double>> along; // [fold][basis column of the set]: Q_k'y_k
    std::vector<double> outcome;            // 0 or 1, but if quantitative
    std::vector<double> offset;             // log odds or hazard by covariates alone
    std::vector<double> time, entry;        // time to event; entry: empty if it begins at 0
};

/// All that level 0 and level 1 need to know of samples and traits.
struct TraitCohort {
    std::vector<std::uint8_t> eligible; // [sample]: passes quality and has all covariates
    std::vector<Base> bases;            // the first is of all eligible samples
    std::vector<SampleSet> sets;
    std::vector<TraitModel> traits;
    std::vector<SkippedTrait> skipped;
    std::vector<std::string> constant; // covariates that do not vary

    const Base& base_of(const TraitModel& trait) const { return bases[sets[trait.set].base]; }
};

/// Fills folds, rotation and products of a set whose members are known. False if the basis loses a
/// direction. O(N C^2).
bool complete_set(const Base& base, SampleSet& set);
/// The set of all members of a base.
SampleSet whole_set(const std::vector<Base>& bases, std::size_t base);

/// Samples, folds and residuals of all traits that can be analysed; each is as if it were alone.
/// DataError for collinear covariates, and if no trait is left.
TraitCohort make_cohort(const Phenotypes& phenotypes, const std::vector<std::uint8_t>& passes,
                        const NullModelParams& params);

} // namespace salus::whole_genome
