#include "models/family_variance.hpp"

#include "base/random.hpp"
#include "support/dense.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace salus {
namespace {

using Eigen::Index;
using test::dense::Matrix;
using test::dense::Vector;

// Pairs in no order: a trio with siblings, a couple of twins, a pair, and people on their own.
const std::vector<Relationship> family_pairs{{7, 9, 0.5}, {0, 3, 0.5},  {0, 4, 0.5}, {1, 3, 0.5},
                                             {1, 4, 0.5}, {3, 4, 0.48}, {2, 6, 1.0}};
constexpr std::size_t small_families = 12;

Matrix dense_of(std::size_t n, std::span<const Relationship> pairs) {
    Matrix a = Matrix::Identity(static_cast<Index>(n), static_cast<Index>(n));
    for (const auto& [i, j, value] : pairs)
        a(i, j) = a(j, i) = value;
    return a;
}

TEST(FamilyBlocks, DecomposeTheRelationshipMatrix) {
    const FamilyBlocks families(small_families, family_pairs);
    EXPECT_EQ(families.largest_family(), 4U);
    EXPECT_EQ(families.eigenvalues()[5], 1);
    EXPECT_NEAR(families.eigenvalues()[2], 0, 1e-12); // twins
    const auto d = families.eigenvalues();
    const SparseSymmetric again = families.matrix(d);
    Matrix a = dense_of(small_families, again.pairs);
    for (std::size_t i = 0; i < small_families; ++i)
        a(static_cast<Index>(i), static_cast<Index>(i)) = again.diagonal[i];
    EXPECT_LT((a - dense_of(small_families, family_pairs)).norm(), 1e-12);
    Rng rng(1, "values", 0);
    std::vector<double> values(small_families);
    for (double& value : values)
        value = rng.normal();
    auto rotated = families.to_coordinates(values);
    const auto back = families.from_coordinates(rotated);
    double form = 0;
    Vector v(static_cast<Index>(small_families));
    for (std::size_t i = 0; i < small_families; ++i) {
        EXPECT_NEAR(back[i], values[i], 1e-13);
        form += d[i] * rotated[i] * rotated[i];
        v[static_cast<Index>(i)] = values[i];
    }
    EXPECT_NEAR(form, v.dot(dense_of(small_families, family_pairs) * v), 1e-12);
}

TEST(FamilyBlocks, NobodyRelatedIsTheIdentity) {
    const FamilyBlocks families(3, {});
    EXPECT_EQ(families.largest_family(), 1U);
    const std::vector<double> values{3, 1, 2};
    EXPECT_EQ(families.to_coordinates(values), values);
    EXPECT_TRUE(families.matrix(values).pairs.empty());
}

TEST(FamilyBlocks, AnImpossibleFamilyIsMadePossible) {
    // Two that have nothing to do with each other cannot both be twins of a third.
    const std::vector<Relationship> pairs{{0, 1, 0.9}, {1, 2, 0.9}};
    const FamilyBlocks families(3, pairs);
    double least = 1;
    for (const double d : families.eigenvalues())
        least = std::min(least, d);
    EXPECT_EQ(least, 0);
    EXPECT_NEAR(families.pairs()[0].value, 1 / std::sqrt(2.0), 1e-12);
    EXPECT_NEAR(families.pairs()[1].value, 1 / std::sqrt(2.0), 1e-12);
}

struct FamilyExample {
    std::size_t n = 0;
    std::vector<Relationship> pairs;
    Matrix x;
    Vector y;
};

// Families of four siblings, then people on their own; trait of heritability h.
FamilyExample siblings(double h) {
    FamilyExample e{.n = 240, .pairs = {}, .x = Matrix::Ones(240, 3), .y = Vector(240)};
    Rng rng(5, "siblings", 0);
    for (std::uint32_t f = 0; f < 50; ++f)
        for (std::uint32_t i = 0; i < 4; ++i)
            for (std::uint32_t j = i + 1; j < 4; ++j)
                e.pairs.push_back({4 * f + i, 4 * f + j, 0.5});
    double shared = 0;
    for (Index i = 0; i < 240; ++i) {
        if (i % 4 == 0) shared = rng.normal();
        const double both = i < 200 ? shared : rng.normal();
        e.x(i, 1) = rng.normal();
        e.x(i, 2) = rng.bernoulli(0.3) ? 1 : 0;
        e.y[i] =
            2 + e.x(i, 1) + 3 * (std::sqrt(0.5 * h) * both + std::sqrt(1 - 0.5 * h) * rng.normal());
    }
    return e;
}

FamilyVariance fit_family(const FamilyExample& e) {
    const FamilyBlocks families(e.n, e.pairs);
    std::vector<std::vector<double>> design;
    const auto rotated = [&](const auto& column) {
        const Vector copy = column;
        return families.to_coordinates(std::span(copy.data(), e.n));
    };
    for (Index c = 0; c < e.x.cols(); ++c)
        design.push_back(rotated(e.x.col(c)));
    return fit_family_variance(families.eigenvalues(), design, rotated(e.y));
}

struct DenseLikelihood {
    double value, variance;
};
DenseLikelihood dense_likelihood(const FamilyExample& e, double h) {
    const Matrix v = h * dense_of(e.n, e.pairs) +
                     (1 - h) * Matrix::Identity(static_cast<Index>(e.n), static_cast<Index>(e.n));
    const Matrix inverse = test::dense::inverse(v), xvx = e.x.transpose() * inverse * e.x;
    const Vector vy = inverse * e.y;
    const Vector b = test::dense::solve(xvx, Vector(e.x.transpose() * vy));
    const double rest = e.y.dot(inverse * (e.y - e.x * b));
    const auto df = static_cast<double>(e.x.rows() - e.x.cols());
    const auto log_determinant = [](const Matrix& m) {
        return 2 * test::dense::cholesky(m).diagonal().array().log().sum();
    };
    return {-0.5 * (df * std::log(rest) + log_determinant(v) + log_determinant(xvx)), rest / df};
}

TEST(FamilyVariance, IsTheMaximumOfTheDenseRestrictedLikelihood) {
    const FamilyExample e = siblings(0.6);
    const FamilyVariance found = fit_family(e);
    EXPECT_GT(found.share, 0.1);
    EXPECT_LT(found.share, 0.9);
    const auto best = dense_likelihood(e, found.share);
    EXPECT_NEAR(found.variance, best.variance, 1e-9 * best.variance);
    for (double h = 0; h < 1; h += 0.1)
        EXPECT_LE(dense_likelihood(e, h).value, best.value + 1e-9) << h;
    // The slope of the likelihood is 0 there.
    const double step = 1e-4;
    EXPECT_NEAR(dense_likelihood(e, found.share + step).value,
                dense_likelihood(e, found.share - step).value, 1e-6);
}

TEST(FamilyVariance, IsZeroWhereRelativesDiffer) {
    FamilyExample e = siblings(0);
    for (Index i = 0; i < 200; ++i)
        e.y[i] += i % 2 == 0 ? 3 : -3;
    EXPECT_EQ(fit_family(e).share, 0);
}

TEST(FamilyVariance, ProductsGiveTheShareOfCorrelatedResiduals) {
    // Two pairs: r_1 r_2 / (s_1 s_2) = 0.3 and 0.1 at A = 0.5 each, the deviations as weights.
    const std::vector<Relationship> pairs{{0, 1, 0.5}, {2, 3, 0.5}};
    const std::vector<double> s{1, 2, 1, 1}, r{0.6, 1, 0.2, 0.5};
    // (0.5 x 2 x 0.6 + 0.5 x 0.1) / (1 + 0.25)
    EXPECT_NEAR(family_share_of_products(pairs, r, s), 0.65 / 1.25, 1e-15);
    const std::vector<double> opposite{1, -1, 1, -1};
    EXPECT_EQ(family_share_of_products(pairs, opposite, s), 0);
    EXPECT_EQ(family_share_of_products({}, r, s), 0);
}

} // namespace
} // namespace salus
