#include "models/hazard_likelihood.hpp"
#include "support/reference_data.hpp"

#include "models/survival_curves.hpp"
#include "support/reference.hpp"

#include <gtest/gtest.h>

#include <barrier>
#include <cmath>
#include <thread>

namespace salus {
namespace {

using Csv = std::map<std::string, std::vector<double>>;
using reference::survival;

/// What is fitted, and how.
struct Plan {
    std::vector<std::string> columns;
    std::string exit = "time", event = "status", entry = {}, stratum = {}, cluster = {},
                weight = {};
    Ties ties = Ties::efron;
    std::size_t block_rows = 32768;
    bool robust = false;
};

struct HazardFit {
    std::vector<double> coefficients, error, robust_error;
    NewtonFit newton;
    std::vector<BaselineHazard> baseline;
    std::vector<double> mean;
};

HazardFit fit_plan(const Csv& all, const Plan& plan) {
    Csv data;
    std::vector<std::string> used = plan.columns;
    for (const auto& name :
         {plan.exit, plan.event, plan.entry, plan.stratum, plan.cluster, plan.weight})
        if (!name.empty()) used.push_back(name);
    for (std::size_t i = 0; i < all.at(plan.exit).size(); ++i) {
        bool complete = true;
        for (const auto& name : used)
            complete = complete && !std::isnan(all.at(name)[i]);
        for (const auto& name : used)
            if (complete) data[name].push_back(all.at(name)[i]);
    }
    const auto ids = [&](const std::string& name) {
        std::vector<std::uint32_t> out;
        if (!name.empty())
            for (const double v : data[name])
                out.push_back(static_cast<std::uint32_t>(v));
        return out;
    };
    const auto optional = [&](const std::string& name) {
        return name.empty() ? std::span<const double>{} : std::span<const double>(data[name]);
    };
    const auto strata = ids(plan.stratum), clusters = ids(plan.cluster);
    const RiskSets sets({.exit = data[plan.exit],
                         .event = data[plan.event],
                         .entry = optional(plan.entry),
                         .stratum = strata,
                         .weight = optional(plan.weight)});
    const auto blocks = hazard_blocks(sets, plan.block_rows);
    HazardDesign design(sets, blocks, plan.columns.size());
    for (std::size_t c = 0; c < plan.columns.size(); ++c)
        design.fill(c, data[plan.columns[c]]);
    const auto scales = column_scales(design.rows, plan.columns.size(), sets.rows(), join_alone);
    design.standardise(scales);
    HazardLikelihood likelihood({.sets = sets,
                                 .blocks = blocks,
                                 .design = design.rows,
                                 .leaving = design.leaving,
                                 .ties = plan.ties});
    HazardFit out{.newton = fit_newton(likelihood), .mean = scales.mean};
    out.coefficients = out.newton.coefficients;
    auto covariance = out.newton.covariance;
    std::vector<double> robust;
    if (plan.robust || !clusters.empty()) {
        std::vector<std::uint32_t> cluster;
        for (const std::uint32_t i : sets.order())
            if (!clusters.empty()) cluster.push_back(clusters[i]);
        robust = robust_covariance(likelihood, out.newton, cluster);
    }
    out.baseline = baseline_hazards(likelihood);
    auto copy = out.coefficients;
    restore_units(scales, copy, robust);
    restore_units(scales, out.coefficients, covariance);
    const std::size_t p = plan.columns.size();
    for (std::size_t c = 0; c < p; ++c) {
        out.error.push_back(std::sqrt(covariance[c * p + c]));
        if (!robust.empty()) out.robust_error.push_back(std::sqrt(robust[c * p + c]));
    }
    return out;
}

void expect_close(const std::vector<double>& got, const std::vector<double>& expected,
                  double relative, const char* what) {
    ASSERT_EQ(got.size(), expected.size()) << what;
    for (std::size_t i = 0; i < got.size(); ++i)
        EXPECT_NEAR(got[i], expected[i], relative * (1e-3 + std::fabs(expected[i])))
            << what << " " << i;
}

// R's fits have converged to 1e-14: 1e-8 leaves room for its rounding alone.
void expect_agrees(const HazardFit& fit, const reference::Json& r) {
    EXPECT_EQ(fit.newton.state, FitState::converged);
    expect_close(fit.coefficients, r["coef"].numbers(), 1e-8, "coefficient");
    expect_close(fit.error, r["se"].numbers(), 1e-8, "error");
    if (!fit.robust_error.empty())
        expect_close(fit.robust_error, r["robust_se"].numbers(), 1e-8, "robust error");
    EXPECT_NEAR(fit.newton.log_likelihood, r["loglik"].number, 1e-8);
    EXPECT_NEAR(fit.newton.log_likelihood_start, r["loglik_null"].number, 1e-8);
    EXPECT_NEAR(fit.newton.score_chi_square, r["score_test"].number, 1e-7 * r["score_test"].number);
}

TEST(HazardLikelihood, VeteranAgreesWithR) {
    SKIP_WITHOUT_REFERENCE;
    const Csv data = reference::read_csv(survival / "veteran.csv");
    const auto r = reference::read_json(survival / "veteran.cox.json");
    Plan plan{
        .columns = {"trt2", "karno", "diagtime", "age", "prior1", "smallcell", "adeno", "large"}};
    for (const std::size_t rows : {32768U, 7U, 1U}) {
        plan.block_rows = rows;
        plan.ties = Ties::efron, plan.robust = false;
        expect_agrees(fit_plan(data, plan), r["efron"]);
        plan.robust = true;
        expect_agrees(fit_plan(data, plan), r["efron_robust"]);
        plan.ties = Ties::breslow;
        expect_agrees(fit_plan(data, plan), r["breslow_robust"]);
    }
}

TEST(HazardLikelihood, VeteranBaselineHazardAgreesWithR) {
    SKIP_WITHOUT_REFERENCE;
    const Csv data = reference::read_csv(survival / "veteran.csv");
    const Csv base = reference::read_csv(survival / "veteran.basehaz.csv");
    for (const Ties ties : {Ties::efron, Ties::breslow}) {
        Plan plan{.columns = {"trt2", "karno", "diagtime", "age", "prior1", "smallcell", "adeno",
                              "large"},
                  .ties = ties,
                  .block_rows = 20};
        const HazardFit fit = fit_plan(data, plan);
        ASSERT_EQ(fit.baseline.size(), 1u);
        double at_mean = 0;
        for (std::size_t c = 0; c < plan.columns.size(); ++c)
            at_mean += fit.coefficients[c] * fit.mean[c];
        const auto& expected =
            base.at(ties == Ties::efron ? "cumhaz_efron_x0" : "cumhaz_breslow_x0");
        std::size_t k = 0;
        for (std::size_t i = 0; i < expected.size(); ++i) {
            while (k + 1 < fit.baseline[0].time.size() &&
                   fit.baseline[0].time[k + 1] <= base.at("time")[i])
                ++k;
            EXPECT_NEAR(fit.baseline[0].cumulative[k] * std::exp(-at_mean), expected[i],
                        1e-8 * expected[i]);
        }
    }
}

TEST(HazardLikelihood, TestOfProportionalHazardsAgreesWithR) {
    SKIP_WITHOUT_REFERENCE;
    const Csv data = reference::read_csv(survival / "veteran.csv");
    const auto r = reference::read_json(survival / "veteran.cox.json")["zph_efron"];
    const std::vector<std::string> names{"trt2",   "karno",     "diagtime", "age",
                                         "prior1", "smallcell", "adeno",    "large"};
    const RiskSets sets({.exit = data.at("time"), .event = data.at("status")});
    const auto curve = incidence_curve({data.at("time"), data.at("status")}, 1);
    for (const std::size_t rows : {32768U, 9U}) {
        const auto blocks = hazard_blocks(sets, rows);
        HazardDesign design(sets, blocks, 8);
        for (std::size_t c = 0; c < 8; ++c)
            design.fill(c, data.at(names[c]));
        design.standardise(column_scales(design.rows, 8, sets.rows(), join_alone));
        HazardLikelihood likelihood({.sets = sets, .blocks = blocks, .design = design.rows});
        const auto fit = fit_newton(likelihood);
        for (const std::string transform : {"km", "identity"}) {
            std::vector<double> g;
            for (const auto& event : sets.events()) {
                const std::size_t k = curve.place(event.time);
                g.push_back(transform == "identity" ? event.time
                            : k == 0                ? 0
                                                    : 1 - curve.event_free[k - 1]);
            }
            const auto test = proportional_hazards(likelihood, fit, g);
            const auto& expected = r[transform]["chisq"];
            for (std::size_t c = 0; c < 8; ++c) // R's fit here is of its default tolerance
                EXPECT_NEAR(test.chi_square[c], expected[c].number, 1e-6 * expected[c].number);
            EXPECT_NEAR(test.global, expected[8].number, 1e-6 * expected[8].number);
            EXPECT_EQ(test.global_df, 8u);
        }
    }
}

TEST(HazardLikelihood, ClustersAgreeWithR) {
    SKIP_WITHOUT_REFERENCE;
    const auto lung = reference::read_json(survival / "lung.cox.json");
    const Csv data = reference::read_csv(survival / "lung.csv");
    Plan plan{.columns = {"age", "sex", "ph.ecog", "wt.loss"}, .event = "event"};
    expect_agrees(fit_plan(data, plan), lung["efron"]);
    plan.cluster = "inst", plan.block_rows = 16;
    expect_agrees(fit_plan(data, plan), lung["efron_cluster_inst"]);
}

TEST(HazardLikelihood, LateEntryAgreesWithR) {
    SKIP_WITHOUT_REFERENCE;
    const auto heart = reference::read_json(survival / "heart.cox.json");
    const auto cgd = reference::read_json(survival / "cgd.cox.json");
    for (const std::size_t rows : {32768U, 11U}) {
        Plan plan{.columns = {"age", "year", "surgery", "trans"},
                  .exit = "stop",
                  .event = "event",
                  .entry = "start",
                  .cluster = "id",
                  .block_rows = rows};
        expect_agrees(fit_plan(reference::read_csv(survival / "heart.csv"), plan),
                      heart["efron_cluster_id"]);
        const auto names = cgd["PWP_strata_enum_efron_cluster"]["names"];
        Plan repeated{.exit = "tstop",
                      .entry = "tstart",
                      .stratum = "enum",
                      .cluster = "id",
                      .block_rows = rows};
        for (const auto& name : names.items)
            repeated.columns.push_back(name.text);
        expect_agrees(fit_plan(reference::read_csv(survival / "cgd.csv"), repeated),
                      cgd["PWP_strata_enum_efron_cluster"]);
    }
}

TEST(HazardLikelihood, FlchainNeedsStepHalving) {
    SKIP_WITHOUT_REFERENCE;
    Csv data = reference::read_csv(survival / "flchain.csv");
    const auto r = reference::read_json(survival / "flchain.cox.json");
    std::vector<double> keep;
    for (const double t : data["futime"])
        keep.push_back(t > 0 ? t : std::nan(""));
    data["futime"] = keep;
    Plan plan{.exit = "futime", .event = "death", .block_rows = 1000};
    for (const auto& name : r["efron"]["names"].items)
        plan.columns.push_back(name.text);
    plan.robust = true;
    expect_agrees(fit_plan(data, plan), r["robust"]);
}

/// Ranks as threads: each gives its piece and gets all, in rank order.
class ThreadRanks {
public:
    explicit ThreadRanks(std::size_t ranks)
        : pieces_(ranks), given_(static_cast<std::ptrdiff_t>(ranks)) {}
    JoinBlocks of(std::size_t rank) {
        return [this, rank](std::span<const double> mine) {
            pieces_[rank].assign(mine.begin(), mine.end());
            given_.arrive_and_wait();
            std::vector<double> all;
            for (const auto& piece : pieces_)
                all.insert(all.end(), piece.begin(), piece.end());
            given_.arrive_and_wait();
            return all;
        };
    }

private:
    std::vector<std::vector<double>> pieces_;
    std::barrier<> given_;
};

TEST(HazardLikelihood, SameBitsWhoeverHoldsTheBlocks) {
    std::vector<std::vector<double>> x(3);
    std::vector<double> exit, status, event, entry, strata;
    std::vector<std::uint32_t> stratum;
    for (std::size_t i = 0; i < 700; ++i) {
        const auto at = static_cast<double>(i);
        x[0].push_back(std::sin(at)), x[1].push_back(std::cos(3 * at));
        x[2].push_back(std::sin(at * at));
        exit.push_back(static_cast<double>((i * 37) % 101 + 1));
        status.push_back(static_cast<double>((i * 5) % 3));
        event.push_back(status.back() == 1 ? 1 : 0);
        entry.push_back(exit.back() * static_cast<double>((i * 3) % 5) / 10);
        stratum.push_back(i % 2);
    }
    for (const auto& kind : {std::pair{false, true}, {true, false}, {true, true}}) {
        const bool fine_gray = kind.first, late = kind.second;
        const RiskSets sets(
            late ? SurvivalTimes{.exit = exit, .event = event, .entry = entry, .stratum = stratum}
                 : SurvivalTimes{.exit = exit, .event = event});
        const auto sorted_exit = sets.sorted(exit), sorted_status = sets.sorted(status),
                   sorted_entry = sets.sorted(entry);
        std::vector<std::uint32_t> sorted_stratum;
        for (const std::uint32_t i : sets.order())
            sorted_stratum.push_back(stratum[i]);
        SubdistributionTimes by_row{.exit = sorted_exit, .status = sorted_status};
        if (late) by_row.entry = sorted_entry, by_row.stratum = sorted_stratum;
        const auto blocks = hazard_blocks(sets, 64);
        ASSERT_GT(blocks.size(), 4u);
        std::vector<std::vector<double>> found;
        for (std::size_t ranks = 1; ranks <= 4; ++ranks) {
            ThreadRanks together(ranks);
            std::vector<std::vector<double>> results(ranks);
            std::vector<std::thread> threads;
            for (std::size_t rank = 0; rank < ranks; ++rank)
                threads.emplace_back([&, rank] {
                    const std::size_t first = blocks.size() * rank / ranks,
                                      last = blocks.size() * (rank + 1) / ranks;
                    HazardDesign design(sets, std::span(blocks).subspan(first, last - first), 3);
                    for (std::size_t c = 0; c < 3; ++c)
                        design.fill(c, x[c]);
                    design.standardise(column_scales(design.rows, 3, 700, together.of(rank)));
                    HazardProblem problem{.sets = sets,
                                          .blocks = blocks,
                                          .first_block = first,
                                          .design = design.rows,
                                          .leaving = design.leaving,
                                          .join = together.of(rank)};
                    if (fine_gray)
                        problem.competing =
                            subdistribution(sets, by_row, CensoringTies::events_first).weights;
                    HazardLikelihood likelihood(std::move(problem));
                    const auto fit = fit_newton(likelihood);
                    results[rank] = fit.coefficients;
                    const auto robust = robust_covariance(likelihood, fit);
                    results[rank].insert(results[rank].end(), robust.begin(), robust.end());
                });
            for (auto& thread : threads)
                thread.join();
            found.insert(found.end(), results.begin(), results.end());
        }
        for (const auto& result : found)
            EXPECT_EQ(result, found.front());
        EXPECT_NE(found.front()[0], 0);
    }
}

TEST(HazardLikelihood, CollinearColumnsAreAliased) {
    Csv data;
    for (std::size_t i = 0; i < 60; ++i) {
        const auto at = static_cast<double>(i);
        data["x"].push_back(std::sin(at));
        data["z"].push_back(std::cos(3 * at));
        data["sum"].push_back(2 * std::sin(at) - std::cos(3 * at) + 5);
        data["constant"].push_back(4);
        data["time"].push_back(static_cast<double>((i * 7) % 11 + 1));
        data["status"].push_back((i * 5) % 13 < 6 ? 1 : 0);
        data["early"].push_back((i * 5) % 13 < 6 ? 1 : 0);
    }
    const HazardFit two = fit_plan(data, {.columns = {"x", "z"}});
    const HazardFit four = fit_plan(data, {.columns = {"x", "constant", "z", "sum"}});
    EXPECT_EQ(four.newton.state, FitState::converged);
    EXPECT_EQ(four.newton.aliased, (std::vector<std::uint8_t>{0, 1, 0, 1}));
    EXPECT_EQ(four.newton.rank(), 2u);
    EXPECT_NEAR(four.coefficients[0], two.coefficients[0], 1e-10);
    EXPECT_NEAR(four.coefficients[2], two.coefficients[1], 1e-10);
    EXPECT_EQ(four.coefficients[3], 0);
    const HazardFit endless = fit_plan(data, {.columns = {"early", "x"}});
    EXPECT_EQ(endless.newton.state, FitState::monotone);
    EXPECT_EQ(endless.newton.endless, (std::vector<std::uint8_t>{1, 0}));
}

TEST(HazardLikelihood, FewEvents) {
    Csv data{{"x", {1, 2, 3, 4}}, {"time", {4, 3, 2, 1}}, {"status", {0, 0, 0, 0}}};
    EXPECT_EQ(fit_plan(data, {.columns = {"x"}}).newton.rank(), 0u); // no event: nothing is learnt
    data["status"] = {0, 0, 1, 0};
    const HazardFit one = fit_plan(data, {.columns = {"x"}}); // the highest of those at risk
    EXPECT_EQ(one.newton.state, FitState::monotone);
    data["time"] = {2, 2, 2, 2}, data["status"] = {1, 1, 1, 1};
    const HazardFit tied = fit_plan(data, {.columns = {"x"}, .ties = Ties::breslow});
    EXPECT_EQ(tied.newton.state, FitState::converged); // all tied: no order to learn from
    EXPECT_NEAR(tied.coefficients[0], 0, 1e-12);
}

/// Fine-Gray fit of mgus2; robust errors with or without the term of the estimated weights.
HazardFit fit_fine_gray(const Csv& all, double cause, CensoringTies convention, Ties ties,
                        std::size_t block_rows, bool with_weights = true) {
    const std::vector<std::string> names{"age", "male", "mspike", "hgb"};
    Csv data;
    for (std::size_t i = 0; i < all.at("age").size(); ++i) {
        if (std::isnan(all.at("mspike")[i]) || std::isnan(all.at("hgb")[i])) continue;
        for (const auto& [name, values] : all)
            data[name].push_back(values[i]);
    }
    std::vector<double> status, event;
    for (const double ev : data["ev"]) {
        status.push_back(ev == 0 ? 0 : ev == cause ? 1 : 2);
        event.push_back(ev == cause ? 1 : 0);
    }
    const auto exit = same_times(data["etime"]);
    const RiskSets sets({.exit = exit, .event = event});
    const auto sorted_exit = sets.sorted(exit), sorted_status = sets.sorted(status);
    auto found = subdistribution(sets, {.exit = sorted_exit, .status = sorted_status}, convention);
    const auto blocks = hazard_blocks(sets, block_rows);
    HazardDesign design(sets, blocks, 4);
    for (std::size_t c = 0; c < 4; ++c)
        design.fill(c, data[names[c]]);
    const auto scales = column_scales(design.rows, 4, sets.rows(), join_alone);
    design.standardise(scales);
    HazardLikelihood likelihood({.sets = sets,
                                 .blocks = blocks,
                                 .design = design.rows,
                                 .competing = std::move(found.weights),
                                 .ties = ties});
    HazardFit out{.newton = fit_newton(likelihood), .mean = scales.mean};
    out.coefficients = out.newton.coefficients;
    out.baseline = baseline_hazards(likelihood);
    if (!with_weights) found.processes.clear();
    auto robust = robust_covariance(likelihood, out.newton, {}, found.processes);
    auto covariance = out.newton.covariance;
    auto copy = out.coefficients;
    restore_units(scales, copy, robust);
    restore_units(scales, out.coefficients, covariance);
    for (std::size_t c = 0; c < 4; ++c) {
        out.error.push_back(std::sqrt(covariance[c * 5]));
        out.robust_error.push_back(std::sqrt(robust[c * 5]));
    }
    return out;
}

TEST(HazardLikelihood, FineGrayAgreesWithCmprsk) {
    SKIP_WITHOUT_REFERENCE;
    const Csv data = reference::read_csv(survival / "mgus2.csv");
    const auto r = reference::read_json(survival / "mgus2.competing.json");
    for (const std::size_t rows : {32768U, 50U})
        for (const double cause : {1.0, 2.0}) {
            const auto& expected =
                r[cause == 1 ? "finegray_event1_cmprsk" : "finegray_event2_cmprsk"];
            const HazardFit fit =
                fit_fine_gray(data, cause, CensoringTies::together, Ties::breslow, rows);
            expect_close(fit.coefficients, expected["coef"].numbers(), 1e-7, "coefficient");
            expect_close(fit.robust_error, expected["se"].numbers(), 1e-6, "error");
            EXPECT_NEAR(fit.newton.log_likelihood, expected["loglik"].number, 1e-6);
        }
}

TEST(HazardLikelihood, FineGrayAgreesWithWeightedCox) {
    SKIP_WITHOUT_REFERENCE;
    const Csv data = reference::read_csv(survival / "mgus2.csv");
    const auto r = reference::read_json(survival / "mgus2.competing.json");
    for (const Ties ties : {Ties::efron, Ties::breslow}) {
        const auto& expected = r[ties == Ties::efron ? "finegray_event1_weighted_coxph_efron"
                                                     : "finegray_event1_weighted_coxph_breslow"];
        const HazardFit fit = fit_fine_gray(data, 1, CensoringTies::events_first, ties, 100, false);
        expect_close(fit.coefficients, expected["coef"].numbers(), 1e-8, "coefficient");
        expect_close(fit.error, expected["se"].numbers(), 1e-8, "error");
        expect_close(fit.robust_error, expected["robust_se"].numbers(), 1e-8, "robust error");
        EXPECT_NEAR(fit.newton.log_likelihood, expected["loglik"].number, 1e-7);
    }
}

} // namespace
} // namespace salus
