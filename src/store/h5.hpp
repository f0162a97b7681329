#pragma once

#include "base/table_spec.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace salus {

class Parts;

using ColumnData =
    std::variant<std::vector<std::uint8_t>, std::vector<std::int32_t>, std::vector<std::uint32_t>,
                 std::vector<std::int64_t>, std::vector<std::uint64_t>, std::vector<float>,
                 std::vector<double>, std::vector<std::string>>; // order of ColumnType

/// Rows of a table in memory, column by column.
class TableData {
public:
    explicit TableData(TableSpec spec);
    const TableSpec& spec() const noexcept { return spec_; }
    /// The column named so; its type must be the one declared (InternalError otherwise).
    template <class T>
    std::vector<T>& column(std::string_view name) {
        return std::get<std::vector<T>>(columns_[index(name)]);
    }
    template <class T>
    const std::vector<T>& column(std::string_view name) const {
        return std::get<std::vector<T>>(columns_[index(name)]);
    }
    std::vector<ColumnData>& columns() noexcept { return columns_; }
    const std::vector<ColumnData>& columns() const noexcept { return columns_; }
    bool has(std::string_view name) const noexcept;
    /// Length of the first column; InternalError if the columns differ in length.
    std::size_t rows() const;

private:
    std::size_t index(std::string_view name) const;
    TableSpec spec_;
    std::vector<ColumnData> columns_;
};

enum class Compression { none, deflate };

/// An HDF5 file through the serial driver: libver v110, no timestamps, so equal content is equal
/// bytes. All errors are StorageError (writing) or DataError (reading a file that is not what it
/// should be). External links, virtual datasets and external storage are refused on reading.
class H5File {
public:
    struct State; // defined in store/h5_file.hpp, private to src/store
    static H5File create(const std::filesystem::path& path); // truncates
    static H5File open(const std::filesystem::path& path);   // read-only
    ~H5File();
    H5File(H5File&&) noexcept;
    H5File& operator=(H5File&&) noexcept;
    const std::filesystem::path& path() const noexcept;
    /// Flushes and closes; throws if that fails. The destructor closes without a word.
    void close();

    // ---- attributes; `object` is "/" or a path inside the file
    void attribute(std::string_view object, std::string_view name, std::string_view value);
    void attribute(std::string_view object, std::string_view name, std::int64_t value);
    void attribute(std::string_view object, std::string_view name, double value);
    std::optional<std::string> text_attribute(std::string_view object, std::string_view name) const;
    std::optional<std::int64_t> integer_attribute(std::string_view object,
                                                  std::string_view name) const;
    std::optional<double> number_attribute(std::string_view object, std::string_view name) const;

    // ---- arrays: uint8, int16, int32, uint32, int64, uint64, float, double; groups on the way are
    // made
    template <class T>
    void write_array(std::string_view name, std::span<const T> values,
                     std::vector<std::uint64_t> shape = {},
                     Compression compression = Compression::deflate);
    template <class T>
    std::vector<T> read_array(std::string_view name) const;
    /// Rows [begin, begin + count) of the first dimension.
    template <class T>
    std::vector<T> read_rows(std::string_view name, std::uint64_t begin, std::uint64_t count) const;
    /// Writes bytes [row, column] piece by piece, so that the array need not be in memory as a
    /// whole. Stored as write_array stores it.
    class RowWriter {
    public:
        ~RowWriter();
        RowWriter(RowWriter&&) noexcept;
        /// One or more whole rows.
        void append(std::span<const std::uint8_t> rows);
        void close(); // InternalError unless all rows have been given

    private:
        friend class H5File;
        struct State;
        explicit RowWriter(std::unique_ptr<State> state);
        std::unique_ptr<State> state_;
    };
    RowWriter begin_rows(std::string_view name, std::uint64_t rows, std::uint64_t columns);
    std::vector<std::uint64_t> shape(std::string_view name) const;
    bool exists(std::string_view name) const;
    /// Names of the members of a group, sorted.
    std::vector<std::string> members(std::string_view group) const;
    bool is_group(std::string_view name) const;
    /// Reads every dataset and attribute, so that every checksum is compared, and drops what it
    /// read; DataError at the first that does not hold. \return number of datasets. Memory: one
    /// chunk.
    std::uint64_t verify() const;

    // ---- whole tables
    void write(const TableData& table);
    /// Specs and columns of a table written by us, `columns` empty = all. DataError if a wanted
    /// column is absent.
    TableData read(std::string_view table, const std::vector<std::string>& columns = {}) const;
    TableData read_rows(std::string_view table, std::uint64_t begin, std::uint64_t count,
                        const std::vector<std::string>& columns = {}) const;
    std::uint64_t rows(std::string_view table) const;
    bool is_table(std::string_view group) const;
    TableSpec table_spec(std::string_view table) const;
    /// All tables in the file, depth first, by name.
    std::vector<std::string> tables() const;

    /// Writes a table piece by piece: the length of every text column must be known beforehand.
    class TableWriter {
    public:
        ~TableWriter();
        TableWriter(TableWriter&&) noexcept;
        void append(const TableData& rows);
        /// Appends the table of the same name of another file; whole chunks are copied as they are
        /// stored.
        void append(const H5File& part);
        void close();

    private:
        friend class H5File;
        struct State;
        explicit TableWriter(std::unique_ptr<State> state);
        std::unique_ptr<State> state_;
    };
    /// `text_widths`: bytes of the longest value per text column.
    TableWriter begin_table(const TableSpec& spec, std::uint64_t rows,
                            const std::map<std::string, std::size_t>& text_widths);
    /// Width of a stored text column in bytes.
    std::size_t text_width(std::string_view table, std::string_view column) const;

private:
    explicit H5File(std::unique_ptr<State> state);
    friend void join_arrays(H5File& out, std::string_view name, const Parts& parts,
                            std::string_view from);
    std::unique_ptr<State> state_;
};

} // namespace salus
