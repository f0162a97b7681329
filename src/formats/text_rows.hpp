#pragma once

#include "formats/byte_stream.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// Rows of a plain, gzipped or bgzipped table whose cells hold no blanks, as statistical programs
/// print them: one header line, cells between tabs if the header has one, else between commas if it
/// has those and no blank, else between runs of blanks. Lines that begin with ## before the header,
/// empty lines, CR before LF and a byte order mark are passed over. Memory: 1 MiB, or twice the
/// longest line; lines beyond 16 MiB are a DataError, as is a row with more or fewer cells than the
/// header.
class TextRows {
public:
    /// DataError if there is no header line.
    explicit TextRows(const std::filesystem::path& path);
    /// The same, where lines `#key=value` may come before the header; they are added to `notes`.
    TextRows(const std::filesystem::path& path, std::map<std::string, std::string>& notes);

    const std::filesystem::path& path() const noexcept { return path_; }
    const std::vector<std::string>& header() const noexcept { return header_; }
    /// Goes to the next row; false at the end.
    bool next();
    /// Cells of the row, valid until the next call of next().
    std::span<const std::string_view> cells() const noexcept { return cells_; }
    std::uint64_t line() const noexcept { return line_; }
    /// "study.tsv, line 12, column beta"
    std::string where(std::string_view column = {}) const;

private:
    TextRows(const std::filesystem::path& path, std::map<std::string, std::string>* notes);
    bool take_line(std::string_view& line);
    bool refill();
    void split_line(std::string_view line);

    std::filesystem::path path_;
    ByteStream stream_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0, filled_ = 0;
    bool ended_ = false;
    char separator_ = ' '; // ' ': runs of blanks
    std::uint64_t line_ = 0;
    std::vector<std::string> header_;
    std::vector<std::string_view> cells_;
};

} // namespace salus
