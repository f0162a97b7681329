#include "unit/stages/association/textbook.hpp"

#include "base/file.hpp"
#include "formats/regenie_loco.hpp"
#include "parallel/parallel_for.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>

namespace salus {
namespace {

namespace dense = test::dense;

/// Predictions in regenie's files; chromosomes 1 and X have some.
class Offsets : public Association {
protected:
    Offsets() {
        for (std::size_t c = 0; c < 2; ++c) {
            Rng rng(41, "offset", c);
            auto& row = rows_.emplace_back(samples);
            for (double& value : row)
                value = 0.6 * rng.normal();
        }
    }
    static void write_text(const std::filesystem::path& path, const std::string& text) {
        std::ofstream(path) << text;
    }
    std::filesystem::path write(const std::vector<std::string>& traits,
                                std::vector<std::string> ids = {}) const {
        if (ids.empty()) ids = store_.samples.id;
        const std::vector<std::string> chromosomes{"1", "23"};
        std::string list;
        for (const std::string& trait : traits) {
            const auto path = folder_ / (trait + ".loco");
            write_text(path, regenie_loco_text(ids, chromosomes, rows_));
            list += trait + " " + path.string() + "\n";
        }
        const auto path = folder_ / "pred.list";
        write_text(path, list);
        return path;
    }
    std::vector<std::vector<double>> rows_;
};

TEST_F(Offsets, AreTakenFromQuantitativeTraitsInStandardDeviations) {
    const TableData table = H5File::open(run({.traits = {"height"}}, "loco", {}, write({"height"})))
                                .read("traits/height");
    std::size_t compared = 0;
    for (std::size_t v = 0; v < table.rows(); ++v) {
        const std::string& chromosome = parts_[0].variants[v].chromosome;
        if (chromosome == "Y" || chromosome == "MT") {
            EXPECT_NE(status(table, v), AssociationStatus::tested);
            continue;
        }
        if (status(table, v) != AssociationStatus::tested) continue;
        Textbook t = textbook(v, "height");
        const Matrix x = t.x.leftCols(t.x.cols() - 1);
        const Vector rest = t.y - x * dense::solve(dense::gram(x), Vector(x.transpose() * t.y));
        const double sd = std::sqrt(rest.squaredNorm() / static_cast<double>(x.rows() - x.cols()));
        for (std::size_t k = 0; k < t.samples.size(); ++k)
            t.y[static_cast<Eigen::Index>(k)] -= sd * rows_[chromosome == "X"][t.samples[k]];
        expect_fit(table, v, linear(t), 2e-7);
        ++compared;
    }
    EXPECT_GT(compared, 140U);
    EXPECT_EQ(status(table, 259), AssociationStatus::no_null_model); // mitochondrial
}

TEST_F(Offsets, AreOffsetsOfLogisticModels) {
    for (const std::string name : {"score", "wald", "firth"}) {
        const AssociationParams params{
            .traits = {"disease"}, .binary_test = name, .firth_standard_error = "information"};
        const TableData table =
            H5File::open(run(params, name, {}, write({"disease"}))).read("traits/disease");
        std::size_t compared = 0;
        for (std::size_t v = 0; v < 230; v += 7) {
            if (status(table, v) != AssociationStatus::tested) continue;
            const Textbook t = textbook(v, "disease");
            const auto& row = rows_[parts_[0].variants[v].chromosome == "X"];
            const Eigen::Index n = t.x.rows(), last = t.x.cols() - 1;
            Vector offset(n), b = Vector::Zero(last + 1);
            for (Eigen::Index k = 0; k < n; ++k)
                offset[k] = row[t.samples[static_cast<std::size_t>(k)]];
            const Eigen::Index free = name == "score" ? last : last + 1;
            const Matrix x = t.x.leftCols(free);
            Matrix information;
            Vector mu, rest;
            for (int step = 0; step < 40; ++step) {
                mu = (1 + (-(offset + x * b.head(free)).array()).exp()).inverse();
                const Vector w = mu.array() * (1 - mu.array());
                information = dense::gram(t.x, w);
                rest = t.y - mu;
                const Matrix inside = information.topLeftCorner(free, free);
                if (name == "firth") {
                    const Matrix hat = dense::solve(inside, Matrix(x.transpose()));
                    for (Eigen::Index i = 0; i < n; ++i)
                        rest[i] += w[i] * x.row(i).dot(hat.col(i)) * (0.5 - mu[i]);
                }
                b.head(free) += dense::solve(inside, Vector(x.transpose() * rest));
            }
            const double variance = dense::inverse(information)(last, last);
            const double beta = name == "score" ? variance * t.x.col(last).dot(t.y - mu) : b[last];
            EXPECT_NEAR(table.column<double>("beta")[v], beta, 1e-6) << name << v;
            EXPECT_NEAR(table.column<double>("standard_error")[v], std::sqrt(variance), 1e-6)
                << name << v;
            ++compared;
        }
        EXPECT_GT(compared, 20U);
    }
}

// An offset that is a combination of covariates changes nothing: the null model takes it back.
TEST_F(Offsets, InTheSpanOfCovariatesChangeNoTest) {
    for (auto& row : rows_)
        for (std::size_t i = 0; i < samples; ++i) {
            const double age = covariates_[0].values[i];
            row[i] = std::isnan(age) ? 0 : 0.03 * (age - 1970) + 0.5;
        }
    for (const std::string name : {"score_firth", "score_saddlepoint"}) {
        const AssociationParams params{
            .traits = {"disease"}, .binary_test = name, .refit_p_max = 0.5};
        const TableData with =
            H5File::open(run(params, "with", {}, write({"disease"}))).read("traits/disease");
        const TableData without = H5File::open(run(params, "without")).read("traits/disease");
        for (std::size_t v = 0; v < 230; ++v) {
            if (status(without, v) != AssociationStatus::tested) continue;
            EXPECT_EQ(with.column<std::uint8_t>("test")[v],
                      without.column<std::uint8_t>("test")[v]);
            for (const char* column : {"beta", "standard_error", "neg_log10_p"})
                EXPECT_NEAR(with.column<double>(column)[v], without.column<double>(column)[v], 1e-6)
                    << name << ' ' << v;
        }
    }
}

TEST_F(Offsets, TraitsWithoutAnyAreSkipped) {
    const H5File file = H5File::open(run({}, "loco", {}, write({"weight"})));
    EXPECT_THAT(file.read("trait_summary").column<std::string>("name"),
                testing::ElementsAre("weight"));
    EXPECT_EQ(file.read("trait_summary").column<std::string>("offset")[0], "loco");
    EXPECT_EQ(file.rows("traits_skipped"), 3U);
}

TEST_F(Offsets, OfOtherSamplesAreRefused) {
    auto ids = store_.samples.id;
    for (std::size_t i = 0; i < samples / 4; ++i)
        ids[i] = "other" + std::to_string(i);
    try {
        run({.traits = {"height"}}, "stale", {}, write({"height"}, ids));
        FAIL();
    } catch (const DataError& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("have a prediction"));
    }
}

TEST_F(Offsets, SamplesWithoutOneAreLeftOut) {
    auto ids = store_.samples.id;
    ids[5] = "other";
    const auto n = [&](const std::filesystem::path& path) {
        return H5File::open(path).read("trait_summary").column<std::uint64_t>("n")[0];
    };
    EXPECT_EQ(n(run({.traits = {"height"}}, "loco", {}, write({"height"}, ids))) + 1,
              n(run({.traits = {"height"}}, "none")));
}

TEST_F(Offsets, GiveTheSameBytesForOneAndTwoThreadsAndManyPasses) {
    const auto list = write({"height", "weight", "disease"});
    set_threads(1);
    const std::string one = read_text_file(run({}, "one", {}, list));
    set_threads(2);
    EXPECT_EQ(read_text_file(run({}, "two", {}, list)), one);
    set_threads(1);
    EXPECT_EQ(read_text_file(run({.traits_per_pass = 1}, "passes", {}, list)), one);
}

} // namespace
} // namespace salus
