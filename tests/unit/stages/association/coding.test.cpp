#include "base/error.hpp"
#include "support/dense.hpp"
#include "unit/stages/association/cohort.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace salus {
namespace {

class AssociationCoding : public test::AssociationCohort {
protected:
    struct Expected {
        double beta = 0, standard_error = 0, frequency = 0, coded = 0, called = 0;
    };
    /// Least squares on the coded genotype by its definition, missing ones at the mean.
    Expected least_squares(std::size_t v, bool dominant) const {
        Expected e;
        const std::string& chromosome = parts_[0].variants[v].chromosome;
        std::vector<std::size_t> people;
        std::vector<double> coded;
        double alt = 0, all = 0;
        for (std::size_t i = 0; i < samples; ++i) {
            const bool male = store_.samples.sex[i] == Sex::male;
            if (std::isnan(column("age").values[i]) || (chromosome == "Y" && !male)) continue;
            auto call = packed_get(parts_[0].rows[v], i);
            if (male && call == het && chromosome != "1" && chromosome != "MT") call = missing;
            people.push_back(i);
            coded.push_back(call == missing ? std::nan("") : call >= (dominant ? 1 : 2) ? 1 : 0);
            if (call == missing) continue;
            const bool haploid = chromosome == "MT" || (chromosome != "1" && male);
            all += haploid ? 1 : 2;
            alt += haploid ? call / 2.0 : call;
            e.coded += coded.back();
            ++e.called;
        }
        e.frequency = alt / all;
        Eigen::MatrixXd x(static_cast<Eigen::Index>(people.size()), chromosome == "Y" ? 3 : 4);
        Eigen::VectorXd y(x.rows());
        for (std::size_t k = 0; k < people.size(); ++k) {
            const auto row = static_cast<Eigen::Index>(k);
            x(row, 0) = 1;
            x(row, 1) = column("age").values[people[k]] - 1970;
            if (chromosome != "Y") x(row, 2) = column("sex_male").values[people[k]];
            x(row, x.cols() - 1) = std::isnan(coded[k]) ? e.coded / e.called : coded[k];
            y(row) = column("height").values[people[k]];
        }
        const Eigen::MatrixXd inverse = test::dense::inverse(test::dense::gram(x));
        const Eigen::VectorXd b = inverse * (x.transpose() * y);
        e.beta = b(b.size() - 1);
        e.standard_error =
            std::sqrt((y - x * b).squaredNorm() / static_cast<double>(x.rows() - x.cols()) *
                      inverse(b.size() - 1, b.size() - 1));
        return e;
    }
    void expect_coding(const std::string& coding) {
        AssociationParams params{
            .traits = {"height"}, .covariates = {"age", "sex_male"}, .minor_allele_count_min = 10};
        params.coding = coding;
        const TableData found = H5File::open(run(params, coding)).read("traits/height");
        std::vector<std::size_t> tested(4);
        for (std::size_t v = 0; v < 260; ++v) {
            const auto status = found.column<std::uint8_t>("status")[v];
            if (v >= 197 && v < 200) continue;
            const Expected e = least_squares(v, coding == "dominant");
            const double rest = std::min(e.coded, e.called - e.coded);
            if (status == 3 || status == 4) {
                EXPECT_TRUE(rest < 10 || e.frequency * 2 * e.called < 10 ||
                            (1 - e.frequency) * 2 * e.called < 10)
                    << v;
                continue;
            }
            ASSERT_EQ(status, 0) << v;
            EXPECT_GE(rest, 10) << v;
            ++tested[v < 200 ? 0 : v < 230 ? 1 : v < 250 ? 2 : 3];
            // Traits and covariates are 32-bit fixed point.
            EXPECT_NEAR(found.column<double>("beta")[v], e.beta, 1e-7 * e.standard_error) << v;
            EXPECT_NEAR(found.column<double>("standard_error")[v] / e.standard_error, 1, 1e-7);
            EXPECT_NEAR(found.column<double>("effect_allele_frequency")[v], e.frequency, 1e-12);
        }
        for (const std::size_t count : tested)
            EXPECT_GT(count, 1u) << coding;
    }
};

TEST_F(AssociationCoding, DominantIsAnyCopyOnEveryChromosome) { expect_coding("dominant"); }

TEST_F(AssociationCoding, RecessiveIsNoReferenceOnEveryChromosome) { expect_coding("recessive"); }

TEST_F(AssociationCoding, BinaryTraitsCountSeparationOfTheCodedGenotype) {
    AssociationParams params{.traits = {"disease"},
                             .covariates = {"age", "sex_male"},
                             .binary_test = "wald",
                             .minor_allele_count_min = 1};
    params.coding = "recessive";
    const H5File file = H5File::open(run(params));
    const TableData found = file.read("traits/disease");
    const auto& status = found.column<std::uint8_t>("status");
    EXPECT_GT(std::count(status.begin(), status.end(), 6), 0);
    EXPECT_GT(std::count(status.begin(), status.end(), 0), 50);
    for (std::size_t v = 0; v < status.size(); ++v)
        EXPECT_EQ(status[v] == 0, std::isfinite(found.column<double>("neg_log10_p")[v]));
}

} // namespace
} // namespace salus
