#include "stages/principal_components/principal_components.hpp"

#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/random.hpp"
#include "models/augmented_projection.hpp"
#include "parallel/parallel_for.hpp"
#include "run/context.hpp"
#include "stages/principal_components/packed_genotypes.hpp"
#include "stages/principal_components/products.hpp"
#include "support/dense.hpp"
#include "support/genotype_store.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>

namespace salus {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using testing::HasSubstr;

// Three groups of 40, and 30 samples that are left out by `unrelated`; 500 autosomal variants with
// gaps, 20 on X.
class ComponentsStage : public testing::Test {
protected:
    static constexpr std::size_t samples = 150, variants = 500;
    static constexpr Index last = 149; // the largest eigenvalue of the dense solver

    ComponentsStage() {
        folder_ = std::filesystem::path(testing::TempDir()) /
                  (std::string("components-") +
                   testing::UnitTest::GetInstance()->current_test_info()->name());
        std::filesystem::remove_all(folder_);
        for (std::size_t i = 0; i < samples; ++i) {
            store_.samples.id.push_back("s" + std::to_string(i));
            store_.samples.sex.push_back(Sex::unknown);
            unrelated_.push_back(i % 5 == 3 ? 0 : 1);
        }
        store_.genome_build = "GRCh38";
        parts_.resize(1);
        for (std::size_t v = 0; v < variants; ++v)
            add(v < 250 ? "1" : "chr2", v);
        for (std::size_t v = variants; v < variants + 20; ++v)
            add("X", v);
        test::write_small_store(folder_ / "store", store_, parts_);
        write_marks("kinship.h5", "samples", "unrelated", unrelated_);
    }
    ~ComponentsStage() override { std::filesystem::remove_all(folder_); }

    void add(const std::string& chromosome, std::size_t v) {
        Rng rng(9, "variant", v);
        double frequency[3];
        const double base = v % 7 == 0 ? 0.02 : 0.1 + 0.8 * rng.uniform();
        for (double& f : frequency)
            f = std::clamp(base + 0.12 * rng.normal(), 0.01, 0.99);
        std::vector<std::uint8_t> row(packed_bytes(samples));
        for (std::size_t i = 0; i < samples; ++i) {
            const double f = frequency[i % 3];
            const auto call = static_cast<std::uint8_t>(rng.bernoulli(f) + rng.bernoulli(f));
            packed_set(row, i, rng.bernoulli(v % 3 == 0 ? 0.05 : 0) ? std::uint8_t{3} : call);
        }
        parts_[0].variants.push_back({.chromosome = chromosome,
                                      .position = static_cast<std::uint32_t>(1000 + 10 * v),
                                      .ref = "A",
                                      .alt = "G"});
        parts_[0].rows.push_back(std::move(row));
    }
    void write_marks(const std::string& name, const std::string& table, const std::string& column,
                     const std::vector<std::uint8_t>& marks) {
        TableData data({.name = table,
                        .row = "row",
                        .doc = "marks",
                        .columns = {{column, ColumnType::u8, "0 or 1", "mark"},
                                    {"sample_id", ColumnType::text, "", "name"}}});
        data.column<std::uint8_t>(column) = marks;
        data.column<std::string>("sample_id") = store_.samples.id;
        data.column<std::string>("sample_id").resize(marks.size());
        H5File file = H5File::create(folder_ / name);
        file.write(data);
        file.close();
    }
    std::filesystem::path run(const std::string& name, const ComponentsParams& params,
                              Inputs inputs = {}, const std::string& store = "store") {
        inputs["genotypes"] = {folder_ / store};
        RunContext context({.comm = {},
                            .log = Log("test", 0, LogLevel::error),
                            .stage = "principal_components",
                            .inputs = inputs,
                            .outputs = {{"components", folder_ / (name + ".h5")}},
                            .work = folder_ / (name + "-work"),
                            .fingerprint = "f",
                            .provenance = {{"program", "salus"}}});
        run_principal_components(params, context);
        return folder_ / (name + ".h5");
    }
    // The obvious way: standardised matrix of all samples with statistics of the used ones.
    MatrixXd standardised(double maf_min, bool only_unrelated) const {
        std::vector<Eigen::VectorXd> columns;
        for (std::size_t v = 0; v < variants; ++v) {
            double copies = 0, called = 0;
            for (std::size_t i = 0; i < samples; ++i) {
                const auto call = packed_get(parts_[0].rows[v], i);
                if (call == missing || (only_unrelated && unrelated_[i] == 0)) continue;
                copies += call, ++called;
            }
            const double f = copies / (2 * called);
            if (std::min(f, 1 - f) < maf_min) continue;
            Eigen::VectorXd z(samples);
            for (std::size_t i = 0; i < samples; ++i) {
                const auto call = packed_get(parts_[0].rows[v], i);
                z(static_cast<Index>(i)) =
                    call == missing ? 0 : (call - 2 * f) / std::sqrt(2 * f * (1 - f));
            }
            columns.push_back(z);
        }
        MatrixXd z(samples, static_cast<Index>(columns.size()));
        for (std::size_t v = 0; v < columns.size(); ++v)
            z.col(static_cast<Index>(v)) = columns[v];
        return z;
    }
    MatrixXd coordinates(const H5File& file, Index components) const {
        const TableData table = file.read("samples");
        MatrixXd x(samples, components);
        for (Index k = 0; k < components; ++k) {
            const auto& column = table.column<double>("pc" + std::to_string(k + 1));
            x.col(k) = Eigen::Map<const Eigen::VectorXd>(column.data(), samples);
        }
        return x;
    }

    std::filesystem::path folder_;
    StoreDescription store_;
    std::vector<std::uint8_t> unrelated_;
    std::vector<test::SmallPart> parts_;
};

// Tolerances: eigenvalues converge to the tolerance squared over the gap, coordinates to the
// tolerance.
TEST_F(ComponentsStage, AreThoseOfTheDenseSolver) {
    const H5File file =
        H5File::open(run("pc", {.components = 4, .maf_min = 0.03, .tolerance = 1e-7}));
    const MatrixXd z = standardised(0.03, false);
    ASSERT_EQ(static_cast<std::uint64_t>(z.cols()), file.rows("loadings"));
    const MatrixXd relationship = z * z.transpose() / static_cast<double>(z.cols());
    const test::dense::Spectrum dense = test::dense::spectrum(relationship);
    const auto values = file.read("eigenvalues").column<double>("eigenvalue");
    const auto shares = file.read("eigenvalues").column<double>("variance_share");
    const MatrixXd x = coordinates(file, 4);
    for (Index k = 0; k < 4; ++k) {
        const double exact = dense.values(last - k);
        EXPECT_NEAR(values[static_cast<std::size_t>(k)], exact, 1e-6 * exact);
        EXPECT_NEAR(shares[static_cast<std::size_t>(k)], exact / relationship.trace(), 1e-6);
        if (k >= 2) continue; // only two of three groups' directions are above the noise
        const double cosine = std::abs(x.col(k).dot(dense.vectors.col(last - k)));
        EXPECT_GT(cosine, 1 - 1e-6);
    }
}

TEST_F(ComponentsStage, OthersAreProjectedOnTheComponentsOfTheUnrelated) {
    const H5File file = H5File::open(
        run("pc", {.components = 2, .tolerance = 1e-7}, {{"kinship", {folder_ / "kinship.h5"}}}));
    const MatrixXd z = standardised(0.01, true);
    MatrixXd used = z;
    for (std::size_t i = 0; i < samples; ++i)
        if (unrelated_[i] == 0) used.row(static_cast<Index>(i)).setZero();
    const test::dense::Spectrum dense =
        test::dense::spectrum(used * used.transpose() / static_cast<double>(z.cols()));
    const MatrixXd x = coordinates(file, 2);
    for (Index k = 0; k < 2; ++k) {
        const Eigen::VectorXd u = dense.vectors.col(last - k);
        const double value = dense.values(last - k) * static_cast<double>(z.cols());
        Eigen::VectorXd expected = z * (used.transpose() * u) / value;
        if (expected.dot(x.col(k)) < 0) expected = -expected;
        EXPECT_LT((x.col(k) - expected).norm(), 1e-4) << k;
    }
    EXPECT_EQ(file.read("samples").column<std::uint8_t>("used"), unrelated_);
}

TEST_F(ComponentsStage, ProjectionOntoItsOwnLoadingsGivesTheSameCoordinates) {
    const auto own = run("own", {.components = 3});
    const auto again = run("again", {}, {{"loadings", {own}}});
    const MatrixXd x = coordinates(H5File::open(own), 3), y = coordinates(H5File::open(again), 3);
    EXPECT_LT((x - y).cwiseAbs().maxCoeff(), 1e-8);
    EXPECT_EQ(H5File::open(again).integer_attribute("/", "loadings_matched"),
              static_cast<std::int64_t>(H5File::open(own).rows("loadings")));
}

TEST_F(ComponentsStage, SwappedAllelesAreCountedTheOtherWay) {
    const auto own = run("own", {.components = 3});
    for (std::size_t v = 0; v < parts_[0].rows.size(); v += 2) {
        std::swap(parts_[0].variants[v].ref, parts_[0].variants[v].alt);
        for (std::size_t i = 0; i < samples; ++i)
            if (const auto call = packed_get(parts_[0].rows[v], i); call != missing)
                packed_set(parts_[0].rows[v], i, static_cast<std::uint8_t>(2 - call));
    }
    test::write_small_store(folder_ / "swapped", store_, parts_);
    const auto again = run("again", {}, {{"loadings", {own}}}, "swapped");
    const MatrixXd x = coordinates(H5File::open(own), 3), y = coordinates(H5File::open(again), 3);
    EXPECT_LT((x - y).cwiseAbs().maxCoeff(), 1e-8);
    EXPECT_GT(H5File::open(again).integer_attribute("/", "loadings_swapped"), 100);
}

TEST_F(ComponentsStage, AugmentedProjectionTakesTheLengthOfEachSample) {
    const Inputs kinship{{"kinship", {folder_ / "kinship.h5"}}};
    const H5File plain = H5File::open(run("plain", {.components = 2, .tolerance = 1e-7}, kinship));
    const H5File moved = H5File::open(
        run("moved", {.components = 2, .tolerance = 1e-7, .projection = "augmented"}, kinship));
    const MatrixXd x = coordinates(plain, 2), y = coordinates(moved, 2);
    const MatrixXd z = standardised(0.01, true);
    const auto values = plain.read("eigenvalues").column<double>("eigenvalue");
    Eigen::VectorXd singular(2);
    for (Index k = 0; k < 2; ++k)
        singular(k) =
            std::sqrt(values[static_cast<std::size_t>(k)] * static_cast<double>(z.cols()));
    for (Index i = 0; i < last + 1; ++i) {
        if (unrelated_[static_cast<std::size_t>(i)] != 0) {
            EXPECT_EQ(x.row(i), y.row(i));
            continue;
        }
        const Eigen::VectorXd along = x.row(i).transpose().cwiseProduct(singular);
        const Eigen::VectorXd expected =
            augmented_projection(singular, along, z.row(i).squaredNorm()).cwiseQuotient(singular);
        EXPECT_LT((y.row(i).transpose() - expected).norm(), 1e-7);
        EXPECT_GT(y.row(i).norm(), x.row(i).norm());
    }
}

TEST_F(ComponentsStage, TooFewMatchesAndOtherBuildsAreErrors) {
    const auto own = run("own", {.components = 3});
    parts_[0].variants.resize(300);
    parts_[0].rows.resize(300);
    test::write_small_store(folder_ / "part", store_, parts_);
    EXPECT_THROW(run("a", {}, {{"loadings", {own}}}, "part"), DataError);
    EXPECT_NO_THROW(run("b", {.matched_min = 0.5}, {{"loadings", {own}}}, "part"));
    store_.genome_build = "GRCh37";
    test::write_small_store(folder_ / "build", store_, parts_);
    EXPECT_THROW(run("c", {.matched_min = 0.5}, {{"loadings", {own}}}, "build"), DataError);
}

TEST_F(ComponentsStage, NotToConvergeIsAnError) {
    try {
        run("pc", {.components = 5, .oversampling = 0, .iterations_max = 2, .tolerance = 1e-7});
        FAIL();
    } catch (const DataError& error) {
        EXPECT_THAT(error.what(), HasSubstr("iterations_max"));
    }
}

TEST_F(ComponentsStage, TooManyComponentsAndForeignResultsAreErrors) {
    EXPECT_THROW(run("a", {.components = 200}), DataError);
    write_marks("short.h5", "samples", "unrelated", {1, 1, 0});
    EXPECT_THROW(run("b", {}, {{"kinship", {folder_ / "short.h5"}}}), DataError);
}

TEST_F(ComponentsStage, PrunedAndFailedVariantsAreLeftOut) {
    std::vector<std::uint8_t> kept(variants + 20);
    for (std::size_t v = 0; v < kept.size(); ++v)
        kept[v] = v % 4 != 1;
    write_marks("ld.h5", "variants", "kept", kept);
    const H5File file =
        H5File::open(run("pc", {.components = 2, .maf_min = 0}, {{"ld", {folder_ / "ld.h5"}}}));
    const TableData loadings = file.read("loadings");
    for (const std::uint32_t position : loadings.column<std::uint32_t>("base_pair_location"))
        EXPECT_NE((position - 1000) / 10 % 4, 1u);
    EXPECT_LE(loadings.rows(), 375u);
    EXPECT_GT(loadings.rows(), 300u);
}

TEST_F(ComponentsStage, SameBytesForThreadsAndWhetherRowsAreInMemory) {
    set_threads(1);
    const std::string one = sha256_file(run("one", {.components = 3}));
    set_threads(2);
    EXPECT_EQ(sha256_file(run("two", {.components = 3})), one);
    EXPECT_EQ(sha256_file(run("again", {.components = 3, .rows_memory_max = 0})), one);
}

TEST_F(ComponentsStage, ProductsAreTheObviousOnes) {
    const auto source = open_genotypes(folder_ / "store");
    components::Standard standard;
    const components::PackedGenotypes packed(
        *source, {{0, 100}, {200, 300}}, 0, [&](const VariantBlock& block) {
            std::vector<std::size_t> chosen;
            for (std::size_t v = 0; v < block.size(); v += 3) {
                chosen.push_back(v);
                standard.centre.push_back(0.4);
                standard.scale.push_back(0.5 + static_cast<double>(v % 5));
            }
            return chosen;
        });
    ASSERT_EQ(packed.variants(), 68u);
    std::vector<double> weights;
    Rng rng(3, "weights", 0);
    for (std::size_t k = 0; k < 2 * packed.variants(); ++k)
        weights.push_back(rng.normal());
    const std::vector<std::uint32_t> some{0, 7, 149};
    const auto sums = components::sample_products(
        {}, packed, standard, {.values = weights, .columns = 2, .limbs = 4}, some);
    for (std::size_t s = 0; s < some.size(); ++s) {
        double expected[2] = {0, 0};
        std::size_t at = 0;
        for (const std::size_t begin : {0u, 200u})
            for (std::size_t v = 0; v < 100; v += 3, ++at) {
                const auto call = packed_get(parts_[0].rows[begin + v], some[s]);
                if (call == missing) continue;
                for (std::size_t c = 0; c < 2; ++c)
                    expected[c] += (call - 0.4) / standard.scale[at] * weights[2 * at + c];
            }
        EXPECT_NEAR(sums[s], expected[0], 1e-6);
        EXPECT_NEAR(sums[some.size() + s], expected[1], 1e-6);
    }
}

} // namespace
} // namespace salus
