#include "models/discrimination.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace salus {
namespace {

// R 4.2.2 with base functions only, the definitions of DeLong written out:
//   y <- c(0,0,1,0,1,1,0,1,0,1); a <- c(.1,.4,.35,.8,.7,.9,.2,.4,.5,.6); b <-
//   c(.3,.2,.6,.5,.55,.7,.1,.5,.45,.4) S <- function(p) outer(p[y==1], p[y==0], function(u,v)
//   (u>v)+.5*(u==v)) V10 <- sapply(list(a,b), function(p) rowMeans(S(p))); V01 <- sapply(list(a,b),
//   function(p) colMeans(S(p))) colMeans(V10); cov(V10)/5 + cov(V01)/5
const std::vector<double> ill{0, 0, 1, 0, 1, 1, 0, 1, 0, 1};
const std::vector<std::vector<double>> example_predictors{
    {.1, .4, .35, .8, .7, .9, .2, .4, .5, .6}, {.3, .2, .6, .5, .55, .7, .1, .5, .45, .4}};

/// The definition: kernel over all pairs, variances of row and column means.
struct Obvious {
    std::vector<double> auc;
    std::vector<std::vector<double>> covariance;
};
Obvious obvious(const std::vector<std::vector<double>>& p, const std::vector<double>& y) {
    std::vector<std::vector<double>> v10, v01;
    Obvious out;
    for (const auto& x : p) {
        std::vector<double> row, column(y.size(), 0);
        double cases = 0, controls = 0;
        for (const double o : y)
            (o != 0 ? cases : controls) += 1;
        std::vector<double> above;
        for (std::size_t i = 0; i < y.size(); ++i) {
            if (y[i] == 0) continue;
            double sum = 0;
            for (std::size_t j = 0; j < y.size(); ++j) {
                if (y[j] != 0) continue;
                const double k = x[i] > x[j] ? 1 : x[i] == x[j] ? 0.5 : 0;
                sum += k, column[j] += k;
            }
            row.push_back(sum / controls);
        }
        for (std::size_t j = 0; j < y.size(); ++j)
            if (y[j] == 0) above.push_back(column[j] / cases);
        double mean = 0;
        for (const double r : row)
            mean += r / cases;
        out.auc.push_back(mean);
        v10.push_back(row), v01.push_back(above);
    }
    const auto cov = [](const std::vector<double>& a, const std::vector<double>& b) {
        double ma = 0, mb = 0, sum = 0;
        const auto n = static_cast<double>(a.size());
        for (std::size_t i = 0; i < a.size(); ++i)
            ma += a[i] / n, mb += b[i] / n;
        for (std::size_t i = 0; i < a.size(); ++i)
            sum += (a[i] - ma) * (b[i] - mb);
        return sum / (n - 1) / n;
    };
    for (std::size_t a = 0; a < p.size(); ++a) {
        out.covariance.emplace_back();
        for (std::size_t b = 0; b < p.size(); ++b)
            out.covariance[a].push_back(cov(v10[a], v10[b]) + cov(v01[a], v01[b]));
    }
    return out;
}

TEST(DeLong, NumbersOfR) {
    const DeLong result = delong(example_predictors, ill);
    EXPECT_NEAR(result.auc[0], 0.7, 1e-12);
    EXPECT_NEAR(result.auc[1], 0.9, 1e-12);
    EXPECT_NEAR(result.covariance[0], 0.034, 1e-12);
    EXPECT_NEAR(result.covariance[1], 0.0075, 1e-12);
    EXPECT_NEAR(result.covariance[3], 0.01, 1e-12);
    EXPECT_NEAR(result.difference_variance(0, 1), 0.034 + 0.01 - 2 * 0.0075, 1e-12);
}

TEST(DeLong, EqualsTheDefinitionWithTies) {
    Rng rng(1, "delong", 0);
    for (int round = 0; round < 20; ++round) {
        std::vector<double> y(60);
        std::vector<std::vector<double>> p(3, std::vector<double>(60));
        for (std::size_t i = 0; i < y.size(); ++i) {
            y[i] = rng.bernoulli(0.3) ? 1 : 0;
            for (auto& x : p)
                x[i] = std::round(4 * (rng.normal() + y[i])) / 4;
        }
        y[0] = 0, y[1] = y[2] = 1;
        const DeLong fast = delong(p, y);
        const Obvious slow = obvious(p, y);
        for (std::size_t a = 0; a < 3; ++a) {
            EXPECT_NEAR(fast.auc[a], slow.auc[a], 1e-12);
            for (std::size_t b = 0; b < 3; ++b)
                EXPECT_NEAR(fast.covariance[3 * a + b], slow.covariance[a][b], 1e-12);
        }
    }
}

TEST(DeLong, PerfectAndWithoutClasses) {
    const std::vector<std::vector<double>> p{{1, 2, 3, 4}};
    EXPECT_EQ(delong(p, std::vector<double>{0, 0, 1, 1}).auc[0], 1.0);
    EXPECT_EQ(delong(p, std::vector<double>{0, 0, 1, 1}).variance(0), 0.0);
    EXPECT_TRUE(std::isnan(delong(p, std::vector<double>{1, 1, 1, 1}).auc[0]));
    EXPECT_TRUE(std::isnan(delong(p, std::vector<double>{0, 0, 0, 1}).variance(0)));
    EXPECT_TRUE(std::isnan(delong(std::vector<std::vector<double>>{{}}, {}).auc[0]));
}

TEST(Roc, EndsAndAreaBelow) {
    Rng rng(2, "roc", 0);
    std::vector<double> y(500), x(500);
    for (std::size_t i = 0; i < y.size(); ++i) {
        y[i] = rng.bernoulli(0.2) ? 1 : 0;
        x[i] = std::round(8 * (rng.normal() + y[i])) / 8;
    }
    const auto all = roc_curve(x, y, 1'000'000);
    double area = 0;
    for (std::size_t k = 1; k < all.size(); ++k)
        area += (all[k].false_positive_rate - all[k - 1].false_positive_rate) *
                (all[k].true_positive_rate + all[k - 1].true_positive_rate) / 2;
    EXPECT_NEAR(area, delong(std::vector<std::vector<double>>{x}, y).auc[0], 1e-12);
    const auto thin = roc_curve(x, y, 20);
    EXPECT_LT(thin.size(), 45u);
    EXPECT_EQ(thin.front().true_positive_rate, 0);
    EXPECT_EQ(thin.back().true_positive_rate, 1);
    EXPECT_EQ(thin.back().false_positive_rate, 1);
    EXPECT_TRUE(roc_curve(x, std::vector<double>(500, 1), 20).empty());
}

TEST(PredictionR2, SignAndConstant) {
    const std::vector<double> y{1, 2, 3, 5};
    EXPECT_NEAR(prediction_r2(std::vector<double>{2, 4, 6, 10}, y), 1, 1e-12);
    EXPECT_EQ(prediction_r2(std::vector<double>{-1, -2, -3, -5}, y), 0);
    EXPECT_EQ(prediction_r2(std::vector<double>{3, 3, 3, 3}, y), 0);
    EXPECT_EQ(prediction_r2({}, {}), 0);
}

} // namespace
} // namespace salus
