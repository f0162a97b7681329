#include "models/carrier_resampling.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

using Outcome = CarrierProblem::Outcome;

constexpr double two_32 = 4294967296.0;
constexpr double null_share = 0.25;  // of the draws that are not tilted, if others are
constexpr double reachable = 0.9;    // of the largest value of a direction
constexpr double little_left = 1e-9; // information of the others, of 1
constexpr double rare_below = 0.2;   // largest mean where carriers are skipped

double variance_of(Outcome outcome, double mean) {
    return outcome == Outcome::binary ? mean * (1 - mean) : mean;
}

} // namespace

// A distribution of outcomes: the null one times exp(rate x direction), standardised.
struct CarrierResampler::Tilt {
    std::vector<double> coefficient; // [element]; empty: not tilted
    double rate = 0;
    double log_norm = 0;                  // log of the mean of exp(rate x direction)
    double share = 1;                     // of the draws
    std::vector<double> mean;             // [carrier]
    std::vector<std::uint32_t> threshold; // [carrier] of 32 random bits, for at least one
    // Binary outcomes that are rare: cases are sought among carriers drawn with the largest mean.
    double per_log = 0; // 1 / log(1 - largest mean); 0: all carriers are gone through
    double largest = 0;
    void seek_rare(CarrierProblem::Outcome outcome);
};

void CarrierResampler::Tilt::seek_rare(CarrierProblem::Outcome outcome) {
    for (const double value : mean)
        largest = std::max(largest, value);
    const bool rare = outcome == CarrierProblem::Outcome::binary && largest < rare_below;
    if (rare) per_log = 1 / std::log1p(-largest);
}

struct CarrierResampler::Draw {
    std::vector<double> scores, shift;
};

struct CarrierResampler::Sums {
    double weight = 0, weight_squares = 0;
    std::vector<double> hits, hit_squares, hit_weights; // [statistic] w e, (w e)^2, w^2 e
};

CarrierResampler::CarrierResampler(const CarrierProblem& problem)
    : problem_(problem), base_(problem.score) {
    SALUS_ASSERT(problem.from.size() == problem.mean.size() + 1);
    usable_ = condition_on_covariates();
    for (std::size_t i = 0; i < problem.mean.size(); ++i)
        for (std::size_t k = problem.from[i]; k < problem.from[i + 1]; ++k)
            base_[problem.element[k]] -= problem.copies[k] * problem.observed[i];
}

// The factor of the others' information turns a change of X'y into standard deviations.
bool CarrierResampler::condition_on_covariates() {
    const std::size_t c = problem_.covariates, n = problem_.mean.size();
    std::vector<double> left(c * c);
    for (std::size_t a = 0; a < c; ++a)
        left[a * c + a] = 1;
    for (std::size_t i = 0; i < n; ++i) {
        const double variance = variance_of(problem_.outcome, problem_.mean[i]);
        const double* const x = problem_.standardised.data() + i * c;
        for (std::size_t a = 0; a < c; ++a)
            for (std::size_t b = 0; b <= a; ++b)
                left[a * c + b] -= variance * x[a] * x[b];
    }
    for (std::size_t a = 0; a < c; ++a) {
        for (std::size_t b = 0; b <= a; ++b) {
            double sum = left[a * c + b];
            for (std::size_t k = 0; k < b; ++k)
                sum -= left[a * c + k] * left[b * c + k];
            if (a == b && !(sum > little_left)) return false;
            left[a * c + b] = a == b ? std::sqrt(sum) : sum / left[b * c + b];
        }
    }
    conditioned_.resize(n * c);
    base_shift_.assign(c, 0.0);
    for (std::size_t i = 0; i < n; ++i) {
        double* const z = conditioned_.data() + i * c;
        for (std::size_t a = 0; a < c; ++a) {
            double sum = problem_.standardised[i * c + a];
            for (std::size_t b = 0; b < a; ++b)
                sum -= left[a * c + b] * z[b];
            z[a] = sum / left[a * c + a];
            base_shift_[a] -= z[a] * problem_.mean[i];
        }
    }
    return true;
}

CarrierResampler::Tilt CarrierResampler::untilted() const {
    Tilt tilt{.coefficient = {}, .mean = problem_.mean, .threshold = {}};
    for (const double mean : tilt.mean) {
        const double some = problem_.outcome == Outcome::binary ? mean : -std::expm1(-mean);
        tilt.threshold.push_back(
            static_cast<std::uint32_t>(std::min(two_32 - 1, std::round(some * two_32))));
    }
    tilt.seek_rare(problem_.outcome);
    return tilt;
}

// The rate at which the mean is the target, by halving: the mean grows with the rate.
CarrierResampler::Tilt CarrierResampler::tilt_towards(const ScoreDirection& direction) const {
    const std::size_t n = problem_.mean.size();
    const bool binary = problem_.outcome == Outcome::binary;
    std::vector<double> value(n);
    double start = 0, most = 0, largest = 0; // of the direction
    for (std::size_t e = 0; e < problem_.elements; ++e)
        start += direction.coefficient[e] * base_[e];
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = problem_.from[i]; k < problem_.from[i + 1]; ++k)
            value[i] += direction.coefficient[problem_.element[k]] * problem_.copies[k];
        most += std::max(0.0, value[i]);
        largest = std::max(largest, std::fabs(value[i]));
    }
    const auto tilted = [&](std::size_t i, double rate) {
        const double mean = problem_.mean[i], grown = mean * std::exp(rate * value[i]);
        return binary ? grown / (1 - mean + grown) : grown;
    };
    const double target =
        binary ? std::min(direction.target - start, reachable * most) : direction.target - start;
    double low = 0, high = largest > 0 ? 12 / largest : 0;
    for (int step = 0; step < 40; ++step) {
        const double middle = 0.5 * (low + high);
        double mean = 0;
        for (std::size_t i = 0; i < n; ++i)
            mean += value[i] * tilted(i, middle);
        (mean < target ? low : high) = middle;
    }
    Tilt tilt = untilted();
    tilt.coefficient = direction.coefficient;
    tilt.rate = low;
    for (std::size_t i = 0; i < n; ++i) {
        const double mean = problem_.mean[i], grown = std::expm1(tilt.rate * value[i]) * mean;
        tilt.log_norm += binary ? std::log1p(grown) : grown;
        tilt.mean[i] = tilted(i, tilt.rate);
        const double some = binary ? tilt.mean[i] : -std::expm1(-tilt.mean[i]);
        tilt.threshold[i] =
            static_cast<std::uint32_t>(std::min(two_32 - 1, std::round(some * two_32)));
    }
    tilt.per_log = tilt.largest = 0;
    tilt.seek_rare(problem_.outcome);
    return tilt;
}

void CarrierResampler::start(Draw& out) const {
    out.scores = base_;
    out.shift = base_shift_;
}

void CarrierResampler::add_outcome(std::size_t carrier, double count, Draw& out) const {
    for (std::size_t k = problem_.from[carrier]; k < problem_.from[carrier + 1]; ++k)
        out.scores[problem_.element[k]] += count * problem_.copies[k];
    const double* const z = conditioned_.data() + carrier * problem_.covariates;
    for (std::size_t a = 0; a < problem_.covariates; ++a)
        out.shift[a] += count * z[a];
}

// The gaps between candidates are geometric; each is a case with its mean over the largest one.
void CarrierResampler::draw_rare(const Tilt& tilt, Rng& random, Draw& out) const {
    const auto n = static_cast<double>(tilt.mean.size());
    for (double place = 0;; ++place) {
        place += std::floor(std::log((random.next32() + 0.5) / two_32) * tilt.per_log);
        if (!(place < n)) return;
        const auto carrier = static_cast<std::size_t>(place);
        if (random.next32() * tilt.largest < tilt.mean[carrier] * two_32)
            add_outcome(carrier, 1, out);
    }
}

void CarrierResampler::draw(const Tilt& tilt, Rng& random, Draw& out) const {
    start(out);
    if (tilt.per_log < 0) return draw_rare(tilt, random, out);
    for (std::size_t i = 0; i < tilt.threshold.size(); ++i) {
        const std::uint32_t bits = random.next32();
        if (bits >= tilt.threshold[i]) continue;
        double count = 1;
        if (problem_.outcome == Outcome::count) { // the Poisson number above this quantile
            double term = std::exp(-tilt.mean[i]) * tilt.mean[i];
            double above = -std::expm1(-tilt.mean[i]) - term;
            for (; count < 100 && (bits + 0.5) / two_32 < above; ++count) {
                term *= tilt.mean[i] / (count + 1);
                above -= term;
            }
        }
        add_outcome(i, count, out);
    }
}

double CarrierResampler::conditional_weight(const Draw& draw) const {
    double squares = 0;
    for (const double value : draw.shift)
        squares += value * value;
    return std::exp(-0.5 * squares);
}

// Null density over that of all draws together.
double CarrierResampler::mixture_weight(std::span<const Tilt> tilts, const Draw& draw) const {
    if (tilts.size() == 1) return 1;
    double density = 0;
    for (const Tilt& tilt : tilts) {
        double direction = 0;
        for (std::size_t e = 0; e < tilt.coefficient.size(); ++e)
            if (tilt.coefficient[e] != 0)
                direction += tilt.coefficient[e] * (draw.scores[e] - base_[e]);
        density += tilt.share * std::exp(tilt.rate * direction - tilt.log_norm);
    }
    return 1 / density;
}

ResampledTails CarrierResampler::enumerate(const Exceedance& exceeds,
                                           std::size_t statistics) const {
    const std::size_t n = problem_.mean.size();
    ResampledTails result{.method = ResampledTails::Method::exact,
                          .p = std::vector<double>(statistics),
                          .standard_error = std::vector<double>(statistics),
                          .draws = std::uint64_t{1} << n};
    std::vector<double> exceeding(statistics);
    double total = 0;
    Draw draw;
    for (std::uint64_t cases = 0; cases < result.draws; ++cases) {
        start(draw);
        double weight = 1;
        for (std::size_t i = 0; i < n; ++i) {
            const bool is_case = (cases >> i & 1) != 0;
            weight *= is_case ? problem_.mean[i] : 1 - problem_.mean[i];
            if (is_case) add_outcome(i, 1, draw);
        }
        weight *= conditional_weight(draw);
        exceeds(draw.scores, exceeding);
        total += weight;
        for (std::size_t s = 0; s < statistics; ++s)
            result.p[s] += weight * exceeding[s];
    }
    for (double& p : result.p)
        p /= total;
    return result;
}

ResampledTails CarrierResampler::tails(Rng random, std::span<const ScoreDirection> directions,
                                       const Exceedance& exceeds, std::size_t statistics,
                                       const Limits& limits) const {
    if (!usable_) return {};
    if (problem_.outcome == Outcome::binary && problem_.mean.size() <= limits.exact_carriers)
        return enumerate(exceeds, statistics);
    std::vector<Tilt> tilts{untilted()};
    for (const ScoreDirection& direction : directions)
        tilts.push_back(tilt_towards(direction));
    // Draw d is of the null distribution if d is a multiple of 4, else of the others in turn.
    const std::size_t others = tilts.size() - 1;
    for (std::size_t t = 0; t < tilts.size() && others > 0; ++t)
        tilts[t].share = t == 0 ? null_share : (1 - null_share) / static_cast<double>(others);
    ResampledTails result{.method = ResampledTails::Method::unresolved,
                          .p = std::vector<double>(statistics),
                          .standard_error = std::vector<double>(statistics)};
    Sums sums{.hits = std::vector<double>(statistics),
              .hit_squares = std::vector<double>(statistics),
              .hit_weights = std::vector<double>(statistics)};
    std::vector<double> exceeding(statistics);
    Draw drawn;
    std::size_t turn = 0;
    for (std::uint64_t until = std::min(limits.first_draws, limits.draws_max);;
         until = std::min(until + until / 4, limits.draws_max)) {
        for (; result.draws < until; ++result.draws) {
            const bool null = others == 0 || result.draws % 4 == 0;
            const Tilt& tilt = null ? tilts[0] : tilts[1 + turn++ % others];
            draw(tilt, random, drawn);
            const double weight = mixture_weight(tilts, drawn) * conditional_weight(drawn);
            exceeds(drawn.scores, exceeding);
            sums.weight += weight;
            sums.weight_squares += weight * weight;
            for (std::size_t s = 0; s < statistics; ++s) {
                const double hit = weight * exceeding[s];
                sums.hits[s] += hit;
                sums.hit_squares[s] += hit * hit;
                sums.hit_weights[s] += hit * weight;
            }
        }
        bool enough = true;
        for (std::size_t s = 0; s < statistics; ++s) { // of a ratio of means
            const double p = result.p[s] = sums.hits[s] / sums.weight;
            const double squares =
                sums.hit_squares[s] - 2 * p * sums.hit_weights[s] + p * p * sums.weight_squares;
            result.standard_error[s] = std::sqrt(std::max(0.0, squares)) / sums.weight;
            const double wanted = (p > 0.05 ? 3 : p > 0.001 ? 2 : 1) * limits.relative_error;
            enough = enough && p > 0 && result.standard_error[s] <= wanted * p;
        }
        if (enough) result.method = ResampledTails::Method::resampled;
        if (enough || until == limits.draws_max) return result;
    }
}

} // namespace salus
