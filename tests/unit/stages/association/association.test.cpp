#include "parallel/parallel_for.hpp"
#include "unit/stages/association/textbook.hpp"

#include "base/file.hpp"
#include "base/hash.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace salus {
namespace {

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
        const AssociationParams params{
            .traits = {"disease"}, .binary_test = name, .firth_standard_error = "information"};
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
        const AssociationParams params{.traits = {"disease"},
                                       .binary_test = which.name,
                                       .firth_standard_error = "information"};
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
        EXPECT_EQ(table.column<std::uint8_t>("test")[v], again ? 6 : 2);
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

TEST_F(Association, UnusableTraitsAreSkippedAndEndTheJobOnlyIfNoneIsLeft) {
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
            run({.traits = {name}});
            FAIL() << name;
        } catch (const DataError& error) {
            EXPECT_THAT(error.what(), testing::HasSubstr(reason));
        }
        const TableData skipped =
            H5File::open(run({.traits = {name, "height"}}, name)).read("traits_skipped");
        EXPECT_THAT(skipped.column<std::string>("name"), testing::ElementsAre(name));
        EXPECT_THAT(skipped.column<std::string>("reason")[0], testing::HasSubstr(reason));
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
    EXPECT_THROW(run({.traits = {"disease"}}), DataError);
    EXPECT_EQ(H5File::open(run({}, "others")).rows("traits_skipped"), 2U);
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
