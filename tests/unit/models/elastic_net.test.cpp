#include "models/elastic_net.hpp"
#include "support/reference_data.hpp"

#include "models/hazard_likelihood.hpp"
#include "models/outcome_likelihood.hpp"
#include "support/reference.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

using Csv = std::map<std::string, std::vector<double>>;
using reference::survival;

/// Logistic model of birthwt with the columns of the reference.
struct Birthwt {
    explicit Birthwt(bool firth) {
        const Csv data = reference::read_csv(survival / "birthwt.csv");
        const std::vector<std::string> names{"age",   "lwt",  "black", "other",
                                             "smoke", "ptl1", "ht",    "ui"};
        const std::size_t n = data.at("low").size();
        // Two blocks of unequal length.
        for (const auto& [begin, end] :
             {std::pair<std::size_t, std::size_t>{0, 100}, std::pair{std::size_t{100}, n}}) {
            blocks.emplace_back(names.size() + 1, end - begin);
            std::fill(blocks.back().column(0).begin(), blocks.back().column(0).end(), 1.0);
            for (std::size_t c = 0; c < names.size(); ++c)
                for (std::size_t i = begin; i < end; ++i)
                    blocks.back().column(c + 1)[i - begin] = data.at(names[c])[i];
            outcome.emplace_back(data.at("low").begin() + static_cast<std::ptrdiff_t>(begin),
                                 data.at("low").begin() + static_cast<std::ptrdiff_t>(end));
        }
        scales = column_scales(blocks, names.size() + 1, n, join_alone);
        scales.mean[0] = 0, scales.deviation[0] = 1;
        standardise(blocks, scales);
        rows = static_cast<double>(n);
        problem = {.design = blocks, .outcome = outcome, .firth = firth};
    }
    std::vector<DesignBlock> blocks;
    std::vector<std::vector<double>> outcome;
    ColumnScales scales;
    double rows = 0;
    OutcomeProblem problem;
};

TEST(LogisticLikelihood, AgreesWithR) {
    SKIP_WITHOUT_REFERENCE;
    const auto r = reference::read_json(survival / "birthwt.logistic.json");
    for (const bool firth : {false, true}) {
        Birthwt data(firth);
        LogisticLikelihood likelihood(data.problem);
        auto fit = fit_newton(likelihood);
        const auto& expected = r[firth ? "firth_full" : "model_full"];
        EXPECT_EQ(fit.state, FitState::converged);
        restore_units_with_intercept(data.scales, fit.coefficients, fit.covariance);
        for (std::size_t c = 0; c < 9; ++c) {
            EXPECT_NEAR(fit.coefficients[c], expected["coef"][c].number, 1e-8);
            EXPECT_NEAR(std::sqrt(fit.covariance[c * 10]), expected["se"][c].number, 1e-8);
        }
        if (!firth) {
            EXPECT_NEAR(fit.log_likelihood, expected["loglik"].number, 1e-9);
            continue;
        }
        // Likelihood ratio test of each coefficient in the penalised likelihood of all columns.
        // R 4.2: that likelihood with scale(X), maximised by optim(method = "BFGS", reltol =
        // 1e-15) from 0, then Newton's steps until the score is below 1e-10. (The reference file
        // stopped up to 1e-3 short of the maximum where lwt was free, so its tests are larger.)
        const double sharp[] = {0.941348776551422, 4.49447413674886, 5.13204870014766,
                                3.12296785780654,  4.2855379295342,  6.76455828449974,
                                6.97479872342913,  2.35397901921283};
        for (std::size_t c = 1; c < 9; ++c) {
            std::vector<std::uint8_t> fixed(9, 0);
            fixed[c] = 1;
            const auto without = fit_newton(likelihood, fixed);
            EXPECT_EQ(without.state, FitState::converged);
            const double chi = 2 * (fit.log_likelihood - without.log_likelihood);
            EXPECT_NEAR(chi, sharp[c - 1], 1e-8);
            EXPECT_LE(chi, expected["plr_chisq"][c].number + 1e-6);
        }
    }
}

TEST(LogisticLikelihood, SeparationIsToldAndFirthIsFinite) {
    std::vector<DesignBlock> blocks;
    blocks.emplace_back(2, 8);
    std::vector<std::vector<double>> outcome(1);
    for (std::size_t i = 0; i < 8; ++i) {
        blocks[0].column(0)[i] = 1;
        blocks[0].column(1)[i] = static_cast<double>(i) - 3.5;
        outcome[0].push_back(i < 4 ? 0 : 1);
    }
    LogisticLikelihood plain({.design = blocks, .outcome = outcome});
    EXPECT_EQ(fit_newton(plain).state, FitState::monotone);
    LogisticLikelihood firth({.design = blocks, .outcome = outcome, .firth = true});
    const auto fit = fit_newton(firth);
    EXPECT_EQ(fit.state, FitState::converged);
    EXPECT_NEAR(fit.coefficients[0], 0, 1e-9); // by symmetry
}

TEST(LinearLikelihood, ExactLine) {
    std::vector<DesignBlock> blocks;
    blocks.emplace_back(2, 5);
    std::vector<std::vector<double>> outcome(1);
    for (std::size_t i = 0; i < 5; ++i) {
        blocks[0].column(0)[i] = 1;
        blocks[0].column(1)[i] = static_cast<double>(i);
        outcome[0].push_back(3 - 2 * static_cast<double>(i));
    }
    LinearLikelihood likelihood({.design = blocks, .outcome = outcome});
    const auto fit = fit_newton(likelihood);
    EXPECT_EQ(fit.state, FitState::converged);
    EXPECT_NEAR(fit.coefficients[0], 3, 1e-12);
    EXPECT_NEAR(fit.coefficients[1], -2, 1e-12);
}

/// Judges a path by its own optimality and by the objective at the reference's coefficients
/// (`scale`: deviations of the columns, as glmnet's are of the original columns).
void expect_path(Likelihood& likelihood, double n, ElasticNet net, const reference::Json& r,
                 const ColumnScales& scales, std::size_t first_column) {
    net.grid = r["lambda"].numbers();
    const NetPath path = elastic_net_path(likelihood, n, net);
    EXPECT_TRUE(path.settled);
    const std::size_t columns = likelihood.columns();
    for (std::size_t k = 0; k < net.grid.size(); ++k) {
        EXPECT_LE(path.violation[k], 1e-6 * net.grid[k]);
        std::vector<double> theirs(columns, 0.0);
        for (std::size_t c = first_column; c < columns; ++c)
            theirs[c] = r["beta"][k][c - first_column].number * scales.deviation[c];
        if (first_column == 1) { // intercept at the means
            theirs[0] = r["a0"][k].number;
            for (std::size_t c = 1; c < columns; ++c)
                theirs[0] += r["beta"][k][c - 1].number * scales.mean[c];
        }
        const auto objective = [&](const std::vector<double>& b) {
            double penalty = 0;
            for (std::size_t c = 0; c < columns; ++c) {
                const double f = net.factor.empty() ? 1 : net.factor[c];
                penalty += f * (net.alpha * std::fabs(b[c]) + (1 - net.alpha) * b[c] * b[c] / 2);
            }
            return -likelihood.log_likelihood(b) / n + net.grid[k] * penalty;
        };
        EXPECT_LE(objective(path.coefficients[k]), objective(theirs) + 1e-9) << k;
        for (std::size_t c = first_column; c < columns; ++c)
            EXPECT_NEAR(path.coefficients[k][c], theirs[c], 1e-3) << k << " " << c;
    }
}

TEST(ElasticNet, LogisticPathAgreesWithGlmnet) {
    SKIP_WITHOUT_REFERENCE;
    const auto r = reference::read_json(survival / "birthwt.logistic.json");
    Birthwt data(false);
    LogisticLikelihood likelihood(data.problem);
    std::vector<double> factor(9, 1.0);
    factor[0] = 0;
    for (const auto& [alpha, key] :
         {std::pair{1.0, "glmnet_binomial_alpha_1"}, std::pair{0.5, "glmnet_binomial_alpha_0.5"},
          std::pair{0.05, "glmnet_binomial_alpha_0.05"}})
        expect_path(likelihood, data.rows, {.alpha = alpha, .factor = factor}, r[key], data.scales,
                    1);
}

TEST(ElasticNet, CoxPathAgreesWithGlmnet) {
    SKIP_WITHOUT_REFERENCE;
    const auto r = reference::read_json(survival / "CoxExample.glmnet.json");
    const Csv data = reference::read_csv(survival / "CoxExample.csv");
    const RiskSets sets({.exit = data.at("time"), .event = data.at("status")});
    const auto blocks = hazard_blocks(sets, 300);
    HazardDesign design(sets, blocks, 30);
    for (std::size_t c = 0; c < 30; ++c)
        design.fill(c, data.at("X" + std::to_string(c + 1)));
    const auto scales = column_scales(design.rows, 30, sets.rows(), join_alone);
    design.standardise(scales);
    HazardLikelihood likelihood(
        {.sets = sets, .blocks = blocks, .design = design.rows, .ties = Ties::breslow});
    expect_path(likelihood, 1000, {.alpha = 1}, r["alpha_1"], scales, 0);
    expect_path(likelihood, 1000, {.alpha = 0.5}, r["alpha_0.5"], scales, 0);
    // The largest lambda from the data is the smallest that keeps all at 0.
    const NetPath own = elastic_net_path(likelihood, 1000, {.lambdas = 5});
    EXPECT_NEAR(own.lambda[0], r["alpha_1"]["lambda"][0].number, 1e-10);
    for (const double b : own.coefficients[0])
        EXPECT_NEAR(b, 0, 1e-9);
}

// R 4.2, glmnet 4.1-6, birthwt with age, lwt and smoke negated: glmnet(x, low, family = "binomial",
// alpha = 0.5, lambda = c(0.1, 0.02, 0.004), lower.limits = 0, thresh = 1e-20). Tolerance as for
// other paths of glmnet: its own convergence.
TEST(ElasticNet, CoefficientsNotBelowZeroAsInGlmnet) {
    SKIP_WITHOUT_REFERENCE;
    Birthwt data(false);
    for (auto& block : data.blocks)
        for (const std::size_t c : {1U, 2U, 5U})
            for (double& v : block.column(c))
                v = -v;
    LogisticLikelihood likelihood(data.problem);
    ElasticNet net{.alpha = 0.5, .factor = std::vector<double>(9, 1.0)};
    net.factor[0] = 0;
    net.nonnegative.assign(9, 1);
    net.nonnegative[0] = 0;
    net.grid = {0.1, 0.02, 0.004};
    const NetPath path = elastic_net_path(likelihood, data.rows, net);
    EXPECT_TRUE(path.settled);
    const std::vector<std::vector<double>> expected{
        {0.00442662624828, 0.00309530745046, 0, 0, 0, 0.68961926320938, 0.40314946357786,
         0.17306157942355},
        {0.0316941900873, 0.0121009366280, 0.6918944425736, 0.2392935418559, 0, 1.1992110187423,
         1.4605938386519, 0.5864629678614},
        {0.0394007654214, 0.0153431582210, 0.9299214186270, 0.3486169720079, 0, 1.3522997619108,
         1.8101473596523, 0.6937201381037}};
    for (std::size_t k = 0; k < 3; ++k)
        for (std::size_t c = 0; c < 8; ++c)
            EXPECT_NEAR(path.coefficients[k][c + 1] / data.scales.deviation[c + 1], expected[k][c],
                        1e-6 * (1 + expected[k][c]))
                << k << ' ' << c;
    // From the data, the first lambda is the largest at which a coefficient is not 0.
    net.grid.clear();
    const NetPath own = elastic_net_path(likelihood, data.rows, net);
    for (std::size_t c = 1; c < 9; ++c)
        EXPECT_EQ(own.coefficients[0][c], 0);
    EXPECT_GT(*std::max_element(own.coefficients[1].begin() + 1, own.coefficients[1].end()), 0);
}

} // namespace
} // namespace salus
