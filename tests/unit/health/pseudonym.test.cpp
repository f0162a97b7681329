#include "health/pseudonym.hpp"

#include "base/error.hpp"
#include "base/hmac.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace salus {
namespace {

using ::testing::HasSubstr;

TEST(Hmac, PublishedExamples) {
    // RFC 4231, test cases 1 and 2
    const auto hex = [](const std::array<std::uint8_t, 32>& digest) {
        std::string out;
        for (const std::uint8_t b : digest)
            for (const int nibble : {b >> 4, b & 15})
                out += "0123456789abcdef"[nibble];
        return out;
    };
    EXPECT_EQ(hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(SipHash, PublishedExamples) {
    // vectors of the reference implementation: key 00 01 .. 0f, input 00 01 .. (n - 1)
    const SipKey key{0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};
    std::string input;
    for (char c = 0; c < 15; ++c)
        input += c;
    EXPECT_EQ(siphash24(key, ""), 0x726fdb47dd0e0e31ULL);
    EXPECT_EQ(siphash24(key, input.substr(0, 8)), 0x93f5f5799a932462ULL);
    EXPECT_EQ(siphash24(key, input), 0xa129ca6149be45e5ULL);
}

TEST(Pseudonyms, DependOnTheKeyAndTellNothing) {
    const Pseudonyms one("0123456789abcdef"), two("0123456789abcdeg"), none;
    EXPECT_EQ(one.of("4711"), one.of("4711"));
    EXPECT_NE(one.of("4711"), one.of("4712"));
    EXPECT_NE(one.of("4711"), two.of("4711"));
    EXPECT_NE(one.of("4711"), none.of("4711"));
    EXPECT_NE(one.key_mark(), two.key_mark());
    EXPECT_EQ(none.key_mark(), "none");
    EXPECT_EQ(one.record("Condition/1") >> 63, 0u);
    EXPECT_NE(one.record("Condition/1"), two.record("Condition/1"));
}

TEST(Shards, AreRangesOfPseudonyms) {
    const std::uint64_t top = ~std::uint64_t{0};
    EXPECT_EQ(shard_of({top, 0}, 1), 0u);
    EXPECT_EQ(shard_of({0, top}, 4096), 0u);
    EXPECT_EQ(shard_of({top, 0}, 4096), 4095u);
    std::uint64_t before = 0;
    for (std::uint64_t i = 0; i < 1000; ++i) {
        const std::uint64_t shard = shard_of({i * (top / 1000), 0}, 7);
        EXPECT_GE(shard, before);
        before = shard;
    }
    EXPECT_EQ(before, 6u);
}

class PseudonymKey : public ::testing::Test {
protected:
    void SetUp() override {
        path_ = std::filesystem::temp_directory_path() /
                ("salus-pseudonym-key-" + std::to_string(::getpid()));
    }
    void TearDown() override { std::filesystem::remove(path_); }
    void write(std::string_view key, std::filesystem::perms mode) const {
        std::filesystem::remove(path_);
        std::ofstream(path_, std::ios::binary) << key;
        std::filesystem::permissions(path_, mode);
    }
    std::string error(const std::string& from) const {
        try {
            read_pseudonym_key(from);
        } catch (const UsageError& e) {
            return e.what();
        }
        return "no error";
    }
    std::filesystem::path path_;
    static constexpr auto mode_0600 =
        std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;
};

TEST_F(PseudonymKey, IsReadFromAPrivateFileOrADescriptor) {
    write("0123456789abcdef\n", mode_0600);
    EXPECT_EQ(read_pseudonym_key(path_.string()), "0123456789abcdef");
    const int descriptor = ::open(path_.c_str(), O_RDONLY);
    EXPECT_EQ(read_pseudonym_key("fd:" + std::to_string(descriptor)), "0123456789abcdef");
    ::close(descriptor);
}

TEST_F(PseudonymKey, IsRefusedIfOthersCanReadIt) {
    write("0123456789abcdef", mode_0600 | std::filesystem::perms::group_read);
    EXPECT_THAT(error(path_.string()), HasSubstr("open to others"));
    write("0123456789abcdef", mode_0600 | std::filesystem::perms::others_read);
    const std::string text = error(path_.string());
    EXPECT_THAT(text, HasSubstr("open to others"));
    EXPECT_THAT(text, Not(HasSubstr("0123456789")));
}

TEST_F(PseudonymKey, MustBeThereAndLongEnough) {
    EXPECT_THAT(error("/no/such/file"), HasSubstr("cannot open"));
    EXPECT_THAT(error("fd:x"), HasSubstr("not a file descriptor"));
    write("short", mode_0600);
    EXPECT_THAT(error(path_.string()), HasSubstr("too short"));
    write(std::string(5000, 'k'), mode_0600);
    EXPECT_THAT(error(path_.string()), HasSubstr("too long"));
    EXPECT_THAT(error(path_.parent_path().string()), HasSubstr("not a file"));
}

} // namespace
} // namespace salus
