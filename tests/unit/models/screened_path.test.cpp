#include "models/screened_path.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace salus {
namespace {

/// Columns that are held as numbers.
class DenseColumns final : public NetColumns {
public:
    DenseColumns(const std::vector<std::vector<double>>& all, std::size_t rows,
                 const std::vector<std::uint64_t>& chosen)
        : all_(all), chosen_(chosen), rows_(rows) {}
    std::size_t size() const override { return chosen_.size(); }
    std::vector<double> products(std::span<const std::vector<double>> vectors,
                                 std::size_t first) const override {
        std::vector<double> out;
        for (std::size_t c = first; c < size(); ++c)
            for (const auto& vector : vectors)
                out.push_back(std::inner_product(vector.begin(), vector.end(), column(c), 0.0));
        return out;
    }
    std::vector<double> predictor(std::span<const double> coefficients) const override {
        std::vector<double> out(all_[0].size(), 0.0);
        for (std::size_t c = 0; c < size(); ++c)
            for (std::size_t i = 0; i < out.size(); ++i)
                out[i] += column(c)[i] * coefficients[c];
        return out;
    }
    std::vector<float> gram(std::span<const double> weight, std::size_t first) const override {
        std::vector<float> out;
        for (std::size_t b = first; b < size(); ++b)
            for (std::size_t a = 0; a < size(); ++a) {
                double sum = 0;
                for (std::size_t i = 0; i < rows_; ++i)
                    sum += weight[i] * column(a)[i] * column(b)[i];
                out.push_back(static_cast<float>(sum));
            }
        return out;
    }

private:
    const double* column(std::size_t c) const { return all_[chosen_[c]].data(); }
    const std::vector<std::vector<double>>& all_;
    const std::vector<std::uint64_t>& chosen_;
    std::size_t rows_;
};

/// Correlated columns of copies, two covariates and an outcome that some columns act on.
struct PathExample {
    std::size_t n = 120, all = 150, m = 80;
    std::vector<std::vector<double>> x, covariates;
    RegressedOutcome outcome;
    explicit PathExample(RegressedKind kind, bool late_entry = false) {
        outcome.kind = kind;
        Rng rng(7, "example", static_cast<std::uint64_t>(kind));
        x.assign(m, std::vector<double>(all));
        for (std::size_t i = 0; i < all; ++i) {
            double before = 0;
            for (std::size_t j = 0; j < m; ++j) {
                before = 0.6 * before + 0.8 * rng.normal();
                x[j][i] = before > 0.9 ? 1.6 : before > -0.3 ? 0.3 : -1;
            }
        }
        covariates.assign(2, std::vector<double>(n));
        for (std::size_t i = 0; i < n; ++i) {
            covariates[0][i] = rng.normal();
            covariates[1][i] = i % 2 == 0 ? 1 : -1;
            const double eta = 0.5 * x[3][i] - 0.4 * x[40][i] + 0.3 * x[41][i] + 0.3 * x[70][i] +
                               0.7 * covariates[0][i];
            if (kind == RegressedKind::quantitative) {
                outcome.value.push_back(eta + rng.normal());
            } else if (kind == RegressedKind::binary) {
                outcome.value.push_back(rng.bernoulli(1 / (1 + std::exp(0.4 - eta))) ? 1 : 0);
            } else { // whole numbers: ties
                const double time = std::ceil(10 * rng.exponential() * std::exp(-eta));
                const double end = std::ceil(20 * rng.uniform());
                outcome.value.push_back(time <= end ? 1 : 0);
                outcome.time.push_back(std::min(time, end));
                if (late_entry) outcome.entry.push_back(outcome.time.back() * 0.5 * rng.uniform());
            }
        }
    }
    ScreenedPath::Look look(const ScreenedPath& path, std::size_t k, std::size_t most) const {
        ScreenedPath::Look out;
        for (std::uint64_t j = 0; j < m; ++j) {
            const auto& strong = path.strong();
            if (std::find(strong.begin(), strong.end(), j) != strong.end()) continue;
            const auto& r = path.residual(k);
            const double g = std::fabs(std::inner_product(r.begin(), r.end(), x[j].begin(), 0.0)) /
                             static_cast<double>(n);
            if (g > path.threshold(k)) ++out.above;
            out.largest.push_back({g, j});
        }
        std::sort(out.largest.begin(), out.largest.end());
        if (out.largest.size() > most) out.largest.resize(most);
        return out;
    }
    struct Point {
        double lambda;
        std::vector<double> b, residual;
    };
    /// Walks the path to its end; [step] what was fitted, as far as it was accepted.
    std::vector<Point> walk(ScreenedPath& path, const PathRules& rules) const {
        std::vector<Point> points;
        while (!path.ended()) {
            std::vector<ScreenedPath::Look> looks;
            std::vector<Point> fitted;
            for (std::size_t k = 0; k < path.pending(); ++k)
                looks.push_back(look(path, k, rules.strong_step));
            for (std::size_t k = 0; k < path.pending(); ++k)
                fitted.push_back({0, std::vector<double>(m, 0.0), path.residual(k)});
            const auto before = path.steps().size();
            const auto kept = path.take(looks);
            for (std::size_t k = before; k < path.steps().size(); ++k) {
                points.push_back(fitted[k - before]);
                points.back().lambda = path.steps()[k].lambda;
            }
            if (path.ended()) break;
            path.fit(DenseColumns(x, n, path.strong()), kept);
        }
        return points;
    }
    std::vector<double> coefficients(const ScreenedPath& path) const {
        std::vector<double> b(m, 0.0);
        for (const auto& [variant, value] : path.coefficients())
            b[variant] = value;
        return b;
    }
};

/// Cyclic coordinate descent of the linear model, intercept and covariates unpenalised, to the end.
std::vector<double> slow_linear(const PathExample& e, double lambda, double alpha) {
    std::vector<std::vector<double>> columns{std::vector<double>(e.n, 1.0)};
    columns.insert(columns.end(), e.covariates.begin(), e.covariates.end());
    const std::size_t free = columns.size();
    for (const auto& column : e.x)
        columns.emplace_back(column.begin(), column.begin() + static_cast<std::ptrdiff_t>(e.n));
    std::vector<double> b(columns.size(), 0.0), r = e.outcome.value;
    const auto n = static_cast<double>(e.n);
    for (double moved = 1; moved > 1e-14;) {
        moved = 0;
        for (std::size_t c = 0; c < columns.size(); ++c) {
            double h = 0, g = 0;
            for (std::size_t i = 0; i < e.n; ++i) {
                h += columns[c][i] * columns[c][i] / n;
                g += columns[c][i] * r[i] / n;
            }
            const double u = g + h * b[c], l = lambda * alpha;
            const double next = c < free ? u / h
                                         : (u > l    ? u - l
                                            : u < -l ? u + l
                                                     : 0) /
                                               (h + lambda * (1 - alpha));
            for (std::size_t i = 0; i < e.n; ++i)
                r[i] -= columns[c][i] * (next - b[c]);
            moved = std::max(moved, std::fabs(next - b[c]));
            b[c] = next;
        }
    }
    return {b.begin() + static_cast<std::ptrdiff_t>(free), b.end()};
}

/// Observed - expected events by the definition: every pair of people.
std::vector<double> slow_martingale(const RegressedOutcome& o, const std::vector<double>& eta) {
    std::vector<double> r(o.value);
    for (std::size_t k = 0; k < o.rows(); ++k) {
        if (o.value[k] == 0) continue;
        const auto at_risk = [&](std::size_t i) {
            return o.time[i] >= o.time[k] && (o.entry.empty() || o.entry[i] < o.time[k]);
        };
        double sum = 0;
        for (std::size_t i = 0; i < o.rows(); ++i)
            if (at_risk(i)) sum += std::exp(eta[i]);
        for (std::size_t i = 0; i < o.rows(); ++i)
            if (at_risk(i)) r[i] -= std::exp(eta[i]) / sum;
    }
    return r;
}

std::vector<double> slow_residual(const PathExample& e, const std::vector<double>& eta) {
    if (e.outcome.kind == RegressedKind::time_to_event) return slow_martingale(e.outcome, eta);
    std::vector<double> r;
    for (std::size_t i = 0; i < e.n; ++i)
        r.push_back(e.outcome.value[i] - 1 / (1 + std::exp(-eta[i])));
    return r;
}

constexpr PathRules rules_of_tests{.alpha = 0.7,
                                   .lambdas = 25,
                                   .smallest = 0.05,
                                   .per_round = 4,
                                   .strong_step = 15,
                                   .strong_max = 1000,
                                   .patience = 1000,
                                   .tolerance = 1e-9};

TEST(ScreenedPath, AgreesWithSlowCoordinateDescent) {
    const PathExample e(RegressedKind::quantitative);
    ScreenedPath path(e.outcome, e.covariates, e.all, rules_of_tests, {});
    e.walk(path, rules_of_tests);
    ASSERT_EQ(path.end(), PathEnd::complete);
    ASSERT_EQ(path.steps().size(), 25U);
    EXPECT_EQ(path.chosen(), 24U); // the last, without validation
    EXPECT_GT(path.steps().back().nonzero, 30U);
    EXPECT_EQ(path.steps()[0].nonzero, 0U);
    const auto b = e.coefficients(path);
    const auto expected = slow_linear(e, path.steps().back().lambda, 0.7);
    // The optimality conditions hold to 1e-9 lambda, so coefficients to that over the smallest
    // eigenvalue of the active columns (here about 0.1).
    for (std::size_t j = 0; j < e.m; ++j)
        EXPECT_NEAR(b[j], expected[j], 1e-8) << j;
    for (const PathStep& step : path.steps())
        EXPECT_LE(step.violation, 1e-9);
}

TEST(ScreenedPath, MeetsTheOptimalityConditionsByTheDefinition) {
    for (const bool late : {false, true})
        for (const auto kind : {RegressedKind::binary, RegressedKind::time_to_event}) {
            const PathExample e(kind, late);
            std::vector<double> of_covariates;
            const auto remember = [&](std::span<const double>, std::span<const double> c) {
                of_covariates.assign(c.begin(), c.end());
                return std::numeric_limits<double>::quiet_NaN();
            };
            auto rules = rules_of_tests;
            rules.per_round = 1; // what is remembered is then of the last step
            ScreenedPath path(e.outcome, e.covariates, e.all, rules, remember);
            e.walk(path, rules);
            ASSERT_EQ(path.end(), PathEnd::complete);
            const auto b = e.coefficients(path);
            std::vector<double> eta(e.n, of_covariates[0]);
            for (std::size_t i = 0; i < e.n; ++i) {
                for (std::size_t j = 0; j < e.m; ++j)
                    eta[i] += e.x[j][i] * b[j];
                for (std::size_t c = 0; c < 2; ++c)
                    eta[i] += e.covariates[c][i] * of_covariates[c + 1];
                if (kind == RegressedKind::time_to_event) {
                    EXPECT_EQ(of_covariates[0], 0);
                }
            }
            const auto r = slow_residual(e, eta);
            const double lambda = path.steps().back().lambda, n = static_cast<double>(e.n);
            EXPECT_GT(path.steps().back().nonzero, 20U);
            for (const auto& covariate : e.covariates) // unpenalised: the gradient is 0
                EXPECT_NEAR(std::inner_product(covariate.begin(), covariate.end(), r.begin(), 0.0) /
                                n,
                            0, 1e-8);
            for (std::size_t j = 0; j < e.m; ++j) {
                const double g = std::inner_product(r.begin(), r.end(), e.x[j].begin(), 0.0) / n -
                                 lambda * 0.3 * b[j];
                if (b[j] == 0) {
                    EXPECT_LE(std::fabs(g), lambda * 0.7 * (1 + 1e-6)) << j;
                } else {
                    EXPECT_NEAR(g, std::copysign(lambda * 0.7, b[j]), 1e-6 * lambda) << j;
                }
            }
        }
}

TEST(ScreenedPath, DoesNotDependOnHowManyVariantsAreLookedAtOnce) {
    for (const auto kind : {RegressedKind::quantitative, RegressedKind::time_to_event}) {
        const PathExample e(kind);
        std::vector<std::vector<double>> found;
        for (const std::size_t step : {2U, 15U, 80U}) {
            auto rules = rules_of_tests;
            rules.strong_step = step;
            rules.per_round = step == 2 ? 7 : 3;
            ScreenedPath path(e.outcome, e.covariates, e.all, rules, {});
            e.walk(path, rules);
            ASSERT_EQ(path.end(), PathEnd::complete);
            if (step == 2) {
                EXPECT_GT(path.violations(), 0U);
            }
            found.push_back(e.coefficients(path));
        }
        for (std::size_t j = 0; j < e.m; ++j) {
            EXPECT_NEAR(found[0][j], found[1][j], 1e-7);
            EXPECT_NEAR(found[0][j], found[2][j], 1e-7);
        }
    }
}

TEST(ScreenedPath, ValidationEndsAndChooses) {
    const PathExample e(RegressedKind::quantitative);
    std::size_t calls = 0;
    const auto validate = [&](std::span<const double> predictor, std::span<const double>) {
        EXPECT_EQ(predictor.size(), e.all);
        ++calls;
        return 1 - std::fabs(static_cast<double>(calls) - 6); // the sixth is best
    };
    auto rules = rules_of_tests;
    rules.patience = 3;
    ScreenedPath path(e.outcome, e.covariates, e.all, rules, validate);
    e.walk(path, rules);
    EXPECT_EQ(path.end(), PathEnd::stopped_early);
    EXPECT_EQ(path.chosen(), 5U);
    EXPECT_EQ(path.steps().size(), 9U);
    const auto b = e.coefficients(path);
    const auto expected = slow_linear(e, path.steps()[5].lambda, 0.7);
    for (std::size_t j = 0; j < e.m; ++j)
        EXPECT_NEAR(b[j], expected[j], 1e-8);
}

TEST(ScreenedPath, EndsWithAReason) {
    const PathExample e(RegressedKind::quantitative);
    auto rules = rules_of_tests;
    rules.strong_max = 12;
    ScreenedPath full(e.outcome, e.covariates, e.all, rules, {});
    e.walk(full, rules);
    EXPECT_EQ(full.end(), PathEnd::strong_set_full);
    EXPECT_LE(full.largest_set(), 12U);
    EXPECT_GT(full.steps().size(), 1U);

    // A trait that the covariates explain: nothing is left for variants.
    RegressedOutcome explained{.value = e.covariates[0]};
    ScreenedPath none(explained, e.covariates, e.all, rules_of_tests, {});
    e.walk(none, rules_of_tests);
    EXPECT_EQ(none.end(), PathEnd::no_gradient);
    EXPECT_TRUE(none.steps().empty());

    // Covariates that separate cases from controls have no finite coefficients.
    RegressedOutcome separated{.kind = RegressedKind::binary};
    for (const double c : e.covariates[1])
        separated.value.push_back(c > 0 ? 1 : 0);
    ScreenedPath endless(separated, e.covariates, e.all, rules_of_tests, {});
    EXPECT_EQ(endless.end(), PathEnd::not_converged);

    // No penalty is left, more columns than rows: the deviance is explained.
    auto small = rules_of_tests;
    small.smallest = 1e-6;
    small.lambdas = 60;
    PathExample many(RegressedKind::quantitative);
    many.n = 60;
    many.outcome.value.resize(60);
    for (auto& covariate : many.covariates)
        covariate.resize(60);
    ScreenedPath saturated(many.outcome, many.covariates, many.all, small, {});
    many.walk(saturated, small);
    EXPECT_EQ(saturated.end(), PathEnd::saturated);
}

} // namespace
} // namespace salus
