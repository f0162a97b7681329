#pragma once

#include "kernels/isa.hpp"

#include <array>
#include <cstddef>
#include <span>

namespace salus {

/// Sums over samples that iterations of logistic regression are made of, in double precision with
/// eight interleaved partial sums in a fixed order: the same bits on every instruction set.
///
/// All arrays hold `padded_samples(n)` values: beyond the n samples, design columns and outcomes
/// are 0.
inline constexpr std::size_t sample_lanes = 8;
constexpr std::size_t padded_samples(std::size_t samples) noexcept {
    return (samples + sample_lanes - 1) / sample_lanes * sample_lanes;
}

/// Columns of a design over samples; every pointer to padded_samples(samples) values.
struct DesignColumns {
    std::span<const double* const> columns;
    std::size_t samples = 0;

    std::size_t count() const noexcept { return columns.size(); }
    std::size_t padded() const noexcept { return padded_samples(samples); }
};

/// eta[i] = sum_c coefficients[c] * column_c[i].
void linear_predictor(const DesignColumns& design, std::span<const double> coefficients,
                      std::span<double> eta, Isa isa = best_isa()) noexcept;

/// With mu = 1/(1+exp(-eta)): residual = outcome - mu, weight = mu (1 - mu). Returns the
/// log-likelihood sum of outcome * eta - log(1 + exp(eta)) over the first `samples`. |eta| is cut
/// at 700.
double logistic_terms(std::span<const double> eta, std::span<const double> outcome,
                      std::size_t samples, std::span<double> residual, std::span<double> weight,
                      Isa isa = best_isa()) noexcept;

/// gram[a * C + b] = sum_i weight[i] column_a[i] column_b[i], symmetric; C columns. O(N C^2).
void weighted_gram(const DesignColumns& design, std::span<const double> weight,
                   std::span<double> gram, Isa isa = best_isa()) noexcept;

/// out[c] = sum_i column_c[i] * values[i].
void column_products(const DesignColumns& design, std::span<const double> values,
                     std::span<double> out, Isa isa = best_isa()) noexcept;

/// leverage[i] = weight[i] * |F x_i|^2 with the lower triangular F (row-major C x C), for F = L^-1
/// of the Cholesky factor of the gram: the diagonal of the hat matrix. O(N C^2).
void leverages(const DesignColumns& design, std::span<const double> weight,
               std::span<const double> factor, std::span<double> leverage,
               Isa isa = best_isa()) noexcept;

/// Samples whose linear predictor is offset + b * slope, b being the only unknown: arrays of
/// padded_samples(samples) values; beyond the samples, slopes and outcomes are 0.
struct SlopeColumns {
    std::span<const double> offset, slope, outcome;
    std::size_t samples = 0;
};
/// The log-likelihood at b, and its derivatives with the sign that makes `information` positive.
struct SlopeSums {
    double log_likelihood = 0; // sum of outcome * eta - log(1 + exp(eta))
    double score = 0;          // sum of slope (outcome - mu)
    double information = 0;    // sum of slope^2 w, w = mu (1 - mu)
    double third = 0;          // its derivative: sum of slope^3 w (1 - 2 mu)
    double fourth = 0;         // and the second: sum of slope^4 w (1 - 6 w)
};
/// |eta| is cut at 700. O(samples), no memory.
SlopeSums slope_sums(const SlopeColumns& columns, double b, Isa isa = best_isa()) noexcept;

/// Samples with slopes that are combinations of columns, at b = 0, where their fitted
/// probabilities mu are known; padded, beyond the samples 0.
struct CombinedSlopes {
    DesignColumns design;
    std::span<const double> coefficients; // slope = sum of coefficients times columns
    std::span<const double> fitted, outcome;
};
/// What the log-likelihood is made of as a series in b: no logarithm or exponential is needed.
struct SlopePowers {
    double score = 0;                        // sum of slope (outcome - mu)
    std::array<double, 11> cumulants{};      // [k], k = 2 to 10: sum of slope^k times the k-th
                                             // cumulant of a Bernoulli variable of mean mu
    double tenth = 0, twelfth = 0, steepest = 0; // sums of w slope^10, w slope^12; largest |slope|
};
/// O(samples x columns), no memory.
SlopePowers slope_powers(const CombinedSlopes& slopes, Isa isa = best_isa()) noexcept;

} // namespace salus
