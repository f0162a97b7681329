#pragma once

#include "run/context.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// (all) The array `name` of `length` values of every part, unit after unit; each rank reads a
/// share.
std::vector<std::uint64_t> unit_arrays(const Communicator& comm, const Parts& parts,
                                       std::string_view name, std::size_t length);

/// Tables that units wrote with write_unit_table, on their way into one result. Where units do not
/// end with chunks, all ranks encode whole chunks of the joined tables (phase `tables`), so that
/// the root rank only copies bytes. The result is the same whichever way is taken.
class UnitTables {
public:
    /// (all) \param parts  must live as long
    UnitTables(RunContext& context, const Parts& parts, std::vector<TableSpec> specs);
    /// Concatenates the tables in unit order, in the order of the specs.
    void write(ResultWriter& out) const;
    /// One of them.
    void write(ResultWriter& out, std::size_t table) const;

private:
    struct Table {
        TableSpec spec;
        std::vector<std::uint64_t> first; // [unit] its first row; then all rows
        std::map<std::string, std::size_t> widths;
        std::vector<Parts::Part> chunks; // if encoded

        std::uint64_t rows() const { return first.back(); }
        bool ends_with_chunks() const;
    };
    void survey(const Communicator& comm);
    TableData read(const Table& table, std::uint64_t begin, std::uint64_t end) const;
    void encode(RunContext& context, std::span<Table* const> tables) const;

    const Parts& parts_;
    std::vector<Table> tables_;
};

} // namespace salus
