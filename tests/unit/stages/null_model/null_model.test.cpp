#include "stages/null_model/null_model.hpp"

#include "base/error.hpp"
#include "base/hash.hpp"

#include "cohort.hpp"
#include "dense_model.hpp"

#include <gmock/gmock.h>

#include <numeric>

namespace salus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class NullModelStage : public test::NullModelCohort {
protected:
    /// The dense model of a trait in its own samples; folds as the stage makes them.
    test::DenseModel dense(const std::string& trait, const NullModelParams& params,
                           std::vector<std::size_t>& members) const {
        const auto& y = traits_.at(trait);
        std::vector<std::size_t> eligible;
        for (std::size_t i = 0; i < samples; ++i)
            if (std::isfinite(covariates_.at("age")[i])) eligible.push_back(i);
        for (const std::size_t i : eligible)
            if (std::isfinite(y[i])) members.push_back(i);
        // Folds of all eligible samples, unless an eighth of one is missing.
        const auto folds = static_cast<std::size_t>(params.folds);
        bool near = true;
        std::vector<Eigen::Index> ends;
        for (std::size_t k = 0, begin = 0; k < folds; ++k) {
            const std::size_t end = eligible.size() * (k + 1) / folds;
            std::size_t absent = 0;
            for (std::size_t p = begin; p < end; ++p)
                absent += std::isnan(y[eligible[p]]) ? std::size_t{1} : 0;
            near = near && 8 * absent <= end - begin;
            begin = end;
            ends.push_back(std::count_if(members.begin(), members.end(), [&](std::size_t i) {
                return end == eligible.size() || i < eligible[end];
            }));
        }
        if (!near)
            for (std::size_t k = 0; k < folds; ++k)
                ends[k] = static_cast<Eigen::Index>(members.size() * (k + 1) / folds);
        if (binary_.contains(trait) &&
            members.size() < static_cast<std::size_t>(params.leave_one_out_below)) {
            ends.resize(members.size()); // every sample is a fold
            std::iota(ends.begin(), ends.end(), 1);
        }
        test::DenseModel model{.ends = ends,
                               .heritabilities = params.heritabilities,
                               .block_size = params.block_size,
                               .binary = binary_.contains(trait)};
        const auto n = static_cast<Eigen::Index>(members.size());
        model.covariates.resize(n, 3);
        model.trait.resize(n);
        for (Eigen::Index i = 0; i < n; ++i) {
            const std::size_t sample = members[static_cast<std::size_t>(i)];
            model.covariates.row(i) << 1, covariates_.at("age")[sample],
                covariates_.at("male")[sample];
            model.trait[i] = y[sample];
        }
        for (std::size_t v = 0; v < 3 * on_autosome; ++v)
            if (v % on_autosome != 7) add_variant(v, eligible, members, model);
        return model;
    }
    /// Missing calls have the mean of the eligible samples, in units of 1/63.
    void add_variant(std::size_t v, const std::vector<std::size_t>& eligible,
                     const std::vector<std::size_t>& members, test::DenseModel& model) const {
        double sum = 0, count = 0;
        for (const std::size_t i : eligible) {
            const auto call = packed_get(part_.rows[v], i);
            if (call == missing) continue;
            sum += call;
            ++count;
        }
        const double mean = std::round(63 * sum / count) / 63;
        model.genotypes.conservativeResize(model.genotypes.rows() + 1, model.trait.size());
        for (std::size_t i = 0; i < members.size(); ++i) {
            const auto call = packed_get(part_.rows[v], members[i]);
            model.genotypes(model.genotypes.rows() - 1, static_cast<Eigen::Index>(i)) =
                call == missing ? mean : call;
        }
        model.chromosome.push_back(static_cast<int>(v / on_autosome) + 1);
    }

    void expect_as_dense(const std::filesystem::path& path, const std::string& trait,
                         const NullModelParams& params) const {
        std::vector<std::size_t> members;
        const test::DenseModel model = dense(trait, params, members);
        const auto loco = LocoPredictions::open(path, store_.samples);
        std::vector<int> group;
        const Eigen::MatrixXd parts = model.contributions(group);
        for (const int chromosome : {1, 3, 99}) {
            const auto found = loco.offset(trait, std::to_string(chromosome));
            Eigen::VectorXd expected = Eigen::VectorXd::Zero(parts.rows());
            for (std::size_t c = 0; c < group.size(); ++c)
                if (group[c] != chromosome) expected += parts.col(static_cast<Eigen::Index>(c));
            // Predictors are rounded to single precision, and the weights of level 1 enlarge that.
            const double tolerance =
                2e-5 * std::sqrt(expected.squaredNorm() / static_cast<double>(expected.size()));
            std::size_t next = 0;
            for (std::size_t i = 0; i < samples; ++i) {
                const bool member = next < members.size() && members[next] == i;
                ASSERT_EQ(std::isnan(found[i]), !member) << trait << ' ' << i;
                if (!member) continue;
                ASSERT_NEAR(found[i], expected[static_cast<Eigen::Index>(next++)], tolerance)
                    << trait << " chromosome " << chromosome;
            }
        }
    }
    std::string error_of(const NullModelParams& params) {
        try {
            run(params, "bad");
        } catch (const Error& error) {
            return error.what();
        }
        return "no error";
    }
};

TEST_F(NullModelStage, AgreesWithADenseModel) {
    const NullModelParams params = small_params();
    const auto path = run(params);
    for (const char* trait : {"whole", "few_missing", "many_missing", "disease", "disease_missing"})
        expect_as_dense(path, trait, params);
}

TEST_F(NullModelStage, TakesOtherGridsAndFolds) {
    NullModelParams params = small_params();
    params.leave_one_out_below = 0;
    params.heritabilities = {0.1, 0.6};
    params.folds = 3;
    params.block_size = 1000;
    const auto path = run(params);
    for (const char* trait : {"few_missing", "disease"})
        expect_as_dense(path, trait, params);
}

TEST_F(NullModelStage, EachTraitIsAsIfAlone) {
    const NullModelParams params = small_params();
    const auto together = LocoPredictions::open(run(params), store_.samples);
    for (const char* trait : {"few_missing", "many_missing", "disease_missing"}) {
        NullModelParams one = params;
        one.traits = {trait};
        const auto alone = LocoPredictions::open(run(one, trait), store_.samples);
        const auto a = together.offset(trait, "2"), b = alone.offset(trait, "2");
        for (std::size_t i = 0; i < samples; ++i)
            EXPECT_TRUE(a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i])));
    }
}

TEST_F(NullModelStage, SameBytesInPassesAndOnThreads) {
    NullModelParams params = small_params();
    set_threads(1);
    const std::string expected = sha256_file(run(params, "one"));
    set_threads(3);
    EXPECT_EQ(sha256_file(run(params, "threads")), expected);
    params.traits_per_pass = 2;
    EXPECT_EQ(sha256_file(run(params, "passes")), expected);
}

TEST_F(NullModelStage, PredictsTheGeneticValue) {
    const auto loco = LocoPredictions::open(run(small_params()), store_.samples);
    for (const char* trait : {"whole", "disease"}) {
        const auto all = loco.offset(trait, "X");
        double xy = 0, xx = 0, yy = 0;
        for (std::size_t i = 0; i < samples; ++i) {
            if (std::isnan(all[i])) continue;
            xy += all[i] * genetic_[i];
            xx += all[i] * all[i];
            yy += genetic_[i] * genetic_[i];
        }
        EXPECT_GT(xy / std::sqrt(xx * yy), 0.6) << trait;
    }
}

TEST_F(NullModelStage, CountsAndListsWhatWasLeftOut) {
    NullModelParams params = small_params();
    const H5File file = H5File::open(run(params));
    EXPECT_THAT(file.read("traits_skipped").column<std::string>("reason"),
                UnorderedElementsAre("all values are the same", "there are no cases",
                                     HasSubstr("4 samples have no missing value"),
                                     HasSubstr("covariates determine all its values")));
    const TableData counts = file.read("variant_counts");
    EXPECT_EQ(counts.column<std::string>("status")[0], "used");
    EXPECT_EQ(counts.column<std::uint64_t>("variants")[0], 3 * (on_autosome - 1));
    EXPECT_EQ(counts.column<std::uint64_t>("variants")[1], on_x);
    EXPECT_EQ(counts.column<std::string>("status")[5], "monomorphic");
    EXPECT_EQ(counts.column<std::uint64_t>("variants")[5], 3u);
    EXPECT_THAT(file.read("chromosomes").column<std::string>("chromosome"),
                ElementsAre("chr1", "chr2", "chr3", "other"));
    const TableData traits = file.read("traits");
    EXPECT_EQ(traits.rows(), 5u);
    for (const std::uint8_t converged : traits.column<std::uint8_t>("converged"))
        EXPECT_EQ(converged, 1);
    EXPECT_EQ(file.read("samples").column<std::uint8_t>("eligible")[5], 0); // has no age
}

TEST_F(NullModelStage, CovariatesOnlyPredictsZero) {
    NullModelParams params = small_params();
    params.mode = "covariates_only";
    const auto loco = LocoPredictions::open(run(params), store_.samples);
    for (const double value : loco.offset("many_missing", "1"))
        EXPECT_TRUE(value == 0 || std::isnan(value));
    EXPECT_GT(loco.ledger("many_missing").without_prediction, 50u);
}

TEST_F(NullModelStage, RefusesWhatCannotBeAnalysed) {
    NullModelParams params = small_params();
    params.traits = {"constant", "healthy"};
    EXPECT_THAT(error_of(params),
                AllOf(HasSubstr("all values are the same"), HasSubstr("there are no cases")));
    params = small_params();
    covariates_["twice_male"] = covariates_["male"];
    for (double& value : covariates_["twice_male"])
        value *= 2;
    EXPECT_THAT(error_of(params), HasSubstr("is a linear combination of male"));
    covariates_.erase("twice_male");
    params.minor_allele_count_min = 1000;
    EXPECT_THAT(error_of(params), HasSubstr("no variant is left"));
}

} // namespace
} // namespace salus
