#pragma once

#include "kernels/logistic_sums.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace salus {

/// Rows of a design that one rank holds: a fixed piece of all rows, so that sums over pieces, added
/// in their order, are the same bits on any number of ranks.
class DesignBlock {
public:
    DesignBlock(std::size_t columns, std::size_t rows)
        : rows_(rows), padded_(padded_samples(rows)), values_(columns * padded_, 0.0) {
        for (std::size_t c = 0; c < columns; ++c)
            pointers_.push_back(values_.data() + c * padded_);
    }
    DesignBlock(DesignBlock&&) noexcept = default;
    DesignBlock(const DesignBlock&) = delete;
    DesignBlock& operator=(DesignBlock&&) noexcept = default;
    DesignBlock& operator=(const DesignBlock&) = delete;
    ~DesignBlock() = default;

    std::size_t rows() const noexcept { return rows_; }
    std::size_t padded() const noexcept { return padded_; }
    std::size_t columns() const noexcept { return pointers_.size(); }
    std::span<double> column(std::size_t c) noexcept {
        return {values_.data() + c * padded_, rows_};
    }
    std::span<const double> column(std::size_t c) const noexcept {
        return {values_.data() + c * padded_, rows_};
    }
    /// Values behind the last row are 0.
    DesignColumns design() const noexcept { return {.columns = pointers_, .samples = rows_}; }

private:
    std::size_t rows_, padded_;
    std::vector<double> values_;
    std::vector<const double*> pointers_;
};

/// What the ranks hold, one behind the other in rank order, on every rank. Each holds consecutive
/// blocks, so this is the order of the blocks. Called by all ranks alike.
using JoinBlocks = std::function<std::vector<double>(std::span<const double> mine)>;
/// Of one rank.
std::vector<double> join_alone(std::span<const double> mine);

/// Sums of `width` values of every block, added in block order.
std::vector<double> ordered_total(const JoinBlocks& join, std::span<const double> mine,
                                  std::size_t width);

/// Means and standard deviations (over n) of the columns of all rows, two passes. A column that
/// does not vary (deviation below 1e-12 of its size) has deviation 0.
struct ColumnScales {
    std::vector<double> mean, deviation;
};
ColumnScales column_scales(std::span<const DesignBlock> blocks, std::size_t columns,
                           std::size_t total_rows, const JoinBlocks& join);
/// Centres and scales in place; columns of deviation 0 become 0.
void standardise(std::span<DesignBlock> blocks, const ColumnScales& scales);

/// A log-likelihood with what Newton's method needs. Every function is called by all ranks alike
/// and returns the same on all of them.
class Likelihood {
public:
    virtual ~Likelihood() = default;
    virtual std::size_t columns() const = 0;
    /// May come out infinite or NaN.
    virtual double log_likelihood(std::span<const double> coefficients) = 0;
    /// At the coefficients of the last call of log_likelihood: score [column] and information
    /// [column][column].
    virtual void derivatives(std::span<double> score, std::span<double> information) = 0;
};

/// How a fit ended. Codes are stable: result files hold them.
enum class FitState : std::uint8_t {
    converged,
    no_events,   // nothing to fit
    monotone,    // the likelihood grows without end along a coefficient: separation
    not_settled, // no convergence within the iterations
    not_finite,  // the likelihood is not a number at the start
};
std::string_view to_string(FitState state) noexcept;

struct NewtonFit {
    std::vector<double> coefficients;  // 0 where aliased
    std::vector<double> covariance;    // [column][column], 0 where aliased
    std::vector<std::uint8_t> aliased; // 1: a combination of earlier columns, or constant
    std::vector<std::uint8_t> endless; // 1: the coefficient grows without end
    double log_likelihood = 0, log_likelihood_start = 0;
    double score_chi_square = 0; // score test of all columns at 0
    int iterations = 0;
    FitState state = FitState::not_settled;
    std::size_t rank() const noexcept;
};

/// Newton's method with step halving, from 0 on. Columns whose pivot in the Cholesky factor of the
/// first information, in their order, is below 1e-10 of its diagonal element are aliased and stay
/// 0. Stops where the squared step in units of standard errors is below 1e-20, or where a variance
/// is 10^6 times what it was at the start (monotone). Columns are to be standardised. \param fixed
/// [column] 1: stays at 0 (for likelihood ratio tests); empty: none.
NewtonFit fit_newton(Likelihood& likelihood, std::span<const std::uint8_t> fixed = {},
                     int max_iterations = 60);

/// Lower Cholesky factor in the order of the columns. \return 1 for columns that add nothing to
/// those before them; their rows and columns of `factor` are 0.
std::vector<std::uint8_t> aliased_cholesky(std::span<const double> matrix, std::size_t columns,
                                           double tolerance, std::span<double> factor,
                                           std::span<const std::uint8_t> left_out = {});
/// Inverse of the matrix from that factor; rows and columns that are left out are 0.
std::vector<double> inverse_of(std::span<const double> factor, std::size_t columns,
                               std::span<const std::uint8_t> left_out);

} // namespace salus
