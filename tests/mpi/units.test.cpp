#include "base/hash.hpp"
#include "run/context.hpp"
#include "run/unit_tables.hpp"
#include "store/packed_table.hpp"

#include <gmock/gmock.h>

#include <array>
#include <filesystem>

namespace salus {
namespace {

// Digest of the assembled table of one rank; the same on any number of ranks.
constexpr std::uint64_t units = 7;

TableSpec spec() {
    return {.name = "rows",
            .row = "row",
            .doc = "Rows.",
            .columns = {{"value", ColumnType::f64, "", "Value."}}};
}

RunContext context_on(const Communicator& comm, const std::filesystem::path& folder) {
    return RunContext({.comm = comm,
                       .log = Log("test", comm.rank(), LogLevel::error),
                       .stage = "test",
                       .outputs = {{"result", folder / "result.h5"}},
                       .work = folder / "work",
                       .fingerprint = "f"});
}

std::string run(const Communicator& comm, const std::filesystem::path& folder) {
    RunContext ctx = context_on(comm, folder);
    const Parts parts =
        ctx.for_each_unit("phase", units, [&](std::uint64_t unit, PartWriter& part) {
            TableData table(spec());
            for (std::uint64_t i = 0; i <= unit; ++i)
                table.column<double>("value").push_back(0.1 * static_cast<double>(unit * 10 + i));
            part.write(table);
        });
    EXPECT_EQ(parts.size(), units);
    ctx.publish("result", [&](ResultWriter& out) { out.assemble(spec(), parts); });
    return sha256_file(folder / "result.h5");
}

TableSpec named_spec() {
    TableSpec named = spec();
    named.name = "named";
    named.columns.push_back({"name", ColumnType::text, "", "Name."});
    return named;
}

/// Rows of two tables, of units shorter and longer than a chunk, none of which ends with one.
std::string run_tables(const Communicator& comm, const std::filesystem::path& folder) {
    constexpr std::array<std::size_t, 4> lengths{30'000, 70'001, 0, 50'000};
    RunContext ctx = context_on(comm, folder);
    const Parts parts =
        ctx.for_each_unit("phase", lengths.size(), [&](std::uint64_t unit, PartWriter& part) {
            TableData few(spec()), many(named_spec());
            few.column<double>("value").push_back(static_cast<double>(unit));
            for (std::size_t i = 0; i < lengths[unit]; ++i) {
                many.column<double>("value").push_back(static_cast<double>(1000 * unit + i));
                many.column<std::string>("name").push_back(std::string(i % (3 + unit), 'n'));
            }
            write_unit_table(part, few);
            write_unit_table(part, many);
        });
    const UnitTables tables(ctx, parts, {named_spec(), spec()});
    ctx.publish("result", [&](ResultWriter& out) {
        tables.write(out);
        H5File plain = H5File::create(folder / "plain.h5");
        assemble_unit_tables(plain, named_spec(), parts);
        assemble_unit_tables(plain, spec(), parts);
        plain.close();
    });
    for (const char* table : {"named", "rows"})
        EXPECT_TRUE(H5File::open(folder / "result.h5").read(table).columns() ==
                    H5File::open(folder / "plain.h5").read(table).columns());
    return sha256_file(folder / "result.h5");
}

template <class Run>
void expect_same_bytes(const char* name, Run&& run_on) {
    const Communicator comm = Communicator::world();
    const auto base = std::filesystem::temp_directory_path() /
                      (std::string("salus_mpi_") + name + std::to_string(comm.size()));
    const auto clean = [&] {
        collectively(comm, "cleaning", [&] {
            if (comm.is_root()) std::filesystem::remove_all(base);
        });
    };
    clean();
    const std::string together = run_on(comm, base / "all");
    const std::string alone = run_on(Communicator(), base / ("one" + std::to_string(comm.rank())));
    EXPECT_EQ(together, alone);
    comm.barrier();
    clean();
}

TEST(UnitsOnRanks, SameBytesAsOnOneRank) { expect_same_bytes("units", run); }

TEST(UnitsOnRanks, TablesAreEncodedByAllAndAreThoseThatOneWouldAssemble) {
    expect_same_bytes("tables", run_tables);
}

} // namespace
} // namespace salus
