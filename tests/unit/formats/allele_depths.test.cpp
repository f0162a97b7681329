#include "formats/allele_depths.hpp"
#include "base/error.hpp"
#include "genotype/sample_depths.hpp"
#include "support/variant_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace salus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Lines = std::vector<std::string>;

/// The header declares AD.
std::string depth_text(std::size_t samples, std::string body) {
    std::string text = test::vcf_text(samples, std::move(body));
    return text.insert(text.find("##FORMAT=<ID=DP"),
                       "##FORMAT=<ID=AD,Number=R,Type=Integer,Description=\"reads\">\n");
}

/// "1:100 0:9/20 2:4/8" per variant, where there are any.
Lines depths_in(const std::filesystem::path& path, ReadOptions options = {}) {
    options.allele_depths = true;
    const auto file = open_genotype_file(path);
    const auto reader =
        file->read(file->ranges(1 << 30, options).at(0), options, file->samples().sex);
    Lines lines;
    GenotypeRecord record;
    while (reader->next(record)) {
        if (record.depths.empty()) continue;
        const Variant& variant = record.variants.front();
        lines.push_back(variant.chromosome + ":" + std::to_string(variant.position));
        for (const HetDepth& depth : record.depths)
            lines.back() += " " + std::to_string(depth.sample) + ":" + std::to_string(depth.alt) +
                            "/" + std::to_string(depth.total);
    }
    return lines;
}

class AlleleDepthsTest : public testing::Test {
protected:
    std::filesystem::path vcf(std::string body, std::size_t samples = 4) {
        return folder_.write("a.vcf", depth_text(samples, std::move(body)));
    }
    static std::string error_of(const std::filesystem::path& path) {
        try {
            depths_in(path);
        } catch (const DataError& error) {
            return error.what();
        }
        return "no error";
    }
    test::ScratchFolder folder_{"depths"};
};

TEST_F(AlleleDepthsTest, TakesHeterozygousCallsOfEnoughReads) {
    const std::string body =
        "1 10 . A C . . . GT:AD 0/1:11,9 0/0:20,9 1|0:4,4 1/1:0,30\n"
        "1 20 . a c . . . GT:DP:AD:DP 0/1:5:300,70000:1 0/1:5 0/1 ./.:5:9,9:1\n" // 16, 32 bits
        "1 30 . A C . . . GT:AD 0/1:4,3 0/1:. 0/1:.,. 0/1:20,.\n" // too few, and none at all
        "1 35 . A C . . . GT:AD . . . .\n"
        "1 37 . A C . . . GT:AD 1 0/1:8,0 0/1:.,20 ./1:8,8\n"
        "2 40 . A C . . . GT 0/1 0/1 0/1 0/1\n"
        "2 50 . A C . . . GT:DP 0/1:9 0/1:9 0/1:9 0/1:9\n"
        "2 60 . G T . . . GT:AD 0/1:0,8 0/1:100,100 0/1:127,128 0/1:8,9\n";
    const Lines expected{"1:10 0:9/20 2:4/8", "1:20 0:70000/70300", "1:37 1:0/8",
                         "2:60 0:8/8 1:100/200 2:128/255 3:9/17"};
    EXPECT_EQ(depths_in(vcf(body)), expected);
    EXPECT_EQ(depths_in(test::to_bcf(vcf(body))), expected);
    EXPECT_EQ(test::read_all(vcf(body)), test::read_all(vcf(body), {.allele_depths = true}));
}

TEST_F(AlleleDepthsTest, OnlyAutosomalSitesOfTwoSingleBases) {
    const std::string body = "1 10 . A C,G . . . GT:AD 0/1:9,9,9 0/2:9,9,9\n"
                             "1 11 . A AT . . . GT:AD 0/1:9,9 0/1:9,9\n"
                             "1 12 . AC A . . . GT:AD 0/1:9,9 0/1:9,9\n"
                             "1 13 . A * . . . GT:AD 0/1:9,9 0/1:9,9\n"
                             "1 14 . A <DEL> . . . GT:AD 0/1:9,9 0/1:9,9\n"
                             "1 15 . N C . . . GT:AD 0/1:9,9 0/1:9,9\n"
                             "1 16 . A . . . . GT:AD 0/0:9 0/0:9\n"
                             "1 17 . A C . . . GT:AD 0/1:9,9 0/1:9,10\n"
                             "X 100 . A C . . . GT:AD 0/1:9,9 0/1:9,9\n" // pseudo-autosomal or not
                             "X 90000000 . A C . . . GT:AD 0/1:9,9 0/1:9,9\n"
                             "MT 9 . A C . . . GT:AD 0/1:9,9 0/1:9,9\n";
    EXPECT_THAT(depths_in(vcf(body, 2)), ElementsAre("1:17 0:9/18 1:10/19"));
    EXPECT_THAT(depths_in(test::to_bcf(vcf(body, 2))), ElementsAre("1:17 0:9/18 1:10/19"));
}

TEST_F(AlleleDepthsTest, TheStoredCallDecides) {
    // DS 1 makes 0/0 heterozygous, DS 0.5 makes 0/1 missing.
    const std::string body = "1 10 . A C . . . GT:DS:AD 0/0:1:9,9 0/1:0.5:9,9 0/1:1:9,9\n";
    EXPECT_THAT(depths_in(vcf(body, 3)), ElementsAre("1:10 0:9/18 2:9/18"));
    EXPECT_THAT(depths_in(test::to_bcf(vcf(body, 3))), ElementsAre("1:10 0:9/18 2:9/18"));
    EXPECT_THAT(depths_in(vcf(body, 3), {.dosage_field = DosageField::gt}),
                ElementsAre("1:10 1:9/18 2:9/18"));
}

TEST_F(AlleleDepthsTest, MalformedDepthsAreBadRecords) {
    for (const char* bad : {"9", "9,9,9", "9,", ",9", "", "-1,9", "9,-2147", "x,9", "9;9", "9.5,9",
                            "4294967296,9", "99999999999999999999,9", "+9,9", ".,.,."}) {
        // also of people who are not heterozygous
        const auto path = vcf(std::string("1 10 . A C . . . GT:AD 0/1:9,9 0/0:") + bad + "\n", 2);
        EXPECT_THAT(error_of(path), HasSubstr("AD value")) << bad;
        EXPECT_THAT(error_of(path), HasSubstr("1:10")) << bad;
        EXPECT_TRUE(depths_in(path, {.on_bad_record = BadRecord::skip}).empty()) << bad;
        EXPECT_EQ(test::read_all(path).size(), 1U) << bad; // nobody asked for AD
    }
    EXPECT_THAT(error_of(vcf("1 10 . A C . . . GT:AD:AD 0/1:9,9:9,9\n", 1)), HasSubstr("twice"));
    for (const char* bad : {"9", "9,9,9", "-1,9", "9,-2147", ".,.,."})
        EXPECT_THAT(error_of(test::to_bcf(
                        vcf(std::string("1 10 . A C . . . GT:AD 0/1:9,9 0/0:") + bad + "\n", 2))),
                    HasSubstr("AD value"))
            << bad;
}

TEST_F(AlleleDepthsTest, AnUndeclaredFieldIsAProblem) {
    const ReadOptions options{.allele_depths = true};
    std::string text = test::vcf_text(1, "1 10 . A C . . . GT 0/1\n");
    text.insert(text.find("##FORMAT"), // INFO/AD is another field
                "##INFO=<ID=AD,Number=R,Type=Integer,Description=\"reads\">\n");
    const auto path = folder_.write("b.vcf", text);
    for (const auto& without : {path, test::to_bcf(path)}) {
        const auto problems = open_genotype_file(without)->problems(options);
        ASSERT_EQ(problems.size(), 1U);
        EXPECT_THAT(problems[0].what, HasSubstr("AD is not declared"));
        EXPECT_TRUE(open_genotype_file(without)->problems({}).empty());
    }
    const auto with = vcf("1 10 . A C . . . GT 0/1\n", 1);
    EXPECT_TRUE(open_genotype_file(with)->problems(options).empty());
    EXPECT_TRUE(open_genotype_file(test::to_bcf(with))->problems(options).empty());
}

TEST(SampleDepths, SharesAtTheLimitsAreBalanced) {
    SampleDepths depths(2);
    for (const auto& [alt, total] : {std::pair{2, 10}, {8, 10}, {1, 8}, {7, 8}, {4, 8}})
        depths.add(1, static_cast<std::uint64_t>(alt), static_cast<std::uint64_t>(total));
    EXPECT_THAT(depths.het_calls, ElementsAre(0U, 5U));
    EXPECT_THAT(depths.alt_depth, ElementsAre(0U, 22U));
    EXPECT_THAT(depths.total_depth, ElementsAre(0U, 44U));
    EXPECT_THAT(depths.unbalanced_calls, ElementsAre(0U, 2U));
}

} // namespace
} // namespace salus
