#include "models/susie.hpp"

#include "models/brent.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace salus {
namespace {

using Vector = Eigen::VectorXd;
using Columns = Eigen::MatrixXd;
using Square =
    Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

constexpr double no_effect = 1e-9; // prior variances below count as none
constexpr double log_variance_low = -30, log_variance_high = 15; // where they are looked for
constexpr double search_tolerance = 0x1p-26;

// Regression of what the other effects leave of the trait on one variant, whichever it is.
class SingleEffect {
public:
    /// \param products  column' rest; every column has the sum of squares `length`
    SingleEffect(const Vector& products, double length, double residual_variance,
                 const Vector& prior)
        : products_(products), length_(length), residual_variance_(residual_variance),
          prior_(prior) {}

    /// Log Bayes factor against no effect, averaged over the variants.
    double evidence(double variance) {
        factors(variance);
        const double most = factors_.maxCoeff();
        return most + std::log(((factors_.array() - most).exp() * prior_.array()).sum());
    }
    /// The prior variance with the most evidence; 0 if none is better.
    double best_variance(double current) {
        const double found = std::exp(
            brent_minimum([&](double log_variance) { return -evidence(std::exp(log_variance)); },
                          log_variance_low, log_variance_high, search_tolerance));
        const double chosen = -evidence(found) > -evidence(current) ? current : found;
        return evidence(chosen) > 0 ? chosen : 0;
    }
    /// Chances of the variants to be the one.
    Vector chances(double variance) {
        factors(variance);
        Vector weights = ((factors_.array() - factors_.maxCoeff()).exp() * prior_.array()).matrix();
        return weights / weights.sum();
    }
    double posterior_variance(double variance) const {
        return variance > 0 ? 1 / (1 / variance + length_ / residual_variance_) : 0;
    }

private:
    void factors(double variance) {
        // log N(b; 0, V + s2) - log N(b; 0, s2) with b = products / length, s2 = its variance
        const double s2 = residual_variance_ / length_;
        const double constant = 0.5 * std::log(s2 / (variance + s2));
        const double slope = 0.5 * (1 / s2 - 1 / (variance + s2)) / (length_ * length_);
        factors_ = (products_.array().square() * slope + constant).matrix();
    }
    const Vector& products_;
    double length_, residual_variance_;
    const Vector& prior_;
    Vector factors_;
};

// One column per single effect.
struct State {
    Columns chance, mean, fitted; // alpha, mu, X'X (alpha mu)
    std::vector<double> variance, second_moment, evidence, divergence;
    Vector fitted_sum;
};

class Fitter {
public:
    Fitter(const SusieData& data, const SusieRule& rule)
        : rule_(rule), samples_(data.samples), length_(data.samples - 1), yy_(data.yy),
          correlation_(data.correlation.data(), size(data), size(data)),
          products_(Eigen::Map<const Vector>(data.products.data(), size(data))) {
        prior_ = data.prior.empty()
                     ? Vector::Ones(size(data))
                     : Vector(Eigen::Map<const Vector>(data.prior.data(), size(data)));
        prior_ /= prior_.sum();
        const auto effects =
            static_cast<Eigen::Index>(std::min(rule.effects, data.products.size()));
        residual_variance_ = yy_ / length_;
        state_.chance = prior_.replicate(1, effects);
        state_.mean = state_.fitted = Columns::Zero(size(data), effects);
        const auto count = static_cast<std::size_t>(effects);
        state_.variance.assign(count, rule.scaled_prior_variance * residual_variance_);
        state_.second_moment = state_.evidence = state_.divergence =
            std::vector<double>(count, 0.0);
        state_.fitted_sum = Vector::Zero(size(data));
    }
    SusieFit run();

private:
    static Eigen::Index size(const SusieData& data) {
        return static_cast<Eigen::Index>(data.products.size());
    }
    void update(std::size_t effect);
    double residual_squares() const;
    double bound() const;
    std::vector<CredibleSet> credible_sets() const;
    void measure_purity(CredibleSet& set) const;

    const SusieRule& rule_;
    double samples_, length_, yy_;
    Square correlation_;
    Vector products_, prior_;
    double residual_variance_ = 0;
    State state_;
};

void Fitter::update(std::size_t effect) {
    const auto l = static_cast<Eigen::Index>(effect);
    state_.fitted_sum -= state_.fitted.col(l);
    const Vector rest = products_ - state_.fitted_sum;
    SingleEffect regression(rest, length_, residual_variance_, prior_);
    const double variance = regression.best_variance(state_.variance[effect]);
    state_.variance[effect] = variance;
    state_.evidence[effect] = regression.evidence(variance);
    state_.chance.col(l) = regression.chances(variance);
    const double spread = regression.posterior_variance(variance);
    state_.mean.col(l) = rest * (spread / residual_variance_);
    const Vector expected = state_.chance.col(l).cwiseProduct(state_.mean.col(l));
    state_.second_moment[effect] =
        expected.dot(state_.mean.col(l)) + spread * state_.chance.col(l).sum();
    if (variance > 0)
        state_.fitted.col(l).noalias() = length_ * (correlation_ * expected);
    else
        state_.fitted.col(l).setZero();
    const double likelihood = -0.5 / residual_variance_ *
                              (length_ * state_.second_moment[effect] - 2 * expected.dot(rest));
    state_.divergence[effect] = likelihood - state_.evidence[effect];
    state_.fitted_sum += state_.fitted.col(l);
}

// Expected sum of squares of what is not explained.
double Fitter::residual_squares() const {
    const Columns expected = state_.chance.cwiseProduct(state_.mean);
    const Vector total = expected.rowwise().sum();
    double squares = yy_ - 2 * total.dot(products_) + total.dot(state_.fitted_sum);
    for (Eigen::Index l = 0; l < expected.cols(); ++l)
        squares += length_ * state_.second_moment[static_cast<std::size_t>(l)] -
                   expected.col(l).dot(state_.fitted.col(l));
    return squares;
}

double Fitter::bound() const {
    double sum = -0.5 * samples_ * std::log(2 * std::numbers::pi * residual_variance_) -
                 0.5 / residual_variance_ * residual_squares();
    for (const double divergence : state_.divergence)
        sum -= divergence;
    return sum;
}

void Fitter::measure_purity(CredibleSet& set) const {
    double sum = 0;
    std::size_t pairs = 0;
    for (std::size_t a = 0; a < set.variants.size(); ++a)
        for (std::size_t b = a + 1; b < set.variants.size(); ++b, ++pairs) {
            const double r = std::fabs(correlation_(static_cast<Eigen::Index>(set.variants[a]),
                                                    static_cast<Eigen::Index>(set.variants[b])));
            set.purity = std::min(set.purity, r);
            sum += r;
        }
    if (pairs > 0) set.mean_correlation = sum / static_cast<double>(pairs);
}

std::vector<CredibleSet> Fitter::credible_sets() const {
    std::vector<CredibleSet> sets;
    std::vector<std::size_t> order(static_cast<std::size_t>(products_.size()));
    for (std::size_t l = 0; l < state_.variance.size(); ++l) {
        if (!(state_.variance[l] > no_effect)) continue;
        const auto chance = state_.chance.col(static_cast<Eigen::Index>(l));
        const auto at = [&](std::size_t v) { return chance(static_cast<Eigen::Index>(v)); };
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return at(a) > at(b); });
        CredibleSet set;
        set.effect = l;
        set.lead = order[0];
        set.log_bayes_factor = state_.evidence[l];
        for (const std::size_t v : order) {
            set.variants.push_back(v);
            set.coverage += at(v);
            if (set.coverage >= rule_.coverage) break;
        }
        std::sort(set.variants.begin(), set.variants.end());
        const bool known = std::any_of(sets.begin(), sets.end(), [&](const CredibleSet& other) {
            return other.variants == set.variants;
        });
        if (known) continue;
        measure_purity(set);
        sets.push_back(std::move(set));
    }
    std::erase_if(sets, [&](const CredibleSet& set) { return set.purity < rule_.purity_min; });
    std::stable_sort(sets.begin(), sets.end(), [](const CredibleSet& a, const CredibleSet& b) {
        return a.purity > b.purity;
    });
    return sets;
}

SusieFit Fitter::run() {
    SusieFit fit;
    double before = -std::numeric_limits<double>::infinity();
    while (fit.iterations < rule_.max_iterations && !fit.converged) {
        ++fit.iterations;
        for (std::size_t l = 0; l < state_.variance.size(); ++l)
            update(l);
        fit.elbo = bound();
        fit.converged = fit.elbo - before < rule_.tolerance;
        before = fit.elbo;
        if (!fit.converged && rule_.residual_variance == ResidualVariance::estimated)
            residual_variance_ = std::max(residual_squares() / samples_, 1e-12 * yy_ / length_);
    }
    Vector none = Vector::Ones(products_.size());
    Vector effect = Vector::Zero(products_.size());
    for (std::size_t l = 0; l < state_.variance.size(); ++l) {
        const auto column = static_cast<Eigen::Index>(l);
        effect += state_.chance.col(column).cwiseProduct(state_.mean.col(column));
        if (state_.variance[l] > no_effect) none.array() *= 1 - state_.chance.col(column).array();
    }
    for (Eigen::Index v = 0; v < none.size(); ++v)
        fit.pip.push_back(1 - none(v));
    fit.effect.assign(effect.data(), effect.data() + effect.size());
    fit.sets = credible_sets();
    fit.prior_variance = state_.variance;
    fit.residual_variance = residual_variance_;
    return fit;
}

} // namespace

std::vector<double> products_of_z(std::span<const double> z, double samples) {
    std::vector<double> products;
    for (const double value : z) {
        const double shrink = std::sqrt((samples - 1) / (value * value + samples - 2));
        products.push_back(std::sqrt(samples - 1) * shrink * value);
    }
    return products;
}

SusieFit fit_susie(const SusieData& data, const SusieRule& rule) {
    if (data.products.empty() || !(data.yy > 0) || !(data.samples > 1)) return {};
    return Fitter(data, rule).run();
}

} // namespace salus
