#include "models/chain_diagnostics.hpp"

#include "base/numbers.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>

namespace salus {
namespace {

double mean_of(std::span<const double> x) {
    return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}

double autocovariance(std::span<const double> x, double mean, std::size_t lag) {
    double sum = 0;
    for (std::size_t i = lag; i < x.size(); ++i)
        sum += (x[i] - mean) * (x[i - lag] - mean);
    return sum / static_cast<double>(x.size());
}

} // namespace

ChainAgreement chain_agreement(std::span<const std::vector<double>> chains) {
    if (chains.empty() || chains.front().size() < 4) return {nan, nan};
    const std::size_t half = chains.front().size() / 2;
    std::vector<std::span<const double>> parts;
    for (const auto& chain : chains) {
        parts.push_back(std::span(chain).first(half));
        parts.push_back(std::span(chain).last(half));
    }
    std::vector<double> mean, variance;
    const auto n = static_cast<double>(half), m = static_cast<double>(parts.size());
    for (const auto part : parts) {
        mean.push_back(mean_of(part));
        variance.push_back(autocovariance(part, mean.back(), 0) * n / (n - 1));
    }
    const double within = mean_of(variance), whole = mean_of(mean);
    double between = 0;
    for (const double x : mean)
        between += n * (x - whole) * (x - whole) / (m - 1);
    if (!(within > 0)) return {nan, nan};
    const double pooled = (n - 1) / n * within + between / n;
    // rho_t = 1 - (W - mean autocovariance) / pooled; pairs of lags are added while positive.
    const auto rho = [&](std::size_t lag) {
        double sum = 0;
        for (std::size_t p = 0; p < parts.size(); ++p)
            sum += autocovariance(parts[p], mean[p], lag) * n / (n - 1);
        return 1 - (within - sum / m) / pooled;
    };
    double time = -1, before = std::numeric_limits<double>::infinity();
    for (std::size_t lag = 0; lag + 1 < half; lag += 2) {
        const double pair = std::min(before, (lag == 0 ? 1.0 : rho(lag)) + rho(lag + 1));
        if (!(pair > 0)) break;
        time += 2 * pair;
        before = pair;
    }
    return {.r_hat = std::sqrt(pooled / within),
            .effective_sample = std::min(m * n * std::log10(m * n), m * n / std::max(time, 1e-6))};
}

} // namespace salus
