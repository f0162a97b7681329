#include "base/current_error.hpp"
#include "base/date.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/random.hpp"
#include "base/temporaries.hpp"
#include "base/text.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>

namespace salus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Text, NumbersAreShortAndRoundTrip) {
    EXPECT_EQ(text(0.1, " ", 0.9, " ", 1e-300, " ", 42, " ", true), "0.1 0.9 1e-300 42 true");
    EXPECT_EQ(text(std::numeric_limits<double>::quiet_NaN()), "NA");
    EXPECT_EQ(fixed(3.14159, 2), "3.14");
    EXPECT_EQ(with_thousands(0), "0");
    EXPECT_EQ(with_thousands(999), "999");
    EXPECT_EQ(with_thousands(1234567), "1,234,567");
    EXPECT_EQ(human_bytes(1536), "1.5 KiB");
    EXPECT_EQ(human_seconds(75), "1 min 15 s");
    EXPECT_EQ(human_seconds(7260), "2 h 1 min");
}

TEST(Text, ParsesWholeTextsOnly) {
    EXPECT_EQ(parse_double("1.5e3"), 1500.0);
    EXPECT_EQ(parse_double("+2"), 2.0);
    EXPECT_EQ(parse_double("1,5"), std::nullopt);
    EXPECT_EQ(parse_double("1.5x"), std::nullopt);
    EXPECT_EQ(parse_double(""), std::nullopt);
    EXPECT_EQ(parse_integer("-7"), -7);
    EXPECT_EQ(parse_integer("7.0"), std::nullopt);
    EXPECT_EQ(parse_integer("99999999999999999999"), std::nullopt);
}

TEST(Text, NearestFindsTypingErrors) {
    const std::vector<std::string> names{"call_rate_min", "hwe_p_min", "seed"};
    EXPECT_EQ(nearest("call_rate_mn", names), "call_rate_min");
    EXPECT_EQ(nearest("HWE_P_MIN", names), "hwe_p_min");
    EXPECT_EQ(nearest("zebra_crossing", names), std::nullopt);
    const std::vector<std::string> words{"run", "ld"};
    EXPECT_EQ(nearest("rn", words), "run");
    EXPECT_EQ(nearest("man", words), std::nullopt);
    EXPECT_EQ(nearest("l", words), "ld");
    EXPECT_EQ(nearest("dl", words), "ld");
    EXPECT_EQ(nearest("rnu", words), "run");
    EXPECT_EQ(nearest("", words), std::nullopt);
}

TEST(Text, Utf8) {
    EXPECT_TRUE(is_utf8("Größe"));
    EXPECT_FALSE(is_utf8("Gr\xF6\xDF"
                         "e"));
    EXPECT_FALSE(is_utf8("\xC0\xAF"));     // overlong
    EXPECT_FALSE(is_utf8("\xED\xA0\x80")); // surrogate
    EXPECT_FALSE(is_utf8("\xE2\x82"));     // cut
}

TEST(Text, SplitsAndQuotes) {
    EXPECT_THAT(split("a,,b", ','), ElementsAre("a", "", "b"));
    EXPECT_THAT(split("", ','), ElementsAre(""));
    EXPECT_EQ(trim(" \t x y \r\n"), "x y");
    EXPECT_EQ(json_quote("a\"b\\\n\x01"), "\"a\\\"b\\\\\\n\\u0001\"");
    EXPECT_EQ(json_quote("\xc3\xa9"), "\"\xc3\xa9\"");
    EXPECT_EQ(json_quote("a\xe9"), "\"a\\u00e9\""); // not UTF-8
    EXPECT_EQ(html_escape("<a href='x'>&"), "&lt;a href=&#39;x&#39;&gt;&amp;");
}

// Known answers of the Random123 distribution (kat_vectors, philox4x32 10).
TEST(Random, PhiloxKnownAnswers) {
    EXPECT_THAT(philox({0, 0, 0, 0}, {0, 0}),
                ElementsAre(0x6627e8d5U, 0xe169c58dU, 0xbc57ac4cU, 0x9b00dbd8U));
    EXPECT_THAT(philox({~0U, ~0U, ~0U, ~0U}, {~0U, ~0U}),
                ElementsAre(0x408f276dU, 0x41c83b0eU, 0xa20bc7c6U, 0x6d5451fdU));
    EXPECT_THAT(
        philox({0x243f6a88U, 0x85a308d3U, 0x13198a2eU, 0x03707344U}, {0xa4093822U, 0x299f31d0U}),
        ElementsAre(0xd16cfe09U, 0x94fdccebU, 0x5001e420U, 0x24126ea1U));
}

TEST(Random, StreamsAreReproducibleAndDistinct) {
    Rng a(1, "mosaic", 7), b(1, "mosaic", 7), c(1, "mosaic", 8), d(2, "mosaic", 7),
        e(1, "noise", 7);
    const std::uint64_t first = a.next64();
    EXPECT_EQ(first, b.next64());
    EXPECT_NE(first, c.next64());
    EXPECT_NE(first, d.next64());
    EXPECT_NE(first, e.next64());
}

TEST(Random, NormalMomentsAndQuantiles) {
    Rng rng(3, "moments", 0);
    double sum = 0, squares = 0;
    constexpr int n = 200000;
    for (int i = 0; i < n; ++i) {
        const double x = rng.normal();
        sum += x;
        squares += x * x;
    }
    EXPECT_NEAR(sum / n, 0, 5 / std::sqrt(n)); // 5 standard errors
    EXPECT_NEAR(squares / n, 1, 5 * std::sqrt(2.0 / n));
    // R: qnorm(c(0.975, 1e-10, 0.3), ) with digits = 17
    EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-14);
    EXPECT_NEAR(normal_quantile(1e-10), -6.361340902404056, 1e-13);
    EXPECT_NEAR(normal_quantile(0.3), -0.5244005127080407, 1e-15);
    for (int i = 0; i < 1000; ++i)
        EXPECT_LT(rng.below(7), 7U);
}

TEST(Hash, Sha256OfKnownTexts) { // FIPS 180-4 examples
    EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_NE(hash64("a"), hash64("b"));
    EXPECT_NE(hash64("a", 1), hash64("a", 2));
    EXPECT_NE(hash64(std::string_view("\0", 1)), hash64(std::string_view("\0\0", 2)));
    EXPECT_EQ(crc32(std::as_bytes(std::span("123456789", 9))), 0xCBF43926U);
}

TEST(Date, ParsesTheDaysThatTheCalendarHas) {
    using namespace std::chrono;
    for (int y = 1798; y < 2203; ++y)
        for (unsigned m = 0; m < 14; ++m)
            for (unsigned d = 0; d < 33; ++d) {
                char written[11];
                std::snprintf(written, sizeof written, "%04d-%02u-%02u", y, m, d);
                const year_month_day date{year{y}, month{m}, day{d}};
                const auto parsed = parse_date(written);
                ASSERT_EQ(parsed.has_value(), date.ok()) << written;
                if (parsed) {
                    ASSERT_EQ(*parsed, sys_days{date}.time_since_epoch().count()) << written;
                }
            }
}

TEST(Date, CalendarDatesOnly) {
    EXPECT_EQ(parse_date("1970-01-01"), 0);
    EXPECT_EQ(parse_date("2024-02-29"), 19782);
    EXPECT_EQ(parse_date("2023-02-29"), std::nullopt);
    EXPECT_EQ(parse_date("2023-13-01"), std::nullopt);
    EXPECT_EQ(parse_date("2020-01-01T10:00:00"), 18262);
    EXPECT_EQ(parse_date("2020-01-01x"), std::nullopt);
    EXPECT_EQ(parse_date("01/02/2020"), std::nullopt);
    EXPECT_EQ(format_date(19782), "2024-02-29");
    EXPECT_EQ(format_date(-1), "1969-12-31");
    for (Day day = -40000; day < 40000; day += 13)
        EXPECT_EQ(parse_date(format_date(day)), day);
}

class Files : public ::testing::Test {
protected:
    void SetUp() override {
        folder = std::filesystem::temp_directory_path() /
                 (std::string("salus_files_") +
                  ::testing::UnitTest::GetInstance()->current_test_info()->name());
        std::filesystem::remove_all(folder);
        std::filesystem::create_directories(folder);
    }
    void TearDown() override { std::filesystem::remove_all(folder); }
    std::size_t entries() const {
        std::size_t n = 0;
        for ([[maybe_unused]] const auto& e : std::filesystem::directory_iterator(folder))
            ++n;
        return n;
    }
    std::filesystem::path folder;
};

TEST_F(Files, AtomicFileAppearsWholeOrNotAtAll) {
    {
        AtomicFile file(folder / "a");
        file.write("half");
        EXPECT_FALSE(std::filesystem::exists(folder / "a"));
    }
    EXPECT_EQ(entries(), 0U);
    write_file_atomically(folder / "a", "whole");
    EXPECT_EQ(read_text_file(folder / "a"), "whole");
    EXPECT_EQ(entries(), 1U);
}

TEST_F(Files, TemporariesOfKilledRunsAreRemovedAndNothingElse) {
    for (const char* name : {"a.toml.tmp-12", "b.tmp-", "c.tmp-1x", "tmp-5", "d.tmp-3.h5"})
        std::ofstream(folder / name) << "x";
    std::filesystem::create_directories(folder / "store.tmp-7" / "blocks");
    remove_temporaries(folder);
    EXPECT_FALSE(std::filesystem::exists(folder / "a.toml.tmp-12"));
    EXPECT_FALSE(std::filesystem::exists(folder / "store.tmp-7"));
    EXPECT_EQ(entries(), 4U);
    remove_temporaries(folder / "absent");
}

TEST_F(Files, ErrorsNameThePath) {
    try {
        static_cast<void>(read_text_file(folder / "absent"));
        FAIL();
    } catch (const DataError& error) {
        EXPECT_THAT(error.what(), HasSubstr("absent"));
        EXPECT_EQ(error.exit_code(), 3);
    }
    EXPECT_THROW(write_file_atomically(folder / "no" / "such", "x"), StorageError);
    EXPECT_THROW(InputFile(folder.string()), DataError);
    std::ofstream(folder / "short") << "abc";
    const InputFile file(folder / "short");
    std::vector<std::byte> buffer(5);
    EXPECT_THROW(file.read_at(0, buffer), DataError);
}

TEST_F(Files, RefusedPathsSayWhoseTheyAre) {
    const auto help = [](std::string_view action) {
        try {
            throw_storage_error(EACCES, action, "x");
        } catch (const StorageError& error) {
            return error.problems().front().help;
        }
    };
    EXPECT_THAT(help("open"), HasSubstr("read it"));
    EXPECT_THAT(help("create"), HasSubstr("that you may write"));
}

TEST(Errors, OfTheStandardLibraryBecomeOurs) {
    const auto kind = [](const auto& thrown) {
        try {
            throw thrown;
        } catch (...) {
            return current_error().kind();
        }
    };
    const std::filesystem::filesystem_error refused(
        "status", "/closed/file", std::make_error_code(std::errc::permission_denied));
    EXPECT_EQ(kind(refused), ErrorKind::storage);
    EXPECT_EQ(kind(std::bad_alloc()), ErrorKind::memory);
    EXPECT_EQ(kind(std::logic_error("x")), ErrorKind::internal);
    EXPECT_EQ(kind(DataError({.what = "x"})), ErrorKind::data);
    try {
        throw refused;
    } catch (...) {
        EXPECT_EQ(current_error().problems().front().where, "/closed/file");
    }
}

TEST_F(Files, FullDiskIsAStorageError) {
    if (!std::filesystem::exists("/dev/full")) GTEST_SKIP();
    try {
        append_line("/dev/full", "x");
        FAIL();
    } catch (const StorageError& error) {
        EXPECT_THAT(error.what(), HasSubstr("No space left"));
        EXPECT_THAT(error.what(), HasSubstr("resumes"));
    }
}

TEST_F(Files, LineAfterATornOneIsALineOfItsOwn) {
    append_line(folder / "journal", "first");
    std::ofstream(folder / "journal", std::ios::app) << "sec"; // killed in the middle
    append_line(folder / "journal", "third");
    append_line(folder / "journal", "fourth");
    EXPECT_EQ(read_text_file(folder / "journal"), "first\nsec\nthird\nfourth\n");
}

TEST_F(Files, SecondLockIsRefused) {
    const FolderLock first(folder, "job 1");
    try {
        const FolderLock second(folder, "job 2");
        FAIL();
    } catch (const OwnershipError& error) {
        EXPECT_THAT(error.what(), HasSubstr("job 1"));
        EXPECT_EQ(error.exit_code(), 4);
    }
}

TEST(Errors, TextsOfFilesAreShortAndPrintable) {
    const auto said = [](std::string what) { return DataError({.what = std::move(what)}); };
    const DataError raw =
        said(text("there is no variant \"", std::string("a\0\x1b\xff\n", 5), "\""));
    EXPECT_STREQ(raw.what(), "there is no variant \"a\\x00\\x1B\\xFF\n\"");
    EXPECT_EQ(raw.problems()[0].what, raw.what());
    const std::string line(5000, 'x'), kept = std::string(57, 'x') + "...";
    EXPECT_EQ(said(text("no \"", line, "\" and '", line, "', only \"y\"")).problems()[0].what,
              text("no \"", kept, "\" and '", kept, "', only \"y\""));
    // Characters stay whole; words with an apostrophe and what is not quoted stay as they are.
    std::string umlauts;
    for (int i = 0; i < 40; ++i)
        umlauts += "\u00fc";
    EXPECT_EQ(said(text("'", umlauts, "'")).problems()[0].what,
              text("'", umlauts.substr(0, 56), "...'"));
    const std::string prose = text("the file's path ", std::string(200, 'p'), " isn't here");
    EXPECT_EQ(said(prose).problems()[0].what, prose);
}

TEST(Errors, RenderAllParts) {
    DataError error({.what = "dosage 2.31 is outside [0, 2]",
                     .where = "x.vcf, line 3",
                     .why = "rule",
                     .help = "fix"});
    error.add("while reading part 17");
    EXPECT_EQ(std::string(error.what()), "dosage 2.31 is outside [0, 2]\n  where: x.vcf, line 3\n  "
                                         "why:   rule\n  help:  fix\n  while reading part 17");
    EXPECT_THROW(SALUS_ASSERT(1 == 2), InternalError);
    for (const ErrorKind kind :
         {ErrorKind::usage, ErrorKind::data, ErrorKind::storage, ErrorKind::interrupted}) {
        try {
            throw_error(kind, {{.what = "x"}});
        } catch (const Error& thrown) {
            EXPECT_EQ(thrown.kind(), kind);
        }
    }
}

} // namespace
} // namespace salus
