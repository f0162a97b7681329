#include "base/numbers.hpp"
#include "models/cox.hpp"
#include "parallel/parallel_for.hpp"
#include "unit/stages/association/textbook.hpp"

#include "base/file.hpp"
#include "base/hash.hpp"

#include <gmock/gmock.h>

namespace salus {
namespace {

/// The cohort with two time-to-event traits: with tied times, and with late entry.
class AssociationOfTimes : public Association {
protected:
    AssociationOfTimes() {
        test::TestColumn death{"death", "time_to_event", {}}, late{"late", "time_to_event", {}};
        test::TestColumn years{"death", "", {}}, end{"late", "", {}}, entry{"late.entry", "", {}};
        for (std::size_t i = 0; i < samples; ++i) {
            Rng rng(41, "times", i);
            const double time = 1 + static_cast<double>(rng.below(60));
            const double event = rng.bernoulli(0.15 + 0.2 * dosage(5, i)) ? 1 : 0;
            const bool known = !rng.bernoulli(0.05);
            death.values.push_back(known ? event : nan);
            years.values.push_back(known ? time : nan);
            late.values.push_back(event);
            end.values.push_back(time);
            entry.values.push_back(time * 0.9 * rng.uniform());
        }
        traits_.push_back(death);
        traits_.push_back(late);
        times_ = {years, end, entry};
    }
    /// A whole Cox model of one variant, started at that of the covariates.
    struct Model {
        double beta = 0, standard_error = 0, chi_square = 0;
        bool converged = false;
    };
    Model model(const Textbook& t, bool late) const {
        std::vector<double> exit, event, entry;
        for (std::size_t k = 0; k < t.samples.size(); ++k) {
            const std::size_t i = t.samples[k];
            exit.push_back(times_[late ? 1 : 0].values[i]);
            event.push_back(t.y[static_cast<Eigen::Index>(k)]);
            if (late) entry.push_back(times_[2].values[i]);
        }
        const RiskSets sets({.exit = exit, .event = event, .entry = entry});
        std::vector<std::vector<double>> columns;
        for (Eigen::Index c = 1; c < t.x.cols(); ++c)
            columns.push_back(
                sets.sorted(std::vector<double>(t.x.col(c).begin(), t.x.col(c).end())));
        const StandardColumns x(columns);
        CoxSolver solver;
        const CoxFit null =
            solver.fit({.risk = sets,
                        .design = {.columns = std::span(x.pointers).first(x.pointers.size() - 1),
                                   .samples = sets.rows()}});
        std::vector<double> start = null.coefficients;
        start.push_back(0);
        CoxFit fit = solver.fit({.risk = sets, .design = x.design(sets.rows()), .start = start});
        if (!fit.converged) return {.chi_square = fit.score_chi_square};
        x.restore(fit);
        const std::size_t last = start.size() - 1;
        return {fit.coefficients[last], std::sqrt(fit.variance(last)), fit.score_chi_square, true};
    }
};

TEST_F(AssociationOfTimes, ScoreAndWaldTestsAreThoseOfWholeModels) {
    // Columns are 32-bit fixed point: statistics are exact to about 1e-7.
    for (const std::string name : {"death", "late"}) {
        const AssociationParams score{
            .traits = {name}, .time_to_event_test = "score", .hazard_ratio_p_max = 0};
        const AssociationParams wald{.traits = {name}, .time_to_event_test = "wald"};
        const TableData scores = H5File::open(run(score, name + "-score")).read("traits/" + name);
        const TableData fits = H5File::open(run(wald, name + "-wald")).read("traits/" + name);
        std::size_t tested = 0;
        for (std::size_t v = 0; v < scores.rows(); ++v) {
            if (status(scores, v) != AssociationStatus::tested) continue;
            ++tested;
            EXPECT_EQ(scores.column<std::uint8_t>("test")[v], 10);
            const Textbook t = textbook(v, name, parts_[0].variants[v].chromosome == "Y");
            const Model expected = model(t, name == "late");
            const double z =
                scores.column<double>("beta")[v] / scores.column<double>("standard_error")[v];
            EXPECT_NEAR(z * z, expected.chi_square, 1e-6 * (1 + expected.chi_square)) << v;
            if (!expected.converged) {
                EXPECT_EQ(status(fits, v), AssociationStatus::separated) << v;
                continue;
            }
            EXPECT_EQ(fits.column<std::uint8_t>("test")[v], 12);
            EXPECT_NEAR(fits.column<double>("beta")[v], expected.beta,
                        1e-7 * expected.standard_error)
                << v;
            EXPECT_NEAR(fits.column<double>("standard_error")[v] / expected.standard_error, 1, 1e-7)
                << v;
        }
        EXPECT_GT(tested, 150U);
    }
}

TEST_F(AssociationOfTimes, HitsHaveTheBetaOfTheWholeModel) {
    const AssociationParams params{
        .traits = {"death"}, .hazard_ratio_p_max = 0.05, .exact_copies_max = 0};
    const TableData table = H5File::open(run(params)).read("traits/death");
    std::size_t hits = 0, beyond = 0;
    for (std::size_t v = 0; v < table.rows(); ++v) {
        if (status(table, v) != AssociationStatus::tested) continue;
        const auto test = table.column<std::uint8_t>("test")[v];
        const double p = table.column<double>("neg_log10_p")[v];
        const double beta = table.column<double>("beta")[v];
        const double z = beta / table.column<double>("standard_error")[v];
        EXPECT_NEAR(normal_neg_log10_p(z), p, 1e-9 * (1 + p)) << "beta and error agree with p";
        if (test == 11 || test == 14) ++beyond;
        if (test != 13 && test != 14) continue;
        ++hits;
        EXPECT_GT(p, -std::log10(0.05));
        const Textbook t = textbook(v, "death", parts_[0].variants[v].chromosome == "Y");
        const Model expected = model(t, false);
        EXPECT_NEAR(beta, expected.beta, 1e-7 * expected.standard_error) << v;
    }
    EXPECT_GT(hits, 2U);
    EXPECT_GT(beyond, 2U);
    EXPECT_GT(table.column<double>("neg_log10_p")[5], 3) << "the planted one";
}

TEST_F(AssociationOfTimes, SameBytesForOneAndTwoThreadsAndManyPasses) {
    set_threads(1);
    const std::string one = sha256(read_text_file(run({}, "one")));
    set_threads(2);
    EXPECT_EQ(sha256(read_text_file(run({}, "two"))), one);
    set_threads(1);
    EXPECT_EQ(sha256(read_text_file(run({.traits_per_pass = 1}, "passes"))), one);
}

TEST_F(AssociationOfTimes, TraitsThatCannotBeTested) {
    for (double& event : traits_.back().values)
        event = 0;
    const auto message = [&](const AssociationParams& params) -> std::string {
        try {
            run(params, "refused");
        } catch (const Error& e) {
            return e.what();
        }
        return "no error";
    };
    EXPECT_THAT(message({.traits = {"late"}}), testing::HasSubstr("there are no events"));
    times_[0].values[17] = -1;
    traits_[traits_.size() - 2].values[17] = 1;
    EXPECT_THAT(message({.traits = {"death"}}),
                testing::AllOf(testing::HasSubstr("time at risk"), testing::HasSubstr("row 18")));
}

} // namespace
} // namespace salus
