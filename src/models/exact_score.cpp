#include "models/exact_score.hpp"

#include "base/random.hpp"
#include "models/family_factor.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

constexpr double lattice_tie =
    1e-9; // of the distance from the expectation, in units of the lattice

} // namespace

void ExactScore::Counts::reset(std::size_t columns) {
    stride_ = columns + 2;
    cells_.assign(stride_, 0.0);
    cells_[0] = 1;
}

void ExactScore::Counts::add(std::size_t steps, double probability, const double* z) {
    const std::size_t columns = stride_ - 2, old = size();
    cells_.resize(cells_.size() + steps * stride_, 0.0);
    double square = 0;
    for (std::size_t c = 0; c < columns; ++c)
        square += z[c] * z[c];
    const double other = 1 - probability;
    for (std::size_t t = old + steps; t-- > 0;) {
        double* const to = cells_.data() + t * stride_;
        for (std::size_t c = 0; c < stride_; ++c)
            to[c] *= other;
        if (t < steps) continue;
        const double* const from = to - steps * stride_;
        double along = 0;
        for (std::size_t c = 0; c < columns; ++c) {
            along += z[c] * from[c + 2];
            to[c + 2] += probability * (from[c + 2] + z[c] * from[0]);
        }
        to[0] += probability * from[0];
        to[1] += probability * (from[1] + 2 * along + square * from[0]);
    }
}

void ExactScore::Counts::add_scaled(const Counts& other, double factor) {
    stride_ = other.stride_;
    cells_.resize(other.cells_.size(), 0.0);
    for (std::size_t c = 0; c < cells_.size(); ++c)
        cells_[c] += factor * other.cells_[c];
}

void ExactScore::Counts::convolve(const Counts& other) {
    const std::size_t columns = stride_ - 2, a = size(), b = other.size();
    next_.assign((a + b - 1) * stride_, 0.0);
    for (std::size_t i = 0; i < a; ++i) {
        const double* const x = at(i);
        for (std::size_t j = 0; j < b; ++j) {
            const double* const y = other.at(j);
            double* const to = next_.data() + (i + j) * stride_;
            double along = 0;
            for (std::size_t c = 2; c < columns + 2; ++c) {
                along += x[c] * y[c];
                to[c] += x[c] * y[0] + x[0] * y[c];
            }
            to[0] += x[0] * y[0];
            to[1] += x[1] * y[0] + 2 * along + x[0] * y[1];
        }
    }
    cells_.swap(next_);
}

// z = L^-1 x with LL' = I - sum w x x', the information of the others in the coordinates of the
// design. False if the carriers are nearly all the information in some direction.
bool ExactScore::condition(const ExactScoreProblem& problem) {
    const std::size_t count = problem.columns;
    z_.assign(problem.design.begin(), problem.design.end());
    factor_.assign(count * count, 0.0);
    for (std::size_t a = 0; a < count; ++a)
        factor_[a * count + a] = 1;
    for (std::size_t i = 0; i < problem.fitted.size(); ++i) {
        const double w = problem.fitted[i] * (1 - problem.fitted[i]);
        const double* const x = problem.design.data() + i * count;
        for (std::size_t a = 0; a < count; ++a)
            for (std::size_t b = 0; b <= a; ++b)
                factor_[a * count + b] -= w * x[a] * x[b];
    }
    for (std::size_t a = 0; a < count; ++a) {
        for (std::size_t b = 0; b <= a; ++b) {
            double sum = factor_[a * count + b];
            for (std::size_t c = 0; c < b; ++c)
                sum -= factor_[a * count + c] * factor_[b * count + c];
            if (a == b && !(sum > 0.1)) return false;
            factor_[a * count + b] = a == b ? std::sqrt(sum) : sum / factor_[b * count + b];
        }
    }
    centre_.assign(count, 0.0);
    for (std::size_t i = 0; i < problem.fitted.size(); ++i) {
        double* const z = z_.data() + i * count;
        for (std::size_t a = 0; a < count; ++a) {
            for (std::size_t b = 0; b < a; ++b)
                z[a] -= factor_[a * count + b] * z[b];
            z[a] /= factor_[a * count + a];
            centre_[a] += problem.fitted[i] * z[a];
        }
    }
    return true;
}

void ExactScore::add_family(const ExactScoreProblem& problem, std::size_t begin,
                            const CarrierFamily& family) {
    const std::size_t count = problem.columns;
    if (family.end == begin + 1 || !(family.correlation > 0)) {
        for (std::size_t i = begin; i < family.end; ++i)
            total_.add(problem.steps[i], problem.probability[i], z_.data() + i * count);
        return;
    }
    for (std::size_t k = 0; k < FamilyFactor::nodes; ++k) {
        at_node_.reset(count);
        for (std::size_t i = begin; i < family.end; ++i)
            at_node_.add(problem.steps[i],
                         FamilyFactor::probability(normal_quantile(problem.probability[i]),
                                                   family.correlation, k),
                         z_.data() + i * count);
        if (k == 0) family_ = Counts();
        family_.add_scaled(at_node_, FamilyFactor::weight(k));
    }
    total_.convolve(family_);
}

// Probability of T = t but for a factor.
double ExactScore::weight(const ExactScoreProblem& problem, std::size_t t) const noexcept {
    const double* const cell = total_.at(t);
    if (!(cell[0] > 0) || problem.columns == 0) return cell[0];
    double square = cell[1];
    for (std::size_t c = 0; c < problem.columns; ++c)
        square += centre_[c] * (centre_[c] * cell[0] - 2 * cell[c + 2]);
    return cell[0] * std::exp(-0.5 * square / cell[0]);
}

ExactScoreTest ExactScore::test(const ExactScoreProblem& problem) {
    if (problem.steps.empty() || !condition(problem)) return {};
    total_.reset(problem.columns);
    std::size_t begin = 0;
    double expected = 0;
    for (const CarrierFamily& family : problem.families) {
        add_family(problem, begin, family);
        begin = family.end;
    }
    for (std::size_t i = 0; i < problem.steps.size(); ++i)
        expected += problem.steps[i] * problem.fitted[i];
    const double distance = std::fabs(static_cast<double>(problem.observed) - expected);
    double all = 0, beyond = 0, equal = 0;
    for (std::size_t t = 0; t < total_.size(); ++t) {
        const double mass = weight(problem, t);
        const double excess = std::fabs(static_cast<double>(t) - expected) - distance;
        all += mass;
        if (excess > lattice_tie) beyond += mass;
        if (std::fabs(excess) <= lattice_tie) equal += mass;
    }
    const double p = (beyond + equal) / all, mid = (beyond + 0.5 * equal) / all;
    if (!(mid > 0)) return {};
    return {.neg_log10_p = std::max(0.0, -std::log10(p)),
            .neg_log10_mid_p = std::max(0.0, -std::log10(mid)),
            .usable = true};
}

} // namespace salus
