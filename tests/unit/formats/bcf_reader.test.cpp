#include "formats/bcf_reader.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "support/variant_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace salus {
namespace {

using testing::HasSubstr;
using Lines = std::vector<std::string>;

const char* const bcf_body =
    "1 100 rs1 A C . PASS AF=0.5;DB GT 0/0 0|1 1/1 ./.\n"
    "1 100 . A AT,<DEL> 3 q10 AF=0.25,0.5;NOTE=a,b GT:DP 1/2:3 2|2:. 0/0 0/2:1\n"
    "2 5 . N * . . . DP:GT 7:0 .:1 .:0/1 .:1|.\n"
    "2 7 . A C . . . GT 1/. 1|0 .|. 0/0\n"
    "X 90000000 x;y G . . . . GT 0 0/0 . 0\n";

class BcfReaderTest : public testing::Test {
protected:
    std::filesystem::path vcf(std::string text, std::size_t samples = 4) {
        return folder_.write("a.vcf", test::vcf_text(samples, std::move(text)));
    }
    static std::string decompressed(const std::filesystem::path& path) {
        const auto stream = open_stream(path);
        while (stream->more()) {
        }
        return std::string(stream->unread());
    }
    test::ScratchFolder folder_{"bcf"};
};

TEST_F(BcfReaderTest, EqualsTheVcfItWasMadeOf) {
    // FORMAT with GT in second place is for BCF alone: VCF demands it first.
    std::string first = bcf_body;
    const std::size_t at = first.find("DP:GT 7:0 .:1 .:0/1 .:1|.");
    first.replace(at, 25, "GT:DP 0:7 1:. 0/1:. 1|.:.");
    const ReadOptions options{.info = {"AF", "DB", "NOTE"}};
    const Lines expected = test::read_all(vcf(first), options);
    EXPECT_EQ(expected.size(), 6U);
    EXPECT_EQ(test::read_all(test::to_bcf(vcf(bcf_body)), options), expected);
}

TEST_F(BcfReaderTest, ManyAllelesNeedWiderIntegers) {
    std::string alts = "C";
    for (int k = 1; k < 200; ++k)
        alts += ",C" + std::string(static_cast<std::size_t>(k), 'A');
    const auto path = vcf("1 5 . A " + alts + " . . . GT 0/199 200/200 17 ./.\n");
    const Lines expected = test::read_all(path);
    EXPECT_EQ(expected.size(), 200U);
    EXPECT_EQ(test::read_all(test::to_bcf(path)), expected);
}

TEST_F(BcfReaderTest, IndexedRangesGiveTheSameRecords) {
    std::string many;
    for (int i = 1; i <= 3000; ++i)
        many += (i < 1500 ? "1 " : "2 ") + std::to_string(20'000 * i) +
                " . A C . . . GT 0/0 0/1 1/1 ./.\n";
    const auto path = test::to_bcf(vcf(many));
    const Lines whole = test::read_all(path);
    ASSERT_EQ(whole.size(), 3000U);
    ASSERT_TRUE(test::index_bcf(path));
    const auto file = open_genotype_file(path);
    EXPECT_GT(file->ranges(1, {}).size(), 1U);
    EXPECT_EQ(file->records(), 3000U);
    EXPECT_EQ(test::read_all(*file, {}, {}, 1), whole);
    EXPECT_EQ(test::read_all(*file, {.regions = {parse_region("2")}}, {}, 1).size(), 1501U);
}

TEST_F(BcfReaderTest, PolyploidCallsAreRefused) {
    try {
        test::read_all(test::to_bcf(vcf("1 5 . A C . . . GT 0/0/1 0/0 0 1\n")));
        FAIL();
    } catch (const DataError& error) {
        EXPECT_THAT(error.what(), HasSubstr("more than two alleles"));
        EXPECT_THAT(error.what(), HasSubstr("1:5"));
    }
}

TEST_F(BcfReaderTest, NotBcf) {
    EXPECT_THROW(open_genotype_file(folder_.write("x.bcf", "BCF\2\2 plain")), DataError);
    EXPECT_THROW(open_genotype_file(folder_.write("x.bcf", test::bgzf("BCF\4\1 oldest"))),
                 DataError);
    EXPECT_THROW(open_genotype_file(folder_.write("x.bcf", test::bgzf("BCF\2\2"))), DataError);
    EXPECT_THROW(open_genotype_file(
                     folder_.write("x.bcf", test::bgzf(std::string("BCF\2\2\xFF\xFF\xFF\xFF", 9)))),
                 DataError);
}

TEST_F(BcfReaderTest, NoFlippedOrCutFilePasses) {
    const auto path = test::to_bcf(vcf(bcf_body));
    const std::string good = read_text_file(path);
    const Lines expected = test::read_all(path);
    Rng rng(9, "flips", 0);
    for (int flip = 0; flip < 1000; ++flip) {
        std::string bad = good;
        const std::uint64_t bit = rng.below(8 * bad.size());
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
        try {
            EXPECT_EQ(test::read_all(folder_.write("b.bcf", bad)), expected);
        } catch (const DataError&) {
        }
    }
    for (std::size_t size = 1; size < good.size(); size += 13)
        EXPECT_THROW(test::read_all(folder_.write("b.bcf", good.substr(0, size))), DataError);
}

TEST_F(BcfReaderTest, DamageInsideGoodBlocksNeverCrashes) {
    // The checksums are right here: what is wrong was written so. Bounds alone must hold.
    const std::string good = decompressed(test::to_bcf(vcf(bcf_body)));
    Rng rng(10, "inner flips", 0);
    int refused = 0;
    for (int flip = 0; flip < 2000; ++flip) {
        std::string bad = good;
        for (int k = 0; k < 1 + flip % 3; ++k)
            bad[rng.below(bad.size())] = static_cast<char>(rng.next32());
        try {
            test::read_all(folder_.write("b.bcf", test::bgzf(bad)), {.info = {"AF", "NOTE"}});
        } catch (const DataError&) {
            ++refused;
        }
    }
    EXPECT_GT(refused, 100);
}

} // namespace
} // namespace salus
