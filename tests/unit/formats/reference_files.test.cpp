// Files of others, where ../shared/data is present: the test corpus of the VCF specification and
// 1000 Genomes.
#include "base/error.hpp"
#include "formats/byte_stream.hpp"
#include "support/reference_data.hpp"
#include "support/variant_files.hpp"

#include <gtest/gtest.h>

#include <map>

namespace salus {
namespace {

using reference::genomes;

/// Verdict on a file: the message of the refusal, or nothing.
std::string refusal(const std::filesystem::path& path) {
    try {
        test::read_all(path);
    } catch (const DataError& error) {
        EXPECT_FALSE(error.problems().empty());
        EXPECT_NE(error.problems().front().where.find(path.filename().string()), std::string::npos)
            << path;
        return error.problems().front().what;
    }
    return {};
}

TEST(ReferenceFiles, CorpusOfTheSpecification) {
    if (!std::filesystem::exists(genomes / "vcf_spec_corpus"))
        GTEST_SKIP() << "reference data are absent";
    // Valid files that we refuse on purpose, and how many there are: genotypes of nobody; more than
    // two alleles; an allele that the site does not have; records that are not sorted.
    const std::map<std::string, int> on_purpose{
        {"the file holds no samples", 28},
        {"a GT value has more than two alleles", 6},
        {"a GT value names an allele that the site does not have", 3},
        {"a chromosome comes back after another one", 3},
        {"positions are not sorted", 1}};
    std::map<std::string, int> reasons;
    int valid = 0, accepted = 0, invalid = 0, refused = 0;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(genomes / "vcf_spec_corpus")) {
        if (entry.path().extension() != ".vcf") continue;
        const std::string kind = entry.path().parent_path().filename().string(),
                          why = refusal(entry.path());
        if (kind == "failed") {
            ++invalid;
            refused += why.empty() ? 0 : 1;
        } else if (kind == "passed") {
            ++valid;
            accepted += why.empty() ? 1 : 0;

            if (!why.empty()) ++reasons[why];
        }
    }
    RecordProperty("valid_accepted", accepted);
    RecordProperty("invalid_refused", refused);
    EXPECT_EQ(valid, 76);
    EXPECT_EQ(accepted, 35);
    EXPECT_EQ(reasons, on_purpose);
    EXPECT_GE(refused, 400);
    EXPECT_EQ(invalid, 607);
}

TEST(ReferenceFiles, ThousandGenomesVcfEqualsBcf) {
    const std::filesystem::path folder = genomes / "pgen_1kg_chr21";
    if (!std::filesystem::exists(folder)) GTEST_SKIP() << "reference data are absent";
    const test::ScratchFolder scratch("kg");
    ByteStream gzip(folder / "1kg_phase3_chr21_start.vcf.gz");
    std::string vcf;
    std::vector<char> buffer(1 << 20);
    for (std::size_t got; (got = gzip.read(buffer)) > 0;)
        vcf.append(buffer.data(), got);
    const auto expected = test::read_all(scratch.write("kg.vcf", vcf), {.info = {"AC"}});
    EXPECT_EQ(expected.size(), 600U);
    EXPECT_EQ(test::read_all(scratch.write("kg.vcf.gz", test::bgzf(vcf, 65'280)), {.info = {"AC"}}),
              expected);
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".bcf") {
            EXPECT_EQ(test::read_all(entry.path(), {.info = {"AC"}}), expected);
        }
    // INFO/AC of the file counts the ALT copies that we read.
    for (const std::string& line : expected) {
        const std::size_t calls = line.find("PASS ") + 5, info = line.rfind(' ');
        std::int64_t copies = 0;
        for (const char c : line.substr(calls, info - calls))
            copies += c == '1' ? 1 : c == '2' ? 2 : 0;
        EXPECT_EQ(std::to_string(copies), line.substr(info + 1)) << line.substr(0, 60);
    }
}

} // namespace
} // namespace salus
