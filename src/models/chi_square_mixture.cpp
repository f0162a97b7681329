#include "models/chi_square_mixture.hpp"

#include "base/error.hpp"
#include "base/numbers.hpp"
#include "models/tails.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

namespace salus {
namespace {

using Complex = std::complex<double>;

constexpr double smallest_weight = 1e-12; // relative
constexpr double first_step = 0.3;        // of the trapezoid rule
constexpr double sum_settled = 3e-6;      // relative change of a sum that is done
constexpr double negligible_term = 1e-16; // terms of the sum, relative to the first

// Divides by the square root of the product of 1 - rate moved. Each has an argument in (-pi, 0];
// where the product passes -pi, which shows as a positive imaginary part, the root changes its
// sign. Few enough rates do not overflow.
constexpr std::size_t terms_at_once = 16;
void divide_by_root(Complex moved, std::span<const double> rates, Complex& value) {
    double re = 1, im = 0, sign = 1;
    for (const double rate : rates) {
        const double a = 1 - rate * moved.real(), b = -rate * moved.imag();
        const double next_re = re * a - im * b, next_im = re * b + im * a;
        if (im <= 0 && next_im > 0) sign = -sign;
        re = next_re;
        im = next_im;
    }
    const double size = std::sqrt(re * re + im * im);
    const double half = std::sqrt(0.5 * (size + std::fabs(re)));
    const double other = half > 0 ? 0.5 * std::fabs(im) / half : 0;
    const double real = re >= 0 ? half : other;
    const double imaginary = std::copysign(re >= 0 ? other : half, im);
    const double scale = sign / size;
    value = Complex(scale * (value.real() * real + value.imag() * imaginary),
                    scale * (value.imag() * real - value.real() * imaginary));
}

} // namespace

// The curve s(t) = c + width (bend (cosh t - 1) + i sinh t), for weights relative to the largest:
// the branch cut begins at s = 1/2. A hyperbola, as it keeps its distance to the cut far out.
struct ChiSquareMixture::Curve {
    double c = 0, width = 0, bend = 0;
    double log_factor = 0;     // K(c) - c x - log c
    std::vector<double> rates; // 2 w / (1 - 2 w c) of each weight

    struct Sums {
        double tail = 0, density = 0;
    };
    void add_terms(double x, double first, double step, Sums& sums) const;
};

ChiSquareMixture::ChiSquareMixture(std::span<const double> weights) {
    for (const double weight : weights)
        scale_ = std::max(scale_, weight);
    for (const double weight : weights) {
        if (!(weight > smallest_weight * scale_)) continue;
        weights_.push_back(weight / scale_);
        mean_ += weight;
        variance_ += 2 * weight * weight;
    }
}

// The saddle point is that of exp(K(s) - s x) / s, pole included; it is sought as distance d to the
// branch point, where digits would be lost in c. Its place need not be exact.
ChiSquareMixture::Curve ChiSquareMixture::curve_at(double x) const {
    double low = 0, high = 0.5, d = 0.25;
    for (int round = 0; round < 40; ++round) {
        double first = 0, second = 0;
        for (const double w : weights_) {
            const double ratio = w / (1 - w + 2 * w * d);
            first += ratio;
            second += 2 * ratio * ratio;
        }
        const double c = 0.5 - d, excess = first - x - 1 / c;
        (excess > 0 ? low : high) = d;
        const double newton = d + excess / (second + 1 / (c * c));
        const double next = newton > low && newton < high ? newton : 0.5 * (low + high);
        const bool done = std::fabs(next - d) < 1e-3 * std::min(next, 0.5 - next);
        d = next;
        if (done) break;
    }
    Curve curve;
    curve.c = 0.5 - d;
    const double c = curve.c;
    double second = 1 / (c * c), third = -2 / (c * c * c);
    double squares = 0, fourths = 0, log_sum = 0;
    curve.rates.reserve(weights_.size());
    for (const double w : weights_) {
        const double rest = 1 - w + 2 * w * d, rate = 2 * w / rest;
        curve.rates.push_back(rate);
        second += 0.5 * rate * rate;
        third += rate * rate * rate;
        squares += rate * rate;
        fourths += rate * rate * rate * rate;
        log_sum += std::log(rest);
    }
    curve.width = 1 / std::sqrt(second);
    // Few weights decay sooner where the curve bends; many act like a normal density, which would
    // grow there.
    const double heavy_tails = std::clamp(10 * fourths / (squares * squares), 0.2, 0.8);
    curve.bend = std::max(third * curve.width / (3 * second), heavy_tails);
    curve.log_factor = -0.5 * log_sum - c * x - std::log(c);
    return curve;
}

// Adds the integrand at first, first + step ... to the sums, until nothing is left of it.
void ChiSquareMixture::Curve::add_terms(double x, double first, double step, Sums& sums) const {
    for (double t = first; t < 60; t += step) {
        const double sine = std::sinh(t), half_sine = std::sinh(0.5 * t);
        const Complex moved = width * Complex(2 * bend * half_sine * half_sine, sine);
        Complex value = std::exp(-x * moved);
        for (std::size_t k = 0; k < rates.size(); k += terms_at_once)
            divide_by_root(moved,
                           std::span(rates).subspan(k, std::min(terms_at_once, rates.size() - k)),
                           value);
        value *= Complex(bend * sine, 1 + 2 * half_sine * half_sine);
        const Complex with_pole = value * (c / (c + moved));
        const double weight = t == 0 ? 0.5 : 1;
        sums.tail += weight * with_pole.imag();
        sums.density += weight * value.imag();
        if (std::abs(value) < negligible_term) break;
    }
}

// The trapezoid rule with half the step until it settles; its error is then about the square of the
// last change.
ChiSquareMixture::Point ChiSquareMixture::evaluate(double q) const {
    if (!(q > 0)) return {0, -infinity};
    if (weights_.empty()) return {-infinity, -infinity};
    const double x = q / scale_;
    const Curve curve = curve_at(x);
    Curve::Sums sums;
    double step = first_step;
    curve.add_terms(x, 0, step, sums);
    for (int halvings = 0; halvings < 6; ++halvings) {
        const double before = sums.tail;
        curve.add_terms(x, 0.5 * step, step, sums);
        step *= 0.5;
        if (std::fabs(0.5 * sums.tail - before) < sum_settled * before) break;
    }
    const double common = curve.log_factor + std::log(curve.width * step / std::numbers::pi);
    return {.log_tail = std::min(0.0, common + std::log(sums.tail)),
            .log_density = common + std::log(curve.c * sums.density / scale_)};
}

double ChiSquareMixture::neg_log10_p(double q) const {
    if (weights_.size() == 1) return chi_square_neg_log10_p(std::max(0.0, q) / scale_);
    return -log_tail(q) / std::numbers::ln10;
}

double ChiSquareMixture::quantile(double target, double start) const {
    SALUS_ASSERT(!weights_.empty());
    double low = 0, high = infinity;
    double q = start > 0 ? start : mean_ + std::sqrt(variance_);
    for (int round = 0; round < 200; ++round) {
        const Point point = evaluate(q);
        const double excess = point.log_tail - target;
        (excess > 0 ? low : high) = q;
        const double slope = std::exp(point.log_density - point.log_tail);
        double next = q + excess / slope;
        if (!(next > low && next < high)) next = std::isinf(high) ? 2 * q : 0.5 * (low + high);
        const bool done = std::fabs(next - q) <= 1e-11 * q;
        q = next;
        if (done) break;
    }
    return q;
}

double ChiSquareMixture::matched_quantile(double log_tail) const {
    SALUS_ASSERT(!weights_.empty());
    double squares = 0, cubes = 0, fourths = 0;
    for (const double w : weights_) {
        squares += w * w;
        cubes += w * w * w;
        fourths += w * w * w * w;
    }
    const double skew = cubes / std::pow(squares, 1.5), heavy = fourths / (squares * squares);
    double freedom = 1 / heavy;
    if (skew * skew > heavy) {
        const double a = 1 / (skew - std::sqrt(skew * skew - heavy));
        freedom = a * a - 2 * (skew * a * a * a - a * a);
    }
    const double q = chi_square_quantile(log_tail, freedom);
    return (q - freedom) / std::sqrt(2 * freedom) * std::sqrt(variance_) + mean_;
}

MixtureTable::MixtureTable(const ChiSquareMixture& mixture, double largest) {
    add(mixture, 0, std::sqrt(std::max(largest, 0.0)), 0);
}

void MixtureTable::add(const ChiSquareMixture& mixture, double first, double last, int depth) {
    Panel panel{.first = first, .last = last, .coefficients = {}};
    double values[degree];
    for (int k = 0; k < degree; ++k) {
        const double u = std::cos(std::numbers::pi * (k + 0.5) / degree);
        const double root = 0.5 * (first + last) + 0.5 * (last - first) * u;
        values[k] = mixture.log_tail(root * root);
    }
    double largest = 1;
    for (int j = 0; j < degree; ++j) {
        double sum = 0;
        for (int k = 0; k < degree; ++k)
            sum += values[k] * std::cos(std::numbers::pi * j * (k + 0.5) / degree);
        panel.coefficients[j] = sum * (j == 0 ? 1.0 : 2.0) / degree;
        largest = std::max(largest, std::fabs(values[j]));
    }
    const double rest =
        std::fabs(panel.coefficients[degree - 1]) + std::fabs(panel.coefficients[degree - 2]);
    if (rest < 1e-7 || depth == 12 || !(rest > 1e-14 * largest)) {
        panels_.push_back(panel);
        return;
    }
    const double middle = 0.5 * (first + last);
    add(mixture, first, middle, depth + 1);
    add(mixture, middle, last, depth + 1);
}

double MixtureTable::log_tail(double q) const noexcept {
    if (!(q > 0)) return 0;
    const double root = std::sqrt(q);
    const auto at =
        std::lower_bound(panels_.begin(), panels_.end() - 1, root,
                         [](const Panel& panel, double value) { return panel.last < value; });
    const double u = (2 * root - at->first - at->last) / (at->last - at->first);
    double one = 0, two = 0; // Clenshaw
    for (int j = degree - 1; j > 0; --j) {
        const double next = 2 * u * one - two + at->coefficients[j];
        two = one;
        one = next;
    }
    return std::min(0.0, u * one - two + at->coefficients[0]);
}

} // namespace salus
