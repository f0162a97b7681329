#include "unit/stages/association/textbook.hpp"

#include "base/error.hpp"
#include "stages/association/family_plan.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

namespace dense = test::dense;
using Eigen::Index;

/// The cohort with siblings among it, whose traits are alike.
class AssociationOfRelatives : public Association {
protected:
    AssociationOfRelatives() {
        Rng rng(41, "families", 0);
        for (std::size_t i = 0; i < 240; ++i) {
            if (i % 4 == 0) shared_ = rng.normal();
            family_.push_back(i / 4);
            traits_[0].values[i] += 6 * shared_;
            traits_[2].values[i] = shared_ + 0.8 * rng.normal() > 0.5 ? 1 : 0;
        }
    }
    std::filesystem::path write_kinship(const std::string& stranger = "") const {
        std::filesystem::create_directories(folder_);
        const auto path = folder_ / "kinship.h5";
        H5File file = H5File::create(path);
        TableData pairs({.name = "pairs",
                         .row = "pair",
                         .doc = "d",
                         .columns = {{"sample_1", ColumnType::text, "", "d"},
                                     {"sample_2", ColumnType::text, "", "d"},
                                     {"kinship", ColumnType::f64, "", "d"}}});
        const auto add = [&](const std::string& a, const std::string& b, double kinship) {
            pairs.column<std::string>("sample_1").push_back(a);
            pairs.column<std::string>("sample_2").push_back(b);
            pairs.column<double>("kinship").push_back(kinship);
        };
        for (std::size_t i = 0; i < family_.size(); ++i)
            for (std::size_t j = i + 1; j < family_.size(); ++j)
                if (family_[i] == family_[j]) add(store_.samples.id[i], store_.samples.id[j], 0.25);
        add("s300", "s301", 0.01); // too far
        if (!stranger.empty()) add("s300", stranger, 0.25);
        file.write(pairs);
        file.close();
        return path;
    }
    Matrix relationships(const Textbook& t) const {
        const Index n = t.x.rows();
        Matrix a = Matrix::Identity(n, n);
        for (Index i = 0; i < n; ++i)
            for (Index j = 0; j < n; ++j) {
                const std::size_t p = t.samples[static_cast<std::size_t>(i)],
                                  q = t.samples[static_cast<std::size_t>(j)];
                if (i != j && p < family_.size() && q < family_.size() && family_[p] == family_[q])
                    a(i, j) = 0.5;
            }
        return a;
    }
    static double share(const H5File& file, std::size_t row) {
        return file.read("trait_summary", {"family_share"}).column<double>("family_share")[row];
    }
    double shared_ = 0;
    std::vector<std::size_t> family_;
};

// Generalised least squares with the inverse of V.
TextbookFit generalised(const Textbook& t, const Matrix& inverse) {
    const Index n = t.x.rows(), last = t.x.cols() - 1;
    const Matrix xvx = dense::inverse(t.x.transpose() * inverse * t.x);
    const Vector b = xvx * (t.x.transpose() * inverse * t.y);
    const Vector rest = t.y - t.x * b;
    const double df = static_cast<double>(n - t.x.cols());
    const double se = std::sqrt(rest.dot(inverse * rest) / df * xvx(last, last));
    return {b[last], se, student_t_neg_log10_p(b[last] / se, df)};
}

TEST_F(AssociationOfRelatives, LinearIsGeneralisedLeastSquares) {
    const AssociationParams params{.traits = {"height"}};
    const H5File file = H5File::open(run(params, "result", {}, {}, write_kinship()));
    const double h = share(file, 0);
    EXPECT_GT(h, 0.3);
    const TableData table = file.read("traits/height");
    const Matrix a = relationships(textbook(0, "height")); // of all variants but those on Y
    const Matrix inverse = dense::inverse(h * a + (1 - h) * Matrix::Identity(a.rows(), a.cols()));
    std::size_t tested = 0;
    for (std::size_t v = 0; v < table.rows(); ++v) {
        // On Y the share is that of the males.
        if (status(table, v) != AssociationStatus::tested ||
            parts_[0].variants[v].chromosome == "Y")
            continue;
        ++tested;
        EXPECT_EQ(table.column<std::uint8_t>("test")[v], 7);
        expect_fit(table, v, generalised(textbook(v, "height"), inverse), 1e-7);
    }
    EXPECT_GT(tested, 150U);
    EXPECT_EQ(status(table, 199), AssociationStatus::collinear);
}

TEST_F(AssociationOfRelatives, ScoreHasTheVarianceOfCorrelatedOutcomes) {
    const AssociationParams params{.traits = {"disease"}, .binary_test = "score"};
    const H5File file = H5File::open(run(params, "result", {}, {}, write_kinship()));
    const double h = share(file, 0);
    EXPECT_GT(h, 0.2);
    const TableData table = file.read("traits/disease");
    std::size_t tested = 0;
    for (std::size_t v = 0; v < table.rows(); ++v) {
        if (status(table, v) != AssociationStatus::tested ||
            parts_[0].variants[v].chromosome == "Y")
            continue;
        ++tested;
        const Textbook t = textbook(v, "disease");
        const Index c = t.x.cols() - 1;
        const Matrix x = t.x.leftCols(c), a = relationships(t);
        Vector b = Vector::Zero(c), mu, w;
        for (int step = 0; step < 30; ++step) {
            mu = (1 / (1 + (-(x * b)).array().exp())).matrix();
            w = (mu.array() * (1 - mu.array())).matrix();
            b += dense::solve(dense::gram(x, w), Vector(x.transpose() * (t.y - mu)));
        }
        const Vector g = t.x.col(c), root = w.cwiseSqrt();
        const Vector rest =
            g - x * dense::solve(dense::gram(x, w), Vector(x.transpose() * w.asDiagonal() * g));
        const Matrix more = a - Matrix::Identity(a.rows(), a.cols());
        if (tested == 1) { // the share by its definition
            const Vector r = t.y - mu;
            const Matrix expected = root.asDiagonal() * more * root.asDiagonal();
            EXPECT_NEAR(h, r.dot(expected * r) / expected.squaredNorm(), 1e-6);
        }
        const double v0 = rest.dot(w.asDiagonal() * rest);
        const Vector spread = root.asDiagonal() * rest;
        const double v1 = v0 + h * spread.dot(more * spread), s = rest.dot(t.y - mu);
        expect_fit(table, v, {s / v0, std::sqrt(v1) / v0, chi_square_neg_log10_p(s * s / v1)},
                   1e-6);
    }
    EXPECT_GT(tested, 150U);
}

TEST_F(AssociationOfRelatives, OtherBinaryTestsAreScaledByTheSameRatio) {
    const auto read = [&](const std::string& test, const std::filesystem::path& kinship) {
        const AssociationParams params{
            .traits = {"disease"}, .binary_test = test, .refit_p_max = 1, .exact_firth_p_max = 0};
        const std::string name = test + (kinship.empty() ? "-alone" : "-related");
        return H5File::open(run(params, name, {}, {}, kinship)).read("traits/disease");
    };
    const auto kinship = write_kinship();
    const TableData score = read("score", kinship), score_alone = read("score", {});
    for (const std::string test : {"score_firth", "wald", "firth"}) {
        const TableData related = read(test, kinship), alone = read(test, {});
        std::size_t tested = 0, of_families = 0;
        for (std::size_t v = 0; v < related.rows(); ++v) {
            const auto ratio = [&](const TableData& a, const TableData& b) {
                return a.column<double>("standard_error")[v] /
                       b.column<double>("standard_error")[v];
            };
            if (status(related, v) != AssociationStatus::tested) continue;
            if (related.column<std::uint8_t>("test")[v] >= 8) { // families of carriers
                EXPECT_EQ(test, "score_firth");
                ++of_families;
                continue;
            }
            ++tested;
            EXPECT_DOUBLE_EQ(related.column<double>("beta")[v], alone.column<double>("beta")[v]);
            EXPECT_NEAR(ratio(related, alone), ratio(score, score_alone), 1e-9);
        }
        EXPECT_GT(tested, 100U) << test;
        EXPECT_EQ(of_families > 0, test == "score_firth") << test;
    }
    // The saddle-point of the scaled score: less significant where the spread is larger.
    const TableData related = read("score_saddlepoint", kinship),
                    alone = read("score_saddlepoint", {});
    for (std::size_t v = 0; v < related.rows(); ++v) {
        if (status(related, v) != AssociationStatus::tested ||
            related.column<std::uint8_t>("test")[v] >= 8 ||
            related.column<double>("neg_log10_p")[v] < 0.1)
            continue;
        const bool wider = score.column<double>("standard_error")[v] >
                           score_alone.column<double>("standard_error")[v];
        EXPECT_EQ(related.column<double>("neg_log10_p")[v] < alone.column<double>("neg_log10_p")[v],
                  wider)
            << v;
    }
}

TEST_F(AssociationOfRelatives, AreAnErrorWhereTheyAreNotInTheGenotypes) {
    const auto kinship = write_kinship("somebody else");
    try {
        run({}, "result", {}, {}, kinship);
        FAIL();
    } catch (const DataError& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("row 362"));
        EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("somebody")));
    }
}

TEST_F(AssociationOfRelatives, AFamilyOfThousandsIsAnError) {
    SampleTable many;
    H5File file = H5File::create(folder_ / "chain.h5");
    TableData pairs({.name = "pairs",
                     .row = "pair",
                     .doc = "d",
                     .columns = {{"sample_1", ColumnType::text, "", "d"},
                                 {"sample_2", ColumnType::text, "", "d"},
                                 {"kinship", ColumnType::f64, "", "d"}}});
    for (std::size_t i = 0; i < 2002; ++i) {
        many.id.push_back("s" + std::to_string(i));
        many.sex.push_back(Sex::unknown);
        if (i == 0) continue;
        pairs.column<std::string>("sample_1").push_back(many.id[i - 1]);
        pairs.column<std::string>("sample_2").push_back(many.id[i]);
        pairs.column<double>("kinship").push_back(i == 1001 ? 0.05 : 0.25);
    }
    file.write(pairs);
    file.close();
    EXPECT_THROW(association::read_relatives(folder_ / "chain.h5", many, 0.0442), DataError);
    EXPECT_EQ(association::read_relatives(folder_ / "chain.h5", many, 0.1).size(), 2000U);
}

} // namespace
} // namespace salus
