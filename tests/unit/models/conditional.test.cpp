#include "models/conditional.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

// Genotypes of some variants, two covariates, and a trait of the first two variants.
struct ConditionalExample {
    ConditionalTrait trait;
    std::vector<CentredGenotypes> variants;

    ConditionalExample(bool binary, std::size_t n, double effect = 0.5) {
        Rng rng(9, "conditional", binary ? 1 : 0);
        std::vector<std::vector<double>> covariates(2, std::vector<double>(n));
        for (auto& column : covariates)
            for (double& value : column)
                value = rng.uniform();
        variants.assign(4, CentredGenotypes(padded_samples(n)));
        for (std::size_t v = 0; v < variants.size(); ++v) {
            double mean = 0;
            for (std::size_t i = 0; i < n; ++i) {
                double copies = static_cast<double>(rng.below(3));
                if (v == 3) copies = variants[0][i]; // the same as the first
                variants[v][i] = copies;
                mean += copies / static_cast<double>(n);
            }
            for (std::size_t i = 0; i < n; ++i)
                variants[v][i] -= mean;
        }
        trait.binary = binary;
        trait.samples = n;
        trait.basis = orthonormal_basis(covariates);
        trait.outcome.resize(padded_samples(n));
        for (std::size_t i = 0; i < n; ++i) {
            const double value = effect * variants[0][i] - effect * variants[1][i] +
                                 covariates[0][i] + rng.uniform() * 2;
            trait.outcome[i] = binary ? (value > 1.5 ? 1 : 0) : value;
        }
    }
    ConditionalTest test(const ConditionalModel& model, std::size_t v) const {
        std::vector<double> products;
        double squares = 0;
        for (const auto& column : model.columns()) {
            products.push_back(0);
            for (std::size_t i = 0; i < trait.samples; ++i)
                products.back() += column[i] * variants[v][i];
        }
        for (std::size_t i = 0; i < trait.samples; ++i)
            squares += (model.weights().empty() ? 1 : model.weights()[i]) * variants[v][i] *
                       variants[v][i];
        return model.test(products, squares);
    }
};

TEST(ConditionalModel, LastOfTheJointModelIsTheConditionalTest) {
    // Least squares: the effect of the last variant in the joint model is its conditional effect.
    const ConditionalExample e(false, 203);
    const std::vector<CentredGenotypes> first(e.variants.begin(), e.variants.begin() + 2);
    const std::vector<CentredGenotypes> all(e.variants.begin(), e.variants.begin() + 3);
    const ConditionalTest test = e.test(ConditionalModel(e.trait, first), 2);
    const JointFit joint = fit_joint(e.trait, all);
    ASSERT_TRUE(test.tested && joint.converged);
    EXPECT_NEAR(test.beta, joint.effects[2].beta, 1e-12);
    EXPECT_NEAR(test.standard_error, joint.effects[2].standard_error, 1e-12);
    EXPECT_NEAR(test.neg_log10_p, joint.effects[2].neg_log10_p, 1e-10);
}

TEST(ConditionalModel, ScoreTestIsNearToWaldOfTheJointModel) {
    const ConditionalExample e(true, 4000, 0.05);
    const std::vector<CentredGenotypes> first(e.variants.begin(), e.variants.begin() + 1);
    const std::vector<CentredGenotypes> both(e.variants.begin(), e.variants.begin() + 2);
    const ConditionalModel model(e.trait, first);
    ASSERT_TRUE(model.usable());
    const ConditionalTest test = e.test(model, 1);
    const JointFit joint = fit_joint(e.trait, both);
    ASSERT_TRUE(test.tested && joint.converged);
    EXPECT_NEAR(test.beta / joint.effects[1].beta, 1, 0.02); // one step from 0, small effects
    EXPECT_NEAR(test.standard_error / joint.effects[1].standard_error, 1, 0.02);
}

TEST(ConditionalModel, ProxiesOfSignalsAreKnown) {
    for (const bool binary : {false, true}) {
        const ConditionalExample e(binary, 600, 0.2);
        const std::vector<CentredGenotypes> first(e.variants.begin(), e.variants.begin() + 1);
        const ConditionalModel model(e.trait, first);
        ASSERT_TRUE(model.usable());
        const ConditionalTest proxy = e.test(model, 3), other = e.test(model, 2);
        EXPECT_FALSE(proxy.tested);
        EXPECT_NEAR(proxy.r2, 1, 1e-9);
        EXPECT_TRUE(other.tested);
        EXPECT_LT(other.r2, 0.05);
    }
}

TEST(ConditionalModel, SignalsThatDetermineOneAnotherHaveNoModel) {
    for (const bool binary : {false, true}) {
        const ConditionalExample e(binary, 600, 0.2);
        const std::vector<CentredGenotypes> twice{e.variants[0], e.variants[3]};
        EXPECT_FALSE(ConditionalModel(e.trait, twice).usable());
        EXPECT_FALSE(fit_joint(e.trait, twice).converged);
    }
}

TEST(ConditionalModel, SeparationHasNoModel) {
    ConditionalExample e(true, 200);
    for (std::size_t i = 0; i < 200; ++i)
        e.trait.outcome[i] = e.variants[0][i] > 0 ? 1 : 0;
    const std::vector<CentredGenotypes> first(e.variants.begin(), e.variants.begin() + 1);
    EXPECT_FALSE(ConditionalModel(e.trait, first).usable());
    EXPECT_FALSE(fit_joint(e.trait, first).converged);
}

TEST(ConditionalModel, ConstantGenotypesAreNotTested) {
    ConditionalExample e(false, 100);
    std::fill(e.variants[2].begin(), e.variants[2].end(), 0.0);
    EXPECT_FALSE(e.test(ConditionalModel(e.trait, {}), 2).tested);
}

} // namespace
} // namespace salus
