#include "models/ordinal.hpp"
#include "unit/stages/association/textbook.hpp"

#include <gmock/gmock.h>

namespace salus {
namespace {

/// The cohort with a trait of four uneven levels written as any ascending numbers.
class AssociationOfLevels : public Association {
protected:
    AssociationOfLevels() {
        test::TestColumn grade{"grade", "ordinal", {}};
        for (std::size_t i = 0; i < samples; ++i) {
            Rng rng(43, "levels", i);
            const double liability = 0.4 * dosage(3, i) + rng.normal();
            const double levels[] = {-1, 0, 2.5, 9};
            const std::size_t k = liability > 1.8 ? 3U
                                  : liability > 1 ? 2U
                                  : liability > 0 ? 1U
                                                  : 0U;
            grade.values.push_back(rng.bernoulli(0.05) ? std::nan("") : levels[k]);
        }
        traits_.push_back(grade);
    }
    OrdinalFit model(const Textbook& t) const {
        std::vector<std::uint32_t> level;
        for (const double y : t.y)
            level.push_back(y < 0 ? 0 : y < 1 ? 1 : y < 5 ? 2 : 3);
        std::vector<std::vector<double>> columns;
        std::vector<const double*> pointers;
        for (Eigen::Index c = 1; c < t.x.cols(); ++c) {
            auto& column = columns.emplace_back(t.x.col(c).begin(), t.x.col(c).end());
            column.resize(padded_samples(level.size()), 0.0);
        }
        for (const auto& column : columns)
            pointers.push_back(column.data());
        return OrdinalSolver().fit({.level = level,
                                    .levels = 4,
                                    .design = {.columns = pointers, .samples = level.size()}});
    }
};

TEST_F(AssociationOfLevels, WaldTestsAreThoseOfWholeModels) {
    const AssociationParams params{.traits = {"grade"}, .ordinal_test = "wald"};
    const H5File file = H5File::open(run(params));
    const TableData found = file.read("traits/grade");
    std::size_t tested = 0;
    for (std::size_t v = 0; v < 150; ++v) {
        const Textbook t = textbook(v, "grade");
        if (!t.usable) continue;
        const OrdinalFit fit = model(t);
        ASSERT_TRUE(fit.converged);
        const double error = std::sqrt(fit.variances.back());
        ++tested;
        // Both stop within 1e-8 standard errors; the sums of the fits differ in their order.
        EXPECT_NEAR(found.column<double>("beta")[v], fit.coefficients.back(), 1e-6 * error);
        EXPECT_NEAR(found.column<double>("standard_error")[v], error, 1e-6 * error);
        EXPECT_EQ(found.column<std::uint8_t>("test")[v],
                  static_cast<std::uint8_t>(AssociationTest::ordinal_wald));
    }
    EXPECT_GT(tested, 40U);
    const TableData summary = file.read("trait_summary");
    EXPECT_EQ(summary.column<std::string>("kind")[0], "ordinal");
    EXPECT_EQ(summary.column<std::string>("null_model")[0], "maximum_likelihood");
}

TEST_F(AssociationOfLevels, ScoreTestsComeCloseAndGetTheWholeModelsBetaWhereAskedFor) {
    const AssociationParams score{.traits = {"grade"}, .odds_ratio_p_max = 0};
    const AssociationParams fitted{.traits = {"grade"}, .odds_ratio_p_max = 1};
    const AssociationParams wald{.traits = {"grade"}, .ordinal_test = "wald"};
    const TableData scores = H5File::open(run(score, "score")).read("traits/grade");
    const TableData fits = H5File::open(run(fitted, "fitted")).read("traits/grade");
    const TableData walds = H5File::open(run(wald, "wald")).read("traits/grade");
    std::size_t tested = 0;
    for (std::size_t v = 0; v < scores.rows(); ++v) {
        if (scores.column<std::uint8_t>("status")[v] != 0) continue;
        ++tested;
        const double p = scores.column<double>("neg_log10_p")[v];
        EXPECT_NEAR(p, walds.column<double>("neg_log10_p")[v], 0.05 + 0.1 * p); // same asymptotics
        EXPECT_EQ(fits.column<double>("neg_log10_p")[v], p);
        EXPECT_EQ(fits.column<double>("beta")[v], walds.column<double>("beta")[v]);
    }
    EXPECT_GT(tested, 60U);
}

TEST_F(AssociationOfLevels, TooManyLevelsLeaveTheTraitOut) {
    test::TestColumn fine{"fine", "ordinal", {}};
    for (std::size_t i = 0; i < samples; ++i)
        fine.values.push_back(static_cast<double>(i));
    traits_.push_back(fine);
    const TableData skipped = H5File::open(run({})).read("traits_skipped");
    const auto& names = skipped.column<std::string>("name");
    const auto at = std::find(names.begin(), names.end(), "fine");
    ASSERT_NE(at, names.end());
    EXPECT_THAT(skipped.column<std::string>("reason")[static_cast<std::size_t>(at - names.begin())],
                testing::HasSubstr("levels"));
}

// Two degrees of freedom against least squares with a column for each genotype.
TEST_F(AssociationOfLevels, GenotypicTestsAreThoseOfTwoColumns) {
    const AssociationParams params{.traits = {"height", "disease"},
                                   .binary_test = "firth",
                                   .minor_allele_count_min = 5,
                                   .coding = "genotypic"};
    const H5File file = H5File::open(run(params));
    const TableData found = file.read("traits/height");
    std::size_t tested = 0;
    for (std::size_t v = 0; v < 150; ++v) {
        if (found.column<std::uint8_t>("status")[v] != 0) continue;
        Textbook t = textbook(v, "height");
        const Eigen::Index last = t.x.cols() - 1;
        double called = 0, het_mean = 0, hom_mean = 0;
        std::vector<std::uint8_t> calls;
        for (const std::size_t i : t.samples)
            calls.push_back(packed_get(parts_[0].rows[v], i));
        for (const std::uint8_t call : calls) {
            called += call == missing ? 0 : 1;
            het_mean += call == het ? 1 : 0;
            hom_mean += call == hom_alt ? 1 : 0;
        }
        t.x.conservativeResize(Eigen::NoChange, last + 2);
        for (std::size_t k = 0; k < calls.size(); ++k) {
            const auto row = static_cast<Eigen::Index>(k);
            const bool absent = calls[k] == missing;
            t.x(row, last) = absent ? het_mean / called : calls[k] == het ? 1 : 0;
            t.x(row, last + 1) = absent ? hom_mean / called : calls[k] == hom_alt ? 1 : 0;
        }
        const auto rest = [&](Eigen::Index columns) {
            const Matrix x = t.x.leftCols(columns);
            return (t.y - x * test::dense::least_squares(x, t.y)).squaredNorm();
        };
        const Vector b = test::dense::least_squares(t.x, t.y);
        const double df = static_cast<double>(t.x.rows() - t.x.cols());
        const double without = rest(last), with = rest(last + 2);
        const Matrix inverse = test::dense::inverse(test::dense::gram(t.x));
        ++tested;
        // Columns are 32-bit fixed point.
        EXPECT_NEAR(found.column<double>("beta_heterozygous")[v], b[last], 1e-6);
        EXPECT_NEAR(found.column<double>("beta")[v], b[last + 1], 1e-6);
        EXPECT_NEAR(found.column<double>("standard_error")[v],
                    std::sqrt(with / df * inverse(last + 1, last + 1)), 1e-6);
        EXPECT_NEAR(found.column<double>("neg_log10_p")[v], 0.5 * df * std::log10(without / with),
                    1e-6);
    }
    EXPECT_GT(tested, 30U);
    const TableData disease = file.read("traits/disease");
    for (std::size_t v = 230; v < disease.rows(); ++v) // Y, mitochondrial
        EXPECT_NE(disease.column<std::uint8_t>("status")[v], 0);
}

// Strata are columns of least squares, and baseline hazards of their own in Cox models.
TEST_F(AssociationOfLevels, StrataAreFixedEffects) {
    test::TestColumn centre{"centre", "", {}};
    std::vector<test::TestColumn> indicators(3);
    for (std::size_t i = 0; i < samples; ++i) {
        centre.values.push_back(static_cast<double>(i * i % 7 % 4) - 1);
        for (std::size_t k = 0; k < 3; ++k)
            indicators[k].values.push_back(centre.values[i] == static_cast<double>(k) ? 1 : 0);
    }
    covariates_.push_back(centre);
    const AssociationParams strata{.traits = {"height", "disease", "grade"}, .strata = "centre"};
    const H5File by_strata = H5File::open(run(strata, "strata"));
    covariates_.pop_back();
    for (std::size_t k = 0; k < 3; ++k) {
        indicators[k].name = "centre" + std::to_string(k);
        covariates_.push_back(indicators[k]);
    }
    const AssociationParams plain{.traits = {"height", "disease", "grade"}};
    const H5File by_columns = H5File::open(run(plain, "columns"));
    for (const std::string trait : {"traits/height", "traits/disease", "traits/grade"}) {
        const TableData a = by_strata.read(trait), b = by_columns.read(trait);
        for (std::size_t v = 0; v < a.rows(); ++v) {
            EXPECT_EQ(a.column<std::uint8_t>("status")[v], b.column<std::uint8_t>("status")[v]);
            if (a.column<std::uint8_t>("status")[v] != 0) continue;
            EXPECT_NEAR(a.column<double>("beta")[v], b.column<double>("beta")[v], 1e-6);
            EXPECT_NEAR(a.column<double>("neg_log10_p")[v], b.column<double>("neg_log10_p")[v],
                        1e-6);
        }
    }
}

// One bad time ends neither the run nor the other traits.
TEST_F(AssociationOfLevels, ABadTimeLeavesItsTraitOut) {
    test::TestColumn death{"death", "time_to_event", {}}, time{"death", "", {}};
    for (std::size_t i = 0; i < samples; ++i) {
        death.values.push_back(i % 3 == 0 ? 1 : 0);
        time.values.push_back(i == 17 ? -2 : 1 + static_cast<double>(i % 40));
    }
    traits_.push_back(death);
    times_ = {time};
    const H5File file = H5File::open(run({}));
    const TableData skipped = file.read("traits_skipped");
    const auto& names = skipped.column<std::string>("name");
    const auto at = std::find(names.begin(), names.end(), "death");
    ASSERT_NE(at, names.end());
    EXPECT_THAT(skipped.column<std::string>("reason")[static_cast<std::size_t>(at - names.begin())],
                testing::HasSubstr("row 18"));
    EXPECT_TRUE(file.is_table("traits/height"));
}

} // namespace
} // namespace salus
