#include "base/text.hpp"
#include "formats/delimited.hpp"
#include "formats/quotes.hpp"

#include <algorithm>
#include <unordered_set>

namespace salus {
namespace {

std::string first_line(ByteStream& stream, const std::filesystem::path& path) {
    std::string head;
    for (std::vector<char> buffer(1 << 16); head.size() < longest_row;) {
        const std::size_t got = stream.read(buffer), before = head.size();
        if (got == 0) return head;
        head.append(buffer.data(), got);
        const std::size_t newline = head.find('\n', before);
        if (newline != std::string::npos) return head.substr(0, newline + 1);
    }
    throw DataError({.what = "the header is longer than 16 MiB",
                     .where = text(path.string(), ", line 1"),
                     .why = "this is not a table of text, or its line breaks are lost",
                     .help = "write the file again with LF or CRLF line ends"});
}

void check_header_text(const std::filesystem::path& path, std::string_view line) {
    if (is_utf8(line)) return;
    const bool wide = line.starts_with("\xFF\xFE") || line.starts_with("\xFE\xFF");
    throw DataError({.what = "the text is not UTF-8",
                     .where = text(path.string(), ", line 1, byte ", first_bad_byte(line) + 1),
                     .why = wide ? "it begins with a UTF-16 byte order mark"
                                 : "names of columns are read as UTF-8",
                     .help = text("convert it, for example with iconv -f ",
                                  wide ? "UTF-16" : "LATIN1", " -t UTF-8")});
}

void check_header_names(const DelimitedHeader& header) {
    std::unordered_set<std::string> seen;
    for (const std::string& name : header.names) {
        const std::string key = lower(name);
        if (!seen.insert(key).second && !key.empty())
            throw DataError({.what = text("column ", name, " is there twice"),
                             .where = text(header.path.string(), ", line 1"),
                             .why = "columns are found by name, whatever the case",
                             .help = "remove or rename one of them"});
    }
}

} // namespace

std::optional<std::size_t> DelimitedHeader::find(std::string_view name) const {
    const std::string key = lower(name);
    for (std::size_t i = 0; i < names.size(); ++i)
        if (lower(names[i]) == key) return i;
    return std::nullopt;
}

std::size_t DelimitedHeader::require(std::string_view name) const {
    if (const auto found = find(name)) return *found;
    throw DataError(missing({std::string(name)}));
}

std::vector<Problem> DelimitedHeader::missing(const std::vector<std::string>& wanted) const {
    std::vector<Problem> problems;
    std::vector<std::string> known;
    for (const std::string& name : names)
        known.push_back(lower(name));
    for (const std::string& name : wanted) {
        if (find(name)) continue;
        const auto near = nearest(lower(name), known);
        problems.push_back(
            {.what = text("there is no column ", name),
             .where = text(path.string(), ", line 1"),
             .why = text("the header has ", names.size(), " columns, separated by ",
                         separator == '\t' ? "tabs" : "commas"),
             .help = near ? text("rename the column ", *near, " if that is what it means")
                          : text("add the column ", name)});
    }
    return problems;
}

DelimitedHeader read_delimited_header(const std::filesystem::path& path) {
    ByteStream stream(path);
    const std::string line = first_line(stream, path);
    std::string_view row = line;
    check_header_text(path, row);
    if (row.starts_with(byte_order_mark)) row.remove_prefix(byte_order_mark.size());
    if (row.ends_with('\n')) row.remove_suffix(1);
    row = without_cr(row);
    if (trim(row).empty())
        throw DataError({.what = "the file has no header",
                         .where = text(path.string(), ", line 1"),
                         .why = "the first line names the columns",
                         .help = "write the file again with its header"});
    DelimitedHeader header{.names = {}, .separator = ',', .end = line.size(), .path = path};
    if (quoted_fields(row, '\t').size() > 1) header.separator = '\t';
    for (const std::string_view field : quoted_fields(row, header.separator))
        header.names.emplace_back(field.starts_with('"') ? unquoted(field)
                                                         : std::string(trim(field)));
    check_header_names(header);
    return header;
}

} // namespace salus
