#pragma once

#include "kernels/pair_form.hpp"
#include "models/family_blocks.hpp"
#include "models/linear.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

namespace salus {
struct SampleTable;
}

namespace salus::association {

/// What relatives among the samples change in the tests of a trait.
///
/// Quantitative: generalised least squares with V = h A + (1 - h) I, A the relationship matrix and
/// h of restricted maximum likelihood without the variant. With P = V^-1 - V^-1 X (X'V^-1 X)^-1
/// X'V^-1 the estimate is g'Py / g'Pg; the pairs are those of V^-1.
///
/// Binary: the score g~'(y - mu) of the logistic model has the variance g~'(W + F)g~ instead of
/// g~'Wg~ where outcomes of relatives are correlated: F_ij = h A_ij (w_i w_j)^1/2. The pairs are
/// those of F.
struct FamilyPlan {
    double share = 0;             // h
    double liability_ratio = 0;   // binary: the same of the liability, over h; 0: none
    PairForm pairs;               // over the samples of the genotypes
    std::size_t first_column = 0; // C + 1: V^-1 X R^-1 with R'R = X'V^-1 X, or F X R^-1
    std::size_t weight_column = 0, square_column = 0; // quantitative: diagonal of V^-1, its square
    std::vector<double> cross;                        // binary: [C + 1][C + 1] of (X R^-1)'F X R^-1
};

/// Columns over the members of a set.
struct FamilyLinear {
    double share = 0;
    std::vector<double> residual;              // P y
    double yy = 0;                             // y'Py
    std::vector<std::vector<double>> weighted; // V^-1 X R^-1
    SparseSymmetric inverse;                   // V^-1
};
/// \param rest  the trait, without covariates and offset.
FamilyLinear fit_family_linear(const FamilyBlocks& families, const CovariateBasis& basis,
                               std::span<const double> rest);

struct FamilyScore {
    double share = 0, liability_share = 0;
    std::vector<std::vector<double>> columns; // F X R^-1
    std::vector<double> cross;                // (X R^-1)'F X R^-1
    std::vector<Relationship> pairs;          // F
};
/// \param residual  y - mu of a logistic model; `weighted`: its W X R^-1; `fitted`: mu.
FamilyScore fit_family_score(const FamilyBlocks& families, std::span<const double> residual,
                             std::span<const std::vector<double>> weighted,
                             std::span<const double> fitted);

/// Pairs of the result of kinship with a kinship of at least `kinship_min`, as relationships among
/// the samples of the genotypes. DataError for samples that the genotypes do not have, and for a
/// family of more than `largest_family` samples.
std::vector<Relationship> read_relatives(const std::filesystem::path& path,
                                         const SampleTable& samples, double kinship_min);
inline constexpr std::size_t largest_family = 2000;

} // namespace salus::association
