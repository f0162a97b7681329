#include "models/family_saddlepoint.hpp"

#include "base/random.hpp"
#include "models/family_factor.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace salus {

struct FamilySaddlepoint::Score {
    const FamilyScoreProblem& problem;
    std::span<const double> given;
    double rest_variance = 0;

    Cumulants at(double t) const noexcept {
        Cumulants sum{
            .k = 0.5 * t * t * rest_variance, .first = t * rest_variance, .second = rest_variance};
        std::size_t begin = 0;
        for (const CarrierFamily& family : problem.families) {
            if (family.end == begin + 1 || !(family.correlation > 0)) {
                for (std::size_t i = begin; i < family.end; ++i)
                    add(conditional(problem.probability, i, i + 1, t), i, i + 1, t, sum);
            } else {
                add(shared(begin, family.end, t), begin, family.end, t, sum);
            }
            begin = family.end;
        }
        return sum;
    }

private:
    // Cumulants of sum slope y of carriers [begin, end) with these probabilities, independent.
    Cumulants conditional(std::span<const double> probability, std::size_t begin, std::size_t end,
                          double t) const noexcept {
        Cumulants sum;
        for (std::size_t i = begin; i < end; ++i) {
            const double slope = problem.slope[i], p = probability[i];
            const double more = p * std::expm1(std::clamp(slope * t, -700.0, 700.0));
            const double tilted = (p + more) / (1 + more);
            sum.k += std::log1p(more);
            sum.first += slope * tilted;
            sum.second += slope * slope * tilted * (1 - tilted);
        }
        return sum;
    }

    // The same of outcomes that share a part of their liability.
    Cumulants shared(std::size_t begin, std::size_t end, double t) const noexcept {
        std::array<Cumulants, FamilyFactor::nodes> at_node;
        double largest = -HUGE_VAL;
        for (std::size_t k = 0; k < at_node.size(); ++k) {
            at_node[k] = conditional(given.subspan(k * problem.slope.size()), begin, end, t);
            largest = std::max(largest, at_node[k].k);
        }
        double total = 0, first = 0, second = 0;
        for (std::size_t k = 0; k < at_node.size(); ++k) {
            const double w = FamilyFactor::weight(k) * std::exp(at_node[k].k - largest);
            total += w;
            first += w * at_node[k].first;
            second += w * (at_node[k].second + at_node[k].first * at_node[k].first);
        }
        first /= total;
        return {.k = largest + std::log(total),
                .first = first,
                .second = second / total - first * first};
    }

    void add(const Cumulants& of, std::size_t begin, std::size_t end, double t,
             Cumulants& sum) const noexcept {
        double mean = 0;
        for (std::size_t i = begin; i < end; ++i)
            mean += problem.slope[i] * problem.probability[i];
        sum.k += of.k - t * mean;
        sum.first += of.first - mean;
        sum.second += of.second;
    }
};

SaddlepointTest FamilySaddlepoint::test(const FamilyScoreProblem& problem) {
    const std::size_t count = problem.slope.size();
    given_.resize(FamilyFactor::nodes * count);
    std::size_t begin = 0;
    for (const CarrierFamily& family : problem.families) {
        for (std::size_t i = begin; i < family.end && family.correlation > 0; ++i) {
            const double quantile = normal_quantile(problem.probability[i]);
            for (std::size_t k = 0; k < FamilyFactor::nodes; ++k)
                given_[k * count + i] = FamilyFactor::probability(quantile, family.correlation, k);
        }
        begin = family.end;
    }
    Score score{.problem = problem, .given = given_};
    const double own = score.at(0).second;
    score.rest_variance = std::max(0.0, problem.variance - own);
    return saddlepoint_tails(score, problem.score, std::max(own, problem.variance));
}

} // namespace salus
