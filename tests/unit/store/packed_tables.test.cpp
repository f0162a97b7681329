#include "store/packed_tables.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

namespace salus {
namespace {

std::vector<TableSpec> specs(std::size_t count) {
    std::vector<TableSpec> made;
    for (std::size_t t = 0; t < count; ++t)
        made.push_back({.name = "traits/t" + std::to_string(t),
                        .row = "variant",
                        .doc = "Tests.",
                        .columns = {{"status", ColumnType::u8, "code", "Status"},
                                    {"beta", ColumnType::f64, "1", "Effect"},
                                    {"n", ColumnType::u32, "people", "Samples"}}});
    return made;
}

double beta(std::size_t table, std::uint64_t row) {
    return row % 5 == 0 ? std::nan("")
                        : 0.5 * static_cast<double>(row) + static_cast<double>(table);
}

class TraitTables : public testing::Test {
protected:
    TraitTables() : folder_(std::filesystem::path(testing::TempDir()) / "trait-tables") {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
    }
    ~TraitTables() override { std::filesystem::remove_all(folder_); }

    Parts write_units(std::span<const TableSpec> tables, const std::vector<std::uint64_t>& cut) {
        std::vector<Parts::Part> written;
        for (std::size_t u = 0; u + 1 < cut.size(); ++u) {
            PackedTables unit(tables, cut[u + 1] - cut[u]);
            for (std::size_t t = 0; t < tables.size(); ++t) {
                const auto effect = unit.column<double>(t, "beta");
                const auto n = unit.column<std::uint32_t>(t, "n");
                const auto status = unit.column<std::uint8_t>(t, "status");
                for (std::uint64_t i = 0; i < n.size(); ++i) {
                    effect[i] = beta(t, cut[u] + i);
                    n[i] = 1000;
                    status[i] = (cut[u] + i) % 3 == 0 ? 1 : 0;
                }
            }
            written.push_back(
                commit("unit", u, [&](PartWriter& part) { unit.write(part, "all"); }));
        }
        return Parts(written);
    }
    Parts::Part commit(const std::string& name, std::size_t number, const auto& fill) {
        const auto path = folder_ / (name + std::to_string(number) + ".h5");
        PartWriter part(path);
        fill(part);
        return {.path = path, .sha256 = part.commit(), .bytes = 0};
    }
    /// The bytes of a file of tables that came in units cut so.
    std::string assembled(std::span<const TableSpec> tables,
                          const std::vector<std::uint64_t>& cut) {
        const Parts units = write_units(tables, cut);
        const PackedParts packed{units, "all", tables, cut};
        const EncodedTables encoded(tables, cut.back());
        std::vector<Parts::Part> chunks;
        for (std::uint64_t u = 0; u < encoded.units(); ++u)
            chunks.push_back(
                commit("chunk", u, [&](PartWriter& part) { encoded.encode(u, packed, part); }));
        H5File out = H5File::create(folder_ / "out.h5");
        encoded.assemble(out, Parts(chunks));
        out.close();
        return read_text_file(folder_ / "out.h5");
    }
    std::filesystem::path folder_;
};

TEST_F(TraitTables, AChunkHasTheBytesOfWholeTables) {
    for (const std::uint64_t rows : {1ULL, 100ULL, 20000ULL}) {
        const auto tables = specs(3);
        H5File whole = H5File::create(folder_ / "whole.h5");
        for (std::size_t t = 0; t < tables.size(); ++t) {
            TableData data(tables[t]);
            for (std::uint64_t row = 0; row < rows; ++row) {
                data.column<double>("beta").push_back(beta(t, row));
                data.column<std::uint32_t>("n").push_back(1000);
                data.column<std::uint8_t>("status").push_back(row % 3 == 0 ? 1 : 0);
            }
            whole.write(data);
        }
        whole.close();
        const bool same = assembled(tables, {0, rows}) == read_text_file(folder_ / "whole.h5");
        EXPECT_TRUE(same) << rows;
    }
}

TEST_F(TraitTables, AnyCutGivesTheSameBytes) {
    for (const std::uint64_t rows : {7ULL, 70000ULL}) {
        const auto tables = specs(2);
        const std::string once = assembled(tables, {0, rows});
        EXPECT_TRUE(assembled(tables, {0, rows / 3, rows / 3, rows / 2, rows}) == once) << rows;
    }
}

TEST_F(TraitTables, NoRowsAndNoTables) {
    const auto tables = specs(2);
    assembled(tables, {0});
    EXPECT_EQ(H5File::open(folder_ / "out.h5").rows("traits/t1"), 0U);
    assembled({}, {0, 7});
}

TEST_F(TraitTables, MoreTablesThanAUnitHolds) {
    const auto tables = specs(20);
    const std::uint64_t rows = 70000;
    ASSERT_EQ(EncodedTables(tables, rows).units(), 4U); // 2 chunks, 2 batches of at most 19
    assembled(tables, {0, 65536, rows});
    const H5File out = H5File::open(folder_ / "out.h5");
    for (const std::size_t t : {std::size_t{0}, std::size_t{18}, std::size_t{19}}) {
        const auto read = out.read_rows<double>(tables[t].name + "/beta", 65533, 4);
        for (std::uint64_t i = 0; i < 4; ++i) {
            const double value = beta(t, 65533 + i);
            EXPECT_TRUE(read[i] == value || (std::isnan(read[i]) && std::isnan(value))) << t;
        }
    }
}

TEST_F(TraitTables, OneColumnAndDamage) {
    const auto tables = specs(3);
    const Parts units = write_units(tables, {0, 11, 30});
    const PackedParts packed{units, "all", tables, {0, 11, 30}};
    const auto column = packed.column(units.open(1), 1, 2, "beta");
    ASSERT_EQ(column.size(), 19U);
    EXPECT_EQ(column[1], beta(2, 12));
    const PackedParts longer{units, "all", tables, {0, 12, 30}};
    EXPECT_THROW(longer.column(units.open(0), 0, 2, "beta"), IntegrityError);
    EXPECT_THROW(longer.read(units.open(0), 0, 0, 1), IntegrityError);
}

} // namespace
} // namespace salus
