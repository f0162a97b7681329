#include "models/conjugate_gradients.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

constexpr int most_restarts = 4;

double dot_in_lanes(std::span<const double> a, std::span<const double> b) noexcept {
    double lane[4] = {0, 0, 0, 0};
    std::size_t i = 0;
    for (; i + 4 <= a.size(); i += 4)
        for (std::size_t k = 0; k < 4; ++k)
            lane[k] += a[i + k] * b[i + k];
    for (; i < a.size(); ++i)
        lane[0] += a[i] * b[i];
    return (lane[0] + lane[1]) + (lane[2] + lane[3]);
}

/// y += factor x.
void add(std::span<double> y, double factor, std::span<const double> x) noexcept {
    for (std::size_t i = 0; i < y.size(); ++i)
        y[i] += factor * x[i];
}

class Solver {
public:
    Solver(const SharedSystems& systems, std::span<const std::vector<double>> b, double tolerance,
           int iterations_max)
        : systems_(systems), b_(b), tolerance_(tolerance), most_(iterations_max) {
        for (const auto& right : b) {
            const double norm = std::sqrt(dot_in_lanes(right, right));
            norm_.push_back(norm);
            out_.x.emplace_back(right.size(), 0.0);
            out_.residual.push_back(norm > 0 ? 1 : 0);
            out_.iterations.push_back(0);
            out_.converged.push_back(norm > 0 ? 0 : 1);
        }
        r_.assign(b.begin(), b.end());
        p_.resize(b.size());
        rz_.assign(b.size(), 0.0);
        stuck_.assign(b.size(), 0);
    }
    SharedSolution run() {
        for (int restart = 0; restart <= most_restarts; ++restart) {
            auto active = open();
            if (active.empty()) break;
            for (const std::size_t s : active)
                direct(s, 0);
            while (!active.empty())
                active = step(active);
            judge();
        }
        return std::move(out_);
    }

private:
    /// Systems that are not solved and may go on.
    std::vector<std::size_t> open() const {
        std::vector<std::size_t> out;
        for (std::size_t s = 0; s < b_.size(); ++s)
            if (out_.converged[s] == 0 && stuck_[s] == 0 && out_.iterations[s] < most_)
                out.push_back(s);
        return out;
    }
    /// Next direction: preconditioned residual, conjugate to the last unless that has no weight.
    void direct(std::size_t s, double last) {
        auto z = systems_.precondition ? systems_.precondition(s, r_[s]) : r_[s];
        rz_[s] = dot_in_lanes(r_[s], z);
        if (last > 0) add(z, rz_[s] / last, p_[s]);
        p_[s] = std::move(z);
    }
    std::vector<std::size_t> step(const std::vector<std::size_t>& active) {
        std::vector<std::vector<double>> p;
        for (const std::size_t s : active)
            p.push_back(p_[s]);
        const auto image = systems_.products(active, p);
        ++out_.passes;
        std::vector<std::size_t> next;
        for (std::size_t k = 0; k < active.size(); ++k) {
            const std::size_t s = active[k];
            const double curvature = dot_in_lanes(p_[s], image[k]);
            if (!(curvature > 0) || !std::isfinite(curvature)) {
                stuck_[s] = 1;
                continue;
            }
            const double length = rz_[s] / curvature;
            add(out_.x[s], length, p_[s]);
            add(r_[s], -length, image[k]);
            ++out_.iterations[s];
            if (std::sqrt(dot_in_lanes(r_[s], r_[s])) <= 0.5 * tolerance_ * norm_[s] ||
                out_.iterations[s] >= most_)
                continue;
            direct(s, rz_[s]);
            next.push_back(s);
        }
        return next;
    }
    /// Residuals anew.
    void judge() {
        std::vector<std::size_t> which;
        std::vector<std::vector<double>> x;
        for (std::size_t s = 0; s < b_.size(); ++s)
            if (out_.converged[s] == 0) {
                which.push_back(s);
                x.push_back(out_.x[s]);
            }
        const auto image = systems_.products(which, x);
        ++out_.passes;
        for (std::size_t k = 0; k < which.size(); ++k) {
            const std::size_t s = which[k];
            for (std::size_t i = 0; i < r_[s].size(); ++i)
                r_[s][i] = b_[s][i] - image[k][i];
            out_.residual[s] = std::sqrt(dot_in_lanes(r_[s], r_[s])) / norm_[s];
            out_.converged[s] = out_.residual[s] <= tolerance_ ? 1 : 0;
        }
    }

    const SharedSystems& systems_;
    std::span<const std::vector<double>> b_;
    double tolerance_;
    int most_;
    SharedSolution out_;
    std::vector<double> norm_, rz_;
    std::vector<std::vector<double>> r_, p_;
    std::vector<std::uint8_t> stuck_;
};

} // namespace

SharedSolution solve_together(const SharedSystems& systems,
                              std::span<const std::vector<double>> right_hand_sides,
                              double tolerance, int iterations_max) {
    return Solver(systems, right_hand_sides, tolerance, iterations_max).run();
}

std::vector<double> SpectralPreconditioner::apply(std::span<const double> r, double ridge) const {
    const double rest = values.empty() ? ridge : values.back() + ridge;
    std::vector<double> out(r.begin(), r.end());
    for (double& value : out)
        value /= rest;
    for (std::size_t k = 0; k < vectors.size(); ++k)
        add(out, (1 / (values[k] + ridge) - 1 / rest) * dot_in_lanes(vectors[k], r), vectors[k]);
    return out;
}

} // namespace salus
