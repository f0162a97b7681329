#pragma once

#include "base/error.hpp"
#include "formats/byte_stream.hpp"
#include "formats/feature_dictionary.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// Rows of a piece of a feature table, one after the other.
class FeatureRows {
public:
    virtual ~FeatureRows() = default;
    /// Goes to the next row; false at the end. Look at reject() first.
    virtual bool next() = 0;
    /// Why the row cannot be used: field_count, not_utf8, quoting; "" if it can.
    virtual std::string_view reject() const noexcept = 0;
    /// What is wrong with a row that cannot be used.
    virtual Problem problem() const = 0;
    /// As written, without blanks around; "" where there is none. Valid until the next call.
    virtual std::string_view person() = 0;
    virtual std::string_view visit() = 0;
    virtual std::string_view visit_date() = 0;
    /// \param out  [feature]
    virtual void cells(std::span<CellBits> out) = 0;
    /// Counted from 1 at the beginning of the piece, with the header in the first piece.
    virtual std::uint64_t line() const noexcept = 0;
    virtual std::uint64_t lines_passed() const noexcept = 0;
    /// File, line in the file, and column.
    virtual std::string where(std::string_view column) const = 0;
    /// Pieces that follow each other must meet: see check_seam.
    virtual std::uint64_t first_byte() const noexcept = 0;
    virtual std::uint64_t next_byte() const noexcept = 0;
};

/// Names of the columns of a table.
std::vector<std::string> feature_table_columns(const std::filesystem::path& path);
/// Cuts a table into pieces of about `bytes` of text; a function of the file alone.
std::vector<ByteRange> feature_table_ranges(const std::filesystem::path& path, std::uint64_t bytes);
/// Bytes of text, about; compressed files count five times their size.
std::uint64_t feature_table_bytes(const std::filesystem::path& path);
/// \param columns, readers  of the table; must outlive the rows
std::unique_ptr<FeatureRows> open_feature_rows(const std::filesystem::path& path, ByteRange range,
                                               const FeatureColumns& columns,
                                               std::span<const CellReader> readers);

} // namespace salus
