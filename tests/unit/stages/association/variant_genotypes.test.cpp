#include "stages/association/variant_genotypes.hpp"
#include "stages/association/plan.hpp"
#include "stages/association/scan.hpp"

#include "base/random.hpp"

#include <gmock/gmock.h>

#include <bit>

namespace salus::association {
namespace {

constexpr std::size_t drawn_samples = 1200;

/// Rare variants whose dosages are given as a list, and the same in rows.
class DosageLists : public testing::Test {
protected:
    DosageLists() {
        listed_.reset(0, drawn_samples);
        in_rows_.reset(0, drawn_samples);
        for (std::size_t i = 0; i < drawn_samples; ++i)
            eligible_.sex.push_back(i % 2 == 0 ? Sex::male : Sex::female);
        eligible_.samples.assign(drawn_samples, 1);
        for (std::size_t v = 0; v < variants; ++v)
            add_variant(v);
    }

    /// At most 30 carriers and 30 own dosages, so that the list is short enough; every combination
    /// of a call and an own dosage comes, 0 and missing among them.
    void add_variant(std::size_t v) {
        Rng rng(3, "variant", v);
        std::vector<Carrier> carriers;
        std::vector<SampleDosage> own;
        std::vector<Dosage> row(drawn_samples);
        for (std::size_t i = rng.below(25); i < drawn_samples; i += 40 + rng.below(40)) {
            const auto call = static_cast<std::uint8_t>(rng.below(4));
            if (call != hom_ref) carriers.push_back(make_carrier(i, call));
            row[i] = dosage_of_call(call);
            const auto kind = rng.below(4);
            if (kind == 0) continue;
            row[i] = kind == 1   ? Dosage{0}
                     : kind == 2 ? dosage_missing
                                 : static_cast<Dosage>(rng.below(32769));
            if (row[i] != dosage_of_call(call))
                own.push_back({static_cast<std::uint32_t>(i), row[i]});
        }
        for (VariantBlock* block : {&listed_, &in_rows_})
            block->add_carriers(carriers);
        listed_.set_dosage_list(own);
        in_rows_.set_dosage_row(row);
    }

    Phenotypes phenotypes() const {
        Phenotypes all;
        all.traits = {{"amount", false, {}}, {"disease", true, {}}};
        all.covariates = {{"age", {}}};
        Rng rng(4, "traits", 0);
        for (std::size_t i = 0; i < drawn_samples; ++i) {
            const double gone = std::numeric_limits<double>::quiet_NaN();
            all.traits[0].values.push_back(rng.bernoulli(0.1) ? gone : rng.normal());
            all.traits[1].values.push_back(rng.bernoulli(0.3) ? 1 : 0);
            all.covariates[0].values.push_back(rng.normal());
        }
        return all;
    }

    VariantGenotypes genotypes(const VariantBlock& block, std::size_t v, Ploidy ploidy) const {
        VariantGenotypes one;
        one.assign(block, v, ploidy, eligible_.sex);
        return one;
    }

    static constexpr std::size_t variants = 60;
    VariantBlock listed_, in_rows_;
    Eligible eligible_;
};

std::vector<std::uint64_t> bits(const VariantTest& t) {
    std::vector<std::uint64_t> all{t.n, t.n_cases, static_cast<std::uint64_t>(t.test),
                                   static_cast<std::uint64_t>(t.status)};
    for (const double x : {t.frequency, t.frequency_cases, t.frequency_controls, t.beta,
                           t.standard_error, t.neg_log10_p})
        all.push_back(std::bit_cast<std::uint64_t>(x));
    return all;
}

TEST_F(DosageLists, SayTheSameAsRows) {
    std::vector<std::uint32_t> who;
    std::vector<std::uint8_t> members(drawn_samples);
    for (std::uint32_t i = 0; i < drawn_samples; ++i)
        if (i % 3 != 0) {
            who.push_back(i);
            members[i] = 1;
        }
    const SampleMask mask(members);
    for (const Ploidy ploidy : {Ploidy::diploid, Ploidy::x, Ploidy::y, Ploidy::mitochondrial})
        for (std::size_t v = 0; v < variants; ++v) {
            const auto list = genotypes(listed_, v, ploidy), row = genotypes(in_rows_, v, ploidy);
            ASSERT_TRUE(list.has_dosage_list() && row.has_dosages() && !row.has_dosage_list());
            const AlleleMoments a = list.moments(mask), b = row.moments(mask);
            EXPECT_THAT((std::vector{a.called, a.copies, a.squares}),
                        testing::ElementsAre(b.called, b.copies, b.squares));
            std::vector<Carrier> lost, lost_of_row;
            list.list_missing_calls(drawn_samples, lost);
            row.list_missing_calls(drawn_samples, lost_of_row);
            EXPECT_EQ(lost, lost_of_row);
            for (const bool flipped : {false, true}) {
                std::vector<double> x(who.size()), y(who.size());
                list.expand(who, flipped, 0.125, x);
                row.expand(who, flipped, 0.125, y);
                EXPECT_EQ(x, y) << v;
            }
        }
}

TEST_F(DosageLists, GiveTheSameBitsInEveryTest) {
    for (const std::string test : {"score_firth", "score_saddlepoint", "score", "wald", "firth"}) {
        const AssociationParams params{
            .binary_test = test, .refit_p_max = 0.5, .minor_allele_count_min = 1};
        const ScanPlan plan = make_plan(phenotypes(), 0, 2, eligible_, params);
        ASSERT_EQ(plan.traits.size(), 2U);
        Scanner scanner(plan, rules_of(params));
        std::size_t tested = 0;
        for (const Ploidy ploidy : {Ploidy::diploid, Ploidy::x})
            for (std::size_t v = 0; v < variants; ++v) {
                const auto list = genotypes(listed_, v, ploidy);
                const auto row = genotypes(in_rows_, v, ploidy);
                const VariantGenotypes *a = &list, *b = &row;
                std::vector<VariantTest> of_list(2), of_row(2);
                scanner.test(std::span(&a, 1), of_list);
                scanner.test(std::span(&b, 1), of_row);
                for (std::size_t t = 0; t < 2; ++t) {
                    EXPECT_EQ(bits(of_list[t]), bits(of_row[t])) << test << ' ' << v;
                    tested += of_list[t].status == AssociationStatus::tested ? 1U : 0U;
                }
            }
        EXPECT_GT(tested, variants);
    }
}

TEST_F(DosageLists, AreRowsWhereManyAreListed) {
    VariantBlock block;
    block.reset(0, drawn_samples);
    std::vector<SampleDosage> own;
    for (std::uint32_t i = 0; i <= drawn_samples / 16; ++i)
        own.push_back({2 * i, 100});
    block.add_carriers({});
    block.set_dosage_list(own);
    const auto one = genotypes(block, 0, Ploidy::diploid);
    EXPECT_TRUE(one.has_dosages() && !one.has_dosage_list());
    EXPECT_EQ(one.dosages()[2], 100);
}

} // namespace
} // namespace salus::association
