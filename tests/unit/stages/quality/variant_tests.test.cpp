#include "stages/quality/variant_tests.hpp"

#include "base/random.hpp"
#include "models/hwe.hpp"
#include "support/genotype_store.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace salus {
namespace {

constexpr std::size_t samples = 90;

/// 30 trios (father, mother, child), three batches, two groups, some without a label or sex.
struct Fixture {
    std::vector<Sex> sex;
    QualityCohort cohort;
    VariantBlock rows, lists; // the same calls in both forms
    std::vector<std::vector<std::uint8_t>> calls;

    Fixture() {
        std::vector<std::string> batch, group;
        cohort.trios_of.resize(samples);
        for (std::uint32_t i = 0; i < samples; ++i) {
            sex.push_back(i % 3 == 0   ? Sex::male
                          : i % 3 == 1 ? Sex::female
                          : i % 9 == 2 ? Sex::unknown
                          : i % 2 == 0 ? Sex::male
                                       : Sex::female);
            batch.push_back("b" + std::to_string(i % 3));
            group.push_back(i % 5 == 4 ? "" : i % 2 == 0 ? "north" : "south");
            if (i % 3 != 2) continue;
            for (const std::uint32_t member : {i, i - 1, i - 2})
                cohort.trios_of[member].push_back(static_cast<std::uint32_t>(cohort.trios.size()));
            cohort.trios.push_back({.child = i, .father = i - 2, .mother = i - 1});
        }
        cohort.batches = divide(batch, sex);
        cohort.groups = divide(group, sex);
        rows.reset(0, samples);
        lists.reset(0, samples);
        for (std::size_t v = 0; v < 40; ++v)
            add(v, v % 2 == 0 ? 0.05 : 0.6);
    }
    void add(std::size_t v, double rate) {
        Rng rng(8, "variant", v);
        std::vector<std::uint8_t> row(packed_bytes(samples)), call(samples);
        std::vector<Carrier> carriers;
        for (std::size_t i = 0; i < samples; ++i) {
            if (rng.bernoulli(rate)) call[i] = static_cast<std::uint8_t>(rng.below(4));
            packed_set(row, i, call[i]);
            if (call[i] != hom_ref) carriers.push_back(make_carrier(i, call[i]));
        }
        rows.add_row(row);
        lists.add_carriers(carriers);
        calls.push_back(call);
    }
};

constexpr VariantClass classes[] = {VariantClass::other, VariantClass::pseudo_autosomal,
                                    VariantClass::x_linked, VariantClass::y_linked,
                                    VariantClass::mitochondrial};

GenotypeCounts plain_counts(const Fixture& in, std::size_t v, const Partition& parts,
                            std::uint32_t label, std::optional<Sex> only) {
    GenotypeCounts c;
    for (std::size_t i = 0; i < samples; ++i) {
        if (parts.label[i] != label || (only && in.sex[i] != *only)) continue;
        const std::uint8_t call = in.calls[v][i];
        ++(call == 0 ? c.hom_ref : call == 1 ? c.het : call == 2 ? c.hom_alt : c.missing);
    }
    return c;
}

TEST(VariantTests, PartsCountAsTheObviousLoopDoes) {
    const Fixture in;
    for (std::size_t v = 0; v < in.rows.size(); ++v)
        for (const VariantClass c : classes)
            for (const Partition* parts : {&in.cohort.batches, &in.cohort.groups})
                for (const VariantBlock* block : {&in.rows, &in.lists}) {
                    const auto counts = count_parts(*block, v, c, *parts);
                    ASSERT_EQ(counts.size(), parts->size());
                    for (std::uint32_t l = 0; l < counts.size(); ++l) {
                        const bool y = c == VariantClass::y_linked;
                        const auto people = plain_counts(
                            in, v, *parts, l, y ? std::optional(Sex::male) : std::nullopt);
                        EXPECT_EQ(counts[l].people, people);
                        if (c == VariantClass::x_linked) {
                            EXPECT_EQ(counts[l].haploid, plain_counts(in, v, *parts, l, Sex::male));
                            EXPECT_EQ(counts[l].hardy, plain_counts(in, v, *parts, l, Sex::female));
                        }
                        EXPECT_EQ(counts[l].tests_hardy, !y && c != VariantClass::mitochondrial);
                    }
                }
}

TEST(VariantTests, BothFormsOfAVariantGiveTheSame) {
    const Fixture in;
    for (std::size_t v = 0; v < in.rows.size(); ++v)
        for (const VariantClass c : classes) {
            const auto a = test_variant(in.rows, v, c, in.cohort, in.sex, {});
            const auto b = test_variant(in.lists, v, c, in.cohort, in.sex, {});
            EXPECT_EQ(a.mendel_errors, b.mendel_errors) << v;
            EXPECT_EQ(a.mendel_unjudged, b.mendel_unjudged) << v;
            EXPECT_EQ(a.batch_missing_neg_log10_p, b.batch_missing_neg_log10_p);
        }
}

TEST(VariantTests, MendelErrorsAreThoseOfEveryTrioByItself) {
    const Fixture in;
    for (std::size_t v = 0; v < in.rows.size(); ++v)
        for (const VariantClass c : classes) {
            const auto found = test_variant(in.lists, v, c, in.cohort, in.sex, {});
            std::vector<std::uint32_t> errors, unjudged;
            for (std::uint32_t t = 0; t < in.cohort.trios.size(); ++t) {
                const Trio& trio = in.cohort.trios[t];
                const auto how = c != VariantClass::x_linked       ? Descent::diploid
                                 : in.sex[trio.child] == Sex::male ? Descent::x_son
                                                                   : Descent::x_daughter;
                const auto child = in.calls[v][trio.child], father = in.calls[v][trio.father],
                           mother = in.calls[v][trio.mother];
                const bool unknown =
                    c == VariantClass::x_linked && in.sex[trio.child] == Sex::unknown;
                if (unknown || !is_mendel_informative(child, father, mother, how))
                    unjudged.push_back(t);
                else if (is_mendel_error(child, father, mother, how))
                    errors.push_back(t);
            }
            const bool tested = c != VariantClass::y_linked && c != VariantClass::mitochondrial;
            EXPECT_EQ(found.mendel_tested, tested);
            EXPECT_EQ(found.mendel_errors, tested ? errors : std::vector<std::uint32_t>{});
            EXPECT_EQ(found.mendel_unjudged, tested ? unjudged : std::vector<std::uint32_t>{});
        }
}

TEST(VariantTests, SmallGroupsDoNotDecide) {
    const Fixture in;
    const auto large = test_variant(in.rows, 1, VariantClass::other, in.cohort, in.sex,
                                    {.hwe_within = "groups", .hwe_group_min = 10});
    const auto none = test_variant(in.rows, 1, VariantClass::other, in.cohort, in.sex,
                                   {.hwe_within = "groups", .hwe_group_min = 1000});
    ASSERT_EQ(large.groups.size(), 2u);
    EXPECT_EQ(
        *large.deciding_hwe({.hwe_within = "groups"}),
        std::fmax(large.groups[0].hwe_midp_neg_log10_p, large.groups[1].hwe_midp_neg_log10_p));
    EXPECT_TRUE(std::isnan(*none.deciding_hwe({.hwe_within = "groups"})));
    EXPECT_FALSE(large.deciding_hwe({}).has_value());
}

TEST(VariantTests, ReasonsNameTheThresholds) {
    const Fixture in;
    VariantTests tests = test_variant(in.rows, 1, VariantClass::other, in.cohort, in.sex, {});
    tests.batch_call_rate_min = 0.9;
    tests.batch_missing_neg_log10_p = 9;
    tests.batch_frequency_neg_log10_p = 9;
    tests.case_missing_neg_log10_p = 9;
    tests.mendel_errors.assign(10, 0);
    const auto reasons = [&](const QualityParams& params) {
        VariantQuality quality{.fail_reason = "low_call_rate"};
        mark_tests(tests, 30, params, quality);
        return quality.fail_reason;
    };
    EXPECT_EQ(reasons({.batch_call_rate_min = 0.95,
                       .batch_missing_p_min = 1e-8,
                       .batch_frequency_p_min = 1e-8,
                       .case_missing_p_min = 1e-8}),
              "low_call_rate;low_batch_call_rate;batch_missingness;batch_frequency;"
              "case_missingness;mendel_errors");
    EXPECT_EQ(reasons({.case_missing_p_min = 0, .variant_mendel_rate_max = 1}), "low_call_rate");
}

} // namespace
} // namespace salus
