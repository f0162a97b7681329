#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace salus {

/// Where the fields and lines of a piece of delimited text end, quotes not regarded.
class TextMarks {
public:
    /// Marks all of `text`, which must be shorter than 2^32 bytes. Cost about 0.1 ns per byte.
    void mark(std::string_view text, char separator);
    /// A field and line end at `place`, behind all others: the last line of a file without line
    /// break.
    void end_line(std::size_t place);

    /// Places of separators and line breaks, ascending.
    const std::uint32_t* field_ends() const noexcept { return ends_.data(); }
    std::size_t fields() const noexcept { return fields_; }
    /// Indices into field_ends() of the line breaks.
    const std::vector<std::uint32_t>& lines() const noexcept { return lines_; }
    /// Places of quotes, ascending; the last entry is behind the text.
    const std::vector<std::uint32_t>& quotes() const noexcept { return quotes_; }
    bool is_ascii() const noexcept { return ascii_; }

private:
    std::vector<std::uint32_t> ends_, lines_, quotes_;
    std::size_t fields_ = 0;
    bool ascii_ = true;
};

/// Bits of 64 bytes of text: bit i belongs to byte i.
struct CharacterBits {
    std::uint64_t separators = 0, breaks = 0, quotes = 0, high = 0; // high: not ASCII
};
/// bits[i] of bytes [64 i, 64 i + 64), for whole blocks of 64.
using CharacterBitsOf = void (*)(std::string_view text, char separator,
                                 CharacterBits* bits) noexcept;
/// The forms that this processor can run, the plain one first, the fastest last. All give the same
/// bits.
std::span<const CharacterBitsOf> character_bits_forms() noexcept;

} // namespace salus
