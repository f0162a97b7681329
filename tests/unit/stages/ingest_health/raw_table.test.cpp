#include "stages/ingest_health/raw_table.hpp"
#include "base/numbers.hpp"

#include "base/error.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <limits>
#include <random>
#include <unistd.h>

namespace salus::ingest_health {
namespace {

TableSpec numbers() {
    return {.name = "numbers",
            .row = "row",
            .doc = "Numbers.",
            .columns = {{"byte", ColumnType::u8, "1", "bytes"},
                        {"day", ColumnType::i32, "1", "signed"},
                        {"count", ColumnType::u32, "1", "unsigned"},
                        {"big", ColumnType::u64, "1", "large"},
                        {"value", ColumnType::f64, "1", "with NaN"}}};
}

class RawTable : public ::testing::Test {
protected:
    void TearDown() override { std::filesystem::remove(path_); }
    /// Rows [begin, end) of what was written.
    TableData again(const TableData& table, std::uint64_t begin, std::uint64_t end) const {
        {
            PartWriter part(path_);
            write_raw(part, table);
            part.commit();
        }
        TableData out(numbers());
        append_raw(H5File::open(path_), begin, end, out);
        return out;
    }
    static void expect_rows(const TableData& all, std::size_t begin, const TableData& some) {
        for (std::size_t i = 0; i < some.rows(); ++i) {
            EXPECT_EQ(all.column<std::uint8_t>("byte")[begin + i],
                      some.column<std::uint8_t>("byte")[i]);
            EXPECT_EQ(all.column<std::int32_t>("day")[begin + i],
                      some.column<std::int32_t>("day")[i]);
            EXPECT_EQ(all.column<std::uint32_t>("count")[begin + i],
                      some.column<std::uint32_t>("count")[i]);
            EXPECT_EQ(all.column<std::uint64_t>("big")[begin + i],
                      some.column<std::uint64_t>("big")[i]);
            EXPECT_EQ(std::memcmp(&all.column<double>("value")[begin + i],
                                  &some.column<double>("value")[i], sizeof(double)),
                      0);
        }
    }
    std::filesystem::path path_ = std::filesystem::temp_directory_path() /
                                  ("salus-raw-table-" + std::to_string(::getpid()) + ".h5");
};

TEST_F(RawTable, GivesBackNumbersOfEveryWidth) {
    constexpr auto least = std::numeric_limits<std::int32_t>::min(),
                   most = std::numeric_limits<std::int32_t>::max();
    std::mt19937_64 random(5);
    for (const std::uint64_t range : {std::uint64_t{0}, std::uint64_t{255}, std::uint64_t{256},
                                      std::uint64_t{70000}, std::uint64_t{1} << 33}) {
        TableData table(numbers());
        for (int i = 0; i < 100; ++i) {
            const std::uint64_t n = range == 0 ? 0 : random() % (range + 1);
            table.column<std::uint8_t>("byte").push_back(static_cast<std::uint8_t>(7 + n));
            table.column<std::int32_t>("day").push_back(
                static_cast<std::int32_t>(-500 + static_cast<std::int64_t>(n % 100000)));
            table.column<std::uint32_t>("count").push_back(static_cast<std::uint32_t>(n));
            table.column<std::uint64_t>("big").push_back((std::uint64_t{1} << 63) - 5 + n);
            table.column<double>("value").push_back(range == 255 ? static_cast<double>(n) : nan);
        }
        table.column<std::int32_t>("day")[50] = range > 70000 ? least : -500;
        table.column<std::int32_t>("day")[51] = range > 70000 ? most : -500;
        const TableData some = again(table, 30, 80);
        EXPECT_EQ(some.rows(), 50u);
        expect_rows(table, 30, some);
        std::filesystem::remove(path_);
    }
}

TEST_F(RawTable, MayBeEmpty) { EXPECT_EQ(again(TableData(numbers()), 0, 0).rows(), 0u); }

} // namespace
} // namespace salus::ingest_health
