#include "stages/interaction/interaction.hpp"

#include "base/error.hpp"
#include "models/interaction.hpp"
#include "models/tails.hpp"
#include "support/dense.hpp"
#include "unit/stages/association/cohort.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace salus {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

/// Textbook fit with sandwich errors; columns of x: intercept, covariates, environment, g, g x e.
struct Textbook {
    Vector beta;
    Matrix model, robust;
    double df = 0; // of the robust test
};

double robust_df(const Matrix& x, const Vector& w, const Matrix& inverse) {
    double sum = 0, squares = 0;
    for (Eigen::Index i = 0; i < x.rows(); ++i) {
        const double influence = x.row(i).dot(inverse.col(x.cols() - 1));
        const double share = w(i) * influence * influence;
        sum += share;
        squares += share * share;
    }
    return std::min(static_cast<double>(x.rows() - x.cols()), sum * sum / squares - 1);
}

Textbook least_squares(const Matrix& x, const Vector& y, double power) {
    const Matrix inverse = test::dense::inverse(test::dense::gram(x));
    const Vector beta = inverse * (x.transpose() * y), rest = y - x * beta;
    const auto df = static_cast<double>(x.rows() - x.cols());
    Vector omega(y.size());
    for (Eigen::Index i = 0; i < y.size(); ++i) {
        const double left = 1 - x.row(i) * inverse * x.row(i).transpose();
        omega(i) = rest(i) * rest(i) / std::pow(left, power);
    }
    const Matrix meat = x.transpose() * omega.asDiagonal() * x;
    return {beta, inverse * rest.squaredNorm() / df, inverse * meat * inverse,
            robust_df(x, Vector::Ones(x.rows()), inverse)};
}

Textbook logistic(const Matrix& x, const Vector& y, double power) {
    Vector beta = Vector::Zero(x.cols()), mu, w;
    Matrix inverse;
    for (int step = 0; step < 60; ++step) {
        mu = (1 + (-(x * beta).array()).exp()).inverse().matrix();
        w = (mu.array() * (1 - mu.array())).matrix();
        inverse = test::dense::inverse(test::dense::gram(x, w));
        beta += inverse * (x.transpose() * (y - mu));
    }
    Vector omega(y.size());
    for (Eigen::Index i = 0; i < y.size(); ++i) {
        const double left = 1 - w(i) * x.row(i).dot(inverse * x.row(i).transpose());
        omega(i) = (y(i) - mu(i)) * (y(i) - mu(i)) / std::pow(left, power);
    }
    return {beta, inverse, inverse * (x.transpose() * omega.asDiagonal() * x) * inverse,
            robust_df(x, w, inverse)};
}

class Interaction : public test::AssociationCohort {
protected:
    Interaction() {
        test::TestColumn smoker{"smoker", "", {}};
        for (std::size_t i = 0; i < samples; ++i)
            smoker.values.push_back(Rng(41, "smoker", i).bernoulli(0.4) ? 1 : 0);
        covariates_.push_back(smoker);
    }
    H5File result(const InteractionParams& params) {
        RunContext context(
            {.comm = {},
             .log = Log("test", 0, LogLevel::error),
             .stage = "interaction",
             .inputs = {{"genotypes", {folder_ / "store"}}, {"phenotypes", {write_phenotypes()}}},
             .outputs = {{"interaction", folder_ / "interaction.h5"}},
             .work = folder_ / "work",
             .fingerprint = "f",
             .provenance = {}});
        std::filesystem::remove_all(folder_ / "work");
        run_interaction(params, context);
        return H5File::open(folder_ / "interaction.h5");
    }
    /// Rows of people with trait and covariates, missing genotypes at the mean; X males 0 or 2.
    std::pair<Matrix, Vector> model_of(std::size_t v, const std::string& trait,
                                       const std::vector<double>& environment) const {
        std::vector<std::size_t> people;
        std::vector<double> genotype;
        double sum = 0, called = 0;
        for (std::size_t i = 0; i < samples; ++i) {
            if (std::isnan(column(trait).values[i] + column("age").values[i] + environment[i]))
                continue;
            auto call = packed_get(parts_[0].rows[v], i);
            const bool haploid =
                parts_[0].variants[v].chromosome == "X" && store_.samples.sex[i] == Sex::male;
            if (haploid && call == het) call = missing;
            people.push_back(i);
            genotype.push_back(call == missing ? -1 : call);
            if (call == missing) continue;
            sum += call;
            ++called;
        }
        Matrix x(static_cast<Eigen::Index>(people.size()), 6);
        Vector y(x.rows());
        for (std::size_t k = 0; k < people.size(); ++k) {
            const std::size_t i = people[k];
            const double g = genotype[k] < 0 ? sum / called : genotype[k], e = environment[i];
            const auto row = static_cast<Eigen::Index>(k);
            x.row(row) << 1, column("age").values[i] - 1970, column("sex_male").values[i], e, g,
                g * e;
            y(row) = column(trait).values[i];
        }
        return {x, y};
    }
    void expect_textbook(const H5File& file, const std::string& trait,
                         const std::vector<double>& environment, bool binary, double power) {
        const TableData found = file.read("traits/" + trait);
        const auto& status = found.column<std::uint8_t>("status");
        const auto value = [&](const char* name, std::size_t v) {
            return found.column<double>(name)[v];
        };
        std::size_t compared = 0;
        for (std::size_t v = 0; v < 225; v += 3) {
            if (status[v] != 0) continue;
            const auto [x, y] = model_of(v, trait, environment);
            const Textbook t = binary ? logistic(x, y, power) : least_squares(x, y, power);
            const double error = std::sqrt(t.model(5, 5)), robust = std::sqrt(t.robust(5, 5));
            ++compared;
            // Textbook normal equations lose digits to the offset of the environment.
            EXPECT_NEAR(value("beta", v), t.beta(4), 1e-6 * std::sqrt(t.model(4, 4))) << v;
            EXPECT_NEAR(value("beta_interaction", v), t.beta(5), 1e-6 * error) << v;
            EXPECT_NEAR(value("standard_error", v) / std::sqrt(t.model(4, 4)), 1, 1e-6) << v;
            EXPECT_NEAR(value("standard_error_interaction", v) / error, 1, 1e-6) << v;
            EXPECT_NEAR(value("standard_error_robust", v) / std::sqrt(t.robust(4, 4)), 1, 1e-6);
            EXPECT_NEAR(value("standard_error_interaction_robust", v) / robust, 1, 1e-6) << v;
            const double p = student_t_neg_log10_p(t.beta(5) / robust, t.df);
            EXPECT_NEAR(value("neg_log10_p", v), p, 1e-6 * (1 + p)) << v;
        }
        EXPECT_GT(compared, 30u) << trait;
    }
};

TEST_F(Interaction, EqualsTextbookFitsOfEverySort) {
    const H5File file = result({.environment = "smoker",
                                .traits = {"height", "disease"},
                                .covariates = {"age", "sex_male"},
                                .effective_samples_min = 8,
                                .effective_samples_min_binary = 8});
    expect_textbook(file, "height", column("smoker").values, false, 2);
    expect_textbook(file, "disease", column("smoker").values, true, 2);
}

TEST_F(Interaction, OfATraitAsEnvironmentLeavesItsMissingSamplesOut) {
    const H5File file = result({.environment = "weight",
                                .covariates = {"age", "sex_male"},
                                .effective_samples_min = 8,
                                .effective_samples_min_binary = 8,
                                .robust = "hc2"});
    expect_textbook(file, "height", column("weight").values, false, 1);
    const auto names = file.read("trait_summary").column<std::string>("name");
    EXPECT_EQ(names, (std::vector<std::string>{"height", "disease"}));
}

TEST_F(Interaction, OfAVariantIsCollinearWithItself) {
    std::vector<double> environment(samples);
    for (std::size_t i = 0; i < samples; ++i) {
        const auto call = packed_get(parts_[0].rows[3], i);
        environment[i] = call == missing ? std::nan("") : call;
    }
    const H5File file = result({.environment_variant = "chr1:3000300:A:C",
                                .traits = {"height"},
                                .covariates = {"age", "sex_male"},
                                .effective_samples_min = 8,
                                .effective_samples_min_binary = 8,
                                .robust = "hc0"});
    expect_textbook(file, "height", environment, false, 0);
    EXPECT_EQ(file.read("traits/height").column<std::uint8_t>("status")[3], 5);
}

TEST_F(Interaction, CentreMovesTheMainEffectAlone) {
    InteractionParams params{.environment = "age",
                             .traits = {"height"},
                             .covariates = {"sex_male"},
                             .effective_samples_min = 8,
                             .effective_samples_min_binary = 8};
    const TableData plain = result(params).read("traits/height");
    params.centre = true;
    const H5File file = result(params);
    const TableData centred = file.read("traits/height");
    const double mean = file.read("trait_summary").column<double>("environment_mean")[0];
    for (std::size_t v = 0; v < 30; ++v) {
        if (plain.column<std::uint8_t>("status")[v] != 0) continue;
        const auto of = [&](const TableData& t, const char* name) {
            return t.column<double>(name)[v];
        };
        EXPECT_EQ(of(plain, "beta_interaction"), of(centred, "beta_interaction"));
        EXPECT_EQ(of(plain, "neg_log10_p_joint"), of(centred, "neg_log10_p_joint"));
        EXPECT_NEAR(of(plain, "beta") + mean * of(plain, "beta_interaction"), of(centred, "beta"),
                    1e-9 * of(plain, "standard_error"));
        EXPECT_LT(of(centred, "standard_error"), of(plain, "standard_error"));
    }
}

TEST_F(Interaction, TooLittleInformationIsAReasonOfItsOwn) {
    const H5File file = result({.environment = "smoker",
                                .traits = {"height", "disease"},
                                .covariates = {"age", "sex_male"},
                                .effective_samples_min_binary = 1000});
    const auto tested = [&](const char* trait, std::uint8_t code) {
        const TableData found = file.read(trait);
        const auto& status = found.column<std::uint8_t>("status");
        return std::count(status.begin(), status.end(), code);
    };
    EXPECT_GT(tested("traits/height", 0), 0);
    EXPECT_EQ(tested("traits/disease", 0), 0);
    EXPECT_GT(tested("traits/disease", little_information), 0);
}

TEST_F(Interaction, EverySkippedVariantHasAReason) {
    const H5File file = result({.environment = "smoker",
                                .traits = {"height", "disease"},
                                .covariates = {"age", "sex_male"},
                                .effective_samples_min_binary = 10});
    for (const char* trait : {"traits/height", "traits/disease"}) {
        const TableData found = file.read(trait);
        const auto& status = found.column<std::uint8_t>("status");
        EXPECT_EQ(status[197], 2) << "not called";
        EXPECT_EQ(status[198], 3) << "monomorphic";
        EXPECT_EQ(status[199], 5) << "the covariate sex";
        EXPECT_EQ(status[1], 4) << "rare";
        for (std::size_t v = 0; v < status.size(); ++v)
            EXPECT_EQ(status[v] == 0, std::isfinite(found.column<double>("neg_log10_p")[v]));
        EXPECT_GT(std::count(status.begin() + 230, status.begin() + 250, 0), 0) << "Y";
    }
}

TEST_F(Interaction, ConstantEnvironmentsAndUnknownNamesAreErrors) {
    test::TestColumn same{"same", "", std::vector<double>(samples, 2.0)};
    covariates_.push_back(same);
    EXPECT_THROW(result({.environment = "same"}), DataError);
    EXPECT_THROW(result({.environment = "smokr"}), UsageError);
    EXPECT_THROW(result({.environment_variant = "nothing"}), UsageError);
    EXPECT_THROW(result({}), UsageError);
    EXPECT_THROW(result({.environment = "height", .traits = {"height"}}), UsageError);
}

TEST_F(Interaction, TimesToEventsAreLeftOutOrRefused) {
    traits_.push_back({"death", "time_to_event", column("disease").values});
    const H5File file = result({.environment = "smoker", .covariates = {"age"}});
    const TableData skipped = file.read("traits_skipped");
    const auto& names = skipped.column<std::string>("name");
    EXPECT_EQ(std::count(names.begin(), names.end(), "death"), 1);
    EXPECT_FALSE(file.is_table("traits/death"));
    EXPECT_THROW(result({.environment = "smoker", .traits = {"death"}, .covariates = {"age"}}),
                 UsageError);
}

TEST(JointTest, HasClosedForms) {
    // R 4.2: -pf(7 / 2, 2, 40, lower.tail = FALSE, log.p = TRUE) / log(10), and pchisq(7, 2, ...)
    EXPECT_NEAR(joint_neg_log10_p(2, std::sqrt(3.0), {1, 1, 0}, 40), 1.4007573322, 1e-9);
    EXPECT_NEAR(joint_neg_log10_p(2, std::sqrt(3.0), {1, 1, 0}, 0), 1.5200306867, 1e-9);
    EXPECT_TRUE(std::isnan(joint_neg_log10_p(1, 1, {1, 1, 1}, 0)));
}

} // namespace
} // namespace salus
