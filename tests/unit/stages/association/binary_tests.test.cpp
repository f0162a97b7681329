#include "unit/stages/association/textbook.hpp"

#include "models/logistic.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <utility>

namespace salus {
namespace {

namespace dense = test::dense;

/// Null model, projected genotype and the tests that start from it, in dense plain arithmetic.
class BinaryTests : public Association {
protected:
    struct Null {
        Vector eta, penalised_eta, slope; // slope: genotype after the weighted covariates
        double score = 0, variance = 0;
    };

    static Vector logistic(const Vector& eta) { return (1 + (-eta.array()).exp()).inverse(); }
    static Vector weights(const Vector& mu) { return mu.array() * (1 - mu.array()); }

    /// Fisher scoring with or without Firth's penalty, from zero.
    static Vector fit(const Matrix& x, const Vector& y, bool firth) {
        Vector b = Vector::Zero(x.cols());
        for (int step = 0; step < (firth ? 60 : 15); ++step) {
            const Vector mu = logistic(x * b), w = weights(mu);
            const Matrix information = dense::gram(x, w);
            Vector rest = y - mu;
            if (firth) {
                const Matrix hat = dense::solve(information, Matrix(x.transpose()));
                for (Eigen::Index i = 0; i < x.rows(); ++i)
                    rest[i] += w[i] * x.row(i).dot(hat.col(i)) * (0.5 - mu[i]);
            }
            b += dense::solve(information, Vector(x.transpose() * rest));
        }
        return b;
    }

    Null null_of(const Textbook& t) const {
        Null null;
        const Matrix x = t.x.leftCols(t.x.cols() - 1);
        const Vector g = t.x.col(t.x.cols() - 1);
        const auto rows = static_cast<std::size_t>(x.rows()); // tells the samples
        if (!fits_.contains(rows)) fits_[rows] = {fit(x, t.y, false), fit(x, t.y, true)};
        null.eta = x * fits_[rows].first;
        null.penalised_eta = x * fits_[rows].second;
        const Vector mu = logistic(null.eta), w = weights(mu);
        const Matrix information = dense::gram(x, w);
        null.slope = g - x * dense::solve(information, Vector(x.transpose() * w.cwiseProduct(g)));
        null.score = null.slope.dot(t.y - mu);
        null.variance = null.slope.cwiseAbs2().dot(w);
        return null;
    }

    TextbookFit approximate_firth(const Textbook& t) const {
        const Null null = null_of(t);
        const auto penalised = [&](double b) {
            const Vector eta = null.penalised_eta + b * null.slope, w = weights(logistic(eta));
            return t.y.dot(eta) - eta.array().exp().log1p().sum() +
                   0.5 * std::log(null.slope.cwiseAbs2().dot(w));
        };
        double b = 0;
        for (int step = 0; step < 200;
             ++step) { // a zero of the score, by the secant of differences
            const double h = 1e-4;
            const double up = penalised(b + h), down = penalised(b - h), middle = penalised(b);
            b += h * (up - down) / (2 * (2 * middle - up - down));
        }
        const double chi_square = 2 * (penalised(b) - penalised(0));
        return {b, std::fabs(b) / std::sqrt(chi_square), chi_square_neg_log10_p(chi_square)};
    }

    static double saddlepoint_tail(const Null& null, double s) {
        const Vector mu = logistic(null.eta);
        const auto tilted = [&](double t) { return logistic(null.eta + t * null.slope); };
        double near = 0, far = s > 0 ? 1 : -1;
        const auto reached = [&](double t) {
            return std::fabs(null.slope.dot(tilted(t) - mu)) >= std::fabs(s);
        };
        while (!reached(far) && std::fabs(far) < 1e6)
            far *= 2;
        if (!reached(far)) return 0;
        for (int k = 0; k < 100; ++k) {
            const double middle = 0.5 * (near + far);
            (reached(middle) ? far : near) = middle;
        }
        const Vector eta = null.eta + near * null.slope;
        const double k0 = eta.array().exp().log1p().sum() - null.eta.array().exp().log1p().sum() -
                          near * null.slope.dot(mu);
        const double k2 = null.slope.cwiseAbs2().dot(weights(tilted(near)));
        const double w = std::sqrt(2 * (near * s - k0)), v = std::fabs(near) * std::sqrt(k2);
        return 0.5 * std::erfc((w + std::log(v / w) / w) / std::sqrt(2.0));
    }

    TextbookFit textbook_of(std::size_t v, bool firth) const {
        const Textbook t = textbook(v, "disease", parts_[0].variants[v].chromosome == "Y");
        if (firth) return approximate_firth(t);
        const Null null = null_of(t);
        const double s = std::fabs(null.score);
        const double p = -std::log10(saddlepoint_tail(null, s) + saddlepoint_tail(null, -s));
        const double beta = null.score / null.variance;
        return {beta, std::fabs(beta) / std::sqrt(chi_square_from_neg_log10_p(p)), p};
    }

    double enumerated(std::size_t v) const {
        const Textbook t = textbook(v, "disease", parts_[0].variants[v].chromosome == "Y");
        const Null null = null_of(t);
        const Matrix x = t.x.leftCols(t.x.cols() - 1);
        const Vector mu = logistic(null.eta), w = weights(mu);
        Matrix information = dense::gram(x, w);
        const Matrix hat = dense::solve(information, Matrix(x.transpose()));
        Vector penalty = Vector::Zero(x.rows());
        for (Eigen::Index i = 0; i < x.rows(); ++i)
            penalty[i] = w[i] * x.row(i).dot(hat.col(i)) * (0.5 - mu[i]);
        const Vector odds =
            null.eta + x * dense::solve(information, Vector(x.transpose() * penalty));
        std::vector<Eigen::Index> carriers;
        double expected = 0, observed = 0;
        for (Eigen::Index i = 0; i < x.rows(); ++i) {
            const double copies = t.x(i, x.cols());
            if (copies < 0.5) continue; // missing ones have the mean
            carriers.push_back(i);
            expected += copies * mu[i];
            observed += copies * t.y[i];
            information -= w[i] * x.row(i).transpose() * x.row(i);
        }
        double all = 0, beyond = 0;
        for (std::uint64_t cases = 0; cases < std::uint64_t{1} << carriers.size(); ++cases) {
            double mass = 1, sum = 0;
            Vector d = Vector::Zero(x.cols());
            for (std::size_t k = 0; k < carriers.size(); ++k) {
                const Eigen::Index i = carriers[k];
                const double y = static_cast<double>(cases >> k & 1);
                const double p = 1 / (1 + std::exp(-odds[i]));
                mass *= y == 1 ? p : 1 - p;
                sum += y * t.x(i, x.cols());
                d += (y - mu[i]) * x.row(i).transpose();
            }
            mass *= std::exp(-0.5 * d.dot(dense::solve(information, d)));
            all += mass;
            if (std::fabs(sum - expected) > std::fabs(observed - expected) - 1e-9) beyond += mass;
        }
        return beyond / all;
    }

    mutable std::map<std::size_t, std::pair<Vector, Vector>> fits_;

    /// Few carriers: the store keeps them as a list.
    void add_rare_variants() {
        for (std::size_t v = 0; v < 40; ++v) {
            Rng rng(24, "rare", v);
            std::vector<std::uint8_t> row(packed_bytes(samples));
            for (std::size_t k = 0; k < 4 + v % 9; ++k) {
                std::size_t i = rng.below(samples);
                while (v % 2 == 0 && !(traits_[2].values[i] == 1))
                    i = rng.below(samples);
                packed_set(row, i, v % 7 == 0 && k == 0 ? missing : k == 1 ? hom_alt : het);
            }
            parts_[0].variants.insert(parts_[0].variants.begin() + static_cast<std::ptrdiff_t>(v),
                                      {.chromosome = "1",
                                       .position = static_cast<std::uint32_t>(1000 + v),
                                       .id = "rare_" + std::to_string(v),
                                       .ref = "A",
                                       .alt = "C"});
            parts_[0].rows.insert(parts_[0].rows.begin() + static_cast<std::ptrdiff_t>(v), row);
        }
        std::filesystem::remove_all(folder_ / "store");
        test::write_small_store(folder_ / "store", store_, parts_);
    }
};

TEST_F(BinaryTests, ApproximateFirthAgreesWithTheTextbook) {
    add_rare_variants();
    const AssociationParams params{.traits = {"disease"},
                                   .refit_p_max = 1,
                                   .exact_firth_p_max = 0,
                                   .exact_copies_max = 0,
                                   .minor_allele_count_min = 3};
    const TableData table = H5File::open(run(params)).read("traits/disease");
    std::size_t tested = 0;
    for (std::size_t v = 0; v < table.rows(); ++v) {
        if (status(table, v) != AssociationStatus::tested) continue;
        ++tested;
        EXPECT_EQ(table.column<std::uint8_t>("test")[v], 6);
        EXPECT_EQ(table.column<std::uint8_t>("converged")[v], 1);
        if (v >= 40 && v % 4 != 0)
            continue; // the textbook is slow: all rare, a quarter of the rest
        // Differences of likelihoods of 150 with 1e-14 errors at steps of 1e-4 give b to 1e-6; the
        // rest by moments has a bound of 1e-5 in the likelihood.
        expect_fit(table, v, textbook_of(v, true), 2e-5);
    }
    EXPECT_GT(tested, 220U);
}

TEST_F(BinaryTests, SaddlepointAgreesWithTheTextbook) {
    add_rare_variants();
    const AssociationParams params{.traits = {"disease"},
                                   .binary_test = "score_saddlepoint",
                                   .refit_p_max = 0.5,
                                   .exact_copies_max = 0,
                                   .minor_allele_count_min = 3};
    const TableData table = H5File::open(run(params)).read("traits/disease");
    std::size_t rare = 0, common = 0;
    for (std::size_t v = 0; v < table.rows(); ++v) {
        if (table.column<std::uint8_t>("test")[v] != 5) continue;
        ++(v < 40 ? rare : common);
        const TextbookFit expected = textbook_of(v, false);
        EXPECT_NEAR(table.column<double>("beta")[v], expected.beta, 1e-6) << v;
        // Samples that are no carriers enter as normal where carriers are few. Of only 331 samples
        // they have a good part of the variance: p = 1e-6 to 5 %.
        const double allowed = v < 40 ? 0.02 : 5e-3;
        EXPECT_NEAR(table.column<double>("neg_log10_p")[v], expected.neg_log10_p, allowed) << v;
        const double z =
            table.column<double>("beta")[v] / table.column<double>("standard_error")[v];
        EXPECT_NEAR(normal_neg_log10_p(z), table.column<double>("neg_log10_p")[v], 1e-9);
    }
    EXPECT_GT(rare, 15U);
    EXPECT_GT(common, 80U);
}

// All outcomes of the carriers one by one, with the weight that the others give them.
TEST_F(BinaryTests, FewCopiesHaveExactTests) {
    add_rare_variants();
    const auto read = [&](const std::string& name) {
        const AssociationParams params{.traits = {"disease"},
                                       .binary_test = name,
                                       .refit_p_max = 0.5,
                                       .exact_firth_p_max = 0,
                                       .minor_allele_count_min = 3};
        return H5File::open(run(params, name)).read("traits/disease");
    };
    const TableData table = read("score_saddlepoint"), firth = read("score_firth");
    std::size_t tested = 0;
    for (std::size_t v = 0; v < 40; ++v) {
        if (table.column<std::uint8_t>("test")[v] != 8) continue;
        ++tested;
        const double found = table.column<double>("neg_log10_p")[v];
        EXPECT_EQ(firth.column<double>("neg_log10_p")[v], found) << v;
        EXPECT_NEAR(found, -std::log10(enumerated(v)), 0.02) << v;
        for (const TableData* of : {&table, &firth}) {
            const double z =
                of->column<double>("beta")[v] / of->column<double>("standard_error")[v];
            EXPECT_NEAR(normal_neg_log10_p(z), found, 1e-9);
        }
    }
    EXPECT_GT(tested, 15U);
}

TEST_F(BinaryTests, HitsAreFittedExactly) {
    const AssociationParams params{.traits = {"disease"}, .exact_firth_p_max = 1e-3},
        exact{.traits = {"disease"}, .binary_test = "firth"};
    const TableData table = H5File::open(run(params, "hits")).read("traits/disease");
    const TableData all = H5File::open(run(exact, "exact")).read("traits/disease");
    std::size_t fitted = 0;
    for (std::size_t v = 0; v < table.rows(); ++v) {
        if (table.column<std::uint8_t>("test")[v] != 4) continue;
        ++fitted;
        for (const char* name : {"beta", "standard_error", "neg_log10_p"})
            EXPECT_EQ(table.column<double>(name)[v], all.column<double>(name)[v]);
    }
    EXPECT_GE(fitted, 1U);
    EXPECT_LT(fitted, 20U);
}

TEST_F(BinaryTests, EffectiveNumbersCountCalledGenotypes) {
    const H5File file = H5File::open(run({}));
    const TableData table = file.read("traits/disease"), height = file.read("traits/height");
    for (std::size_t v = 0; v < 197; ++v) {
        const Textbook t = textbook(v, "disease"), h = textbook(v, "height");
        double cases = 0, called = 0;
        for (std::size_t k = 0; k < t.samples.size(); ++k) {
            if (packed_get(parts_[0].rows[v], t.samples[k]) == missing) continue;
            ++called;
            cases += t.y[static_cast<Eigen::Index>(k)];
        }
        EXPECT_NEAR(table.column<double>("n_effective")[v], 4 / (1 / cases + 1 / (called - cases)),
                    1e-9);
        EXPECT_EQ(height.column<double>("n_effective")[v], h.alleles / 2);
    }
    EXPECT_TRUE(std::isnan(table.column<double>("n_effective")[197]));
}

// All cases have one value of a covariate and controls another, but for nobody: no maximum
// likelihood.
TEST_F(BinaryTests, SeparationByACovariateGivesAPenalisedNullModel) {
    test::TestColumn only{"only", "", {}};
    for (std::size_t i = 0; i < samples; ++i)
        only.values.push_back(traits_[2].values[i] == 1 && i % 5 == 0 ? 1 : 0);
    covariates_.push_back(only);
    const H5File file = H5File::open(run({.traits = {"disease"}}));
    const TableData summary = file.read("trait_summary"), table = file.read("traits/disease");
    EXPECT_EQ(summary.column<std::string>("null_model")[0], "firth");
    // The score is centred in the penalised model: b = S / V in plain arithmetic.
    std::size_t compared = 0;
    for (std::size_t v = 0; v < 190; v += 9) {
        if (table.column<std::uint8_t>("test")[v] != 2) continue;
        Textbook t = textbook(v, "disease");
        Matrix x(t.x.rows(), t.x.cols());
        x.leftCols(t.x.cols() - 1) = t.x.leftCols(t.x.cols() - 1);
        for (Eigen::Index k = 0; k < x.rows(); ++k)
            x(k, x.cols() - 1) = only.values[t.samples[static_cast<std::size_t>(k)]];
        const Vector g = t.x.col(t.x.cols() - 1), mu = logistic(x * fit(x, t.y, true));
        const Vector w = weights(mu);
        const Matrix information = dense::gram(x, w);
        const Vector slope =
            g - x * dense::solve(information, Vector(x.transpose() * w.cwiseProduct(g)));
        const double variance = slope.cwiseAbs2().dot(w);
        EXPECT_NEAR(table.column<double>("beta")[v], slope.dot(t.y - mu) / variance, 1e-6) << v;
        EXPECT_NEAR(table.column<double>("standard_error")[v], 1 / std::sqrt(variance), 1e-6) << v;
        ++compared;
    }
    EXPECT_GT(compared, 10U);
}

} // namespace
} // namespace salus
