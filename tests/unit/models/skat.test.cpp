#include "models/skat.hpp"

#include "base/random.hpp"
#include "models/chi_square_mixture.hpp"
#include "models/tails.hpp"
#include "support/dense.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace salus {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

struct Set {
    std::vector<double> score, covariance;
};

// Scores of correlated variants, drawn under the null hypothesis, times `size`.
Set draw(std::size_t m, std::uint64_t key, double size) {
    Rng random(1, "skat.test", key);
    const auto n = static_cast<Eigen::Index>(m);
    Matrix root(n, n + 3);
    for (auto& value : root.reshaped())
        value = random.normal();
    for (Eigen::Index j = 0; j < n; ++j)
        root.row(j) *= std::exp(0.5 * random.normal());
    Vector z(n + 3);
    for (auto& value : z)
        value = size * random.normal();
    const Matrix covariance = root * root.transpose();
    const Vector score = root * z;
    return {.score = {score.begin(), score.end()},
            .covariance = {covariance.data(), covariance.data() + n * n}};
}

Matrix matrix_of(const Set& set) {
    const auto n = static_cast<Eigen::Index>(set.score.size());
    return Eigen::Map<const Matrix>(set.covariance.data(), n, n);
}

std::vector<double> eigenvalues(const Matrix& matrix) {
    const Vector values = test::dense::spectrum(matrix).values;
    return {values.begin(), values.end()};
}

const double rhos[] = {0, 0.01, 0.04, 0.09, 0.25, 0.5, 0.999};

// P(sum of weights x chi-square > q) as a mixture of chi-squares with m, m + 2 ... degrees of
// freedom and positive shares (Ruben 1962, doi:10.1214/aoms/1177704580): right to 1e-12, and
// nothing in common with ChiSquareMixture but the definition. Where weights differ more than 1,000
// times (of the mixtures, rho = .999) the series is too long, and ChiSquareMixture stands in.
class RubenSeries {
public:
    RubenSeries() = default;
    explicit RubenSeries(const std::vector<double>& weights) {
        const double largest = *std::max_element(weights.begin(), weights.end());
        least_ = largest;
        for (const double weight : weights)
            if (weight > 1e-9 * largest) least_ = std::min(least_, weight);
        if (largest > 1000 * least_) {
            stand_in_ = ChiSquareMixture(weights);
            return;
        }
        double first = 1;
        std::vector<double> powers, rates;
        for (const double weight : weights) {
            if (!(weight > 1e-9 * largest)) continue;
            ++freedom_;
            first *= std::sqrt(least_ / weight);
            rates.push_back(1 - least_ / weight);
        }
        powers = rates;
        share_ = {first};
        std::vector<double> halves; // half the sums of powers
        for (double sum = first; sum < 1 - 1e-12 && share_.size() < 20000;) {
            double half = 0, next = 0;
            for (std::size_t j = 0; j < rates.size(); ++j) {
                half += 0.5 * powers[j];
                powers[j] *= rates[j];
            }
            halves.push_back(half);
            for (std::size_t r = 0; r < share_.size(); ++r)
                next += halves[halves.size() - 1 - r] * share_[r];
            share_.push_back(next / static_cast<double>(share_.size()));
            sum += share_.back();
        }
    }
    double log_tail(double q) const {
        if (!(q > 0)) return 0;
        if (!stand_in_.empty()) return stand_in_.log_tail(q);
        const double x = 0.5 * q / least_;
        double half = freedom_ % 2 == 1 ? 0.5 : 1; // half the degrees of freedom
        double tail = freedom_ % 2 == 1 ? std::erfc(std::sqrt(x)) : std::exp(-x), sum = 0;
        const auto up = [&] {
            tail += std::exp(-x + half * std::log(x) - std::lgamma(half + 1));
            ++half;
        };
        while (half < 0.5 * freedom_)
            up();
        for (const double share : share_) {
            sum += share * tail;
            up();
        }
        return std::log(sum);
    }
    double quantile(double target) const {
        if (!stand_in_.empty()) return stand_in_.quantile(target);
        double low = 0, high = least_;
        while (log_tail(high) > target)
            high *= 2;
        for (int k = 0; k < 40; ++k) {
            const double middle = 0.5 * (low + high);
            (log_tail(middle) > target ? low : high) = middle;
        }
        return low;
    }

private:
    int freedom_ = 0;
    double least_ = 1;
    std::vector<double> share_;
    ChiSquareMixture stand_in_;
};

// SKAT-O as in Lee 2012, with dense matrices and the sum over x in steps; `Tail`: ChiSquareMixture,
// or an independent way to its tails.
template <class Tail>
double obvious_skat_o(const Set& set, double step) {
    const auto m = static_cast<Eigen::Index>(set.score.size());
    const Matrix phi = matrix_of(set);
    const Vector one = Vector::Ones(m), s = Eigen::Map<const Vector>(set.score.data(), m);
    double least = 0;
    std::vector<Tail> mixtures;
    for (const double rho : rhos) {
        const Matrix r = (1 - rho) * Matrix::Identity(m, m) + rho * one * one.transpose();
        const Matrix half = test::dense::cholesky(r);
        mixtures.emplace_back(eigenvalues(half.transpose() * phi * half));
        least = std::min(least, mixtures.back().log_tail(s.dot(r * s)));
    }
    const Matrix z = test::dense::cholesky(phi).transpose();
    const Vector zbar = z * one / static_cast<double>(m);
    const double zz = zbar.squaredNorm();
    const Matrix projection = zbar * zbar.transpose() / zz;
    const Matrix rest = z.transpose() * (Matrix::Identity(m, m) - projection) * z;
    const Tail tail(eigenvalues(rest));
    const ChiSquareMixture remainder(eigenvalues(rest)); // its mean and variance
    const double products = 4 * (z.transpose() * projection * z * rest).trace();
    const double shrink = std::sqrt(remainder.variance() / (remainder.variance() + products));
    std::vector<double> quantiles;
    for (const auto& mixture : mixtures)
        quantiles.push_back(mixture.quantile(least));
    const double mm = static_cast<double>(m), along = (z.transpose() * zbar).squaredNorm() / zz;
    double p = 0;
    for (double t = 0.5 * step; t < 8; t += step) {
        double remaining = 1e300;
        for (std::size_t k = 0; k < mixtures.size(); ++k) {
            const double tau = mm * mm * rhos[k] * zz + (1 - rhos[k]) * along;
            remaining = std::min(remaining, (quantiles[k] - tau * t * t) / (1 - rhos[k]));
        }
        const double argument = (remaining - remainder.mean()) * shrink + remainder.mean();
        p += std::exp(tail.log_tail(argument) - 0.5 * t * t) * step;
    }
    return -std::log10(std::min(p * std::sqrt(2 / M_PI), 7 * std::exp(least)));
}

TEST(TestSet, NothingToTestIsNaN) {
    EXPECT_TRUE(std::isnan(test_set({}, {}, SetTestKind::skat_o).skat));
    const double zero[] = {0};
    EXPECT_TRUE(std::isnan(test_set(zero, zero, SetTestKind::skat_o).skat_o));
}

TEST(TestSet, OneVariantIsItsScoreTest) {
    const double score[] = {3}, variance[] = {2};
    const SetTests tests = test_set(score, variance, SetTestKind::skat_o);
    EXPECT_DOUBLE_EQ(tests.skat, chi_square_neg_log10_p(4.5));
    EXPECT_DOUBLE_EQ(tests.burden, chi_square_neg_log10_p(4.5));
    EXPECT_DOUBLE_EQ(tests.skat_o, chi_square_neg_log10_p(4.5));
}

TEST(TestSet, SkatAndBurdenAreThoseOfTheDefinition) {
    for (const std::size_t m : {2UL, 3UL, 7UL, 40UL}) {
        const Set set = draw(m, m, 1.5);
        const SetTests tests = test_set(set.score, set.covariance, SetTestKind::skat);
        const ChiSquareMixture mixture(eigenvalues(matrix_of(set)));
        double squares = 0, sum = 0;
        for (const double s : set.score) {
            squares += s * s;
            sum += s;
        }
        EXPECT_NEAR(tests.skat, mixture.neg_log10_p(squares), 1e-8);
        EXPECT_NEAR(tests.burden, chi_square_neg_log10_p(sum * sum / matrix_of(set).sum()), 1e-9);
        EXPECT_TRUE(std::isnan(tests.skat_o));
    }
}

TEST(TestSet, SkatOIsThatOfTheDefinition) {
    for (const std::size_t m : {2UL, 3UL, 6UL, 15UL}) {
        for (const double size : {1.0, 2.0}) {
            const Set set = draw(m, 100 + m, size);
            const SetTests tests = test_set(set.score, set.covariance, SetTestKind::skat_o);
            // the step sum is right to 1e-4 relative, where the line of rho = .999 falls to zero
            EXPECT_NEAR(tests.skat_o, obvious_skat_o<ChiSquareMixture>(set, 4e-4), 1.5e-4)
                << m << " " << size;
        }
    }
}

// With every tail from a series of its own, p agrees within 1 %.
TEST(TestSet, SkatOIsThatOfExactSeries) {
    for (const std::size_t m : {3UL, 6UL}) {
        for (const double size : {1.0, 2.0, 3.0}) {
            const Set set = draw(m, 200 + m, size);
            const SetTests tests = test_set(set.score, set.covariance, SetTestKind::skat_o);
            const double slow = obvious_skat_o<RubenSeries>(set, 2e-3);
            EXPECT_NEAR(tests.skat_o, slow, std::log10(1.01)) << m << " " << size << " " << slow;
        }
    }
}

TEST(TestSet, FarTailsStayBetweenTheirBounds) {
    const Set set = draw(12, 5, 40);
    const SetTests tests = test_set(set.score, set.covariance, SetTestKind::skat_o);
    const double best = std::max(tests.skat, tests.burden);
    EXPECT_GT(best, 250);
    EXPECT_GT(tests.skat_o, best - std::log10(7.0) - 1e-6); // Bonferroni of the grid
}

TEST(TestSet, VariantsThatAreCopiesCountAsOne) {
    const double score[] = {2, 2, 2}, covariance[] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    const SetTests tests = test_set(score, covariance, SetTestKind::skat_o);
    EXPECT_NEAR(tests.skat, chi_square_neg_log10_p(4), 1e-9);
    EXPECT_NEAR(tests.skat_o, chi_square_neg_log10_p(4), 1e-9);
}

TEST(TestSet, OppositeScoresOfOneVariantHaveNoBurden) {
    const double score[] = {2, -2}, covariance[] = {1, -1, -1, 1};
    const SetTests tests = test_set(score, covariance, SetTestKind::skat_o);
    EXPECT_TRUE(std::isnan(tests.burden));
    EXPECT_DOUBLE_EQ(tests.skat_o, tests.skat);
}

// P is uniform under the null hypothesis: the share of p below a limit lies within four standard
// errors of it. The reference is drawing itself.
TEST(TestSet, SkatOIsCalibrated) {
    const Set set = draw(8, 77, 1);
    const Matrix root = test::dense::cholesky(matrix_of(set));
    const int draws = 4000;
    int below[2] = {0, 0};
    const double limits[2] = {0.1, 0.01};
    for (int k = 0; k < draws; ++k) {
        Rng random(2, "skat.test", static_cast<std::uint64_t>(k));
        Vector z(8);
        for (auto& value : z)
            value = random.normal();
        const Vector score = root * z;
        const double p = std::pow(
            10.0, -test_set({score.data(), 8}, set.covariance, SetTestKind::skat_o).skat_o);
        for (int l = 0; l < 2; ++l)
            below[l] += p < limits[l];
    }
    for (int l = 0; l < 2; ++l)
        EXPECT_NEAR(below[l], draws * limits[l],
                    4 * std::sqrt(draws * limits[l] * (1 - limits[l])));
}

} // namespace
} // namespace salus
