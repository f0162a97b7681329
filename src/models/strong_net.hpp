#pragma once

#include "models/profile_likelihood.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace salus {

/// Columns that an elastic net may use, of about unit scale. Rows are those of the likelihood;
/// behind them may follow others (of people who validate), which only `predictor` gives.
class NetColumns {
public:
    virtual ~NetColumns() = default;
    virtual std::size_t size() const = 0;
    /// Sums over the rows of the likelihood of column x vector: [column from `first` on][vector].
    virtual std::vector<double> products(std::span<const std::vector<double>> vectors,
                                         std::size_t first) const = 0;
    /// Sums over columns of column x coefficient: [row], all rows.
    virtual std::vector<double> predictor(std::span<const double> coefficients) const = 0;
    /// Sums over the rows of the likelihood of weight x column a x column b, in single precision or
    /// better: [column b from `first` on][column a].
    virtual std::vector<float> gram(std::span<const double> weight, std::size_t first) const = 0;
};

/// One point of a path.
struct StrongFit {
    std::vector<double> coefficients; // [column]
    std::vector<double> predictor;    // [row], all rows; without covariates
    ProfileLikelihood::Point point;
    std::vector<double> gradient; // [column] column'residual / n
    double violation = 0;         // largest breach of the optimality conditions within the columns
    int steps = 0;
    bool settled = false; // violation at most tolerance x lambda
};

/// Elastic net -l / n + lambda (alpha |b|_1 + (1 - alpha) |b|^2 / 2) over a set of columns that
/// grows and shrinks, covariates unpenalised. The likelihood is replaced by a quadratic with the
/// Gram matrix of the columns (covariates taken out), whose minimum with penalty coordinate descent
/// finds; gradients are exact, so that an old or rounded Gram matrix costs steps, not precision;
/// it is renewed where steps do not shrink. Step halving. Memory 4 bytes per pair of columns.
/// Friedman, Hastie & Tibshirani 2010, doi:10.18637/jss.v033.i01.
class StrongNet {
public:
    /// \param start  the fit without columns, at an offset of 0 for all rows.
    StrongNet(ProfileLikelihood& likelihood, StrongFit start, double tolerance);

    /// The columns become those at `kept` (ascending) of the former ones, then new ones. The fit
    /// goes on from `from`, whose coefficients are of the former columns and 0 where not kept.
    void change_columns(const NetColumns& columns, std::span<const std::size_t> kept,
                        const StrongFit& from);
    /// From the last fit on.
    const StrongFit& solve(const NetColumns& columns, double lambda, double alpha);
    const StrongFit& fit() const noexcept { return fit_; }
    double rows() const noexcept { return n_; }

private:
    struct Target {
        double lambda, alpha;
    };
    void extend_gram(const NetColumns& columns, std::size_t first);
    void refresh(const NetColumns& columns);
    void derive(const NetColumns& columns, const Target& to);
    double objective(const StrongFit& fit, const Target& to) const;
    std::vector<double> descend(const Target& to, double precision) const;
    bool advance(const NetColumns& columns, std::span<const double> target, const Target& to);
    const float* gram_column(std::size_t c) const noexcept { return gram_.data() + c * size_; }

    ProfileLikelihood& likelihood_;
    StrongFit fit_;
    double tolerance_, n_;
    std::size_t size_ = 0;
    std::vector<double> weight_; // of the Gram matrix
    std::vector<double> along_;  // [column][covariate] weighted products, whitened
    std::vector<double> whiten_; // [covariate][covariate] inverse Cholesky factor
    std::vector<float> gram_;    // [column][column], covariates taken out, over n
};

} // namespace salus
