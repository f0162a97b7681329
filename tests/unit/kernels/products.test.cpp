#include "kernels/products.hpp"

#include "base/error.hpp"
#include "unit/kernels/random_genotypes.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

using test::carriers_of;
using test::pack;
using test::random_calls;

FixedColumns random_limbs(std::size_t samples, std::size_t columns, unsigned limbs) {
    FixedColumns fixed(samples, columns, limbs);
    std::vector<double> values(samples);
    for (std::size_t c = 0; c < columns; ++c) {
        Rng rng(3, "test.columns", c);
        for (auto& value : values)
            value = rng.normal() * std::pow(10.0, static_cast<double>(c) - 2);
        fixed.set(c, values);
    }
    return fixed;
}

struct Case {
    std::size_t rows, columns;
    unsigned limbs;
};

// The obvious sum in 64-bit integers, independent of the code under test.
std::vector<std::int64_t> multiply_calls_slowly(const std::vector<std::vector<std::uint8_t>>& calls,
                                                const FixedColumns& columns,
                                                const CallWeights& weights) {
    std::vector<std::int64_t> sums(calls.size() * columns.columns());
    for (std::size_t r = 0; r < calls.size(); ++r) {
        for (std::size_t i = 0; i < calls[r].size(); ++i) {
            for (std::size_t c = 0; c < columns.columns(); ++c) {
                sums[r * columns.columns() + c] +=
                    std::int64_t{weights[calls[r][i]]} * columns.sample(i)[c];
            }
        }
    }
    return sums;
}

void check_products(const Case& which, std::size_t samples) {
    const FixedColumns columns = random_limbs(samples, which.columns, which.limbs);
    std::vector<std::vector<std::uint8_t>> calls;
    std::vector<test::PaddedRow> rows;
    std::vector<const std::uint8_t*> pointers;
    for (std::size_t r = 0; r < which.rows; ++r) {
        calls.push_back(random_calls(samples, r, r % 2 == 0));
        rows.push_back(pack(calls.back()));
        pointers.push_back(rows.back().bytes().data());
    }
    for (const CallWeights& weights : {dosage_weights, square_weights, missing_weights}) {
        const auto expected = multiply_calls_slowly(calls, columns, weights);
        std::vector<std::int64_t> sums(expected.size(), -1);
        for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512_vnni}) {
            if (!is_supported(isa)) continue;
            row_products(pointers, columns, weights, sums, isa);
            ASSERT_EQ(sums, expected) << to_string(isa) << ", " << samples << " samples";
        }
        for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512_vnni}) {
            if (!is_supported(isa)) continue;
            std::fill(sums.begin(), sums.end(), -1);
            for (std::size_t r = 0; r < which.rows; ++r) {
                carrier_products(carriers_of(calls[r]), columns, weights,
                                 std::span(sums).subspan(r * which.columns, which.columns), isa);
            }
            ASSERT_EQ(sums, expected)
                << "carriers, " << to_string(isa) << ", " << samples << " samples";
        }
    }
}

TEST(Products, AllFormsAgreeOnEveryTailLength) {
    for (const std::size_t samples : test::tail_lengths())
        check_products({4, 3, 4}, samples);
}

TEST(Products, AllFormsAgreeForEveryNumberOfRowsAndColumns) {
    for (std::size_t rows = 0; rows <= 7; ++rows) {
        for (std::size_t columns = 1; columns <= 9; ++columns) {
            for (const unsigned limbs : {3U, 4U})
                check_products({rows, columns, limbs}, 300);
        }
    }
}

TEST(Products, ExtremeValuesDoNotOverflow) {
    const std::size_t samples = 70000;
    for (const double sign : {1.0, -1.0}) {
        FixedColumns columns(samples, 1);
        columns.set(0, std::vector<double>(samples, sign * 2139062143.0));
        EXPECT_EQ(columns.sample(0)[0], sign > 0 ? 2139062143 : -2139062143);
        const auto row = pack(std::vector<std::uint8_t>(samples, hom_alt));
        const std::vector<const std::uint8_t*> rows{row.bytes().data()};
        std::vector<std::int64_t> sum(1);
        for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512_vnni}) {
            if (!is_supported(isa)) continue;
            row_products(rows, columns, square_weights, sum, isa);
            EXPECT_EQ(sum[0], columns.total(0) * 4) << to_string(isa);
        }
    }
}

TEST(FixedColumns, RoundingErrorIsWithinTheDocumentedBound) {
    for (const unsigned limbs : {3U, 4U}) {
        const double bound = std::exp2(limbs == 4 ? -30.99 : -22.99);
        for (std::size_t column = 0; column < 200; ++column) {
            Rng rng(9, "bound", column);
            std::vector<double> values(50);
            double largest = 0;
            for (auto& value : values) {
                value = rng.normal() * std::exp(10 * rng.normal());
                largest = std::max(largest, std::fabs(value));
            }
            FixedColumns fixed(values.size(), 1, limbs);
            fixed.set(0, values);
            for (std::size_t i = 0; i < values.size(); ++i) {
                EXPECT_LE(std::fabs(fixed.real(0, fixed.sample(i)[0]) - values[i]),
                          bound * largest);
            }
        }
    }
}

TEST(FixedColumns, PiecesOfAColumnShareTheirExponent) {
    const std::vector<double> whole{0.001, -0.25, 7, 3, 0};
    FixedColumns all(5, 1, 3), head(2, 1, 3), tail(3, 1, 3);
    all.set(0, whole);
    head.set(0, std::span(whole).first(2), 7);
    tail.set(0, std::span(whole).last(3), 7);
    EXPECT_EQ(head.exponent(0), all.exponent(0));
    EXPECT_EQ(tail.exponent(0), all.exponent(0));
    EXPECT_EQ(head.total(0) + tail.total(0), all.total(0));
    EXPECT_THROW(head.set(0, std::span(whole).first(2), 0.2), Error);
}

TEST(FixedColumns, ZeroColumnAndTotals) {
    FixedColumns fixed(3, 2);
    fixed.set(0, std::vector<double>{0, 0, 0});
    fixed.set(1, std::vector<double>{1, -2, 0.5});
    EXPECT_EQ(fixed.total(0), 0);
    EXPECT_EQ(fixed.real(1, fixed.total(1)), -0.5);
    EXPECT_THROW(fixed.set(0, std::vector<double>{0, std::nan(""), 0}), Error);
}

} // namespace
} // namespace salus
