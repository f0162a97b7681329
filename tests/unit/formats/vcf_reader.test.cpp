#include "base/error.hpp"
#include "base/random.hpp"
#include "support/variant_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace salus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Lines = std::vector<std::string>;

const char* const good_body =
    "1 100 rs1 A C . PASS AF=0.5;DB GT 0/0 0|1 1/1 ./.\n"
    "1 100 . A AT,<DEL> 3 q10;q11 AF=0.1,0.2;NOTE=a,b GT:DP 1/2:3 2|2:. 0/0 0/2:1:1\n"
    "2 5 . N * . . . GT 0 1 0/1 1|.\n"
    "X 90000000 x;y g . . . . GT 0 0/0 . 0\n";

class VcfReaderTest : public testing::Test {
protected:
    std::filesystem::path plain(std::string body, std::size_t samples = 4) {
        return folder_.write("a.vcf", test::vcf_text(samples, std::move(body)));
    }
    std::string error_of(const std::filesystem::path& path, const ReadOptions& options = {}) {
        try {
            test::read_all(path, options);
        } catch (const DataError& error) {
            return error.what();
        }
        return "no error";
    }
    std::string error_of_body(const std::string& body) { return error_of(plain(body)); }

    test::ScratchFolder folder_{"vcf"};
};

TEST_F(VcfReaderTest, SplitsSitesAndReadsEveryColumn) {
    const Lines expected{"1:100 rs1 A>C PASS 012.", "1:100  A>AT q10;q11 1000",
                         "1:100  A><DEL> q10;q11 1201", "2:5  N>*  021.",
                         "X:90000000 x;y g>.  00.0"};
    EXPECT_EQ(test::read_all(plain(good_body)), expected);
    const std::string text = test::vcf_text(4, good_body);
    EXPECT_EQ(test::read_all(folder_.write("a.vcf.gz", test::bgzf(text, 50))), expected);
    std::string windows;
    for (const char c : text)
        windows += c == '\n' ? "\r\n" : std::string(1, c);
    EXPECT_EQ(test::read_all(folder_.write("w.vcf", windows)), expected);
}

TEST_F(VcfReaderTest, KeepsChosenInfo) {
    const ReadOptions options{.info = {"AF", "DB", "NOTE"}};
    const Lines lines = test::read_all(plain(good_body), options);
    EXPECT_THAT(lines[0], HasSubstr("012. 0.5 1 "));
    EXPECT_THAT(lines[1], HasSubstr("1000 0.1  a,b"));
    EXPECT_THAT(lines[2], HasSubstr("1201 0.2  a,b"));
    const auto file = open_genotype_file(plain(good_body));
    EXPECT_TRUE(file->problems(options).empty());
    const auto problems = file->problems({.info = {"AFF"}});
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_THAT(problems[0].help, HasSubstr("AF"));
    EXPECT_THAT(error_of(plain("1 1 . A C,G . . AF=1 GT 0/0 0/0 0/0 0/0\n"), options),
                HasSubstr("one value per ALT"));
}

TEST_F(VcfReaderTest, RegionsAndFilters) {
    const auto path = plain(good_body);
    EXPECT_EQ(test::read_all(path, {.regions = {parse_region("2")}}).size(), 1U);
    EXPECT_EQ(
        test::read_all(path, {.regions = {parse_region("1:100"), parse_region("X:1-")}}).size(),
        4U);
    EXPECT_EQ(test::read_all(path, {.regions = {parse_region("1:101-200")}}).size(), 0U);
    EXPECT_EQ(test::read_all(path, {.keep_filter = {"PASS"}}).size(), 1U);
}

TEST_F(VcfReaderTest, Regions) {
    const Region region = parse_region("chr20:1,000-2,000");
    EXPECT_EQ(region.chromosome, "chr20");
    EXPECT_EQ(region.first, 1000U);
    EXPECT_EQ(region.last, 2000U);
    EXPECT_EQ(parse_region("chr1:7").last, 7U);
    EXPECT_EQ(parse_region("HLA-A*01:01x").chromosome, "HLA-A*01:01x");
    for (const char* bad : {"", "chr1:9-3", "chr1:-5", ":1-2"})
        EXPECT_THROW(parse_region(bad), UsageError) << bad;
}

TEST_F(VcfReaderTest, CountsWhatItChanges) {
    const std::vector<Sex> sex{Sex::male, Sex::male, Sex::female, Sex::unknown};
    ReadCounters counters;
    const auto path = plain("1 1 . A C,G . . . GT 0/1 1 ./1 .\nX 90000000 . A C . . . GT 0/1 1/1 "
                            "0/1 1\nMT 5 . A C . . . GT 0/1 0 1 1/1\n");
    const Lines lines = test::read_all(*open_genotype_file(path), {}, sex, 1 << 30, &counters);
    EXPECT_THAT(lines, ElementsAre("1:1  A>C  12..", "1:1  A>G  00..", "X:90000000  A>C  .212",
                                   "MT:5  A>C  .022"));
    EXPECT_EQ(counters.records, 3U);
    EXPECT_EQ(counters.variants, 4U);
    EXPECT_EQ(counters.split_sites, 1U);
    EXPECT_EQ(counters.heterozygous_haploid, 2U);
    EXPECT_EQ(counters.haploid_on_diploid, 2U);
    EXPECT_EQ(counters.half_missing, 1U);
}

TEST_F(VcfReaderTest, MalformedRecords) {
    const std::string tail = " . . . GT 0/0 0/0 0/0 0/0\n";
    EXPECT_THAT(error_of_body("1 x . A C" + tail), HasSubstr("POS"));
    EXPECT_THAT(error_of_body("1 -1 . A C" + tail), HasSubstr("POS"));
    EXPECT_THAT(error_of_body("1 2147483648 . A C" + tail), HasSubstr("POS"));
    EXPECT_THAT(error_of_body("1 1e3 . A C" + tail), HasSubstr("POS"));
    EXPECT_THAT(error_of_body("1 1 . R C" + tail), HasSubstr("REF"));
    EXPECT_THAT(error_of_body("1 1 . A C,,G" + tail), HasSubstr("ALT"));
    EXPECT_THAT(error_of_body("1 1 . A <DEL" + tail), HasSubstr("ALT"));
    EXPECT_THAT(error_of_body("1 1 a;;b A C" + tail), HasSubstr("ID"));
    EXPECT_THAT(error_of_body("1,2 1 . A C" + tail), HasSubstr("CHROM"));
    EXPECT_THAT(error_of_body("1 1 . A C . q10; . GT 0/0 0/0 0/0 0/0\n"), HasSubstr("FILTER"));
    EXPECT_THAT(error_of_body("1 1 \xFF A C" + tail), HasSubstr("not text"));
    EXPECT_THAT(
        error_of_body("1 1 . A C . . . GT 0/0 0/0 0/0\n"),
        ::testing::AllOf(HasSubstr("fewer columns"), HasSubstr("every sample of the header")));
    EXPECT_THAT(error_of_body("1 1 . A C . . . GT 0/0 0/0 0/0 0/0 0/0\n"),
                HasSubstr("more columns"));
    EXPECT_THAT(error_of_body("1 1 . A C\n"), HasSubstr("fewer columns"));
    EXPECT_THAT(error_of_body("\n"), HasSubstr("fewer columns"));
    EXPECT_THAT(error_of_body("1 1 . A C . . . GT 0/0/1 0/0 0/0 0/0\n"),
                HasSubstr("more than two alleles"));
    EXPECT_THAT(error_of_body("1 1 . A C . . . GT 0/0 0/3 0/0 0/0\n"), HasSubstr("1:1"));
}

TEST_F(VcfReaderTest, RecordsWithoutGenotypesAreMissing) {
    ReadCounters counters;
    const auto path = plain("1 1 . A C . . . DP 1 1 1 1\n1 2 . A C . . . . . . . .\n"
                            "1 3 . A C,G . . . A:B  1: 1:2 .:.\n");
    const Lines expected{"1:1  A>C  ....", "1:2  A>C  ....", "1:3  A>C  ....", "1:3  A>G  ...."};
    EXPECT_EQ(test::read_all(*open_genotype_file(path), {}, {}, 1 << 30, &counters), expected);
    EXPECT_EQ(counters.without_genotypes, 3U);
    EXPECT_THAT(error_of_body("1 1 . A C . . . DP 1 1 1\n"), HasSubstr("fewer columns"));
    EXPECT_THAT(error_of_body("1 1 . A C . . . DP 1 1 1 1 1\n"), HasSubstr("more columns"));
    EXPECT_THAT(error_of_body("1 1 . A C . . . DP:GT 1:1 1:1 1:1 1:1\n"), HasSubstr("FORMAT"));
}

TEST_F(VcfReaderTest, SkipsMalformedRecordsIfAsked) {
    ReadCounters counters;
    const auto file = open_genotype_file(plain("1 1 . A C . . . GT 0/0/0 0 0 0\n1 2 . A C . . . GT "
                                               "0/1 0/0 0/0 0/0\n1 q . A C . . . GT 0 0 0 0\n"));
    const Lines lines =
        test::read_all(*file, {.on_bad_record = BadRecord::skip}, {}, 1 << 30, &counters);
    EXPECT_THAT(lines, ElementsAre("1:2  A>C  1000"));
    EXPECT_EQ(counters.skipped, 2U);
    EXPECT_EQ(counters.records, 3U);
    EXPECT_EQ(counters.variants, 1U);
}

TEST_F(VcfReaderTest, UnsortedFilesAreRefused) {
    const std::string tail = " . A C . . . GT 0/0 0/0 0/0 0/0\n";
    EXPECT_THAT(error_of_body("1 5" + tail + "1 4" + tail), HasSubstr("not sorted"));
    EXPECT_THAT(error_of_body("1 5" + tail + "2 4" + tail + "1 9" + tail), HasSubstr("comes back"));
    EXPECT_EQ(error_of_body("1 5" + tail + "1 5" + tail), "no error");
}

TEST_F(VcfReaderTest, Headers) {
    const std::string good = test::vcf_text(2, "1 1 . A C . . . GT 0/0 0/1\n");
    const auto with = [&](std::string_view from, std::string_view to) {
        std::string text = good;
        const std::size_t at = text.find(from);
        EXPECT_NE(at, std::string::npos);
        text.replace(at, from.size(), to);
        return error_of(folder_.write("h.vcf", text));
    };
    EXPECT_EQ(with("VCFv4.3", "VCFv4.5"), "no error");
    EXPECT_THAT(with("##fileformat=VCFv4.3\n", ""), HasSubstr("not a VCF"));
    EXPECT_THAT(with("##fileformat", "\xEF\xBB\xBF##fileformat"), HasSubstr("byte order mark"));
    EXPECT_THAT(with("\tS1", "\tS0"), HasSubstr("twice"));
    EXPECT_THAT(with("\tS1", "\t"), HasSubstr("no name"));
    EXPECT_THAT(with("\tS1", "\t\xC3"), HasSubstr("not text"));
    EXPECT_THAT(with("\tREF", "\tREFERENCE"), HasSubstr("column 4"));
    EXPECT_THAT(with("\tFORMAT\tS0\tS1", ""), HasSubstr("no samples"));
    EXPECT_THAT(with("#CHROM", "#CHR"), HasSubstr("#CHROM"));
    EXPECT_THAT(with("##contig=<ID=2>", "##contig=<length=2>"), HasSubstr("line 3"));
    EXPECT_THAT(error_of(folder_.write("h.vcf", good.substr(0, good.find("#CHROM")))),
                HasSubstr("#CHROM"));
    EXPECT_THAT(with("\tS1", "\tS0"), testing::Not(HasSubstr("S0"))); // never a name of a person
}

TEST_F(VcfReaderTest, LongAlleles) {
    const std::string ref(296'515, 'A');
    const Lines lines = test::read_all(folder_.write(
        "l.vcf.gz",
        test::bgzf(test::vcf_text(2, "1 1 . " + ref + " A . . . GT 0/0 0/1\n"), 60'000)));
    EXPECT_THAT(lines, ElementsAre("1:1  " + ref + ">A  01"));
}

/// A file of many records for cuts and flips.
std::string long_body(std::size_t records, std::size_t samples) {
    std::string body;
    Rng rng(4, "body", 0);
    for (std::size_t r = 0; r < records; ++r) {
        body += (r < records / 2 ? "1 " : "2 ") + std::to_string(1000 * (r + 1)) + " rs" +
                std::to_string(r) + " A C . PASS . GT";
        for (std::size_t i = 0; i < samples; ++i)
            body += rng.bernoulli(0.2) ? " 0/1" : rng.bernoulli(0.05) ? " ./." : " 0/0";
        body += "\n";
    }
    return body;
}

TEST_F(VcfReaderTest, IndexedRangesGiveTheSameRecords) {
    const auto path =
        folder_.write("i.vcf.gz", test::bgzf(test::vcf_text(9, long_body(2000, 9)), 1500));
    const Lines whole = test::read_all(path);
    ASSERT_EQ(whole.size(), 2000U);
    EXPECT_FALSE(open_genotype_file(path)->divisible());
    for (const int csi : {0, 14}) {
        std::filesystem::remove(path.string() + ".tbi");
        ASSERT_TRUE(test::index_vcf(path, csi));
        const auto file = open_genotype_file(path);
        EXPECT_TRUE(file->divisible());
        EXPECT_EQ(file->records(), 2000U);
        EXPECT_GT(file->ranges(500, {}).size(), 20U);
        EXPECT_EQ(test::read_all(*file, {}, {}, 500), whole);
        const ReadOptions second{.regions = {parse_region("2")}};
        EXPECT_LT(file->ranges(500, second).size(), file->ranges(500, {}).size());
        EXPECT_EQ(test::read_all(*file, second, {}, 500).size(), 1000U);
    }
}

TEST_F(VcfReaderTest, IndexOfAnotherFileIsNoticed) {
    const auto path =
        folder_.write("i.vcf.gz", test::bgzf(test::vcf_text(9, long_body(2000, 9)), 1500));
    ASSERT_TRUE(test::index_vcf(path, 0));
    folder_.write("i.vcf.gz", test::bgzf(test::vcf_text(9, long_body(1900, 9)), 1400));
    EXPECT_THROW(test::read_all(*open_genotype_file(path), {}, {}, 500), DataError);
    folder_.write("i.vcf.gz.tbi", test::bgzf("TBI\1 damaged"));
    EXPECT_THROW(test::read_all(*open_genotype_file(path), {}, {}, 500), DataError);
}

TEST_F(VcfReaderTest, NoFlippedOrCutFilePasses) {
    const std::string good = test::bgzf(test::vcf_text(20, long_body(40, 20)), 700);
    const Lines expected = test::read_all(folder_.write("g.vcf.gz", good));
    Rng rng(8, "flips", 0);
    const auto check = [&](const std::string& bad) {
        const auto path = folder_.write("b.vcf.gz", bad);
        try {
            EXPECT_EQ(test::read_all(path), expected);
        } catch (const DataError&) {
        }
    };
    for (int flip = 0; flip < 1000; ++flip) {
        std::string bad = good;
        const std::uint64_t bit = rng.below(8 * bad.size());
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
        check(bad);
    }
    for (std::size_t size = 1; size < good.size(); size += 97)
        EXPECT_THROW(test::read_all(folder_.write("c.vcf.gz", good.substr(0, size))), DataError)
            << size;
}

} // namespace
} // namespace salus
