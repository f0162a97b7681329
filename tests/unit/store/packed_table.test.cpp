#include "store/packed_table.hpp"

#include "base/error.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

namespace salus {
namespace {

TableSpec spec() {
    return {.name = "things",
            .row = "thing",
            .doc = "Things.",
            .columns = {{"name", ColumnType::text, "", "Name"},
                        {"size", ColumnType::f64, "m", "Size"},
                        {"count", ColumnType::u32, "", "Count"}}};
}

TableData rows(std::size_t begin, std::size_t end) {
    TableData table(spec());
    for (std::size_t i = begin; i < end; ++i) {
        table.column<std::string>("name").push_back(std::string(i % 9, 'a') +
                                                    std::to_string(i % 3));
        table.column<double>("size").push_back(i % 4 == 0 ? std::nan("")
                                                          : 0.1 * static_cast<double>(i));
        table.column<std::uint32_t>("count").push_back(static_cast<std::uint32_t>(i));
    }
    return table;
}

class UnitTables : public testing::Test {
protected:
    UnitTables() : folder_(std::filesystem::path(testing::TempDir()) / "unit-tables") {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
    }
    ~UnitTables() override { std::filesystem::remove_all(folder_); }
    std::filesystem::path folder_;
};

TEST_F(UnitTables, AnyCutGivesTheWhole) {
    const TableData whole = rows(0, 140000);
    const std::vector<std::vector<std::size_t>> cuts{
        {0, 140000}, {0, 65536, 131072, 140000}, {0, 7, 7, 70000, 140000}};
    for (const auto& cut : cuts) {
        std::vector<Parts::Part> written;
        for (std::size_t u = 0; u + 1 < cut.size(); ++u) {
            const auto path = folder_ / ("part-" + std::to_string(u) + ".h5");
            PartWriter part(path);
            write_unit_table(part, rows(cut[u], cut[u + 1]));
            written.push_back({.path = path, .sha256 = part.commit(), .bytes = 0});
        }
        H5File out = H5File::create(folder_ / "out.h5");
        assemble_unit_tables(out, spec(), Parts(written));
        out.close();
        const H5File result = H5File::open(folder_ / "out.h5");
        EXPECT_EQ(result.text_width("things", "name"), 9u);
        const TableData read = result.read("things");
        EXPECT_EQ(read.column<std::string>("name"), whole.column<std::string>("name"));
        EXPECT_EQ(read.column<std::uint32_t>("count"), whole.column<std::uint32_t>("count"));
        for (std::size_t i = 0; i < whole.rows(); ++i) {
            const double got = read.column<double>("size")[i];
            const double wanted = whole.column<double>("size")[i];
            ASSERT_TRUE(got == wanted || (std::isnan(got) && std::isnan(wanted))) << i;
        }
    }
}

TEST_F(UnitTables, DamageIsNoticed) {
    PartWriter part(folder_ / "a.h5");
    write_packed(part, rows(0, 100));
    part.commit();
    TableSpec other = spec();
    other.columns.pop_back();
    const H5File file = H5File::open(folder_ / "a.h5");
    EXPECT_EQ(read_packed(file, spec()).rows(), 100u);
    EXPECT_THROW(read_packed(file, other), DataError);
}

} // namespace
} // namespace salus
