#include "models/firth.hpp"
#include "models/tails.hpp"
#include "parallel/parallel_for.hpp"
#include "unit/stages/association/cohort.hpp"

#include "base/file.hpp"
#include "base/hash.hpp"

#include <Eigen/Dense>
#include <gmock/gmock.h>

#include <algorithm>

namespace salus {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

/// One variant and one trait as textbook arrays: ALT copies with missing at the mean.
struct Textbook {
    std::vector<std::size_t> samples;
    Vector y;
    Matrix x; // intercept, covariates, genotype last
    double alt = 0, alleles = 0, frequency = 0;
    bool usable = false;
};

struct TextbookFit {
    double beta, standard_error, neg_log10_p;
};

class Association : public test::AssociationCohort {
protected:
    Textbook textbook(std::size_t v, const std::string& trait, bool drop_sex = false) const {
        const Variant& variant = parts_[0].variants[v];
        const auto& row = parts_[0].rows[v];
        const std::string& chromosome = variant.chromosome;
        Textbook t;
        std::vector<double> g;
        double sum = 0, called = 0;
        const auto& y = column(trait).values;
        for (std::size_t i = 0; i < samples; ++i) {
            const bool male = store_.samples.sex[i] == Sex::male;
            if (std::isnan(y[i]) || std::isnan(covariates_[0].values[i])) continue;
            if (chromosome == "Y" && !male) continue;
            std::uint8_t call = packed_get(row, i);
            if ((chromosome == "X" || chromosome == "Y") && male && call == het) call = missing;
            t.samples.push_back(i);
            const bool impossible = call == missing && packed_get(row, i) != missing;
            const Dosage dosage = parts_[0].dosages.empty() || impossible ? dosage_of_call(call)
                                                                          : parts_[0].dosages[v][i];
            const double copies = dosage == dosage_missing ? -1 : dosage / 16384.0;
            g.push_back(copies);
            if (copies < 0) continue;
            sum += copies;
            ++called;
            const bool haploid = chromosome == "MT" || (chromosome != "1" && male);
            t.alleles += haploid ? 1 : 2;
            t.alt += haploid ? 0.5 * copies : copies;
        }
        t.frequency = t.alt / t.alleles;
        const auto n = static_cast<Eigen::Index>(t.samples.size());
        t.x = Matrix::Ones(n, drop_sex ? 4 : 5);
        t.y = Vector(n);
        for (Eigen::Index k = 0; k < n; ++k) {
            const std::size_t i = t.samples[static_cast<std::size_t>(k)];
            t.y[k] = y[i];
            t.x(k, 1) = covariates_[0].values[i] - 1970;
            t.x(k, 2) = 1000 * covariates_[2].values[i];
            if (!drop_sex) t.x(k, 3) = covariates_[1].values[i];
            const double copies = g[static_cast<std::size_t>(k)];
            t.x(k, t.x.cols() - 1) = copies < 0 ? sum / called : copies;
        }
        t.usable = std::min(t.alt, t.alleles - t.alt) >= 20;
        return t;
    }

    static TextbookFit linear(const Textbook& t) {
        const Matrix inverse = (t.x.transpose() * t.x).inverse();
        const Vector b = t.x.colPivHouseholderQr().solve(t.y);
        const double df = static_cast<double>(t.x.rows() - t.x.cols());
        const Eigen::Index last = t.x.cols() - 1;
        const double se = std::sqrt((t.y - t.x * b).squaredNorm() / df * inverse(last, last));
        return {b[last], se, student_t_neg_log10_p(b[last] / se, df)};
    }

    static TextbookFit score(const Textbook& t) {
        const Eigen::Index c = t.x.cols() - 1;
        const Matrix x = t.x.leftCols(c);
        Vector b = Vector::Zero(c), mu, w;
        for (int step = 0; step < 30; ++step) {
            mu = (1 / (1 + (-(x * b)).array().exp())).matrix();
            w = (mu.array() * (1 - mu.array())).matrix();
            b += (x.transpose() * w.asDiagonal() * x).ldlt().solve(x.transpose() * (t.y - mu));
        }
        const Vector g = t.x.col(c);
        const Vector xwg = x.transpose() * w.asDiagonal() * g;
        const double s = g.dot(t.y - mu);
        const double var = g.dot(w.asDiagonal() * g) -
                           xwg.dot((x.transpose() * w.asDiagonal() * x).ldlt().solve(xwg));
        return {s / var, 1 / std::sqrt(var), chi_square_neg_log10_p(s * s / var)};
    }

    /// Wald or Firth with unscaled covariates and ALT copies.
    static TextbookFit fitted(const Textbook& t, bool firth) {
        const auto n = static_cast<std::size_t>(t.x.rows());
        std::vector<std::vector<double>> columns;
        std::vector<const double*> pointers;
        for (Eigen::Index c = 0; c < t.x.cols(); ++c) {
            columns.emplace_back(padded_samples(n), 0.0);
            for (std::size_t i = 0; i < n; ++i)
                columns.back()[i] = t.x(static_cast<Eigen::Index>(i), c);
        }
        for (const auto& c : columns)
            pointers.push_back(c.data());
        std::vector<double> y(padded_samples(n), 0.0), start(pointers.size(), 0.0);
        for (std::size_t i = 0; i < n; ++i)
            y[i] = t.y[static_cast<Eigen::Index>(i)];
        const DesignColumns design{.columns = pointers, .samples = n};
        LogisticSolver solver;
        if (firth) {
            const FirthTest test = firth_test(solver, design, y, start);
            return {test.beta, test.standard_error, test.neg_log10_p};
        }
        const LogisticFit fit =
            solver.fit({.design = design, .outcome = y, .start = start, .free = start.size()});
        const double b = fit.coefficients.back(), se = std::sqrt(fit.variances.back());
        return {b, se, wald_neg_log10_p(b, se)};
    }

    static AssociationStatus status(const TableData& table, std::size_t v) {
        return static_cast<AssociationStatus>(table.column<std::uint8_t>("status")[v]);
    }
    static void expect_fit(const TableData& table, std::size_t v, const TextbookFit& fit,
                           double relative) {
        const double error = fit.standard_error;
        EXPECT_NEAR(table.column<double>("beta")[v], fit.beta,
                    relative * (error + std::fabs(fit.beta)))
            << v;
        EXPECT_NEAR(table.column<double>("standard_error")[v], error, relative * error) << v;
        EXPECT_NEAR(table.column<double>("neg_log10_p")[v], fit.neg_log10_p,
                    10 * relative * (1 + fit.neg_log10_p))
            << v;
    }
};

/// The same cohort with dosages: few or many differ from the calls, which they also do where a call
/// is missing; some are missing.
class AssociationOfDosages : public Association {
protected:
    AssociationOfDosages() {
        for (std::size_t v = 0; v < parts_[0].rows.size(); ++v) {
            Rng rng(31, "dosages", v);
            auto& dosages = parts_[0].dosages.emplace_back(samples);
            for (std::size_t i = 0; i < samples; ++i) {
                const std::uint8_t call = packed_get(parts_[0].rows[v], i);
                dosages[i] = dosage_of_call(call);
                if (!rng.bernoulli(v % 3 == 0 ? 0.02 : 0.8)) continue;
                const auto off = static_cast<Dosage>(rng.below(1600));
                dosages[i] = call == missing   ? static_cast<Dosage>(rng.below(32769))
                             : call == hom_alt ? static_cast<Dosage>(32768 - off)
                                               : static_cast<Dosage>(dosages[i] + off);
            }
        }
        std::filesystem::remove_all(folder_ / "store");
        test::write_small_store(folder_ / "store", store_, parts_);
    }
};

TEST_F(AssociationOfDosages, LinearAgreesWithTheTextbook) {
    const TableData table = H5File::open(run({})).read("traits/height");
    std::size_t tested = 0;
    for (std::size_t v = 0; v < table.rows(); ++v) {
        if (v >= 197 && v < 200) continue;
        const Textbook t = textbook(v, "height", parts_[0].variants[v].chromosome == "Y");
        EXPECT_DOUBLE_EQ(table.column<double>("effect_allele_frequency")[v], t.frequency) << v;
        if (!t.usable) {
            EXPECT_EQ(status(table, v), AssociationStatus::rare) << v;
            continue;
        }
        ++tested;
        ASSERT_EQ(status(table, v), AssociationStatus::tested) << v;
        expect_fit(table, v, linear(t), 2e-8);
    }
    EXPECT_GT(tested, 150U);
}

TEST_F(AssociationOfDosages, BinaryTestsAgreeWithTheTextbook) {
    for (const std::string name : {"score", "wald", "firth"}) {
        const AssociationParams params{.traits = {"disease"}, .binary_test = name};
        const TableData table = H5File::open(run(params, name)).read("traits/disease");
        std::size_t tested = 0;
        for (std::size_t v = 0; v < table.rows(); ++v) {
            if (status(table, v) != AssociationStatus::tested || (v >= 197 && v < 200)) continue;
            ++tested;
            const Textbook t = textbook(v, "disease", parts_[0].variants[v].chromosome == "Y");
            expect_fit(table, v, name == "score" ? score(t) : fitted(t, name == "firth"), 2e-7);
        }
        EXPECT_GT(tested, 150U);
    }
}

TEST_F(AssociationOfDosages, DosagesThatEqualTheCallsGiveTheSameBits) {
    for (std::size_t v = 0; v < parts_[0].rows.size(); ++v)
        for (std::size_t i = 0; i < samples; ++i)
            parts_[0].dosages[v][i] = dosage_of_call(packed_get(parts_[0].rows[v], i));
    test::write_small_store(folder_ / "store", store_, parts_);
    const auto with = run({}, "with");
    parts_[0].dosages.clear();
    test::write_small_store(folder_ / "store", store_, parts_);
    EXPECT_EQ(sha256_file(with), sha256_file(run({}, "without")));
}

TEST_F(Association, LinearAgreesWithTheTextbookForEveryShapeOfVariant) {
    const H5File file = H5File::open(run({}));
    for (const std::string trait : {"height", "weight"}) {
        const TableData table = file.read("traits/" + trait);
        std::size_t tested = 0;
        for (std::size_t v = 0; v < table.rows(); ++v) {
            const bool y = parts_[0].variants[v].chromosome == "Y";
            if (v >= 197 && v < 200) continue;
            const Textbook t = textbook(v, trait, y);
            EXPECT_DOUBLE_EQ(table.column<double>("effect_allele_frequency")[v], t.frequency) << v;
            EXPECT_EQ(table.column<std::uint32_t>("n")[v], t.samples.size());
            if (!t.usable) {
                EXPECT_EQ(status(table, v), AssociationStatus::rare) << v;
                EXPECT_TRUE(std::isnan(table.column<double>("beta")[v]));
                continue;
            }
            ++tested;
            ASSERT_EQ(status(table, v), AssociationStatus::tested) << v;
            EXPECT_EQ(table.column<std::uint8_t>("test")[v], 1);
            expect_fit(table, v, linear(t), 2e-8);
        }
        EXPECT_GT(tested, 150U);
        EXPECT_EQ(status(table, 197), AssociationStatus::not_called);
        EXPECT_EQ(status(table, 198), AssociationStatus::monomorphic);
        EXPECT_EQ(status(table, 199), AssociationStatus::collinear);
    }
}

TEST_F(Association, BinaryTestsAgreeWithTheTextbook) {
    const struct {
        std::string name;
        int code;
    } tests[] = {{"score", 2}, {"wald", 3}, {"firth", 4}};
    for (const auto& which : tests) {
        const AssociationParams params{.traits = {"disease"}, .binary_test = which.name};
        const TableData table = H5File::open(run(params, which.name)).read("traits/disease");
        for (std::size_t v = 0; v < table.rows(); ++v) {
            if (status(table, v) != AssociationStatus::tested) continue;
            EXPECT_EQ(table.column<std::uint8_t>("test")[v], which.code);
            const Textbook t = textbook(v, "disease", parts_[0].variants[v].chromosome == "Y");
            EXPECT_TRUE(t.usable);
            expect_fit(table, v, which.code == 2 ? score(t) : fitted(t, which.code == 4), 2e-7);
        }
        EXPECT_GT(table.column<double>("neg_log10_p")[5], 4);
    }
}

TEST_F(Association, SignificantScoreTestsAreFittedAgain) {
    const AssociationParams both{.traits = {"disease"}},
        plain{.traits = {"disease"}, .binary_test = "score"};
    const TableData table = H5File::open(run(both, "both")).read("traits/disease");
    const TableData scores = H5File::open(run(plain, "plain")).read("traits/disease");
    std::size_t refitted = 0;
    for (std::size_t v = 0; v < table.rows(); ++v) {
        if (status(table, v) != AssociationStatus::tested) continue;
        const double p = scores.column<double>("neg_log10_p")[v];
        const bool again = p > -std::log10(0.05);
        refitted += again ? 1U : 0U;
        EXPECT_EQ(table.column<std::uint8_t>("test")[v], again ? 4 : 2);
        if (again) continue;
        EXPECT_EQ(table.column<double>("neg_log10_p")[v], p);
    }
    EXPECT_GT(refitted, 3U);
    const auto& cases = table.column<double>("effect_allele_frequency_cases");
    const auto& controls = table.column<double>("effect_allele_frequency_controls");
    EXPECT_GT(cases[5], controls[5]);
    const double share =
        table.column<std::uint32_t>("n_cases")[5] * 1.0 / table.column<std::uint32_t>("n")[5];
    EXPECT_GT(share, 0.1);
}

TEST_F(Association, SameBytesForOneAndTwoThreadsAndManyPasses) {
    set_threads(1);
    const std::string one = sha256(read_text_file(run({}, "one")));
    set_threads(2);
    EXPECT_EQ(sha256(read_text_file(run({}, "two"))), one);
    set_threads(1);
    EXPECT_EQ(sha256(read_text_file(run({.traits_per_pass = 1}, "passes"))), one);
}

TEST_F(Association, SummaryHoldsTheExactMedian) {
    const H5File file = H5File::open(run({}));
    const TableData summary = file.read("trait_summary");
    EXPECT_THAT(summary.column<std::string>("name"),
                testing::ElementsAre("height", "weight", "disease"));
    for (std::size_t t = 0; t < 3; ++t) {
        const TableData table = file.read("traits/" + summary.column<std::string>("name")[t]);
        std::vector<double> chi;
        for (const double p : table.column<double>("neg_log10_p")) {
            if (!std::isnan(p)) chi.push_back(chi_square_from_neg_log10_p(p));
        }
        std::sort(chi.begin(), chi.end());
        const double median = 0.5 * (chi[(chi.size() - 1) / 2] + chi[chi.size() / 2]);
        EXPECT_EQ(summary.column<std::uint64_t>("variants_tested")[t], chi.size());
        EXPECT_NEAR(summary.column<double>("lambda_gc")[t], median / 0.45493642311957275, 1e-12);
    }
    const TableData skipped = file.read("traits_skipped");
    EXPECT_THAT(skipped.column<std::string>("name"), testing::ElementsAre("onset"));
}

TEST_F(Association, RankInverseNormalIsTakenWithinTheSamplesOfTheTrait) {
    const auto result =
        run({.traits = {"weight"}, .covariates = {"pc1"}, .rank_inverse_normal = true});
    const TableData summary = H5File::open(result).read("trait_summary");
    EXPECT_NEAR(summary.column<double>("residual_sd")[0], 1, 0.02);
    EXPECT_EQ(summary.column<std::string>("transformation")[0], "rank_inverse_normal");
}

TEST_F(Association, QualityMarksAreKept) {
    const auto path = folder_ / "quality.h5";
    {
        H5File file = H5File::create(path);
        TableData variants({.name = "variants",
                            .row = "variant",
                            .doc = "d",
                            .columns = {{"pass", ColumnType::u8, "1", "d"}}});
        variants.column<std::uint8_t>("pass").assign(parts_[0].rows.size(), 1);
        variants.column<std::uint8_t>("pass")[3] = 0;
        TableData people({.name = "samples",
                          .row = "sample",
                          .doc = "d",
                          .columns = {{"sample_id", ColumnType::text, "", "d"},
                                      {"pass", ColumnType::u8, "1", "d"}}});
        people.column<std::string>("sample_id") = store_.samples.id;
        people.column<std::uint8_t>("pass").assign(samples, 1);
        people.column<std::uint8_t>("pass")[0] = 0;
        file.write(variants);
        file.write(people);
        file.close();
    }
    const auto all = H5File::open(run({.traits = {"height"}}, "all")).read("traits/height");
    const auto some = H5File::open(run({.traits = {"height"}}, "some", path)).read("traits/height");
    EXPECT_EQ(status(some, 3), AssociationStatus::failed_quality);
    EXPECT_EQ(some.column<std::uint32_t>("n")[0] + 1, all.column<std::uint32_t>("n")[0]);
}

TEST_F(Association, CollinearCovariatesAreNamed) {
    auto sum = covariates_[0];
    sum.name = "sum";
    for (std::size_t i = 0; i < samples; ++i)
        sum.values[i] += 2 * covariates_[1].values[i] + 7;
    covariates_.push_back(sum);
    try {
        run({});
        FAIL();
    } catch (const DataError& error) {
        EXPECT_THAT(error.what(),
                    testing::HasSubstr("\"sum\" is a linear combination of age, sex_male"));
    }
    EXPECT_NO_THROW(run({.covariates = {"age", "sum"}}));
}

TEST_F(Association, UnusableTraitsEndTheJobIfNamedAndAreSkippedIfNot) {
    auto constant = traits_[0];
    constant.name = "constant";
    constant.values.assign(samples, 4);
    auto one_class = traits_[2];
    one_class.name = "one_class";
    one_class.values.assign(samples, 0);
    auto rare = traits_[0];
    rare.name = "few";
    for (std::size_t i = 5; i < samples; ++i)
        rare.values[i] = std::nan("");
    auto by_age = covariates_[0];
    by_age.name = "by_age";
    by_age.kind = "quantitative";
    traits_.insert(traits_.end(), {constant, one_class, rare, by_age});
    const std::pair<std::string, std::string> wrong[] = {{"constant", "all values are the same"},
                                                         {"one_class", "there are no cases"},
                                                         {"few", "5 samples have no missing value"},
                                                         {"by_age", "the covariates determine"}};
    for (const auto& [name, reason] : wrong) {
        try {
            run({.traits = {"height", name}});
            FAIL() << name;
        } catch (const DataError& error) {
            EXPECT_THAT(error.what(), testing::HasSubstr(reason));
        }
    }
    const H5File file = H5File::open(run({}));
    EXPECT_EQ(file.rows("traits_skipped"), 5U);
    EXPECT_EQ(file.rows("trait_summary"), 3U);
}

TEST_F(Association, WrongNamesAndKindsAreUsageErrors) {
    EXPECT_THROW(run({.traits = {"heigth"}}), UsageError);
    EXPECT_THROW(run({.traits = {"height", "height"}}), UsageError);
    EXPECT_THROW(run({.traits = {"onset"}}), UsageError);
    EXPECT_THROW(run({.covariates = {"agee"}}), UsageError);
    traits_[2].values[1] = 2;
    EXPECT_THROW(run({}), DataError);
    std::swap(store_.samples.id[0], store_.samples.id[1]);
    EXPECT_THROW(run({.traits = {"height"}}), DataError);
}

TEST_F(Association, ConstantCovariatesAreLeftOutAndNamed) {
    for (std::size_t i = 0; i < samples; ++i) {
        if (store_.samples.sex[i] == Sex::male) traits_[0].values[i] = std::nan("");
    }
    const TableData summary = H5File::open(run({.traits = {"height"}})).read("trait_summary");
    EXPECT_EQ(summary.column<std::string>("covariates_constant")[0], "sex_male");
    EXPECT_EQ(summary.column<std::uint32_t>("covariates")[0], 2U);
}

} // namespace
} // namespace salus
