#include "models/score_terms.hpp"
#include "base/text.hpp"
#include "models/score_normalisation.hpp"
#include "support/reference_data.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

namespace salus {
namespace {

double value(const ScoreTerm& t, double g) {
    const double x = t.shape == CallShape::copies    ? g
                     : t.shape == CallShape::carrier ? std::min(g, 1.0)
                                                     : std::max(g - 1, 0.0);
    return t.slope * x + t.constant;
}

TEST(ScoreTerms, CountTheEffectAlleleInAnyOrientation) {
    const double w = 0.7, f = 0.3; // f: of ALT
    for (const double g : {0.0, 1.0, 2.0, 0.4, 1.7}) {
        for (const bool alt : {true, false}) {
            const double x = alt ? g : 2 - g, fe = alt ? f : 1 - f;
            const auto of = [&](ScoreMode mode) {
                return value(score_term(mode, MissingRule::expected, alt, w, f), g);
            };
            // 1e-15: rounding of four operations.
            EXPECT_NEAR(of(ScoreMode::additive), w * x, 1e-15);
            EXPECT_NEAR(of(ScoreMode::dominant), w * std::min(x, 1.0), 1e-15);
            EXPECT_NEAR(of(ScoreMode::recessive), w * std::max(x - 1, 0.0), 1e-15);
            EXPECT_NEAR(of(ScoreMode::centred), w * (x - 2 * fe), 1e-15);
            EXPECT_NEAR(of(ScoreMode::standardised), w * (x - 2 * fe) / std::sqrt(2 * f * (1 - f)),
                        4e-15);
        }
    }
}

TEST(ScoreTerms, MissingGenotypes) {
    const auto of = [](ScoreMode mode, MissingRule rule) {
        return score_term(mode, rule, true, 1, 0.25).missing;
    };
    EXPECT_EQ(of(ScoreMode::additive, MissingRule::expected), 0.5);
    EXPECT_EQ(of(ScoreMode::dominant, MissingRule::expected), 1 - 0.75 * 0.75);
    EXPECT_EQ(of(ScoreMode::recessive, MissingRule::expected), 0.0625);
    EXPECT_EQ(of(ScoreMode::centred, MissingRule::expected), 0);
    EXPECT_EQ(of(ScoreMode::centred, MissingRule::plink2), 0.5);
    EXPECT_EQ(of(ScoreMode::recessive, MissingRule::plink2), 0.25);
    EXPECT_EQ(of(ScoreMode::additive, MissingRule::nothing), 0);
}

TEST(ScoreTerms, VariantsThatDoNotVaryCountNothingWhenStandardised) {
    for (const double f : {0.0, 1.0, std::nan("")}) {
        const ScoreTerm term = score_term(ScoreMode::standardised, MissingRule::plink2, true, 3, f);
        EXPECT_EQ(term.slope, 0);
        EXPECT_EQ(term.constant, 0);
        EXPECT_EQ(term.missing, 0);
    }
}

std::vector<std::vector<std::string>> read_csv(const std::filesystem::path& path) {
    std::ifstream in(path);
    std::vector<std::vector<std::string>> rows;
    for (std::string line; std::getline(in, line);) {
        rows.emplace_back();
        for (const auto cell : split(line, ','))
            rows.back().emplace_back(cell);
    }
    return rows;
}

// Reference values by numpy (least squares, gamma regression with log link), printed to 12 digits.
TEST(ScoreNormalisation, ReferenceValues) {
    const std::filesystem::path folder = reference::survival / "prs";
    if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no reference data";
    const auto people = read_csv(folder / "pheno.csv"),
               expected = read_csv(folder / "score_pc_normalised.csv");
    ASSERT_EQ(people.size(), expected.size());
    std::vector<double> score;
    std::vector<std::vector<double>> components(2);
    std::vector<std::uint8_t> reference;
    for (std::size_t i = 1; i < people.size(); ++i) {
        score.push_back(std::stod(expected[i][1]));
        reference.push_back(people[i][1] == "train" ? 1 : 0);
        for (std::size_t k = 0; k < 2; ++k)
            components[k].push_back(std::stod(people[i][8 + k]));
    }
    const auto fit = fit_normalisation(score, components, reference);
    ASSERT_TRUE(fit.variance_fitted);
    for (std::size_t i = 0; i < score.size(); ++i) {
        const double at[2] = {components[0][i], components[1][i]};
        EXPECT_NEAR(fit.z_mean(score[i], at), std::stod(expected[i + 1][2]), 1e-11);
        EXPECT_NEAR(fit.z_variance(score[i], at), std::stod(expected[i + 1][3]), 1e-11);
    }
}

TEST(ScoreNormalisation, TellsWhatCannotBeFitted) {
    const std::vector<double> score{1, 2, 3, 4, 5, 7};
    const std::vector<std::uint8_t> all(6, 1), few{1, 1, 1, 0, 0, 0};
    const std::vector<std::vector<double>> one{{1, 0, 2, 1, 3, 1}}, constant{{1, 1, 1, 1, 1, 1}},
        twice{one[0], one[0]};
    EXPECT_TRUE(fit_normalisation(score, one, all).fitted);
    EXPECT_FALSE(fit_normalisation(score, one, few).fitted);
    EXPECT_FALSE(fit_normalisation(score, constant, all).fitted);
    EXPECT_FALSE(fit_normalisation(score, twice, all).fitted);
    EXPECT_FALSE(fit_normalisation(std::vector<double>(6, 2.0), one, all).fitted);
    const double at[1] = {1};
    EXPECT_TRUE(std::isnan(fit_normalisation(score, one, few).z_mean(1, at)));
}

} // namespace
} // namespace salus
