#include "base/error.hpp"
#include "base/random.hpp"
#include "support/pgen_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

namespace salus {
namespace {

using test::bytes_of;
using test::PgenBytes;
using testing::ElementsAre;
using testing::HasSubstr;

/// One record of every kind, five samples; worked out by hand from the specification.
std::vector<PgenBytes> all_kinds() {
    return {{0x00, bytes_of({0xE4, 0x01})},                                // row: 012.1
            {0x02, bytes_of({1, 4, 0x02})},                                // LD: 012.2
            {0x03, bytes_of({0})},                                         // inverted: 210.1
            {0x01, bytes_of({1, 0x02, 1, 3, 0x03})},                       // one bit: 010.0
            {0x04, bytes_of({2, 0, 0x06, 4})},                             // around 0: 20001
            {0x06, bytes_of({0})},                                         // around 2
            {0x07, bytes_of({1, 2, 0x00})},                                // around missing: ..0..
            {0x10, bytes_of({0x45, 0x03, 0x04})},                          // all hets phased
            {0x10, bytes_of({0x45, 0x03, 0x0B, 0x01})},                    // some hets phased
            {0x20, bytes_of({0xD0, 0x02, 2, 0, 3, 0x00, 0x04, 0, 0x40})},  // listed dosages
            {0x40, bytes_of({0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 0xFF, 0xFF})},  // a dosage each
            {0xE0, bytes_of({0, 0, 0x05, 0, 1, 0, 2, 0x01, 7, 0})},        // chosen, one phased
            {0x08, bytes_of({0xA5, 0x00, 0x00, 0x02, 0x01, 0x01, 0x08})}}; // 0/1 0/3 1/3 1/1 0/0
}

std::string pvar_of(std::size_t variants) {
    std::string out = "##fileformat=VCFv4.2\n##INFO=<ID=AF,Number=A,Type=Float,Description=\"f\">\n"
                      "#CHROM\tPOS\tID\tREF\tALT\tFILTER\tINFO\n";
    for (std::size_t v = 0; v < variants; ++v)
        out += "1\t" + std::to_string(v + 1) + "\trs" + std::to_string(v) + "\tA\t" +
               (v + 1 == variants ? "C,G,T\tPASS\tAF=0.1,0.2,0.3\n" : "C\tq10\tDB;AF=0.5\n");
    return out;
}

class PgenReaderTest : public testing::Test {
protected:
    PgenReaderTest() {
        folder_.write("a.psam", "#FID\tIID\tSEX\nf\ta\t1\nf\tb\t2\nf\tc\tNA\nf\td\tM\nf\te\tF\n");
        folder_.write("a.pvar", pvar_of(all_kinds().size()));
        folder_.write("a.pgen", test::pgen_file(5, all_kinds()));
    }
    std::filesystem::path pgen() const { return folder_.path() / "a.pgen"; }
    std::vector<std::string> views(std::uint64_t target = 1 << 20) const {
        return test::read_views(*open_genotype_file(pgen()), target);
    }
    std::string error_of(const ReadOptions& options = {}) const {
        try {
            test::read_views(*open_genotype_file(pgen()), 1 << 20, options);
        } catch (const DataError& error) {
            return error.what();
        }
        return "no error";
    }
    test::ScratchFolder folder_{"pgen"};
};

TEST_F(PgenReaderTest, ReadsEveryKindOfRecord) {
    EXPECT_THAT(views(), ElementsAre("C 012.1", "C 012.2", "C 210.1", "C 010.0", "C 20001",
                                     "C 22222", "C ..0..", "C ><0>.", "C <10>.",
                                     "C 001.2 1024 0 16384 16384 32768", "C 00000 1 2 3 4 0",
                                     "C 00000 256 0 512 0 0", "C 10120", "G 00000", "T 01100"));
}

TEST_F(PgenReaderTest, RangesBeginInsideRunsOfDifferences) {
    EXPECT_EQ(views(60), views());
    EXPECT_EQ(views(1), views());
}

TEST_F(PgenReaderTest, KeepsSamplesSexFilterAndInfo) {
    const auto file = open_genotype_file(pgen());
    EXPECT_THAT(file->samples().id, ElementsAre("a", "b", "c", "d", "e"));
    EXPECT_THAT(file->samples().sex,
                ElementsAre(Sex::male, Sex::female, Sex::unknown, Sex::male, Sex::female));
    EXPECT_EQ(file->records(), 13U);
    ReadCounters counters;
    const auto kept =
        test::read_all(*file, {.info = {"AF"}, .keep_filter = {"PASS"}}, {}, 1 << 20, &counters);
    EXPECT_THAT(kept, ElementsAre("1:13 rs12 A>C PASS 10120 0.1", "1:13 rs12 A>G PASS 00000 0.2",
                                  "1:13 rs12 A>T PASS 01100 0.3"));
    EXPECT_EQ(counters.filtered, 12U);
    EXPECT_EQ(counters.split_sites, 1U);
    EXPECT_EQ(file->problems({.info = {"AC"}}).size(), 1U);
    EXPECT_TRUE(file->problems({.info = {"AF"}, .keep_filter = {"q10"}}).empty());
    EXPECT_THAT(test::read_all(*file, {.regions = {parse_region("1:2-3")}}),
                ElementsAre("1:2 rs1 A>C q10 012.2", "1:3 rs2 A>C q10 210.1"));
}

TEST_F(PgenReaderTest, ReadsZstdVariantsAndSideFilesOfPlink1) {
    const auto expected = views();
    const std::string pvar = pvar_of(13);
    std::string packed(ZSTD_compressBound(pvar.size()), '\0');
    packed.resize(ZSTD_compress(packed.data(), packed.size(), pvar.data(), pvar.size(), 3));
    std::filesystem::remove(folder_.path() / "a.pvar");
    folder_.write("a.pvar.zst", packed);
    EXPECT_EQ(views(), expected);
    EXPECT_EQ(views(1), expected);
    folder_.write("a.pvar.zst", packed.substr(0, packed.size() - 1));
    EXPECT_THAT(error_of(), HasSubstr("zstd file is damaged or cut"));

    std::filesystem::remove(folder_.path() / "a.pvar.zst");
    std::filesystem::remove(folder_.path() / "a.psam");
    std::string bim;
    for (int v = 1; v <= 13; ++v)
        bim += "1 . 0 " + std::to_string(v) + (v == 13 ? " C,G,T A\n" : " C A\n");
    folder_.write("a.bim", bim);
    folder_.write("a.fam", "f a 0 0 1 1\nf b 0 0 2 1\nf c 0 0 0 1\nf d 0 0 1 1\nf e 0 0 2 1\n");
    EXPECT_EQ(views(), expected);
}

TEST_F(PgenReaderTest, ReadsFilesOfFixedWidth) {
    folder_.write("a.pvar", "#CHROM POS ID REF ALT\n1 5 x A C\n1 6 . A .\n");
    folder_.write("a.pgen", std::string("\x6c\x1b\x01\x1b\x00\xff\x03", 7));
    EXPECT_THAT(views(), ElementsAre("C 01.22", ". 00000"));
    const std::string head = bytes_of({2, 0, 0, 0, 5, 0, 0, 0, 0x40});
    folder_.write("a.pgen", "\x6c\x1b\x02" + head + bytes_of({0xE4, 0x02, 0x00, 0x00}));
    EXPECT_THAT(views(), ElementsAre("C 012.2", ". 00000"));
    const std::string row = bytes_of({0, 0x03, 0, 0, 1, 0, 2, 0, 0, 0, 0xFF, 0xFF});
    folder_.write("a.pgen", "\x6c\x1b\x03" + head + row + row);
    EXPECT_THAT(views(), ElementsAre("C 0000. 0 1 2 0 .", ". 0000. 0 1 2 0 ."));
    const std::string phased = row + bytes_of({0, 0, 1, 0, 0xFF, 0xFF, 0, 0, 0, 0x80});
    folder_.write("a.pgen", "\x6c\x1b\x04" + head + phased + phased);
    EXPECT_THAT(views(), ElementsAre("C 0000. 0 1 2 0 .", ". 0000. 0 1 2 0 ."));
    folder_.write("a.pgen", "\x6c\x1b\x04" + head + phased);
    EXPECT_THAT(error_of(), HasSubstr("bytes instead of"));
}

TEST_F(PgenReaderTest, NamesWhatIsWrong) {
    const auto damage = [&](std::size_t record, std::uint8_t type, std::string bytes) {
        auto records = all_kinds();
        records[record] = {type, std::move(bytes)};
        folder_.write("a.pgen", test::pgen_file(5, records));
        return error_of();
    };
    EXPECT_THAT(damage(0, 0, bytes_of({0xE4, 0x05})), HasSubstr("unused bits"));
    EXPECT_THAT(damage(0, 0, bytes_of({0xE4})), HasSubstr("a.pgen, record 1 at byte 59"));
    EXPECT_THAT(damage(0, 0, bytes_of({0xE4, 0x01, 0})), HasSubstr("longer than its content"));
    EXPECT_THAT(damage(0, 2, bytes_of({0})), HasSubstr("refers to an earlier one"));
    EXPECT_THAT(damage(0, 5, bytes_of({0})), HasSubstr("reserved"));
    EXPECT_THAT(damage(4, 4, bytes_of({2, 3, 0x06, 0})), HasSubstr("out of order"));
    EXPECT_THAT(damage(4, 4, bytes_of({2, 3, 0x06, 9})), HasSubstr("out of order"));
    EXPECT_THAT(damage(4, 4, bytes_of({6, 3, 0x06, 9})), HasSubstr("more entries"));
    EXPECT_THAT(damage(4, 4, bytes_of({1, 3, 0x00})), HasSubstr("common"));
    EXPECT_THAT(damage(3, 1, bytes_of({4, 0x02, 0})), HasSubstr("pair of categories"));
    EXPECT_THAT(damage(9, 0x20, bytes_of({0xD0, 0x02, 1, 0, 0x01, 0x80})), HasSubstr("dosage"));
    EXPECT_THAT(damage(12, 0x40, bytes_of({0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0})),
                HasSubstr("several ALT alleles"));
    EXPECT_THAT(damage(11, 0x08, bytes_of({0, 0, 0xFF})), HasSubstr("further ALT alleles"));

    folder_.write("a.pgen", test::pgen_file(6, all_kinds()));
    EXPECT_THAT(error_of(), HasSubstr("6 samples instead of 5"));
    folder_.write("a.pgen", std::string("\x6c\x1b\x11", 3) + std::string(40, '\0'));
    EXPECT_THAT(error_of(), HasSubstr("storage mode 17"));
    folder_.write("a.psam", "#IID\na\nb\nc\nd\na\n");
    EXPECT_THAT(error_of(), HasSubstr("a sample comes twice"));
}

TEST_F(PgenReaderTest, LeavesOutBadRecordsIfAsked) {
    auto records = all_kinds();
    records[3].bytes.back() = '\0'; // its list holds a common category
    folder_.write("a.pgen", test::pgen_file(5, records));
    EXPECT_THAT(error_of(), HasSubstr("record 4"));
    const auto file = open_genotype_file(pgen());
    EXPECT_EQ(test::read_views(*file, 1 << 20, {.on_bad_record = BadRecord::skip}).size(), 14U);
}

TEST_F(PgenReaderTest, EveryCutIsNoticed) {
    const std::string whole = test::pgen_file(5, all_kinds());
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
        folder_.write("a.pgen", std::string_view(whole).substr(0, bytes));
        EXPECT_THAT(error_of(), testing::AllOf(HasSubstr("a.pgen"), HasSubstr("byte"))) << bytes;
    }
}

/// The format has no checksums: a flipped bit is noticed, or it changes what it stands for. It
/// never leads astray (the sanitizer build watches over that), and never touches more than the
/// variants that hold or refer to it.
TEST_F(PgenReaderTest, FlippedBitsAreNoticedOrStayLocal) {
    const std::string whole = test::pgen_file(5, all_kinds());
    const auto expected = views();
    Rng rng(7, "pgen flips", 0);
    std::size_t noticed = 0;
    for (int i = 0; i < 1000; ++i) {
        const std::uint64_t bit = rng.below(8 * whole.size());
        std::string damaged = whole;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << (bit % 8));
        folder_.write("a.pgen", damaged);
        try {
            const auto found = views();
            ASSERT_EQ(found.size(), expected.size());
            std::size_t changed = 0;
            for (std::size_t v = 0; v < found.size(); ++v)
                changed += found[v] == expected[v] ? 0U : 1U;
            EXPECT_LE(changed, 3U) << "bit " << bit; // three records share a base, or three ALTs
        } catch (const DataError& error) {
            ++noticed;
            EXPECT_THAT(error.what(), HasSubstr("a.pgen"));
        }
    }
    EXPECT_GT(noticed, 600U);
}

} // namespace
} // namespace salus
