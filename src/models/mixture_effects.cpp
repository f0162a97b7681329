#include "models/mixture_effects.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace salus {
namespace {

constexpr std::size_t mixture_lanes = vector_lanes;
constexpr int sweeps_max = 100;
constexpr double moved_max = 1e-4; // sum of squared steps in standard errors

/// Up to eight problems with one matrix, lane by lane.
class Sweeper {
public:
    explicit Sweeper(const SquareMatrix& matrix)
        : matrix_(matrix), rest_(matrix.n * mixture_lanes), mean_(matrix.n * mixture_lanes) {}

    void start(std::size_t lane, std::span<const double> right, const MixturePrior& prior) {
        prior_[lane] = prior;
        open_[lane] = true;
        for (std::size_t i = 0; i < right.size(); ++i)
            rest_[i * mixture_lanes + lane] = right[i];
    }
    void run() {
        for (int sweep = 0; sweep < sweeps_max; ++sweep) {
            moved_ = {};
            for (std::size_t j = 0; j < matrix_.n; ++j)
                visit(j);
            for (std::size_t lane = 0; lane < mixture_lanes; ++lane)
                open_[lane] = open_[lane] && moved_[lane] > moved_max;
            if (std::find(open_.begin(), open_.end(), true) == open_.end()) return;
        }
    }
    std::vector<double> means(std::size_t lane) const {
        std::vector<double> result(matrix_.n);
        for (std::size_t i = 0; i < result.size(); ++i)
            result[i] = mean_[i * mixture_lanes + lane];
        return result;
    }

private:
    /// Posterior mean of one effect, given G'(y - the others).
    static double posterior(const MixturePrior& prior, double information, double along) {
        if (!(information > 0)) return 0;
        const auto component = [&](double variance) { // mean, log of the Bayes factor against 0
            const double total = information + 1 / variance;
            return std::pair(along / total,
                             0.5 * along * along / total - 0.5 * std::log(variance * total));
        };
        const auto [large, large_log] = component(prior.large);
        const auto [small, small_log] = component(prior.small);
        const double odds =
            std::log(prior.fraction) - std::log1p(-prior.fraction) + large_log - small_log;
        const double weight = 1 / (1 + std::exp(-odds));
        return weight * large + (1 - weight) * small;
    }
    void visit(std::size_t j) {
        const double information = matrix_(j, j);
        std::array<double, mixture_lanes> step{};
        bool any = false;
        for (std::size_t lane = 0; lane < mixture_lanes; ++lane) {
            if (!open_[lane]) continue;
            double& mean = mean_[j * mixture_lanes + lane];
            const double next = posterior(prior_[lane], information,
                                          rest_[j * mixture_lanes + lane] + information * mean);
            step[lane] = next - mean;
            mean = next;
            moved_[lane] += information * step[lane] * step[lane];
            any = any || step[lane] != 0;
        }
        if (!any) return;
        const double* const column = matrix_.column(j);
        for (std::size_t i = 0; i < matrix_.n; ++i)
            for (std::size_t lane = 0; lane < mixture_lanes; ++lane)
                rest_[i * mixture_lanes + lane] -= column[i] * step[lane];
    }

    const SquareMatrix& matrix_;
    std::vector<double> rest_, mean_; // [variant][lane]: G'(y - G mean), mean
    std::array<MixturePrior, mixture_lanes> prior_{};
    std::array<bool, mixture_lanes> open_{};
    std::array<double, mixture_lanes> moved_{};
};

} // namespace

std::vector<std::vector<double>> mixture_effects(const SquareMatrix& matrix,
                                                 std::span<const std::vector<double>> right,
                                                 std::span<const MixturePrior> priors) {
    std::vector<std::vector<double>> effects(right.size() * priors.size());
    for (std::size_t first = 0; first < effects.size(); first += mixture_lanes) {
        const std::size_t count = std::min(mixture_lanes, effects.size() - first);
        Sweeper sweeper(matrix);
        for (std::size_t k = 0; k < count; ++k)
            sweeper.start(k, right[(first + k) / priors.size()],
                          priors[(first + k) % priors.size()]);
        sweeper.run();
        for (std::size_t k = 0; k < count; ++k)
            effects[first + k] = sweeper.means(k);
    }
    return effects;
}

} // namespace salus
