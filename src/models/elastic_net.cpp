#include "models/elastic_net.hpp"

#include "models/vectors.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

constexpr int net_steps_max = 200, net_sweeps_max = 10000, net_halvings_max = 40;

/// One path.
class Net {
public:
    Net(Likelihood& likelihood, double n, const ElasticNet& net)
        : likelihood_(likelihood), net_(net), n_(n), columns_(likelihood.columns()),
          factor_(net.factor), b_(columns_, 0.0), score_(columns_), hessian_(columns_ * columns_) {
        if (factor_.empty()) factor_.assign(columns_, 1.0);
    }

    NetPath run() {
        NetPath path;
        evaluate(b_);
        solve(1e300); // unpenalised columns alone
        path.log_likelihood_null = value_;
        path.lambda = net_.grid.empty() ? lambdas() : net_.grid;
        for (const double lambda : path.lambda) {
            path.violation.push_back(solve(lambda));
            path.coefficients.push_back(b_);
            path.log_likelihood.push_back(value_);
            path.settled = path.settled && path.violation.back() <= 1e-7 * lambda;
        }
        return path;
    }

private:
    void evaluate(std::span<const double> b) {
        value_ = likelihood_.log_likelihood(b);
        fresh_ = false;
    }
    void derive() {
        if (fresh_) return;
        likelihood_.derivatives(score_, hessian_);
        for (double& s : score_)
            s /= n_;
        for (double& h : hessian_)
            h /= n_;
        fresh_ = true;
    }

    bool bounded(std::size_t c) const {
        return !net_.nonnegative.empty() && net_.nonnegative[c] != 0;
    }
    /// How hard a gradient pulls a coefficient away from 0.
    double push(std::size_t c, double gradient) const {
        return bounded(c) ? std::max(gradient, 0.0) : std::fabs(gradient);
    }

    std::vector<double> lambdas() {
        derive();
        double largest = 0;
        for (std::size_t c = 0; c < columns_; ++c)
            if (factor_[c] > 0)
                largest = std::max(largest, push(c, score_[c]) / (factor_[c] * net_.alpha));
        std::vector<double> out;
        const auto last = static_cast<double>(std::max<std::size_t>(net_.lambdas, 2) - 1);
        for (std::size_t k = 0; k < std::max<std::size_t>(net_.lambdas, 2); ++k)
            out.push_back(largest * std::pow(net_.smallest, static_cast<double>(k) / last));
        return out;
    }

    double objective(std::span<const double> b, double lambda) const {
        double penalty = 0;
        for (std::size_t c = 0; c < columns_; ++c)
            if (b[c] != 0)
                penalty += factor_[c] *
                           (net_.alpha * std::fabs(b[c]) + (1 - net_.alpha) * b[c] * b[c] / 2);
        return -value_ / n_ + (penalty == 0 ? 0 : lambda * penalty);
    }

    // Largest breach of the optimality conditions; needs derivatives at b_.
    double violation(double lambda) const {
        double worst = 0;
        for (std::size_t c = 0; c < columns_; ++c) {
            if (!(hessian_[c * columns_ + c] > 0)) continue; // a column that does not vary
            const double l1 = lambda * factor_[c] * net_.alpha;
            const double l2 = factor_[c] > 0 ? lambda * factor_[c] * (1 - net_.alpha) : 0;
            const double g = score_[c] - (b_[c] == 0 ? 0 : l2 * b_[c]);
            worst = std::max(worst, b_[c] == 0 ? push(c, g) - l1
                                               : std::fabs(g - std::copysign(l1, b_[c])));
        }
        return worst;
    }

    // Minimum of the quadratic at b_ plus penalty.
    std::vector<double> descend(double lambda) const {
        std::vector<double> b = b_, gradient(score_);
        for (int sweep = 0; sweep < net_sweeps_max; ++sweep) {
            double moved = 0;
            for (std::size_t c = 0; c < columns_; ++c) {
                const double h = hessian_[c * columns_ + c];
                if (!(h > 0)) continue;
                const double l1 = factor_[c] > 0 ? lambda * factor_[c] * net_.alpha : 0;
                const double l2 = factor_[c] > 0 ? lambda * factor_[c] * (1 - net_.alpha) : 0;
                double next = soft_threshold(gradient[c] + h * b[c], l1) / (h + l2);
                if (bounded(c)) next = std::max(next, 0.0);
                const double change = next - b[c];
                if (change == 0) continue;
                b[c] = next;
                for (std::size_t k = 0; k < columns_; ++k)
                    gradient[k] -= hessian_[k * columns_ + c] * change;
                moved = std::max(moved, h * change * change);
            }
            if (moved < 1e-22) break;
        }
        return b;
    }

    double solve(double lambda) {
        for (int step = 0;; ++step) {
            derive();
            const double worst = violation(lambda);
            if (worst <= 1e-10 * std::min(lambda, 1.0) || step == net_steps_max) return worst;
            const auto target = descend(lambda);
            const double before = objective(b_, lambda);
            const auto old = b_;
            double scale = 1;
            int halving = 0;
            for (; halving <= net_halvings_max; ++halving, scale *= 0.5) {
                for (std::size_t c = 0; c < columns_; ++c)
                    b_[c] = scale == 1 ? target[c] : old[c] + scale * (target[c] - old[c]);
                evaluate(b_);
                if (objective(b_, lambda) <= before + 1e-14 * (1 + std::fabs(before))) break;
            }
            if (halving <= net_halvings_max && b_ != old) continue;
            b_ = old; // no better point in double precision
            evaluate(b_);
            derive();
            return worst;
        }
    }

    Likelihood& likelihood_;
    const ElasticNet& net_;
    double n_;
    std::size_t columns_;
    std::vector<double> factor_, b_, score_, hessian_;
    double value_ = 0;
    bool fresh_ = false;
};

} // namespace

NetPath elastic_net_path(Likelihood& likelihood, double n, const ElasticNet& net) {
    return Net(likelihood, n, net).run();
}

} // namespace salus
