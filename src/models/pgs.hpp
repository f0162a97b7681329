#pragma once

#include "genotype/packed.hpp"
#include "kernels/fixed_columns.hpp"
#include "kernels/genotype_counts.hpp"
#include "models/pgs_regression.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace salus {

// ---- Who is in which part

/// Place of a sample, a function of its identifier and the seed alone: the same in every cohort,
/// and independent of order, ranks and threads.
struct SamplePlace {
    bool validation = false;
    std::uint8_t tuning_fold = 0;     // within the discovery part
    std::uint8_t validation_fold = 0; // within the validation part
};
struct SplitRule {
    std::uint64_t seed = 1;
    double discovery_fraction = 0.5;
    unsigned tuning_folds = 4;      // 2..255
    unsigned validation_folds = 10; // 2..255
};
SamplePlace place_sample(std::string_view sample_id, const SplitRule& rule) noexcept;

// ---- Discovery scan

/// One variant tested in one trait; `tested` is false if it does not vary beyond the covariates.
struct ScanTest {
    bool tested = false;
    double beta = 0, neg_log10_p = 0, alt_frequency = 0;
};

/// Null model of one trait in one sample set, ready to test variants: linear regression (t test),
/// or the score test of logistic regression with its one-step beta. Missing genotypes are
/// mean-imputed. All sums over samples are exact integers, so the result does not depend on the
/// layout of the job. Memory: samples x (covariates + 3) x 8 bytes.
class DiscoveryModel {
public:
    /// \param members     [sample] nonzero = in the set; outcome and covariates are finite there.
    /// \param covariates  [covariate][sample], no intercept; constant and dependent ones are left
    /// out.
    DiscoveryModel(OutcomeKind kind, std::span<const std::uint8_t> members,
                   std::span<const std::vector<double>> covariates,
                   std::span<const double> outcome);

    /// False if the null model could not be fitted (separated classes, too few samples).
    bool usable() const noexcept { return usable_; }
    const SampleMask& mask() const noexcept { return mask_; }

    /// Tests 2-bit rows that are padded as row_products asks; `out` has one entry per row.
    void test_rows(std::span<const std::uint8_t* const> rows, std::span<ScanTest> out) const;
    ScanTest test_carriers(std::span<const Carrier> carriers) const;
    /// `dosages`: [sample], dosage_missing where there is none.
    ScanTest test_dosages(std::span<const Dosage> dosages) const;

private:
    struct Sums {
        double called, copies;         // of the set
        std::span<const double> along; // dosage times each column
        double square;                 // squared dosage times weight
        std::span<const Carrier> lost; // missing ones, and others
    };
    ScanTest finish(const Sums& sums) const;
    ScanTest finish(const GenotypeCounts& counts, std::span<const std::int64_t> dosage,
                    std::int64_t square, std::span<const Carrier> missing_calls) const;
    void set_columns(std::span<const std::uint32_t> members,
                     std::span<const std::vector<double>> basis, std::span<const double> weight,
                     std::span<const double> residual);

    OutcomeKind kind_;
    SampleMask mask_;
    bool usable_ = false;
    double yy_ = 0, residual_df_ = 0;
    FixedColumns
        columns_; // weighted orthonormal basis of intercept and covariates, then the residual
    FixedColumns weight_; // one column
};

// ---- Scores

/// Weighted sums of ALT copies as integers of 2^exponent, so that their order does not matter.
class ScoreSum {
public:
    /// \param largest  no |weight| exceeds it.  \param variants  how many may be added.
    ScoreSum(std::size_t samples, double largest, std::size_t variants);
    /// Missing calls count as 2 x alt_frequency copies. `row`: calls of all samples.
    void add(std::span<const std::uint8_t> row, double weight, double alt_frequency);
    /// The same with dosages of all samples.
    void add(std::span<const Dosage> dosages, double weight, double alt_frequency);
    double score(std::size_t sample) const noexcept;

private:
    std::vector<std::int64_t> sum_;
    int exponent_ = 0;
};

} // namespace salus
