#include "base/hash.hpp"
#include "run/context.hpp"

#include <gmock/gmock.h>

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

std::string run(const Communicator& comm, const std::filesystem::path& folder) {
    RunContext ctx({.comm = comm,
                    .log = Log("test", comm.rank(), LogLevel::error),
                    .stage = "test",
                    .outputs = {{"result", folder / "result.h5"}},
                    .work = folder / "work",
                    .fingerprint = "f"});
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

TEST(UnitsOnRanks, SameBytesAsOnOneRank) {
    const Communicator comm = Communicator::world();
    const auto base =
        std::filesystem::temp_directory_path() / ("salus_mpi_units_" + std::to_string(comm.size()));
    collectively(comm, "cleaning", [&] {
        if (comm.is_root()) std::filesystem::remove_all(base);
    });
    const std::string together = run(comm, base / "all");
    const std::string alone = run(Communicator(), base / ("one" + std::to_string(comm.rank())));
    EXPECT_EQ(together, alone);
    comm.barrier();
    collectively(comm, "cleaning", [&] {
        if (comm.is_root()) std::filesystem::remove_all(base);
    });
}

} // namespace
} // namespace salus
