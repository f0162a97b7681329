#pragma once

#include "base/text.hpp"
#include "formats/delimited.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace salus::test {

/// A row as DelimitedReader must give it.
struct PlainRow {
    RowDefect defect = RowDefect::none;
    std::vector<std::string> fields; // of rows without defect
    std::uint64_t line = 0;          // 1 = first line of the text
    bool operator==(const PlainRow&) const = default;
};

/// The rows of `body` (the text behind the header), byte by byte: RFC 4180, where a quote inside an
/// unquoted field is an ordinary character, and where a quote that is never closed spoils its line
/// alone.
class PlainRows {
public:
    PlainRows(std::string_view body, char separator, std::size_t columns)
        : body_(body), separator_(separator), columns_(columns) {}

    std::vector<PlainRow> rows() {
        std::vector<PlainRow> out;
        while (at_ < body_.size()) {
            PlainRow row;
            row.line = ++lines_;
            const std::size_t begin = at_;
            if (!take_row(row)) {
                row.defect = RowDefect::quoting;
                const std::size_t end = body_.find('\n', begin);
                at_ = end == std::string_view::npos ? body_.size() : end + 1;
            }
            std::string_view bytes = body_.substr(begin, at_ - begin);
            for (const char end : {'\n', '\r'})
                if (bytes.ends_with(end)) bytes.remove_suffix(1);
            if (bytes.empty()) continue;
            if (row.defect == RowDefect::none && row.fields.size() != columns_)
                row.defect = RowDefect::field_count;
            if (!is_utf8(bytes)) row.defect = RowDefect::not_utf8;
            if (row.defect != RowDefect::none) row.fields.clear();
            lines_ += line_breaks(bytes);
            out.push_back(std::move(row));
        }
        return out;
    }
    std::uint64_t lines() const noexcept { return lines_; }

private:
    static std::uint64_t line_breaks(std::string_view bytes) {
        std::uint64_t count = 0;
        for (const char c : bytes)
            count += c == '\n';
        return count;
    }

    /// Takes a row and its line break; false if the text ends inside quotes.
    bool take_row(PlainRow& row) {
        for (;;) {
            std::string& field = row.fields.emplace_back();
            if (peek() == '"') {
                ++at_;
                if (!take_quoted(field)) return false;
                while (at_ < body_.size() && peek() != separator_ && peek() != '\n') {
                    std::string dropped;
                    const char c = body_[at_++];
                    if (c == '"') { // quotes begin again
                        if (!take_quoted(dropped)) return false;
                    } else if (c != '\r') {
                        row.defect = RowDefect::quoting;
                    }
                }
            } else {
                while (at_ < body_.size() && peek() != separator_ && peek() != '\n')
                    field += body_[at_++];
                const bool last = at_ == body_.size() || peek() == '\n';
                if (last && field.ends_with('\r')) field.pop_back();
            }
            if (at_ == body_.size()) return true;
            if (body_[at_++] == '\n') return true;
        }
    }

    bool take_quoted(std::string& field) {
        for (; at_ < body_.size(); ++at_) {
            if (peek() != '"') {
                field += peek();
            } else if (at_ + 1 < body_.size() && body_[at_ + 1] == '"') {
                field += '"';
                ++at_;
            } else {
                ++at_;
                return true;
            }
        }
        return false;
    }

    char peek() const { return at_ < body_.size() ? body_[at_] : '\0'; }

    std::string_view body_;
    char separator_;
    std::size_t columns_, at_ = 0;
    std::uint64_t lines_ = 0;
};

} // namespace salus::test
