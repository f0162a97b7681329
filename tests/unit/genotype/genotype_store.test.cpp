#include "support/genotype_store.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/random.hpp"
#include "genotype/store_layout.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

namespace salus {
namespace {

class GenotypeStoreTest : public testing::Test {
protected:
    GenotypeStoreTest() {
        folder_ = std::filesystem::path(testing::TempDir()) /
                  ("store-" + std::to_string(::getpid()) + "-" +
                   testing::UnitTest::GetInstance()->current_test_info()->name());
        std::filesystem::remove_all(folder_);
    }
    ~GenotypeStoreTest() override { std::filesystem::remove_all(folder_); }

    /// `variants` variants in each of two parts, rare and common ones mixed.
    void fill(std::size_t samples, std::size_t variants) {
        store_ = {.samples = {}, .genome_build = "GRCh38", .info = {"AF", "note"}};
        for (std::size_t i = 0; i < samples; ++i) {
            store_.samples.id.push_back("s" + std::to_string(i));
            store_.samples.sex.push_back(static_cast<Sex>(i % 3));
        }
        parts_.assign(2, {});
        Rng rng(5, "test", samples);
        for (std::size_t v = 0; v < 2 * variants; ++v) {
            test::SmallPart& part = parts_[v / variants];
            const double rate = v % 3 == 0 ? 0.5 : 0.01;
            std::vector<std::uint8_t> row(packed_bytes(samples));
            for (std::size_t i = 0; i < samples; ++i)
                if (rng.bernoulli(rate))
                    packed_set(row, i, static_cast<std::uint8_t>(1 + rng.below(3)));
            part.variants.push_back({.chromosome = "chr1",
                                     .position = static_cast<std::uint32_t>(100 + v),
                                     .id = v % 2 == 0 ? "" : "rs" + std::to_string(v),
                                     .ref = std::string(v == 4 ? 296'515 : 1 + v % 70, 'A'),
                                     .alt = std::string(v == 5 ? 65 : 1, 'C'),
                                     .filter = "PASS",
                                     .alt_index = 1,
                                     .alt_count = 1,
                                     .info = {"0.5", v == 6 ? std::string(200, 'x') : ""}});
            part.rows.push_back(std::move(row));
        }
        test::write_small_store(folder_, store_, parts_);
    }

    const Variant& variant(std::uint64_t v) const {
        const std::size_t first = parts_[0].variants.size();
        return v < first ? parts_[0].variants[v] : parts_[1].variants[v - first];
    }
    const std::vector<std::uint8_t>& row(std::uint64_t v) const {
        const std::size_t first = parts_[0].rows.size();
        return v < first ? parts_[0].rows[v] : parts_[1].rows[v - first];
    }
    void expect_same(VariantRange range) const {
        const auto source = open_genotypes(folder_);
        VariantBlock block;
        source->read(range, block);
        ASSERT_EQ(block.size(), range.size());
        const std::size_t n = store_.samples.size();
        for (std::size_t i = 0; i < block.size(); ++i)
            ASSERT_EQ(test::calls_text(block, i), test::calls_text(row(range.begin + i), n)) << i;
        const auto variants = source->variants(range);
        for (std::size_t i = 0; i < variants.size(); ++i) {
            const Variant& expected = variant(range.begin + i);
            EXPECT_EQ(variants[i].position, expected.position);
            EXPECT_EQ(variants[i].id, expected.id);
            EXPECT_EQ(variants[i].ref, expected.ref);
            EXPECT_EQ(variants[i].alt, expected.alt);
            EXPECT_EQ(variants[i].info, expected.info);
        }
    }

    std::filesystem::path folder_;
    StoreDescription store_;
    std::vector<test::SmallPart> parts_;
};

TEST_F(GenotypeStoreTest, ReadsBackWhatWasWritten) {
    fill(203, 700);
    const auto source = open_genotypes(folder_);
    EXPECT_EQ(source->variant_count(), 1400U);
    EXPECT_EQ(source->samples().id, store_.samples.id);
    EXPECT_EQ(source->samples().sex, store_.samples.sex);
    EXPECT_EQ(source->genome_build(), "GRCh38");
    expect_same({0, 1400});
    expect_same({0, 0});
    expect_same({1400, 1400});
    expect_same({511, 513});
    expect_same({690, 710}); // across parts
    expect_same({1399, 1400});
}

TEST_F(GenotypeStoreTest, RareVariantsAreCarrierLists) {
    fill(1000, 30);
    const auto source = open_genotypes(folder_);
    VariantBlock block;
    source->read({0, 60}, block);
    for (std::size_t v = 0; v < 60; ++v)
        EXPECT_EQ(block.is_carrier_list(v), v % 3 != 0) << v;
}

TEST_F(GenotypeStoreTest, OneSampleAndNoVariants) {
    fill(1, 3);
    expect_same({0, 6});
    std::filesystem::remove_all(folder_);
    test::write_small_store(folder_, store_, {{}, {}});
    EXPECT_EQ(open_genotypes(folder_)->variant_count(), 0U);
    EXPECT_TRUE(open_genotypes(folder_)->variants({0, 0}).empty());
}

TEST_F(GenotypeStoreTest, NotAStore) {
    EXPECT_THROW(open_genotypes(folder_), DataError);
    fill(3, 2);
    EXPECT_THROW(open_genotypes(folder_ / "index.h5"), DataError);
}

TEST_F(GenotypeStoreTest, MissingOrForeignPartIsRefused) {
    fill(50, 5);
    VariantBlock block;
    std::filesystem::copy_file(folder_ / "part-000001.h5", folder_ / "part-000000.h5",
                               std::filesystem::copy_options::overwrite_existing);
    EXPECT_THROW(open_genotypes(folder_)->read({0, 1}, block), IntegrityError);
    std::filesystem::remove(folder_ / "part-000000.h5");
    EXPECT_THROW(open_genotypes(folder_)->read({0, 1}, block), IntegrityError);
    EXPECT_NO_THROW(open_genotypes(folder_)->read({5, 10}, block));
}

TEST_F(GenotypeStoreTest, NoFlippedBitInAPartGivesOtherGenotypes) {
    fill(120, 150);
    const std::filesystem::path path = folder_ / "part-000000.h5";
    const std::string good = read_text_file(path);
    Rng rng(11, "flips", 0);
    int refused = 0;
    for (int flip = 0; flip < 300; ++flip) {
        std::string bad = good;
        const std::uint64_t bit = rng.below(8 * bad.size());
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
        std::ofstream(path, std::ios::binary) << bad;
        try {
            expect_same({0, 300});
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::integrity) << error.what();
            ++refused;
        }
    }
    EXPECT_GT(refused, 0);
}

TEST(StoreLayout, CodesOfEveryLengthAndDensity) {
    Rng rng(3, "codec", 0);
    for (std::size_t samples = 1; samples < 400; samples += 7)
        for (const double rate : {0.0, 0.01, 0.06, 0.5, 1.0}) {
            std::vector<std::uint8_t> row(packed_bytes(samples)), bytes(4);
            for (std::size_t i = 0; i < samples; ++i)
                if (rng.bernoulli(rate))
                    packed_set(row, i, static_cast<std::uint8_t>(1 + rng.below(3)));
            const bool carriers = append_calls(row, samples, bytes);
            const auto entry =
                static_cast<std::uint32_t>((bytes.size() - 4) << 1 | (carriers ? 1 : 0));
            std::memcpy(bytes.data(), &entry, 4);
            VariantBlock block;
            block.reset(0, samples);
            std::vector<Carrier> scratch;
            ASSERT_TRUE(decode_block(bytes, 1, 0, 1, scratch, block));
            EXPECT_EQ(test::calls_text(block, 0), test::calls_text(row, samples));
            EXPECT_LE(bytes.size() - 4, row.size() * 5);
        }
}

TEST(StoreLayout, DamagedBlocksAreRefused) {
    VariantBlock block;
    block.reset(0, 8);
    std::vector<Carrier> scratch;
    const auto decode = [&](std::vector<std::uint8_t> bytes) {
        return decode_block(bytes, 1, 0, 1, scratch, block);
    };
    EXPECT_FALSE(decode({1, 0, 0}));
    EXPECT_FALSE(decode({6, 0, 0, 0, 1, 2, 3}));      // row of 3 bytes for 8 samples
    EXPECT_FALSE(decode({4, 0, 0, 0, 1}));            // longer than the block
    EXPECT_FALSE(decode({2 << 1, 0, 0, 0, 1, 2, 3})); // bytes left over
    EXPECT_FALSE(decode({3, 0, 0, 0, 0x80}));         // varint without end
    EXPECT_FALSE(decode({3, 0, 0, 0, 8 << 2 | 1}));   // sample 8 of 8
    EXPECT_FALSE(decode({3, 0, 0, 0, 1 << 2}));       // carrier of nothing
    EXPECT_TRUE(decode({3, 0, 0, 0, 7 << 2 | 1}));
}

TEST(StoreLayout, LongTextsAreShownShort) {
    EXPECT_EQ(shown_text(std::string(64, 'A')), std::string(64, 'A'));
    EXPECT_EQ(shown_text(std::string(65, 'A')), std::string(60, 'A') + "...");
    EXPECT_EQ(text_head("ab\xC3\xA4", 3), "ab");
    EXPECT_EQ(text_head("abcd", 3), "abc");
}

} // namespace
} // namespace salus
