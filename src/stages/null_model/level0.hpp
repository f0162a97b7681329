#pragma once

#include "models/mixture_effects.hpp"
#include "stages/null_model/gram.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace salus::whole_genome {

/// What ridge regression of one block says of one trait.
struct BlockPredictions {
    /// [member of the trait's set][penalty, then mixture]: predicted by other samples, then centred
    /// and scaled to variance 1 over all members; 0 where nothing varies.
    std::vector<float> values;
    std::uint64_t flat = 0; // variants without variance among the samples of the trait
    bool converged = true;
};

/// Level 0: each trait on the variants of a block, out of fold, for several penalties.
///
/// Standardised genotypes G without covariates, per fold A_k = G_k G_k' and b_k = G_k y_k; the
/// prediction of fold k is G_k' (A - A_k + lambda I)^-1 (b - b_k); traits that say so are predicted
/// by all other samples instead (leave_one_out.hpp; without mixtures). Mixtures have posterior
/// means in place of the ridge solution. Memory: folds x 2 m^2 x 8 bytes, factors of folds x
/// penalties x m^2 x 4 bytes if a base has several sets, and N x traits x penalties x 4 bytes of
/// predictions. Time: m^2 N / 2 byte products, folds x penalties x m^3 / 6 float products, for each
/// sample set a tenth of that.
class LevelZero {
public:
    /// Traits [first, last) of the cohort.
    struct Input {
        const TraitCohort& cohort;
        std::size_t first = 0, last = 0;
        std::span<const double> penalties; // of ridge regression
        std::span<const MixturePrior> mixtures = {};
        std::size_t columns() const noexcept { return penalties.size() + mixtures.size(); }
    };
    explicit LevelZero(const Input& input);
    /// Predictions of the traits, in their order.
    std::vector<BlockPredictions> predict(const BlockGenotypes& genotypes) const;

private:
    struct BaseColumns {
        std::size_t base = 0;
        SampleSet whole = {};                  // all members
        std::vector<std::size_t> sets = {};    // of the cohort, that some trait of the pass has
        std::vector<std::size_t> traits = {};  // of the cohort
        std::vector<std::size_t> folded = {};  // places in traits: predicted by other folds
        std::vector<std::size_t> slot = {};    // [place in traits] its place in folded
        std::vector<DigitColumns> digits = {}; // one: basis, then traits
    };
    class BaseRun;
    Input input_;
    std::vector<BaseColumns> bases_;
};

} // namespace salus::whole_genome
