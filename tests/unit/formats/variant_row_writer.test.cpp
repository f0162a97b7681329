#include "formats/variant_row_writer.hpp"

#include "formats/bgzf_writer.hpp"
#include "formats/hts_index_writer.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <htslib/bgzf.h>
#include <htslib/tbx.h>
#include <htslib/vcf.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

namespace salus {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

CallSetHeader header_of_four() {
    return {.source = "test",
            .genome_build = "GRCh38",
            .contigs = {{"chr1", 1000}, {"chrX", 2000}},
            .filters = {{"LowQual", "Low"}},
            .samples = {"a", "b", "c", "d"}};
}

const std::vector<std::string> one_alt{"T"}, two_alts{"T", "GA"};
const std::vector<CallCode> diploid{call_code(0, 1), call_code(1, 1), call_code(3, 3),
                                    call_code(0, 0)};
const std::vector<CallCode> mixed{call_code(0, 4), call_code(1, 2), call_code(2, 4),
                                  call_code(3, 4)};

const std::vector<std::uint32_t> pass{0}, low{1};

VariantRow first_row() {
    return {.contig = 0,
            .position = 10,
            .id = "x1",
            .ref = "C",
            .alt = one_alt,
            .filters = pass,
            .counts = count_alleles(diploid),
            .calls = diploid};
}
VariantRow second_row() {
    return {.contig = 1,
            .position = 20,
            .id = "",
            .ref = "C",
            .alt = two_alts,
            .filters = low,
            .counts = count_alleles(mixed),
            .calls = mixed};
}

TEST(CountAlleles, CountsEachAltAndLeavesOutWhatIsMissing) {
    const AlleleCounts counts = count_alleles(mixed);
    EXPECT_EQ(counts.called, 4U);
    EXPECT_EQ(counts.alt[0], 1U);
    EXPECT_EQ(counts.alt[1], 2U);
    EXPECT_EQ(count_alleles({}).called, 0U);
}

TEST(VcfRow, IsWrittenAsTheFormatSays) {
    std::string out;
    append_vcf_row(header_of_four(), first_row(), out);
    append_vcf_row(header_of_four(), second_row(), out);
    EXPECT_EQ(out, "chr1\t10\tx1\tC\tT\t.\tPASS\tAC=3;AN=6;AF=0.5\tGT\t0/1\t1/1\t./.\t0/0\n"
                   "chrX\t20\t.\tC\tT,GA\t.\tLowQual\tAC=1,2;AN=4;AF=0.25,0.5\tGT\t0\t1/2\t2\t.\n");
}

TEST(VcfRow, WithoutCallsHasNoFrequency) {
    const std::vector<CallCode> none(4, call_code(3, 3));
    VariantRow row = first_row();
    row.calls = none;
    row.counts = count_alleles(none);
    std::string out;
    append_vcf_row(header_of_four(), row, out);
    EXPECT_THAT(out, HasSubstr("AC=0;AN=0\tGT\t./."));
}

TEST(BedRows, CountEachAltAndCallHaploidsHomozygous) {
    std::string bed, bim;
    append_bed_rows(header_of_four(), first_row(), bed, bim);
    append_bed_rows(header_of_four(), second_row(), bed, bim);
    ASSERT_EQ(bed.size(), 3U);
    // Lowest bits first: het 10, hom ALT 00, missing 01, hom REF 11.
    EXPECT_EQ(static_cast<unsigned char>(bed[0]), 0b11'01'00'10);
    EXPECT_EQ(static_cast<unsigned char>(bed[1]),
              0b01'11'10'11); // ALT T: hom REF, het, other ALT, missing
    EXPECT_EQ(static_cast<unsigned char>(bed[2]), 0b01'00'10'11);
    EXPECT_EQ(bim, "chr1\tx1\t0\t10\tT\tC\nchrX\t.\t0\t20\tT\tC\nchrX\t._2\t0\t20\tGA\tC\n");
}

struct Close {
    void operator()(htsFile* file) const noexcept { hts_close(file); }
    void operator()(bcf_hdr_t* header) const noexcept { bcf_hdr_destroy(header); }
    void operator()(bcf1_t* record) const noexcept { bcf_destroy(record); }
    void operator()(tbx_t* index) const noexcept { tbx_destroy(index); }
    void operator()(hts_idx_t* index) const noexcept { hts_idx_destroy(index); }
};

/// All records of a file as VCF text through htslib.
std::string through_htslib(const std::filesystem::path& path) {
    const std::unique_ptr<htsFile, Close> file(hts_open(path.c_str(), "r"));
    const std::unique_ptr<bcf_hdr_t, Close> header(bcf_hdr_read(file.get()));
    const std::unique_ptr<bcf1_t, Close> record(bcf_init());
    kstring_t line{0, 0, nullptr};
    while (bcf_read(file.get(), header.get(), record.get()) == 0)
        EXPECT_EQ(vcf_format(header.get(), record.get(), &line), 0);
    std::string out(line.s == nullptr ? "" : line.s, line.l);
    free(line.s);
    return out;
}

std::string_view as_text(const std::vector<std::uint8_t>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class VariantFiles : public ::testing::Test {
protected:
    VariantFiles()
        : folder_(std::filesystem::path(::testing::TempDir()) /
                  ("salus_variant_files-" + std::to_string(::getpid()))) {
        std::filesystem::remove_all(folder_);
        make_folders(folder_);
        const CallSetHeader header = header_of_four();
        std::string vcf = vcf_header_text(header), bcf = bcf_header_bytes(header);
        for (const VariantRow& row : {first_row(), second_row()}) {
            append_vcf_row(header, row, vcf);
            append_bcf_row(header, row, bcf);
        }
        rows_ = vcf.substr(vcf.find("\nchr1\t") + 1);
        write_file_atomically(folder_ / "x.vcf.gz", std::string(as_text(bgzf_blocks(vcf, 6))) +
                                                        std::string(bgzf_end_of_file()));
        write_file_atomically(folder_ / "x.bcf", std::string(as_text(bgzf_blocks(bcf, 6))) +
                                                     std::string(bgzf_end_of_file()));
    }
    ~VariantFiles() override { std::filesystem::remove_all(folder_); }
    std::filesystem::path folder_;
    std::string rows_;
};

TEST_F(VariantFiles, HtslibReadsVcfAndBcfAlike) {
    EXPECT_EQ(through_htslib(folder_ / "x.vcf.gz"), rows_);
    EXPECT_EQ(through_htslib(folder_ / "x.bcf"), rows_);
}

TEST_F(VariantFiles, IndexesAreWrittenAndRead) {
    write_tbi(folder_ / "x.vcf.gz");
    write_csi(folder_ / "x.bcf");
    const std::unique_ptr<tbx_t, Close> tbi(tbx_index_load((folder_ / "x.vcf.gz").c_str()));
    EXPECT_TRUE(tbi);
    const std::unique_ptr<hts_idx_t, Close> csi(bcf_index_load((folder_ / "x.bcf").c_str()));
    EXPECT_TRUE(csi);
}

TEST_F(VariantFiles, AnIndexThatCannotBeWrittenIsAStorageError) {
    EXPECT_THROW(write_tbi(folder_ / "none.vcf.gz"), StorageError);
    EXPECT_THROW(write_csi(folder_ / "none.bcf"), StorageError);
}

TEST(Bgzf, PiecesJoinToTheSameBytes) {
    std::string bytes;
    for (std::uint32_t i = 0, state = 1; i < 3 * bgzf_block_input + 1000; ++i) {
        state = state * 1664525U + 1013904223U;
        bytes += static_cast<char>(i < bgzf_block_input
                                       ? state >> 24
                                       : 'a' + (state >> 30)); // the first block does not compress
    }
    const auto whole = bgzf_blocks(bytes, 6);
    auto joined = bgzf_blocks(std::string_view(bytes).substr(0, 2 * bgzf_block_input), 6);
    const auto rest = bgzf_blocks(std::string_view(bytes).substr(2 * bgzf_block_input), 6);
    joined.insert(joined.end(), rest.begin(), rest.end());
    EXPECT_EQ(whole, joined);
    EXPECT_TRUE(bgzf_blocks("", 6).empty());
    EXPECT_EQ(bgzf_end_of_file().size(), 28U);
}

TEST(Bgzf, HtslibReadsWhatWasWritten) {
    std::string bytes;
    for (int i = 0; i < 100'000; ++i)
        bytes += static_cast<char>('a' + i * 7919 % 26);
    const auto path = std::filesystem::path(::testing::TempDir()) /
                      ("salus_bgzf_writer-" + std::to_string(::getpid()) + ".gz");
    for (const int level : {1, 6, 12}) {
        write_file_atomically(path, std::string(as_text(bgzf_blocks(bytes, level))) +
                                        std::string(bgzf_end_of_file()));
        BGZF* file = bgzf_open(path.c_str(), "r");
        ASSERT_NE(file, nullptr);
        EXPECT_EQ(bgzf_check_EOF(file), 1);
        std::string read(bytes.size() + 1, '\0');
        EXPECT_EQ(bgzf_read(file, read.data(), read.size()), static_cast<ssize_t>(bytes.size()));
        read.resize(bytes.size());
        EXPECT_EQ(read, bytes);
        bgzf_close(file);
    }
    std::filesystem::remove(path);
}

TEST(VcfHeader, NamesEverythingThatRowsUse) {
    const std::string text = vcf_header_text(header_of_four());
    EXPECT_THAT(text, StartsWith("##fileformat=VCFv4.2\n##source=test\n"));
    for (const char* part : {"##FILTER=<ID=LowQual,", "##INFO=<ID=AC,Number=A", "##FORMAT=<ID=GT,",
                             "##contig=<ID=chrX,length=2000", "\tFORMAT\ta\tb\tc\td\n"})
        EXPECT_THAT(text, HasSubstr(part));
}

} // namespace
} // namespace salus
