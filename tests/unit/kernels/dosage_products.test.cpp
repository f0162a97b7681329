#include "kernels/dosage_products.hpp"

#include "unit/kernels/random_genotypes.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

const std::vector<Isa>& all_forms() {
    static const std::vector<Isa> forms = [] {
        std::vector<Isa> found;
        for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512_vnni})
            if (is_supported(isa)) found.push_back(isa);
        return found;
    }();
    return forms;
}

FixedColumns random_columns(std::size_t samples, std::size_t columns) {
    FixedColumns fixed(samples, columns);
    std::vector<double> values(samples);
    for (std::size_t c = 0; c < columns; ++c) {
        Rng rng(3, "test.columns", c);
        for (auto& value : values)
            value = c == 1 ? -1.0 : rng.normal() * std::pow(10.0, static_cast<double>(c));
        fixed.set(c, values);
    }
    return fixed;
}

std::vector<Dosage> random_dosages(std::size_t samples, std::uint64_t index, bool with_missing) {
    Rng rng(12, "test.dosages", index);
    std::vector<Dosage> dosages(samples);
    for (Dosage& dosage : dosages) {
        dosage = static_cast<Dosage>(index == 0 ? 32768 : rng.below(32769));
        if (with_missing && rng.below(10) == 0) dosage = dosage_missing;
    }
    return dosages;
}

// The obvious sums, independent of the code under test.
std::vector<WideSum> multiply_slowly(const std::vector<std::int64_t>& weights,
                                     const FixedColumns& columns) {
    std::vector<WideSum> sums(columns.columns());
    for (std::size_t i = 0; i < columns.samples(); ++i)
        for (std::size_t c = 0; c < columns.columns(); ++c)
            sums[c] += WideSum{weights[i]} * columns.sample(i)[c];
    return sums;
}

TEST(DosageProducts, RowsOfEveryTailLengthOnEveryInstructionSet) {
    for (const std::size_t samples : test::tail_lengths())
        for (const std::size_t columns : {1U, 3U, 5U}) {
            if (samples > 300 && columns == 3) continue;
            const FixedColumns fixed = random_columns(samples, columns);
            std::vector<std::vector<Dosage>> rows;
            std::vector<const std::uint16_t*> pointers;
            std::vector<WideSum> expected;
            for (std::size_t r = 0; r < 3; ++r) {
                rows.push_back(random_dosages(samples, r, false));
                const auto slow = multiply_slowly({rows[r].begin(), rows[r].end()}, fixed);
                expected.insert(expected.end(), slow.begin(), slow.end());
            }
            for (const auto& row : rows)
                pointers.push_back(row.data());
            for (const Isa isa : all_forms()) {
                std::vector<WideSum> sums(3 * columns);
                value_products(pointers, fixed, sums, isa);
                ASSERT_TRUE(sums == expected) << to_string(isa) << ' ' << samples;
            }
        }
}

TEST(DosageProducts, ManyRows) {
    const FixedColumns fixed = random_columns(700, 2);
    std::vector<std::vector<Dosage>> rows;
    std::vector<const std::uint16_t*> pointers;
    for (std::size_t r = 0; r < 19; ++r)
        rows.push_back(random_dosages(700, r, false));
    for (const auto& row : rows)
        pointers.push_back(row.data());
    std::vector<WideSum> expected(38);
    value_products(pointers, fixed, expected, Isa::reference);
    for (const Isa isa : all_forms()) {
        std::vector<WideSum> sums(38);
        value_products(pointers, fixed, sums, isa);
        ASSERT_TRUE(sums == expected) << to_string(isa);
    }
}

TEST(DosageProducts, ListsOfWeightsOfBothSigns) {
    for (const std::size_t samples : {1U, 7U, 64U, 5000U, 40000U}) {
        const FixedColumns fixed = random_columns(samples, 9);
        Rng rng(5, "test.weights", samples);
        std::vector<std::int64_t> weights(samples);
        std::vector<SampleWeight> list;
        for (std::size_t i = 0; i < samples; ++i) {
            if (samples < 40000 && rng.below(3) != 0) continue;
            const auto weight = static_cast<std::int32_t>(
                i % 5 == 0 ? -32768 : static_cast<std::int64_t>(rng.below(1U << 31)) - (1 << 30));
            weights[i] = weight;
            list.push_back({static_cast<std::uint32_t>(i), weight});
        }
        const auto expected = multiply_slowly(weights, fixed);
        for (const Isa isa : all_forms()) {
            std::vector<WideSum> sums(9);
            weight_products(list, fixed, sums, isa);
            ASSERT_TRUE(sums == expected) << to_string(isa) << ' ' << samples;
        }
    }
}

TEST(DosageProducts, MomentsOfEveryTailLength) {
    for (const std::size_t samples : test::tail_lengths()) {
        const auto dosages = random_dosages(samples, samples, true);
        std::vector<std::uint8_t> members(samples);
        DosageMoments expected;
        for (std::size_t i = 0; i < samples; ++i) {
            members[i] = i % 3 != 0 ? 1 : 0;
            if (members[i] == 0 || dosages[i] == dosage_missing) continue;
            ++expected.called;
            expected.sum += dosages[i];
            expected.squares += std::uint64_t{dosages[i]} * dosages[i];
        }
        for (const Isa isa : all_forms())
            ASSERT_EQ(dosage_moments(dosages, SampleMask(members), isa), expected)
                << to_string(isa) << ' ' << samples;
    }
}

TEST(DosageProducts, WideSumsAreRoundedOnce) {
    EXPECT_EQ(wide_real(WideSum{3}, -1), 1.5);
    const WideSum big = (WideSum{1} << 80) + 1;
    EXPECT_EQ(wide_real(big, -80), 1.0);
    EXPECT_EQ(wide_real(-big, 0), -std::ldexp(1.0, 80));
}

} // namespace
} // namespace salus
