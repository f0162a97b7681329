#include "support/genotype_store.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/random.hpp"
#include "genotype/call_counts.hpp"
#include "genotype/store_layout.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
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
            std::vector<Dosage> dosages;
            std::vector<std::uint8_t> phase(packed_bytes(samples));
            for (std::size_t i = 0; i < samples; ++i) {
                const std::uint8_t call = packed_get(row, i);
                dosages.push_back(dosage_of_call(call));
                if (call == het && v % 4 == 1)
                    packed_set(phase, i, static_cast<std::uint8_t>(1 + i % 2));
                if (v % 5 == 2 && rng.bernoulli(v % 2 == 0 ? 0.01 : 0.5))
                    dosages.back() = static_cast<Dosage>(rng.below(32769));
            }
            part.rows.push_back(std::move(row));
            part.dosages.push_back(std::move(dosages));
            part.phase.push_back(std::move(phase));
        }
        test::write_small_store(folder_, store_, parts_);
    }

    const Variant& variant(std::uint64_t v) const {
        const std::size_t first = parts_[0].variants.size();
        return v < first ? parts_[0].variants[v] : parts_[1].variants[v - first];
    }
    GenotypeView view(std::uint64_t v) const {
        const std::size_t first = parts_[0].rows.size();
        return v < first ? parts_[0].view(v) : parts_[1].view(v - first);
    }
    void expect_same(VariantRange range) const {
        const auto source = open_genotypes(folder_);
        VariantBlock block;
        source->read(range, block, WithPhase::yes);
        ASSERT_EQ(block.size(), range.size());
        VariantBlock made;
        made.reset(range.begin, store_.samples.size());
        for (std::size_t i = 0; i < block.size(); ++i) {
            made.add(view(range.begin + i));
            ASSERT_EQ(test::calls_text(block, i), test::calls_text(made, i)) << i;
            ASSERT_TRUE(std::ranges::equal(block.dosage_row(i), made.dosage_row(i))) << i;
            ASSERT_TRUE(std::ranges::equal(block.dosage_list(i), made.dosage_list(i))) << i;
            ASSERT_TRUE(std::ranges::equal(block.phased(i), made.phased(i))) << i;
        }
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

TEST_F(GenotypeStoreTest, AReadTouchesOnlyItsBlocks) {
    const std::filesystem::path path = folder_ / "part-000000.h5";
    const std::uint64_t block = store_block_variants(2000);
    fill(2000, 3 * block);
    std::vector<std::uint64_t> offset;
    std::string bytes;
    {
        const H5File part = H5File::open(path);
        offset = part.read_array<std::uint64_t>("segments/000000/block_offset");
        const auto stored = part.read_array<std::uint8_t>("segments/000000/bytes");
        bytes.assign(stored.begin(), stored.end());
    }
    ASSERT_EQ(offset.size(), 4U);
    std::string file = read_text_file(path);
    const std::size_t middle = file.find(bytes.substr(offset[1], 64));
    ASSERT_NE(middle, std::string::npos);
    for (std::size_t i = 0; i < offset[2] - offset[1]; ++i)
        file[middle + i] = static_cast<char>(~file[middle + i]);
    std::ofstream(path, std::ios::binary) << file;
    expect_same({0, block});
    expect_same({2 * block, 4 * block}); // its end lies in the other part
    VariantBlock out;
    EXPECT_THROW(open_genotypes(folder_)->read({block, block + 1}, out), IntegrityError);
    EXPECT_THROW(open_genotypes(folder_)->read({0, 3 * block}, out), IntegrityError);
}

/// Writes a part again without its counts, as before they were kept.
void drop_counts(const std::filesystem::path& path) {
    const std::filesystem::path old = path.string() + ".old";
    {
        const H5File part = H5File::open(path);
        H5File out = H5File::create(old);
        for (const std::string& segment : part.members("segments")) {
            const std::string prefix = "segments/" + segment + "/";
            const auto none = Compression::none;
            out.write_array<std::uint8_t>(
                prefix + "bytes", part.read_array<std::uint8_t>(prefix + "bytes"), {}, none);
            out.write_array<std::uint64_t>(prefix + "block_offset",
                                           part.read_array<std::uint64_t>(prefix + "block_offset"),
                                           {}, none);
            out.write_array<std::uint32_t>(prefix + "block_crc32",
                                           part.read_array<std::uint32_t>(prefix + "block_crc32"),
                                           {}, none);
            out.write(part.read(prefix + "variants"));
        }
        out.close();
    }
    std::filesystem::rename(old, path);
}

TEST_F(GenotypeStoreTest, KnowsTheCountsOfItsCalls) {
    fill(203, 700);
    const auto source = open_genotypes(folder_);
    for (const VariantRange range :
         {VariantRange{0, 1400}, VariantRange{3, 4}, VariantRange{650, 760}, VariantRange{9, 9}}) {
        const auto counts = known_call_counts(*source, range);
        ASSERT_EQ(counts.size(), range.size());
        for (std::size_t i = 0; i < counts.size(); ++i) {
            const GenotypeView calls = view(range.begin + i);
            GenotypeCounts expected;
            for (std::size_t k = 0; k < 203; ++k) {
                const std::uint8_t call = packed_get(calls.calls, k);
                ++(call == hom_ref   ? expected.hom_ref
                   : call == het     ? expected.het
                   : call == hom_alt ? expected.hom_alt
                                     : expected.missing);
            }
            EXPECT_EQ(counts[i], expected) << range.begin + i;
        }
    }
}

TEST_F(GenotypeStoreTest, OldPartsWithoutCountsAreReadAllTheSame) {
    fill(60, 150);
    drop_counts(folder_ / "part-000001.h5");
    expect_same({0, 300});
    EXPECT_EQ(known_call_counts(*open_genotypes(folder_), {0, 150}).size(), 150U);
    EXPECT_TRUE(known_call_counts(*open_genotypes(folder_), {149, 151}).empty());
}

TEST_F(GenotypeStoreTest, AnotherVersionIsRefusedAndSaysWhatToDo) {
    fill(3, 2);
    H5File index = H5File::create(folder_ / "index.h5");
    index.attribute("/", "format", "salus genotype store");
    index.attribute("/", "format_version", std::int64_t{1});
    index.close();
    try {
        open_genotypes(folder_);
        FAIL();
    } catch (const DataError& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("version 1"));
        EXPECT_THAT(error.problems().front().help, testing::HasSubstr("salus ingest_genomes --genotypes"));
    }
}

TEST(StoreLayout, LongTextsAreShownShort) {
    EXPECT_EQ(shown_text(std::string(64, 'A')), std::string(64, 'A'));
    EXPECT_EQ(shown_text(std::string(65, 'A')), std::string(60, 'A') + "...");
    EXPECT_EQ(text_head("ab\xC3\xA4", 3), "ab");
    EXPECT_EQ(text_head("abcd", 3), "abc");
}

} // namespace
} // namespace salus
