#include "stages/association/components.hpp"

#include "base/error.hpp"
#include "unit/stages/association/cohort.hpp"

#include <gtest/gtest.h>

namespace salus {
namespace {

class AssociationComponents : public test::AssociationCohort {
protected:
    AssociationComponents() {
        for (const char* name : {"a", "b", "c"}) {
            test::TestColumn column{name, "", {}};
            for (std::size_t i = 0; i < samples; ++i)
                column.values.push_back(0.05 * Rng(31, name, i).normal());
            extra_.push_back(column);
        }
    }
    void write_components(const std::vector<std::string>& ids) const {
        TableSpec spec{.name = "samples",
                       .row = "sample",
                       .doc = "d",
                       .columns = {{"sample_id", ColumnType::text, "", "d"}}};
        for (std::size_t k = 1; k <= 3; ++k)
            spec.columns.push_back({"pc" + std::to_string(k), ColumnType::f64, "1", "d"});
        TableData rows(spec);
        rows.column<std::string>("sample_id") = ids;
        for (std::size_t k = 1; k <= 3; ++k)
            rows.column<double>("pc" + std::to_string(k)) = extra_[k - 1].values;
        H5File file = H5File::create(folder_ / "components.h5");
        file.write(rows);
        file.close();
    }
    std::filesystem::path run_with_components(const AssociationParams& params) {
        RunContext context({.comm = {},
                            .log = Log("test", 0, LogLevel::error),
                            .stage = "association",
                            .inputs = {{"genotypes", {folder_ / "store"}},
                                       {"phenotypes", {write_phenotypes()}},
                                       {"components", {folder_ / "components.h5"}}},
                            .outputs = {{"association", folder_ / "with.h5"}},
                            .work = folder_ / "with-work",
                            .fingerprint = "f",
                            .provenance = {}});
        run_association(params, context);
        return folder_ / "with.h5";
    }

    std::vector<test::TestColumn> extra_;
};

TEST_F(AssociationComponents, AreCovariatesLikeOthers) {
    write_components(store_.samples.id);
    const AssociationParams chosen{.covariates = {"age", "sex_male"}, .components_count = 2};
    const H5File with = H5File::open(run_with_components(chosen));
    covariates_.insert(covariates_.end(), extra_.begin(), extra_.begin() + 2);
    const H5File by_hand = H5File::open(run({.covariates = {"age", "sex_male", "a", "b"}}));
    for (const char* trait : {"traits/height", "traits/disease"}) {
        const auto x = with.read(trait).column<double>("beta"),
                   y = by_hand.read(trait).column<double>("beta");
        ASSERT_EQ(x.size(), y.size());
        for (std::size_t v = 0; v < x.size(); ++v)
            EXPECT_TRUE(x[v] == y[v] || (std::isnan(x[v]) && std::isnan(y[v]))) << trait << v;
    }
}

TEST_F(AssociationComponents, OtherSamplesAndTakenNamesAreErrors) {
    auto ids = store_.samples.id;
    std::swap(ids[0], ids[1]);
    write_components(ids);
    EXPECT_THROW(run_with_components({.covariates = {"age"}}), DataError);
    write_components(store_.samples.id);
    EXPECT_THROW(run_with_components({}), UsageError); // the cohort has a covariate pc1
    association::Phenotypes none;
    association::add_components(folder_ / "components.h5", store_.samples, 10, none);
    EXPECT_EQ(none.covariates.size(), 3u);
}

} // namespace
} // namespace salus
