#include "stages/loci/genotypes.hpp"
#include "stages/loci/region.hpp"

#include "base/random.hpp"
#include "support/genotype_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace salus::loci {
namespace {

using testing::ElementsAre;

Region region_at(std::vector<std::uint32_t> positions) {
    Region region;
    for (const std::uint32_t position : positions)
        region.variants.push_back({.chromosome = "1", .position = position});
    return region;
}

TEST(MergeWindows, JoinsWhatOverlapsAndStopsAtTheStart) {
    const Region region = region_at({300, 2000, 2900, 9000});
    const auto windows = merge_windows(region, std::vector<std::size_t>{0, 1, 2, 3}, 500);
    ASSERT_EQ(windows.size(), 3u);
    EXPECT_EQ(windows[0].start, 1u);
    EXPECT_EQ(windows[0].end, 800u);
    EXPECT_EQ(windows[1].start, 1500u);
    EXPECT_EQ(windows[1].end, 3400u);
    EXPECT_THAT(windows[1].index_variants, ElementsAre(1, 2));
    EXPECT_THAT(windows[2].index_variants, ElementsAre(3));
    EXPECT_TRUE(merge_windows(region, {}, 500).empty());
}

TEST(OverlapsHla, ByBuild) {
    EXPECT_TRUE(overlaps_hla("GRCh37", "6", 24'000'000, 25'000'000));
    EXPECT_FALSE(overlaps_hla("GRCh37", "6", 24'000'000, 24'999'999));
    EXPECT_TRUE(overlaps_hla("GRCh38", "chr6", 24'000'000, 24'999'999));
    EXPECT_TRUE(overlaps_hla("GRCh38", "chr6", 34'032'223, 34'100'000));
    EXPECT_FALSE(overlaps_hla("GRCh37", "chr6", 34'000'001, 34'100'000));
    EXPECT_FALSE(overlaps_hla("GRCh37", "16", 30'000'000, 31'000'000));
}

// A store of variants on chromosomes 1 and X; the third has dosages.
class LocusGenotypesTest : public testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::path(testing::TempDir()) / "locus_genotypes.store";
        std::filesystem::remove_all(folder_);
        Rng rng(2, "loci", 0);
        test::SmallPart part;
        StoreDescription description{.genome_build = "GRCh38"};
        for (std::size_t i = 0; i < samples_; ++i) {
            description.samples.id.push_back("s" + std::to_string(i));
            description.samples.sex.push_back(i % 2 == 0 ? Sex::male : Sex::female);
        }
        for (std::size_t v = 0; v < variants_; ++v) {
            std::string calls;
            for (std::size_t i = 0; i < samples_; ++i)
                calls += "012."[v == 1 ? (i == 7 ? 1 : 0) : rng.below(4)];
            calls_.push_back(calls);
            part.variants.push_back({.chromosome = v == 3 ? "X" : "1",
                                     .position = static_cast<std::uint32_t>(5'000'000 + v),
                                     .ref = "A",
                                     .alt = "C"});
            part.rows.push_back(test::packed_row(calls));
            std::vector<Dosage> dosages;
            for (std::size_t i = 0; i < samples_ && v == 2; ++i)
                dosages.push_back(i == 4 ? dosage_missing : static_cast<Dosage>(rng.below(32768)));
            part.dosages.push_back(dosages);
        }
        part.dosages.resize(variants_);
        dosages_ = part.dosages[2];
        test::write_small_store(folder_, description, {part});
        source_ = open_genotypes(folder_);
        std::vector<std::uint8_t> marks(samples_, 1);
        marks[0] = marks[5] = 0;
        members_ = members_of(marks);
    }
    // Copies of a variant in the members, mean subtracted, 0 where missing.
    std::vector<double> expected(std::size_t v) const {
        std::vector<double> values;
        double sum = 0, called = 0;
        for (const std::uint32_t i : members_.samples) {
            double value = calls_[v][i] == '.' ? NAN : calls_[v][i] - '0';
            if (v == 2) value = dosages_[i] == dosage_missing ? NAN : dosages_[i] / 16384.0;
            if (v == 3 && i % 2 == 0 && value == 1) value = NAN; // heterozygous male
            if (!std::isnan(value)) sum += value, ++called;
            values.push_back(value);
        }
        for (double& value : values)
            value = std::isnan(value) ? 0 : value - sum / called;
        return values;
    }
    static constexpr std::size_t samples_ = 301, variants_ = 4;
    std::filesystem::path folder_;
    std::vector<std::string> calls_;
    std::vector<Dosage> dosages_;
    std::unique_ptr<GenotypeSource> source_;
    Members members_;
};

TEST_F(LocusGenotypesTest, AreCentredWithMissingAtTheMean) {
    LocusGenotypes genotypes(members_);
    genotypes.load(*source_, std::vector<std::uint64_t>{0, 1});
    genotypes.load(*source_, std::vector<std::uint64_t>{2, 3});
    ASSERT_EQ(genotypes.size(), 4u);
    for (std::size_t v = 0; v < variants_; ++v) {
        const auto values = expected(v);
        const CentredGenotypes ours = genotypes.expand(v);
        ASSERT_EQ(ours.size(), padded_samples(values.size()));
        for (std::size_t k = 0; k < values.size(); ++k)
            EXPECT_NEAR(ours[k], values[k], 1e-13) << v << " " << k;
        for (std::size_t k = values.size(); k < ours.size(); ++k)
            EXPECT_EQ(ours[k], 0);
    }
}

TEST_F(LocusGenotypesTest, SumsAndGramAreThoseOfTheColumns) {
    LocusGenotypes genotypes(members_);
    genotypes.load(*source_, std::vector<std::uint64_t>{0, 1, 2, 3});
    const std::size_t n = members_.size();
    Rng rng(3, "loci", 0);
    std::vector<std::vector<double>> columns(2, std::vector<double>(padded_samples(n)));
    std::vector<double> weights(padded_samples(n));
    for (std::size_t i = 0; i < n; ++i)
        columns[0][i] = rng.uniform(), columns[1][i] = rng.uniform(), weights[i] = rng.uniform();
    for (const bool weighted : {false, true}) {
        const auto w = weighted ? std::span<const double>(weights) : std::span<const double>();
        const GenotypeSums sums = genotype_sums(genotypes, columns, w);
        const auto gram = genotype_gram(genotypes, w);
        for (std::size_t a = 0; a < variants_; ++a) {
            const auto x = expected(a);
            for (std::size_t b = 0; b < variants_; ++b) {
                const auto y = expected(b);
                double sum = 0;
                for (std::size_t i = 0; i < n; ++i)
                    sum += x[i] * y[i] * (weighted ? weights[i] : 1);
                EXPECT_NEAR(gram[a * variants_ + b], sum, 1e-11);
                if (a == b) {
                    EXPECT_NEAR(sums.squares[a], sum, 1e-11);
                }
            }
            for (std::size_t c = 0; c < 2; ++c) {
                double sum = 0;
                for (std::size_t i = 0; i < n; ++i)
                    sum += x[i] * columns[c][i];
                EXPECT_NEAR(sums.of(a)[c], sum, 1e-11);
            }
        }
    }
}

} // namespace
} // namespace salus::loci
