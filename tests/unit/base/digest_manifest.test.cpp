#include "base/digest_manifest.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace salus {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class DigestManifestTest : public testing::Test {
protected:
    DigestManifestTest()
        : folder_(fs::temp_directory_path() / ("salus-digest-" + std::to_string(::getpid()))) {
        fs::remove_all(folder_);
        fs::create_directories(folder_ / "moved");
    }
    ~DigestManifestTest() override { fs::remove_all(folder_); }
    fs::path write(const std::string& name, const std::string& bytes) const {
        std::ofstream(folder_ / name, std::ios::binary) << bytes;
        return folder_ / name;
    }
    fs::path folder_;
};

// The digest that `printf abc | sha256sum` prints (FIPS 180-2, appendix B.1).
const std::string of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST_F(DigestManifestTest, AcceptsTheFileAndRefusesAFlippedBit) {
    const fs::path file = write("a.bed", "abc");
    const auto manifest = read_digest_manifest(write("m.sha256", manifest_line(of_abc, "a.bed")));
    verify_digest(manifest, file);
    write("a.bed", "abb");
    try {
        verify_digest(manifest, file);
        FAIL();
    } catch (const IntegrityError& error) {
        EXPECT_THAT(error.what(),
                    testing::AllOf(HasSubstr("a.bed"), HasSubstr(of_abc), HasSubstr("damaged")));
    }
    EXPECT_THROW(verify_digest(manifest, write("b.bed", "abc")), DataError);
}

TEST_F(DigestManifestTest, FindsFilesThatWereMovedUnlessTheirNameIsAmbiguous) {
    const std::string other = sha256("x");
    const auto one = read_digest_manifest(write("m", manifest_line(of_abc, "gone/a.bed")));
    EXPECT_NE(one.find(folder_ / "moved/a.bed"), nullptr);
    const auto two = read_digest_manifest(
        write("m", manifest_line(of_abc, "gone/a.bed") + manifest_line(other, "moved/a.bed")));
    ASSERT_NE(two.find(folder_ / "moved/a.bed"), nullptr); // by its path
    EXPECT_EQ(two.find(folder_ / "moved/a.bed")->sha256, other);
    EXPECT_EQ(two.find(folder_ / "elsewhere/a.bed"), nullptr);
}

TEST_F(DigestManifestTest, ReadsWhatSha256sumWrites) {
    const auto manifest = read_digest_manifest(
        write("m", of_abc + " *binary.bed\n\\" + of_abc + "  a\\nb\\\\c\n\n" + of_abc + "  last"));
    ASSERT_EQ(manifest.entries.size(), 3U);
    EXPECT_EQ(manifest.entries[0].path, "binary.bed");
    EXPECT_EQ(manifest.entries[1].path, "a\nb\\c");
    EXPECT_EQ(manifest_line(of_abc, "a\nb\\c"), "\\" + of_abc + "  a\\nb\\\\c\n");
    EXPECT_EQ(manifest.entries[2].path, "last");
    for (const char* bad : {"abc  a", "zz", "MD5 (a) = 0"})
        EXPECT_THROW(read_digest_manifest(write("m", bad)), DataError);
}

TEST_F(DigestManifestTest, CompanionsThatExist) {
    const fs::path bed = write("a.bed", ""), bgen = write("a.bgen", "");
    EXPECT_THAT(companions_of(bed), testing::IsEmpty());
    write("a.bim", "");
    write("a.fam", "");
    write("a.sample", "");
    EXPECT_THAT(companions_of(bed), testing::ElementsAre(folder_ / "a.bim", folder_ / "a.fam"));
    EXPECT_THAT(companions_of(bgen), testing::ElementsAre(folder_ / "a.sample"));
}

} // namespace
} // namespace salus
