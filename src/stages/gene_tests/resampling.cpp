#include "stages/gene_tests/resampling.hpp"

#include "base/numbers.hpp"
#include "models/tails.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace salus::gene_tests {
namespace {

constexpr double tie = 1e-7;        // relative difference of equal statistics
constexpr double tilt_below = 0.03; // p, above which the null distribution itself is drawn from

double compared(double value, double observed) {
    const double margin = tie * std::fabs(observed);
    return value > observed + margin ? 1 : value >= observed - margin ? 0.5 : 0;
}

// What a test with this p adds to a Cauchy combination of weight 1.
double cauchy_term(double neg_log10_p) {
    if (neg_log10_p > 9) return std::pow(10.0, std::min(neg_log10_p, 300.0)) / std::numbers::pi;
    return 1 / std::tan(std::numbers::pi * std::min(0.999, std::pow(10.0, -neg_log10_p)));
}

// Cauchy terms of one element by its score, made when they are first asked for: one for each copy
// among cases, between which they are interpolated for dosages.
class TermTable {
public:
    TermTable(const TraitScores& trait, const Element& element, double lowest)
        : trait_(trait), element_(element), lowest_(lowest / element.weight) {}
    double at(double weighted_score) {
        const double place =
            std::clamp(weighted_score / element_.weight - lowest_, 0.0, static_cast<double>(most));
        const double below = std::floor(place + 1e-6);
        const double rest = place - below;
        const auto k = static_cast<std::size_t>(below);
        return rest < 1e-6 ? node(k) : (1 - rest) * node(k) + rest * node(k + 1);
    }

private:
    static constexpr std::size_t most = 1000;
    double node(std::size_t k) {
        while (nodes_.size() <= k)
            nodes_.push_back(nan);
        if (std::isnan(nodes_[k])) {
            Score score = *element_.score;
            score.score = lowest_ + static_cast<double>(k);
            nodes_[k] = cauchy_term(trait_.saddlepoint(*element_.column, score));
        }
        return nodes_[k];
    }
    const TraitScores& trait_;
    const Element& element_;
    double lowest_;
    std::vector<double> nodes_;
};

class Statistics {
public:
    Statistics(const ObservedSet& set, std::span<const double> observed,
               std::span<const double> lowest)
        : set_(set) {
        for (const double s : observed)
            squares_ += s * s;
        for (const auto& single : set.terms.singles)
            tables_.emplace_back(set.trait, set.elements[single.element], lowest[single.element]);
        if (has_terms()) cauchy_ = combined(observed);
    }
    bool has_terms() const { return !set_.terms.singles.empty() || set_.terms.rare_variance > 0; }
    /// SKAT, SKAT-O, ACAT-V; those not asked for as SKAT.
    void operator()(std::span<const double> scores, std::span<double> exceeds) {
        double squares = 0, burden = 0;
        for (const double s : scores) {
            squares += s * s;
            burden += s;
        }
        exceeds[0] = exceeds[1] = exceeds[2] = compared(squares, squares_);
        if (!set_.tests.mixtures.empty()) {
            exceeds[1] = 0;
            for (const auto& [rho, quantile] : set_.tests.mixtures)
                exceeds[1] = std::max(
                    exceeds[1], compared((1 - rho) * squares + rho * burden * burden, quantile));
        }
        if (has_terms()) exceeds[2] = compared(combined(scores), cauchy_);
    }

private:
    double combined(std::span<const double> scores) {
        const CauchyTerms& terms = set_.terms;
        double sum = 0;
        for (std::size_t k = 0; k < tables_.size(); ++k)
            sum += terms.singles[k].weight * tables_[k].at(scores[terms.singles[k].element]);
        if (!(terms.rare_variance > 0)) return sum;
        double burden = 0;
        for (const std::size_t e : terms.rare)
            burden += scores[e];
        return sum + terms.rare_weight *
                         cauchy_term(chi_square_neg_log10_p(burden * burden / terms.rare_variance));
    }
    const ObservedSet& set_;
    std::vector<TermTable> tables_;
    double squares_ = 0, cauchy_ = 0;
};

CarrierProblem problem_of(const ObservedSet& set) {
    CarrierProblem problem{.outcome = set.trait.trait().survival ? CarrierProblem::Outcome::count
                                                                 : CarrierProblem::Outcome::binary,
                           .elements = set.elements.size()};
    for (const std::uint32_t sample : set.people) {
        const CarrierOutcome outcome = set.trait.outcome(sample);
        problem.mean.push_back(outcome.mean);
        problem.observed.push_back(outcome.observed);
        problem.covariates = outcome.standardised.size();
        problem.standardised.insert(problem.standardised.end(), outcome.standardised.begin(),
                                    outcome.standardised.end());
    }
    std::vector<std::size_t> next; // [element] position in its column
    for (const Element& element : set.elements)
        problem.score.push_back(element.weight * element.score->score);
    next.assign(set.elements.size(), 0);
    for (const std::uint32_t sample : set.people) {
        problem.from.push_back(problem.element.size());
        for (std::size_t e = 0; e < set.elements.size(); ++e) {
            const SparseColumn& column = *set.elements[e].column;
            while (next[e] < column.size() && column.sample[next[e]] < sample)
                ++next[e];
            if (next[e] == column.size() || column.sample[next[e]] != sample) continue;
            problem.element.push_back(static_cast<std::uint32_t>(e));
            problem.copies.push_back(set.elements[e].weight * column.value[next[e]]);
        }
    }
    problem.from.push_back(problem.element.size());
    return problem;
}

// Scores if no carrier had the outcome.
std::vector<double> lowest_scores(const CarrierProblem& problem) {
    std::vector<double> lowest = problem.score;
    for (std::size_t i = 0; i < problem.mean.size(); ++i)
        for (std::size_t k = problem.from[i]; k < problem.from[i + 1]; ++k)
            lowest[problem.element[k]] -= problem.copies[k] * problem.observed[i];
    return lowest;
}

// Each element alone, the burden, and what was observed; towards fewer cases where that is far
// enough.
std::vector<ScoreDirection> directions_of(const ObservedSet& set, std::span<const double> observed,
                                          std::span<const double> lowest) {
    const std::size_t m = observed.size();
    double squares = 0, trace = 0, sum_lowest = 0;
    for (std::size_t e = 0; e < m; ++e) {
        squares += observed[e] * observed[e];
        trace += set.covariance[e * m + e];
        sum_lowest += lowest[e];
    }
    std::vector<ScoreDirection> directions;
    const auto add = [&](std::vector<double> coefficient, double target, double least) {
        if (!(target > 0)) return;
        directions.push_back({coefficient, target});
        if (-least < 0.8 * target) return;
        for (double& value : coefficient)
            value = -value;
        directions.push_back({std::move(coefficient), target});
    };
    for (std::size_t e = 0; e < m && m <= 64; ++e) {
        std::vector<double> alone(m);
        alone[e] = 1;
        const double others = trace - set.covariance[e * m + e];
        add(std::move(alone), std::sqrt(std::max(squares - others, 0.25 * squares)), lowest[e]);
    }
    const double burden = set.tests.mixtures.empty()
                              ? std::sqrt(squares)
                              : std::sqrt(set.tests.mixtures.back().quantile);
    add(std::vector<double>(m, 1.0), burden, sum_lowest);
    directions.push_back({{observed.begin(), observed.end()}, squares});
    return directions;
}

} // namespace

double expected_cases(const TraitScores& trait, std::span<const std::uint32_t> people) {
    double cases = 0;
    for (const std::uint32_t sample : people) {
        const double mean = trait.expected(sample);
        cases += trait.trait().survival ? mean : std::min(mean, 1 - mean);
    }
    return cases;
}

ResampledSet resample(const ObservedSet& set, const Rng& random, std::uint64_t draws_max) {
    const CarrierProblem problem = problem_of(set);
    const auto lowest = lowest_scores(problem);
    std::vector<ScoreDirection> directions;
    if (set.least_p < tilt_below) directions = directions_of(set, problem.score, lowest);
    Statistics statistics(set, problem.score, lowest);
    const ResampledTails tails =
        CarrierResampler(problem).tails(random, directions, std::ref(statistics), 3,
                                        {.draws_max = std::max<std::uint64_t>(1024, draws_max)});
    ResampledSet result{.method = tails.method, .skat = nan, .skat_o = nan, .acat_v = nan};
    if (result.method == ResampledTails::Method::none) return result;
    const auto neg_log10 = [&](double p) {
        // What was not seen in all draws is no rarer than the tests say, nor than one draw in all.
        if (!(p > 0)) p = std::max(set.least_p, 1 / static_cast<double>(tails.draws));
        return -std::log10(std::min(1.0, p));
    };
    result.skat = neg_log10(tails.p[0]);
    if (!std::isnan(set.tests.skat_o)) result.skat_o = neg_log10(tails.p[1]);
    if (statistics.has_terms()) result.acat_v = neg_log10(tails.p[2]);
    return result;
}

} // namespace salus::gene_tests
