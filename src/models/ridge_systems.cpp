#include "models/ridge_systems.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace salus {
namespace {

constexpr double tolerance = 1e-8;
constexpr std::size_t ridge_steps_max = 200;
constexpr std::size_t ridge_lanes = vector_lanes;
using Lane = std::array<double, ridge_lanes>;

/// Conjugate gradients for up to eight systems with one matrix, lane by lane.
class Lanes {
public:
    Lanes(const SquareMatrix& matrix, std::size_t count)
        : matrix_(matrix), count_(count), x_(matrix.n * ridge_lanes), r_(x_), z_(x_), p_(x_),
          ap_(x_), work_(matrix.stride) {}

    void start(std::size_t lane, std::span<const double> b, double penalty,
               const FloatCholesky& factor) {
        penalty_[lane] = penalty;
        factor_[lane] = &factor;
        for (std::size_t i = 0; i < b.size(); ++i)
            r_[i * ridge_lanes + lane] = b[i];
        norm_[lane] = std::sqrt(dot(r_, r_, lane));
        open_[lane] = norm_[lane] > 0;
    }
    /// Returns the number of iterations.
    std::size_t run() {
        Lane rz{};
        std::size_t iteration = 0;
        for (; iteration < ridge_steps_max &&
               std::find(open_.begin(), open_.end(), true) != open_.end();
             ++iteration) {
            for (std::size_t lane = 0; lane < count_; ++lane) {
                if (!open_[lane]) continue;
                precondition(lane);
                const double next = dot(r_, z_, lane);
                const double beta = iteration == 0 ? 0 : next / rz[lane];
                rz[lane] = next;
                for (std::size_t k = lane; k < p_.size(); k += ridge_lanes)
                    p_[k] = z_[k] + beta * p_[k];
            }
            multiply_vectors(
                {.data = matrix_.data.data(), .n = matrix_.n, .stride = matrix_.stride}, p_.data(),
                ap_.data());
            for (std::size_t lane = 0; lane < count_; ++lane)
                if (open_[lane]) advance(lane, rz[lane]);
        }
        return iteration;
    }
    bool is_open(std::size_t lane) const noexcept { return open_[lane]; }
    std::vector<double> solution(std::size_t lane) const {
        std::vector<double> x(matrix_.n);
        for (std::size_t i = 0; i < x.size(); ++i)
            x[i] = x_[i * ridge_lanes + lane];
        return x;
    }

private:
    static double dot(const std::vector<double>& a, const std::vector<double>& b,
                      std::size_t lane) noexcept {
        double sum = 0;
        for (std::size_t k = lane; k < a.size(); k += ridge_lanes)
            sum += a[k] * b[k];
        return sum;
    }
    void precondition(std::size_t lane) {
        const double scale = 1 / std::sqrt(dot(r_, r_, lane));
        for (std::size_t i = 0; i < matrix_.n; ++i)
            work_[i] = static_cast<float>(r_[i * ridge_lanes + lane] * scale);
        std::fill(work_.begin() + static_cast<std::ptrdiff_t>(matrix_.n), work_.end(), 0.0F);
        factor_[lane]->solve(work_.data());
        for (std::size_t i = 0; i < matrix_.n; ++i)
            z_[i * ridge_lanes + lane] = static_cast<double>(work_[i]) / scale;
    }
    void advance(std::size_t lane, double rz) {
        double curvature = 0;
        for (std::size_t k = lane; k < p_.size(); k += ridge_lanes) {
            ap_[k] += penalty_[lane] * p_[k];
            curvature += p_[k] * ap_[k];
        }
        const double step = rz / curvature;
        for (std::size_t k = lane; k < p_.size(); k += ridge_lanes) {
            x_[k] += step * p_[k];
            r_[k] -= step * ap_[k];
        }
        open_[lane] = !(std::sqrt(dot(r_, r_, lane)) <= tolerance * norm_[lane]);
    }

    const SquareMatrix& matrix_;
    std::size_t count_;
    std::vector<double> x_, r_, z_, p_, ap_; // [row][lane]
    std::vector<float> work_;
    Lane penalty_{}, norm_{};
    std::array<bool, ridge_lanes> open_{};
    std::array<const FloatCholesky*, ridge_lanes> factor_{};
};

} // namespace

RidgeSystems::RidgeSystems(const SquareMatrix& near, std::span<const double> penalties)
    : penalties_(penalties.begin(), penalties.end()), factors_(penalties.size()) {
    for (std::size_t l = 0; l < penalties.size(); ++l)
        factors_[l].factor(near, penalties[l]);
}

RidgeSolutions RidgeSystems::solve(const SquareMatrix& matrix,
                                   std::span<const std::vector<double>> right_hand_sides) const {
    const std::size_t all = right_hand_sides.size() * penalties_.size();
    RidgeSolutions solutions{.values = std::vector<std::vector<double>>(all)};
    for (std::size_t first = 0; first < all; first += ridge_lanes) {
        const std::size_t count = std::min(ridge_lanes, all - first);
        Lanes systems(matrix, count);
        for (std::size_t k = 0; k < count; ++k) {
            const std::size_t penalty = (first + k) % penalties_.size();
            systems.start(k, right_hand_sides[(first + k) / penalties_.size()], penalties_[penalty],
                          factors_[penalty]);
        }
        solutions.iterations = std::max(solutions.iterations, systems.run());
        for (std::size_t k = 0; k < count; ++k) {
            solutions.values[first + k] = systems.solution(k);
            solutions.converged = solutions.converged && !systems.is_open(k);
        }
    }
    return solutions;
}

} // namespace salus
