#include "models/contingency.hpp"

#include "models/tails.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace salus {
namespace {

constexpr double ln10 = 2.302585092994045684;
constexpr double table_tie = 1e-7;
constexpr std::uint64_t expected_min = 5;
constexpr double table_huge = 1e200;

/// log(e^a + e^b)
double log_add(double a, double b) noexcept {
    const double high = std::max(a, b), low = std::min(a, b);
    return std::isinf(low) ? high : high + std::log1p(std::exp(low - high));
}

double log_factorial(double n) noexcept { return std::lgamma(n + 1); }

double log_choose(double n, double k) noexcept {
    return log_factorial(n) - log_factorial(k) - log_factorial(n - k);
}

/// A 2 x 2 table that moves to its neighbours with the same margins.
struct Table {
    double a, b, c, d;
    /// Probability of the table with one more in the main diagonal over that of this one.
    double up() const noexcept { return b * c / ((a + 1) * (d + 1)); }
    double down() const noexcept { return a * d / ((b + 1) * (c + 1)); }
    void move(double step) noexcept { a += step, b -= step, c -= step, d += step; }
};

/// Sum of the probabilities, over that of the table, of those on one side that are at most as
/// probable.
double side(Table t, bool up) noexcept {
    double term = 1, sum = 0;
    int scale = 0;
    while (true) {
        const double factor = up ? t.up() : t.down();
        if (!(factor > 0)) return sum;
        t.move(up ? 1 : -1);
        term *= factor;
        if (term > table_huge) term /= table_huge, ++scale;
        if (scale > 0 && term < 1 / table_huge) term *= table_huge, --scale;
        if (scale > 0 || term > 1 + table_tie) continue;
        sum += term;
        if (factor < 1 && term < 1e-18 * (1 + sum)) return sum;
    }
}

} // namespace

double chi_square_neg_log10_p(double x, unsigned df) noexcept {
    if (std::isnan(x) || df == 0) return std::numeric_limits<double>::quiet_NaN();
    if (x <= 0) return 0;
    if (df == 1) return chi_square_neg_log10_p(x);
    const double half = x / 2, log_half = std::log(half);
    const bool odd = df % 2 == 1;
    double log_q = odd ? -ln10 * chi_square_neg_log10_p(x) : -half;
    // Terms half^s / Gamma(s + 1) * e^-half with s = 1/2, 3/2 ... or 1, 2 ... below df / 2.
    for (double s = odd ? 0.5 : 1.0; s < df / 2.0 - 0.25; s += 1)
        log_q = log_add(log_q, s * log_half - half - std::lgamma(s + 1));
    return std::max(0.0, -log_q / ln10);
}

double fisher_neg_log10_p(const TwoCounts& x, const TwoCounts& y) noexcept {
    const Table t{static_cast<double>(x.first), static_cast<double>(x.second),
                  static_cast<double>(y.first), static_cast<double>(y.second)};
    const double row = t.a + t.b, other = t.c + t.d, column = t.a + t.c;
    if (row == 0 || other == 0 || column == 0 || column == row + other) return 0;
    const double log_p =
        log_choose(row, t.a) + log_choose(other, t.c) - log_choose(row + other, column);
    const double total = 1 + side(t, true) + side(t, false);
    return std::max(0.0, -(log_p + std::log(total)) / ln10);
}

double same_shares_neg_log10_p(std::span<const TwoCounts> rows) noexcept {
    TwoCounts total;
    std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
    std::size_t used = 0;
    for (const TwoCounts& row : rows) {
        if (row.sum() == 0) continue;
        total.first += row.first, total.second += row.second;
        least = std::min(least, row.sum());
        ++used;
    }
    if (used < 2) return std::numeric_limits<double>::quiet_NaN();
    if (total.first == 0 || total.second == 0) return 0;
    const double n = static_cast<double>(total.sum());
    const double share = static_cast<double>(total.first) / n;
    if (least * std::min(total.first, total.second) >= expected_min * total.sum()) {
        double x = 0;
        for (const TwoCounts& row : rows) {
            const double m = static_cast<double>(row.sum());
            if (row.sum() == 0) continue;
            const double difference = static_cast<double>(row.first) - m * share;
            x += difference * difference / (m * share * (1 - share));
        }
        return chi_square_neg_log10_p(x, static_cast<unsigned>(used - 1));
    }
    double best = 0;
    for (const TwoCounts& row : rows)
        if (row.sum() > 0)
            best = std::max(best, fisher_neg_log10_p(
                                      row, {total.first - row.first, total.second - row.second}));
    const double tests = used == 2 ? 1 : static_cast<double>(used);
    return std::max(0.0, best - std::log10(tests));
}

} // namespace salus
