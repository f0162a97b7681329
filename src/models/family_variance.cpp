#include "models/family_variance.hpp"

#include "base/random.hpp"
#include "models/brent.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace salus {
namespace {

// The restricted likelihood as a function of the share. Sums over coordinates with eigenvalue 1, of
// samples without relatives above all, are the same for every share and are made once.
class RestrictedLikelihood {
public:
    RestrictedLikelihood(std::span<const double> eigenvalues,
                         std::span<const std::vector<double>> design,
                         std::span<const double> values)
        : size_(design.size() + 1), fixed_(size_ * size_, 0.0), gram_(fixed_),
          samples_(values.size()) {
        std::vector<double> row(size_);
        for (std::size_t i = 0; i < values.size(); ++i) {
            for (std::size_t c = 0; c < design.size(); ++c)
                row[c] = design[c][i];
            row.back() = values[i];
            if (eigenvalues[i] == 1) {
                add(row, 1, fixed_);
            } else {
                eigenvalues_.push_back(eigenvalues[i]);
                rows_.insert(rows_.end(), row.begin(), row.end());
            }
        }
    }

    /// -2 log restricted likelihood but for a constant. Leaves the residual sum of squares.
    double operator()(double share) {
        gram_ = fixed_;
        double log_determinant = 0;
        for (std::size_t i = 0; i < eigenvalues_.size(); ++i) {
            const double v = 1 + share * (eigenvalues_[i] - 1);
            log_determinant += std::log(v);
            add(std::span(rows_).subspan(i * size_, size_), 1 / v, gram_);
        }
        // Cholesky of the Gram matrix of design and values: the last diagonal is y'Py.
        for (std::size_t a = 0; a < size_; ++a) {
            for (std::size_t b = 0; b <= a; ++b) {
                double sum = gram_[a * size_ + b];
                for (std::size_t c = 0; c < b; ++c)
                    sum -= gram_[a * size_ + c] * gram_[b * size_ + c];
                if (a == b && a + 1 == size_) rest_ = sum;
                if (a == b) log_determinant += a + 1 == size_ ? 0 : std::log(sum);
                gram_[a * size_ + b] = a == b ? std::sqrt(sum) : sum / gram_[b * size_ + b];
            }
        }
        return degrees_of_freedom() * std::log(rest_) + log_determinant;
    }
    double degrees_of_freedom() const noexcept {
        return static_cast<double>(samples_ + 1) - static_cast<double>(size_);
    }
    double variance() const noexcept { return rest_ / degrees_of_freedom(); }

private:
    void add(std::span<const double> row, double weight, std::span<double> gram) const noexcept {
        for (std::size_t a = 0; a < size_; ++a)
            for (std::size_t b = 0; b <= a; ++b)
                gram[a * size_ + b] += weight * row[a] * row[b];
    }
    std::size_t size_;
    std::vector<double> fixed_, gram_; // lower triangles
    std::size_t samples_;
    std::vector<double> eigenvalues_, rows_; // of the coordinates that are not in fixed_
    double rest_ = 0;
};

} // namespace

FamilyVariance fit_family_variance(std::span<const double> eigenvalues,
                                   std::span<const std::vector<double>> design,
                                   std::span<const double> values) {
    RestrictedLikelihood likelihood(eigenvalues, design, values);
    constexpr int steps = 20;
    const auto share_of = [](int k) { return largest_family_share * k / steps; };
    int best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (int k = 0; k <= steps; ++k) {
        const double value = likelihood(share_of(k));
        if (!(value < least)) continue;
        least = value;
        best = k;
    }
    double share = brent_minimum(likelihood, share_of(std::max(0, best - 1)),
                                 share_of(std::min(steps, best + 1)), 1e-7);
    if (likelihood(share) > least) share = share_of(best); // an end of the range
    likelihood(share);
    return {.share = share, .variance = likelihood.variance()};
}

double liability_share_of_products(std::span<const Relationship> pairs,
                                   std::span<const double> residuals,
                                   std::span<const double> fitted) noexcept {
    constexpr std::size_t orders = 10;
    constexpr double density_at_0_squared = 0.15915494309189533577; // of the normal, 1 / (2 pi)
    std::array<double, orders> covariance{};                        // [k]: of h^(k + 1)
    double products = 0;
    for (const Relationship& pair : pairs) {
        const double p = fitted[pair.first], q = fitted[pair.second];
        const double a = normal_quantile(p), b = normal_quantile(q);
        const double weight = pair.value * std::sqrt(p * (1 - p) * q * (1 - q));
        products += weight * residuals[pair.first] * residuals[pair.second];
        // Hermite polynomials over the roots of the factorials: the k-th and the one before.
        double x = 1, y = 1, x_before = 0, y_before = 0;
        double power = weight * density_at_0_squared * std::exp(-0.5 * (a * a + b * b));
        for (std::size_t k = 0; k < orders; ++k) {
            const auto order = static_cast<double>(k + 1);
            power *= pair.value;
            covariance[k] += power * x * y / order;
            const double down = std::sqrt(order - 1), up = std::sqrt(order);
            const double x_next = (a * x - down * x_before) / up;
            const double y_next = (b * y - down * y_before) / up;
            x_before = x;
            y_before = y;
            x = x_next;
            y = y_next;
        }
    }
    const auto expected = [&](double share) {
        double sum = 0;
        for (std::size_t k = orders; k-- > 0;)
            sum = (sum + covariance[k]) * share;
        return sum;
    };
    if (!(products > 0)) return 0;
    if (expected(largest_family_share) <= products) return largest_family_share;
    double low = 0, high = largest_family_share;
    for (int step = 0; step < 50; ++step) {
        const double middle = 0.5 * (low + high);
        (expected(middle) < products ? low : high) = middle;
    }
    return low;
}

double family_share_of_products(std::span<const Relationship> pairs,
                                std::span<const double> residuals,
                                std::span<const double> deviations) noexcept {
    double products = 0, squares = 0;
    for (const Relationship& pair : pairs) {
        const double expected = pair.value * deviations[pair.first] * deviations[pair.second];
        products += expected * residuals[pair.first] * residuals[pair.second];
        squares += expected * expected;
    }
    return squares > 0 ? std::clamp(products / squares, 0.0, largest_family_share) : 0;
}

} // namespace salus
