#pragma once

#include "store/parts.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// Tables of numbers with equally many rows, say one per trait, in one array of bytes: column after
/// column, each from a multiple of 8 bytes on. The specs must outlive the object.
class PackedTables {
public:
    PackedTables(std::span<const TableSpec> specs, std::uint64_t rows); // all 0
    static std::size_t bytes_of(std::span<const TableSpec> specs, std::uint64_t rows);

    std::uint64_t rows() const noexcept { return rows_; }
    std::span<const TableSpec> specs() const noexcept { return specs_; }
    /// The column named so; T must be the type declared (InternalError otherwise).
    template <class T>
    std::span<T> column(std::size_t table, std::string_view name);
    std::span<std::uint8_t> column_bytes(std::size_t table, std::size_t column);
    std::span<const std::uint8_t> column_bytes(std::size_t table, std::size_t column) const;
    std::span<std::uint8_t> bytes() noexcept { return bytes_; }
    /// As the uncompressed array `name` of a part file.
    void write(PartWriter& part, std::string_view name) const;

private:
    std::size_t find(std::size_t table, std::string_view name, ColumnType type) const;

    std::span<const TableSpec> specs_;
    std::uint64_t rows_;
    std::vector<std::vector<std::size_t>> offsets_; // [table][column]
    std::vector<std::uint8_t> bytes_;
};

/// The packed tables of all units of a phase.
struct PackedParts {
    const Parts& parts;
    std::string name;
    std::span<const TableSpec> specs;
    std::vector<std::uint64_t> first_rows; // [unit], and behind the last one the number of rows

    std::uint64_t rows(std::uint64_t unit) const noexcept {
        return first_rows[unit + 1] - first_rows[unit];
    }
    /// Tables [first, last) of a unit. IntegrityError if the array is not as long as it has to be.
    PackedTables read(const H5File& part, std::uint64_t unit, std::size_t first,
                      std::size_t last) const;
    /// One column of doubles of a table of a unit.
    std::vector<double> column(const H5File& part, std::uint64_t unit, std::size_t table,
                               std::string_view name) const;
};

/// Arrays of a part in which a chunk of a table waits, its columns one after another as ChunkCodec
/// stores them; H5File::TableWriter::append copies them.
std::string encoded_sizes(std::string_view table);
std::string encoded_chunks(std::string_view table);

/// How packed tables become tables of a result: in units of one chunk of rows of several tables,
/// the ranks bring columns into their stored form; the root then only copies.
class EncodedTables {
public:
    EncodedTables(std::span<const TableSpec> specs, std::uint64_t rows);
    std::uint64_t units() const noexcept { return chunks_ * batches_; }
    /// Memory: the rows of a unit twice, about 16 MB or a chunk of 16 tables.
    void encode(std::uint64_t unit, const PackedParts& from, PartWriter& part) const;
    /// The bytes depend on the tables alone, neither on units nor on what other tables there are.
    void assemble(H5File& out, const Parts& parts) const;

private:
    std::size_t first_table(std::uint64_t batch) const noexcept;

    std::span<const TableSpec> specs_;
    std::uint64_t rows_, chunk_rows_, chunks_, batches_;
    std::size_t together_; // tables of a batch
};

} // namespace salus
