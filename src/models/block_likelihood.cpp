#include "models/block_likelihood.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

constexpr double block_settled = 1e-20; // squared step in units of standard errors
constexpr double block_alias_tolerance = 1e-10;
constexpr double block_monotone_growth = 1e6;
constexpr int block_halvings_max = 40;

// Pivots of later informations are only guarded against rounding.
constexpr double singular_tolerance = 1e-14;

} // namespace

std::vector<double> join_alone(std::span<const double> mine) { return {mine.begin(), mine.end()}; }

std::vector<double> ordered_total(const JoinBlocks& join, std::span<const double> mine,
                                  std::size_t width) {
    const std::vector<double> all = join(mine);
    std::vector<double> total(width, 0.0);
    for (std::size_t at = 0; at + width <= all.size() && width > 0; at += width)
        for (std::size_t c = 0; c < width; ++c)
            total[c] += all[at + c];
    return total;
}

ColumnScales column_scales(std::span<const DesignBlock> blocks, std::size_t columns,
                           std::size_t total_rows, const JoinBlocks& join) {
    const auto n = static_cast<double>(std::max<std::size_t>(total_rows, 1));
    std::vector<double> sums;
    const auto collect = [&](auto&& term) {
        sums.clear();
        for (const DesignBlock& block : blocks)
            for (std::size_t c = 0; c < columns; ++c) {
                double sum = 0;
                for (const double x : block.column(c))
                    sum += term(c, x);
                sums.push_back(sum);
            }
        return ordered_total(join, sums, columns);
    };
    ColumnScales out{.mean = collect([](std::size_t, double x) { return x; }), .deviation = {}};
    for (double& mean : out.mean)
        mean /= n;
    const auto squares =
        collect([&](std::size_t c, double x) { return (x - out.mean[c]) * (x - out.mean[c]); });
    for (std::size_t c = 0; c < columns; ++c) {
        const double deviation = std::sqrt(squares[c] / n);
        out.deviation.push_back(deviation > 1e-12 * std::fabs(out.mean[c]) ? deviation : 0);
    }
    return out;
}

void standardise(std::span<DesignBlock> blocks, const ColumnScales& scales) {
    for (DesignBlock& block : blocks)
        for (std::size_t c = 0; c < block.columns(); ++c)
            for (double& x : block.column(c))
                x = scales.deviation[c] > 0 ? (x - scales.mean[c]) / scales.deviation[c] : 0;
}

std::string_view to_string(FitState state) noexcept {
    switch (state) {
    case FitState::converged:
        return "converged";
    case FitState::no_events:
        return "no_events";
    case FitState::monotone:
        return "monotone";
    case FitState::not_settled:
        return "not_settled";
    case FitState::not_finite:
        break;
    }
    return "not_finite";
}

std::size_t NewtonFit::rank() const noexcept {
    return static_cast<std::size_t>(std::count(aliased.begin(), aliased.end(), 0));
}

std::vector<std::uint8_t> aliased_cholesky(std::span<const double> matrix, std::size_t columns,
                                           double tolerance, std::span<double> factor,
                                           std::span<const std::uint8_t> left_out) {
    std::vector<std::uint8_t> out(columns, 0);
    std::fill(factor.begin(), factor.end(), 0.0);
    for (std::size_t a = 0; a < columns; ++a) {
        if (!left_out.empty() && left_out[a] != 0) {
            out[a] = 1;
            continue;
        }
        for (std::size_t b = 0; b <= a; ++b) {
            if (out[b] != 0) continue;
            double sum = matrix[a * columns + b];
            for (std::size_t c = 0; c < b; ++c)
                sum -= factor[a * columns + c] * factor[b * columns + c];
            if (a != b)
                factor[a * columns + b] = sum / factor[b * columns + b];
            else if (sum > tolerance * matrix[a * columns + a] && std::isfinite(sum))
                factor[a * columns + a] = std::sqrt(sum);
            else
                out[a] = 1;
        }
        if (out[a] != 0)
            for (std::size_t b = 0; b < columns; ++b)
                factor[a * columns + b] = 0;
    }
    return out;
}

std::vector<double> inverse_of(std::span<const double> factor, std::size_t columns,
                               std::span<const std::uint8_t> left_out) {
    std::vector<double> lower(columns * columns, 0.0), inverse(columns * columns, 0.0);
    for (std::size_t a = 0; a < columns; ++a) {
        if (left_out[a] != 0) continue;
        for (std::size_t b = 0; b <= a; ++b) {
            if (left_out[b] != 0) continue;
            double sum = a == b ? 1 : 0;
            for (std::size_t c = b; c < a; ++c)
                sum -= factor[a * columns + c] * lower[c * columns + b];
            lower[a * columns + b] = sum / factor[a * columns + a];
        }
    }
    for (std::size_t a = 0; a < columns; ++a)
        for (std::size_t b = 0; b < columns; ++b) {
            double sum = 0;
            for (std::size_t c = std::max(a, b); c < columns; ++c)
                sum += lower[c * columns + a] * lower[c * columns + b];
            inverse[a * columns + b] = sum;
        }
    return inverse;
}

namespace {

/// One run of Newton's method.
class Newton {
public:
    Newton(Likelihood& likelihood, std::span<const std::uint8_t> fixed)
        : likelihood_(likelihood), columns_(likelihood.columns()), score_(columns_),
          information_(columns_ * columns_), factor_(columns_ * columns_) {
        fit_.coefficients.assign(columns_, 0.0);
        fit_.aliased.assign(columns_, 0);
        fit_.endless.assign(columns_, 0);
        fit_.covariance.assign(columns_ * columns_, 0.0);
        left_out_.assign(columns_, 0);
        for (std::size_t c = 0; c < fixed.size(); ++c)
            left_out_[c] = fixed[c];
    }

    NewtonFit run(int max_iterations) {
        value_ = likelihood_.log_likelihood(fit_.coefficients);
        fit_.log_likelihood = fit_.log_likelihood_start = value_;
        if (!std::isfinite(value_)) {
            fit_.state = FitState::not_finite;
            return fit_;
        }
        for (;;) {
            const double decrement = prepare_step();
            if (!std::isfinite(decrement)) return fit_;
            watch_variances();
            if (fit_.state == FitState::monotone) return fit_;
            if (decrement < block_settled) {
                fit_.state = FitState::converged;
                return fit_;
            }
            if (fit_.iterations == max_iterations || !advance()) return fit_;
        }
    }

private:
    // Covariance, and the step; returns its squared length in standard errors.
    double prepare_step() {
        likelihood_.derivatives(score_, information_);
        const bool first = fit_.iterations == 0;
        const auto out = aliased_cholesky(information_, columns_,
                                          first ? block_alias_tolerance : singular_tolerance,
                                          factor_, left_out_);
        if (first) {
            for (std::size_t c = 0; c < columns_; ++c)
                if (out[c] != 0 && left_out_[c] == 0) fit_.aliased[c] = 1;
            left_out_ = out;
        } else if (out != left_out_) {
            fit_.state = FitState::monotone; // an information that vanished on the way
            for (std::size_t c = 0; c < columns_; ++c)
                fit_.endless[c] = out[c] != left_out_[c] ? 1 : 0;
            return 0;
        }
        fit_.covariance = inverse_of(factor_, columns_, left_out_);
        step_.assign(columns_, 0.0);
        double decrement = 0;
        for (std::size_t a = 0; a < columns_; ++a) {
            for (std::size_t b = 0; b < columns_; ++b)
                step_[a] += fit_.covariance[a * columns_ + b] * score_[b];
            decrement += left_out_[a] != 0 ? 0 : step_[a] * score_[a];
        }
        if (first) fit_.score_chi_square = decrement;
        return decrement;
    }

    void watch_variances() {
        for (std::size_t c = 0; c < columns_; ++c) {
            const double variance = fit_.covariance[c * columns_ + c];
            if (fit_.iterations == 0) first_variance_.push_back(variance);
            if (variance <= block_monotone_growth * first_variance_[c]) continue;
            fit_.endless[c] = 1;
            fit_.state = FitState::monotone;
        }
    }

    bool advance() {
        ++fit_.iterations;
        const double allowed = 1e-11 * (1 + std::fabs(value_)); // rounding of the likelihood
        std::vector<double> next(columns_);
        double scale = 1;
        for (int halving = 0; halving <= block_halvings_max; ++halving, scale *= 0.5) {
            for (std::size_t c = 0; c < columns_; ++c)
                next[c] = fit_.coefficients[c] + scale * step_[c];
            const double value = likelihood_.log_likelihood(next);
            if (!(value >= value_ - allowed)) continue;
            value_ = fit_.log_likelihood = value;
            fit_.coefficients = next;
            return true;
        }
        return false;
    }

    Likelihood& likelihood_;
    std::size_t columns_;
    std::vector<double> score_, information_, factor_, step_, first_variance_;
    std::vector<std::uint8_t> left_out_;
    double value_ = 0;
    NewtonFit fit_;
};

} // namespace

NewtonFit fit_newton(Likelihood& likelihood, std::span<const std::uint8_t> fixed,
                     int max_iterations) {
    return Newton(likelihood, fixed).run(max_iterations);
}

} // namespace salus
