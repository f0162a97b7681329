#include "models/group_tests.hpp"
#include "support/reference_data.hpp"

#include "support/reference.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace salus {
namespace {

using reference::survival;

std::vector<std::uint32_t> whole(const std::vector<double>& values) {
    std::vector<std::uint32_t> out;
    for (const double v : values)
        out.push_back(static_cast<std::uint32_t>(v));
    return out;
}

/// mgus2 where mspike is known, with its quarters: rank(mspike, ties.method = "first").
struct Mgus {
    Mgus() {
        const auto data = reference::read_csv(survival / "mgus2.csv");
        std::vector<double> mspike;
        for (std::size_t i = 0; i < data.at("mspike").size(); ++i) {
            if (std::isnan(data.at("mspike")[i])) continue;
            mspike.push_back(data.at("mspike")[i]);
            exit.push_back(data.at("etime")[i]), status.push_back(data.at("ev")[i]);
        }
        std::vector<std::uint32_t> order(mspike.size());
        std::iota(order.begin(), order.end(), std::uint32_t{0});
        std::stable_sort(order.begin(), order.end(),
                         [&](std::uint32_t a, std::uint32_t b) { return mspike[a] < mspike[b]; });
        quarter.resize(order.size());
        // R's cut(rank, 4): equal widths of [1, n].
        for (std::size_t r = 0; r < order.size(); ++r)
            quarter[order[r]] = static_cast<std::uint32_t>(std::min(
                3.0, std::ceil(4 * static_cast<double>(r) / static_cast<double>(order.size() - 1)) -
                         1 + (r == 0 ? 1 : 0)));
    }
    std::vector<double> exit, status;
    std::vector<std::uint32_t> quarter;
};

TEST(LogRankTest, AgreesWithR) {
    SKIP_WITHOUT_REFERENCE;
    const auto r = reference::read_json(survival / "veteran.km_tests.json")["logrank_celltype"];
    const auto data = reference::read_csv(survival / "veteran.csv");
    std::vector<std::uint32_t> cell; // squamous, smallcell, adeno, large
    for (std::size_t i = 0; i < data.at("time").size(); ++i)
        cell.push_back(data.at("smallcell")[i] == 1 ? 1U
                       : data.at("adeno")[i] == 1   ? 2U
                       : data.at("large")[i] == 1   ? 3U
                                                    : 0U);
    const auto test = log_rank_test({data.at("time"), data.at("status")}, cell, 4);
    EXPECT_NEAR(test.chi_square, r["chisq"].number, 1e-9);
    EXPECT_EQ(test.degrees_of_freedom, 3u);
    EXPECT_NEAR(test.neg_log10_p, -std::log10(r["p"].number), 1e-9);
    for (std::size_t g = 0; g < 4; ++g) {
        EXPECT_EQ(test.observed[g], r["obs"][g].number);
        EXPECT_NEAR(test.expected[g], r["exp"][g].number, 1e-9);
    }
}

TEST(LogRankTest, LateEntryAgreesWithR) {
    SKIP_WITHOUT_REFERENCE;
    Mgus d;
    // R 4.2, survival 3.5-3: survdiff(Surv(etime, ev == 1) ~ q)
    EXPECT_NEAR(log_rank_test({d.exit, d.status}, d.quarter, 4).chi_square, 27.9657620949499, 1e-9);
    // coxph(Surv(floor(etime * ((i * 7) %% 10) / 20), etime + i * 1e-4, ev == 1) ~ factor(q),
    // iter.max = 0)$score: without tied times the same test.
    std::vector<double> entry;
    for (std::size_t i = 0; i < d.exit.size(); ++i) {
        entry.push_back(std::floor(d.exit[i] * static_cast<double>((i + 1) * 7 % 10) / 20));
        d.exit[i] += static_cast<double>(i + 1) * 1e-4;
    }
    EXPECT_NEAR(log_rank_test({d.exit, d.status, entry}, d.quarter, 4).chi_square, 28.1252822799527,
                1e-8);
}

TEST(GrayTest, AgreesWithCmprsk) {
    SKIP_WITHOUT_REFERENCE;
    const auto r = reference::read_json(survival / "mgus2.competing.json")["gray_test"];
    const auto data = reference::read_csv(survival / "mgus2.csv");
    const auto male = whole(data.at("male"));
    Mgus d;
    const double quarters[] = {29.2273775358967, 9.90453970885959}; // cuminc(etime, ev, q)$Tests
    for (const std::size_t cause : {0U, 1U}) {
        const auto swapped = [&](std::vector<double> status) {
            for (double& s : status)
                s = s == 0 || cause == 0 ? s : 3 - s;
            return status;
        };
        const auto test = gray_test({data.at("etime"), swapped(data.at("ev"))}, male, 2);
        EXPECT_NEAR(test.chi_square, r["stat"][cause].number, 1e-10 * r["stat"][cause].number);
        EXPECT_EQ(test.degrees_of_freedom, 1u);
        EXPECT_NEAR(test.neg_log10_p, -std::log10(r["p"][cause].number), 1e-9);
        const auto four = gray_test({d.exit, swapped(d.status)}, d.quarter, 4);
        EXPECT_NEAR(four.chi_square, quarters[cause], 1e-10 * quarters[cause]);
        EXPECT_EQ(four.degrees_of_freedom, 3u);
    }
}

TEST(GroupTests, NothingToTellApart) {
    const std::vector<double> exit{1, 2, 3, 4}, status{1, 0, 2, 1}, none{0, 0, 0, 0};
    const std::vector<std::uint32_t> one{0, 0, 0, 0}, two{0, 1, 0, 1};
    for (const auto& test :
         {log_rank_test({exit, status}, one, 1), gray_test({exit, status}, one, 1),
          log_rank_test({exit, none}, two, 2), gray_test({exit, none}, two, 2),
          log_rank_test({}, {}, 2), gray_test({}, {}, 2)}) {
        EXPECT_EQ(test.degrees_of_freedom, 0u);
        EXPECT_TRUE(std::isnan(test.neg_log10_p));
    }
}

TEST(RestrictedMean, AgreesWithR) {
    SKIP_WITHOUT_REFERENCE;
    const auto r = reference::read_json(survival / "veteran.km_tests.json");
    const auto data = reference::read_csv(survival / "veteran.csv");
    const auto curve = incidence_curve({data.at("time"), data.at("status")}, 1);
    const auto mean = restricted_mean(curve, 365);
    EXPECT_NEAR(mean.estimate, r["rmst_365"].number, 1e-10 * mean.estimate);
    EXPECT_NEAR(mean.standard_error, r["rmst_se"].number, 1e-10 * mean.estimate);
    EXPECT_TRUE(std::isnan(restricted_mean(curve, 1000).estimate)); // nobody is followed so long
    EXPECT_EQ(restricted_mean(curve, 0.5).estimate, 0.5);           // before the first event
}

} // namespace
} // namespace salus
