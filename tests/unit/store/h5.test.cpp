#include "store/h5.hpp"

#include "base/error.hpp"
#include "base/hash.hpp"

#include <gmock/gmock.h>

#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace salus {
namespace {

using ::testing::ElementsAre;

class H5 : public ::testing::Test {
protected:
    void SetUp() override {
        folder = std::filesystem::temp_directory_path() /
                 (std::string("salus_h5_") +
                  ::testing::UnitTest::GetInstance()->current_test_info()->name());
        std::filesystem::remove_all(folder);
        std::filesystem::create_directories(folder);
    }
    void TearDown() override { std::filesystem::remove_all(folder); }
    std::filesystem::path folder;
};

TableSpec example_spec() {
    return {.name = "traits/ldl",
            .row = "variant",
            .doc = "An example.",
            .columns = {{"beta", ColumnType::f64, "mg/dL", "Effect per ALT copy."},
                        {"n", ColumnType::u32, "samples", "Samples."},
                        {"alt", ColumnType::text, "", "ALT allele."}}};
}

TableData example(std::size_t rows) {
    TableData table(example_spec());
    for (std::size_t i = 0; i < rows; ++i) {
        table.column<double>("beta").push_back(i % 7 == 3 ? NAN : 0.5 * static_cast<double>(i));
        table.column<std::uint32_t>("n").push_back(static_cast<std::uint32_t>(i));
        table.column<std::string>("alt").push_back(std::string(1 + i % 5, 'A'));
    }
    return table;
}

void write_example(const std::filesystem::path& path, std::size_t rows) {
    H5File file = H5File::create(path);
    file.write(example(rows));
    file.attribute("/provenance", "program", "salus");
    file.attribute("/", "samples", std::int64_t{12});
    file.attribute("/", "lambda", 1.25);
    file.close();
}

TEST_F(H5, TableReadsBackAsWritten) {
    for (const std::size_t rows : {std::size_t{0}, std::size_t{1}, std::size_t{70000}}) {
        write_example(folder / "a.h5", rows);
        const H5File file = H5File::open(folder / "a.h5");
        EXPECT_EQ(file.rows("traits/ldl"), rows);
        const TableData table = file.read("traits/ldl");
        const TableData expected = example(rows);
        EXPECT_EQ(table.column<std::uint32_t>("n"), expected.column<std::uint32_t>("n"));
        EXPECT_EQ(table.column<std::string>("alt"), expected.column<std::string>("alt"));
        ASSERT_EQ(table.column<double>("beta").size(), rows);
        if (rows > 3) {
            EXPECT_TRUE(std::isnan(table.column<double>("beta")[3]));
            EXPECT_EQ(table.column<double>("beta")[4], 2.0);
        }
    }
}

TEST_F(H5, KeepsUnitsAttributesAndOrder) {
    write_example(folder / "a.h5", 3);
    const H5File file = H5File::open(folder / "a.h5");
    const TableSpec spec = file.table_spec("traits/ldl");
    EXPECT_EQ(spec.row, "variant");
    ASSERT_EQ(spec.columns.size(), 3U);
    EXPECT_EQ(spec.columns[0].unit, "mg/dL");
    EXPECT_EQ(spec.columns[2].name, "alt");
    EXPECT_EQ(spec.columns[2].type, ColumnType::text);
    EXPECT_EQ(file.text_attribute("/provenance", "program"), "salus");
    EXPECT_EQ(file.integer_attribute("/", "samples"), 12);
    EXPECT_EQ(file.number_attribute("/", "lambda"), 1.25);
    EXPECT_EQ(file.text_attribute("/", "absent"), std::nullopt);
    EXPECT_THAT(file.tables(), ElementsAre("traits/ldl"));
}

TEST_F(H5, EqualContentIsEqualBytes) {
    write_example(folder / "a.h5", 1000);
    write_example(folder / "b.h5", 1000);
    EXPECT_EQ(sha256_file(folder / "a.h5"), sha256_file(folder / "b.h5"));
}

TEST_F(H5, PiecewiseEqualsAtOnce) {
    write_example(folder / "a.h5", 70001);
    const TableData all = example(70001);
    H5File file = H5File::create(folder / "b.h5");
    H5File::TableWriter writer = file.begin_table(example_spec(), 70001, {{"alt", 5}});
    for (std::size_t begin = 0; begin < 70001; begin += 999) {
        TableData piece(example_spec());
        const std::size_t end = std::min<std::size_t>(70001, begin + 999);
        for (std::size_t i = begin; i < end; ++i) {
            piece.column<double>("beta").push_back(all.column<double>("beta")[i]);
            piece.column<std::uint32_t>("n").push_back(all.column<std::uint32_t>("n")[i]);
            piece.column<std::string>("alt").push_back(all.column<std::string>("alt")[i]);
        }
        writer.append(piece);
    }
    writer.close();
    file.attribute("/provenance", "program", "salus");
    file.attribute("/", "samples", std::int64_t{12});
    file.attribute("/", "lambda", 1.25);
    file.close();
    EXPECT_EQ(sha256_file(folder / "a.h5"), sha256_file(folder / "b.h5"));
}

TEST_F(H5, ChunksCopiedFromPartsEqualRowsWritten) {
    const TableData all = example(65536 * 2 + 100);
    H5File joined = H5File::create(folder / "joined.h5");
    H5File::TableWriter writer = joined.begin_table(example_spec(), all.rows(), {{"alt", 5}});
    for (const std::size_t begin : {std::size_t{0}, std::size_t{65536}, std::size_t{65536 * 2}}) {
        const std::size_t end = std::min<std::size_t>(all.rows(), begin + 65536);
        TableData piece(example_spec());
        for (std::size_t i = begin; i < end; ++i) {
            piece.column<double>("beta").push_back(all.column<double>("beta")[i]);
            piece.column<std::uint32_t>("n").push_back(all.column<std::uint32_t>("n")[i]);
            piece.column<std::string>("alt").push_back(all.column<std::string>("alt")[i]);
        }
        if (begin == 0) piece.column<std::string>("alt")[0] = "A";
        H5File part = H5File::create(folder / "part.h5");
        H5File::TableWriter narrow =
            part.begin_table(example_spec(), piece.rows(), {{"alt", begin == 0 ? 7 : 5}});
        narrow.append(piece);
        narrow.close();
        part.close();
        writer.append(H5File::open(folder / "part.h5"));
    }
    writer.close();
    joined.close();
    const TableData read = H5File::open(folder / "joined.h5").read("traits/ldl");
    EXPECT_EQ(read.column<std::uint32_t>("n"), all.column<std::uint32_t>("n"));
    EXPECT_EQ(read.column<std::string>("alt"), all.column<std::string>("alt"));
    for (std::size_t i = 0; i < all.rows(); ++i) {
        const double got = read.column<double>("beta")[i], wanted = all.column<double>("beta")[i];
        ASSERT_TRUE(got == wanted || (std::isnan(got) && std::isnan(wanted))) << i;
    }
}

TEST_F(H5, ArraysAndSlices) {
    const std::vector<std::int64_t> values{1, 2, 3, 4, 5, 6};
    H5File file = H5File::create(folder / "a.h5");
    file.write_array<std::int64_t>("x/y", values, {3, 2});
    file.write_array<std::int64_t>("plain", values, {}, Compression::none);
    file.write_array<std::int64_t>("empty", {});
    file.close();
    const H5File in = H5File::open(folder / "a.h5");
    EXPECT_THAT(in.shape("x/y"), ElementsAre(3U, 2U));
    EXPECT_EQ(in.read_array<std::int64_t>("plain"), values);
    EXPECT_THAT(in.read_rows<std::int64_t>("x/y", 1, 2), ElementsAre(3, 4, 5, 6));
    EXPECT_TRUE(in.read_array<std::int64_t>("empty").empty());
    EXPECT_THROW(in.read_rows<std::int64_t>("x/y", 2, 2), DataError);
    EXPECT_THROW(in.read_array<float>("plain"), DataError);
    EXPECT_THROW(in.read_array<float>("absent"), DataError);
}

TEST_F(H5, TheLibraryReadsOurChunks) {
    // As 64-bit numbers they come through HDF5 and its filters, as 32-bit ones through our own.
    for (const std::size_t rows : {std::size_t{1}, std::size_t{65536}, std::size_t{140000}}) {
        write_example(folder / "a.h5", rows);
        const H5File file = H5File::open(folder / "a.h5");
        const auto ours = file.read_array<std::uint32_t>("traits/ldl/n");
        const auto library = file.read_array<std::uint64_t>("traits/ldl/n");
        EXPECT_EQ(std::vector<std::uint64_t>(ours.begin(), ours.end()), library);
        for (std::size_t i = 0; i < rows; ++i)
            ASSERT_EQ(ours[i], i);
    }
}

TEST_F(H5, PagesOfAnyLengthEqualTheWhole) {
    write_example(folder / "a.h5", 140000);
    const H5File file = H5File::open(folder / "a.h5");
    const TableData whole = file.read("traits/ldl");
    std::vector<double> n;
    std::vector<std::string> alt;
    for (std::uint64_t begin = 0; begin < 140000; begin += 9973) {
        const TableData page =
            file.read_rows("traits/ldl", begin, std::min<std::uint64_t>(9973, 140000 - begin));
        const auto& numbers = page.column<std::uint32_t>("n");
        const auto& texts = page.column<std::string>("alt");
        n.insert(n.end(), numbers.begin(), numbers.end());
        alt.insert(alt.end(), texts.begin(), texts.end());
    }
    EXPECT_TRUE(std::equal(n.begin(), n.end(), whole.column<std::uint32_t>("n").begin()));
    EXPECT_EQ(alt, whole.column<std::string>("alt"));
    EXPECT_EQ(file.read_rows("traits/ldl", 5, 1).column<std::uint32_t>("n")[0], 5u);
}

TEST_F(H5, EveryFlippedByteOfATableIsNoticedOrHarmless) {
    write_example(folder / "a.h5", 500);
    std::ifstream in(folder / "a.h5", std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    const TableData expected = example(500);
    std::size_t silent = 0;
    for (std::size_t at = 0; at < bytes.size(); at += 37) {
        std::string damaged = bytes;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
        std::ofstream(folder / "d.h5", std::ios::binary) << damaged;
        try {
            const H5File file = H5File::open(folder / "d.h5");
            const TableData table = file.read("traits/ldl");
            const bool same =
                table.column<std::uint32_t>("n") == expected.column<std::uint32_t>("n") &&
                table.column<std::string>("alt") == expected.column<std::string>("alt");
            if (!same) ++silent;
        } catch (const Error&) {
            continue;
        }
    }
    EXPECT_EQ(silent, 0U);
}

TEST_F(H5, WrongFilesAreRefusedWithWords) {
    std::ofstream(folder / "text.h5") << "hello";
    try {
        static_cast<void>(H5File::open(folder / "text.h5"));
        FAIL();
    } catch (const DataError& error) {
        EXPECT_EQ(error.problems().front().what, "this is not an HDF5 file");
    }
    EXPECT_THROW(H5File::open(folder / "absent.h5"), DataError);
    EXPECT_THROW(H5File::create(folder / "no" / "such" / "folder.h5"), StorageError);
    write_example(folder / "a.h5", 3);
    const H5File file = H5File::open(folder / "a.h5");
    try {
        static_cast<void>(file.read("traits/ldk"));
        FAIL();
    } catch (const DataError& error) {
        EXPECT_THAT(error.what(), ::testing::HasSubstr("did you mean traits/ldl?"));
    }
    EXPECT_THROW(file.read("traits/ldl", {"gamma"}), DataError);
}

TEST_F(H5, WritesThatFailSayWhatTheSystemSaid) {
    const auto write_too_much = [&] {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit most{.rlim_cur = 1 << 16, .rlim_max = 1 << 16};
        setrlimit(RLIMIT_FSIZE, &most);
        const std::vector<double> values(100'000, 1.5);
        try {
            H5File file = H5File::create(folder / "full.h5");
            file.write_array<double>("values", values, {}, Compression::none);
            file.close();
        } catch (const StorageError& error) {
            std::fputs(error.problems().front().why.c_str(), stderr);
            std::_Exit(0);
        }
        std::_Exit(1);
    };
    EXPECT_EXIT(write_too_much(), ::testing::ExitedWithCode(0), "^File too large$");
}

TEST_F(H5, RowsPieceByPieceAreTheSameBytesAsAtOnce) {
    for (const std::uint64_t columns : {5U, 40000U, 70000U}) {
        const std::uint64_t count = columns == 5 ? 30000 : 7;
        std::vector<std::uint8_t> values(count * columns);
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] = static_cast<std::uint8_t>(i * i % 251);
        H5File whole = H5File::create(folder / "whole.h5");
        whole.write_array<std::uint8_t>("a/rows", values, {count, columns});
        whole.close();
        H5File pieces = H5File::create(folder / "pieces.h5");
        H5File::RowWriter rows = pieces.begin_rows("a/rows", count, columns);
        for (std::uint64_t row = 0; row < count;) {
            const std::uint64_t more = std::min<std::uint64_t>(count - row, 1 + row % 3000);
            rows.append(std::span(values).subspan(row * columns, more * columns));
            row += more;
        }
        rows.close();
        pieces.close();
        EXPECT_EQ(sha256_file(folder / "whole.h5"), sha256_file(folder / "pieces.h5")) << columns;
    }
    H5File file = H5File::create(folder / "few.h5");
    H5File::RowWriter rows = file.begin_rows("rows", 3, 2);
    rows.append(std::vector<std::uint8_t>{1, 2});
    EXPECT_THROW(rows.close(), InternalError) << "two rows are not given";
}

TEST_F(H5, AFlippedBitNeverHidesWhatAFileHolds) {
    const auto path = folder / "a.h5";
    H5File written = H5File::create(path);
    written.write(example(3));
    for (int k = 0; k < 12; ++k) // more than fit into the header of the group
        written.attribute("/provenance", "fact" + std::to_string(k), std::int64_t{k});
    written.attribute("/provenance", "program", "salus");
    written.attribute("/", "lambda", 1.25);
    written.close();
    std::ifstream in(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    int refused = 0;
    for (std::size_t byte = 0; byte < bytes.size(); byte += 3) {
        std::string damaged = bytes;
        damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << (byte % 8)));
        std::filesystem::remove(path);
        std::ofstream(path, std::ios::binary) << damaged;
        try {
            const H5File file = H5File::open(path);
            EXPECT_EQ(file.text_attribute("/provenance", "program"), "salus") << byte;
            EXPECT_EQ(file.integer_attribute("/provenance", "fact7"), 7) << byte;
            EXPECT_EQ(file.number_attribute("/", "lambda"), 1.25) << byte;
            EXPECT_TRUE(file.exists("traits/ldl/beta")) << byte;
            EXPECT_FALSE(file.exists("traits/ldl/beta/gamma") || file.exists("traits/hdl")) << byte;
            EXPECT_TRUE(file.is_table("traits/ldl")) << byte;
            EXPECT_FALSE(file.text_attribute("/", "unit") || file.text_attribute("/none", "unit"))
                << byte;
        } catch (const DataError&) {
            ++refused;
        }
    }
    EXPECT_GT(refused, 50);
}

TEST(TableDataTest, UnequalColumnsAreABug) {
    TableData table(example_spec());
    table.column<double>("beta").push_back(1);
    EXPECT_THROW(static_cast<void>(table.rows()), InternalError);
    EXPECT_THROW(table.column<double>("gamma"), InternalError);
}

} // namespace
} // namespace salus
