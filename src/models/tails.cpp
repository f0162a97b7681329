#include "models/tails.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

namespace salus {
namespace {

constexpr double inv_sqrt_pi = std::numbers::inv_sqrtpi;
constexpr double log_pi = 1.1447298858494001741;
constexpr double epsilon = std::numeric_limits<double>::epsilon();

// exp(x^2) erfc(x) for x >= 0; from 5 on by the continued fraction DLMF 7.9.3, evaluated backwards.
double scaled_erfc(double x) noexcept {
    if (x < 5) return std::exp(x * x) * std::erfc(x);
    const int terms = x > 50 ? 10 : 60;
    double tail = x;
    for (int n = terms; n > 0; --n)
        tail = x + 0.5 * n / tail;
    return inv_sqrt_pi / tail;
}

// log Gamma(a + 1/2) - log Gamma(a), a > 0, without the cancellation of two large logarithms.
double log_gamma_half_step(double a) noexcept {
    if (a < 20) return std::lgamma(a + 0.5) - std::lgamma(a);
    const double r = 1 / (a * a);
    const double series =
        -1.0 / 8 + r * (1.0 / 192 + r * (-1.0 / 640 + r * (17.0 / 14336 + r * (-31.0 / 18432))));
    return 0.5 * std::log(a) + series / a;
}

// Continued fraction of the incomplete beta function for x < (a+1)/(a+b+2), modified Lentz.
double beta_fraction(double a, double b, double x) noexcept {
    constexpr double tiny = 1e-300;
    const auto guard = [](double value) { return std::fabs(value) < tiny ? tiny : value; };
    double c = 1, d = 1 / guard(1 - (a + b) * x / (a + 1)), value = d;
    for (int m = 1; m <= 10000; ++m) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 / guard(1 + even * d);
        c = guard(1 + even / c);
        value *= d * c;
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / guard(1 + odd * d);
        c = guard(1 + odd / c);
        const double step = d * c;
        value *= step;
        if (std::fabs(step - 1) < epsilon) break;
    }
    return value;
}

// log I_x(a, 1/2) for large a, as a series around the incomplete gamma function (BGRAT with b =
// 1/2, whose leading term is erfc). `log_x` = log x <= 0.
double log_beta_large_a(double a, double log_x) noexcept {
    constexpr double b = 0.5;
    const double nu = a + 0.5 * (b - 1), z = -nu * log_x, root = std::sqrt(z);
    const double log_scale =
        -z + 0.5 * std::log(z) - 0.5 * log_pi + log_gamma_half_step(a) - b * std::log(nu);
    const double v = 0.25 / (nu * nu), t2 = 0.25 * log_x * log_x;
    double j = scaled_erfc(root) * std::sqrt(std::numbers::pi) / root;
    double sum = j, t = 1, cn = 1;
    std::array<double, 31> c{}, d{};
    for (std::size_t n = 1; n <= 30; ++n) {
        const auto real = static_cast<double>(n);
        const double bp = b + 2 * (real - 1);
        j = (bp * (bp + 1) * j + (z + bp + 1) * t) * v;
        t *= t2;
        cn /= 2 * real * (2 * real + 1);
        c[n] = cn;
        double s = 0;
        for (std::size_t i = 1; i < n; ++i) {
            s += (b * static_cast<double>(i) - real) * c[i] * d[n - i];
        }
        d[n] = (b - 1) * cn + s / real;
        sum += d[n] * j;
        if (std::fabs(d[n] * j) <= epsilon * sum) break;
    }
    return log_scale + std::log(sum);
}

double to_neg_log10(double log_p) noexcept { return std::max(0.0, -log_p) * std::numbers::log10e; }

} // namespace

double normal_neg_log10_p(double z) noexcept {
    if (std::isnan(z)) return z;
    const double x = std::fabs(z) * (0.5 * std::numbers::sqrt2);
    if (x < 0.5) return to_neg_log10(std::log1p(-std::erf(x)));
    if (x < 5) return to_neg_log10(std::log(std::erfc(x)));
    return to_neg_log10(std::log(scaled_erfc(x)) - x * x);
}

double student_t_neg_log10_p(double t, double df) noexcept {
    if (std::isnan(t) || !(df > 0)) return std::numeric_limits<double>::quiet_NaN();
    const double ratio = t * (t / df);
    if (ratio == 0) return 0;
    const double a = 0.5 * df, b = 0.5;
    // For |t| near 1e154 and more the square overflows; log1p(t^2/df) is then 2 log|t| - log df.
    const double log_x =
        std::isfinite(ratio) ? -std::log1p(ratio) : std::log(df) - 2 * std::log(std::fabs(t));
    const double x = std::exp(log_x), y = ratio < 1 ? ratio / (1 + ratio) : 1 - x;
    // log of x^a y^b / B(a, b)
    const double log_front = a * log_x + b * std::log(y) + log_gamma_half_step(a) - 0.5 * log_pi;
    if (x < (a + 1) / (a + b + 2) && (a < 20 || x < 0.3)) {
        return to_neg_log10(log_front + std::log(beta_fraction(a, b, x) / a));
    }
    if (a < 20) return to_neg_log10(std::log1p(-std::exp(log_front) * beta_fraction(b, a, y) / b));
    return to_neg_log10(log_beta_large_a(a, log_x));
}

double chi_square_neg_log10_p(double x) noexcept { return normal_neg_log10_p(std::sqrt(x)); }

double chi_square_from_neg_log10_p(double neg_log10_p) noexcept {
    if (!(neg_log10_p > 0)) return neg_log10_p == 0 ? 0 : neg_log10_p;
    // Newton on z: d/dz of -log p is sqrt(2/pi) exp(-z^2/2) / p = 2 / (sqrt(2 pi) erfcx(z/sqrt 2)).
    const double target = neg_log10_p * std::numbers::ln10;
    double z = neg_log10_p < 0.3 ? 1.0 : std::sqrt(2 * target);
    for (int step = 0; step < 60; ++step) {
        const double value = normal_neg_log10_p(z) * std::numbers::ln10;
        const double slope =
            std::sqrt(2.0) * inv_sqrt_pi / scaled_erfc(z * (0.5 * std::numbers::sqrt2));
        const double next = std::max(z - (value - target) / slope, 0.1 * z);
        const bool done = std::fabs(next - z) <= 1e-14 * next;
        z = next;
        if (done) break;
    }
    return z * z;
}

double chi_square_log_tail(double x, double df) noexcept {
    if (!(x > 0)) return 0;
    const double a = 0.5 * df, h = 0.5 * x;
    const double log_scale = a * std::log(h) - h - std::lgamma(a);
    if (h < a + 1) { // series of the lower tail
        double term = 1 / a, sum = term;
        for (int n = 1; n < 100000 && term > epsilon * sum; ++n) {
            term *= h / (a + n);
            sum += term;
        }
        return std::log1p(-std::min(1.0, sum * std::exp(log_scale)));
    }
    constexpr double tiny = 1e-300;
    double b = h + 1 - a, c = 1 / tiny, d = 1 / b, value = d;
    for (int n = 1; n < 100000; ++n) { // modified Lentz
        const double factor = -n * (n - a);
        b += 2;
        d = factor * d + b;
        d = 1 / (std::fabs(d) < tiny ? tiny : d);
        c = b + factor / c;
        if (std::fabs(c) < tiny) c = tiny;
        value *= d * c;
        if (std::fabs(d * c - 1) < epsilon) break;
    }
    return log_scale + std::log(value);
}

double chi_square_quantile(double log_tail, double df) noexcept {
    const double a = 0.5 * df;
    double low = 0, high = std::numeric_limits<double>::infinity(), x = df;
    for (int round = 0; round < 200; ++round) {
        const double tail = chi_square_log_tail(x, df), excess = tail - log_tail;
        (excess > 0 ? low : high) = x;
        const double log_density = (a - 1) * std::log(0.5 * x) - 0.5 * x - std::lgamma(a);
        double next = x + 2 * excess * std::exp(tail - log_density);
        if (!(next > low && next < high)) next = std::isinf(high) ? 2 * x : 0.5 * (low + high);
        const bool done = std::fabs(next - x) <= 1e-12 * x;
        x = next;
        if (done) break;
    }
    return x;
}

} // namespace salus
