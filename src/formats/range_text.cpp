#include "formats/range_text.hpp"

#include <algorithm>
#include <span>

namespace salus {
namespace {

std::uint64_t breaks(std::span<const char> text) {
    return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

} // namespace

RangeText::RangeText(const std::filesystem::path& file, ByteRange part, std::size_t behind)
    : path(file), stream(file), range(part), padding(behind), buffer(buffer_bytes + behind) {
    if (stream.is_packed()) stream.seek_packed(range);
}

void RangeText::go_before_range() {
    if (stream.is_packed()) return;
    stream.seek(range.begin - 1);
    base = range.begin - 1;
}

bool RangeText::refill() {
    if (finished) return false;
    std::copy(buffer.begin() + static_cast<std::ptrdiff_t>(position),
              buffer.begin() + static_cast<std::ptrdiff_t>(filled), buffer.begin());
    base += position;
    filled -= position;
    position = 0;
    if (filled + padding == buffer.size()) buffer.resize(2 * filled + padding);
    const std::size_t got =
        stream.read(std::span(buffer).subspan(filled, buffer.size() - padding - filled));
    finished = got == 0;
    filled += got;
    return got > 0;
}

std::uint64_t RangeText::line_at(std::uint64_t byte) const {
    std::vector<char> piece(buffer_bytes);
    std::uint64_t line = 1;
    if (stream.is_packed() && range.begin > 0) { // bytes are counted from the range on
        ByteStream before(path);
        before.seek_packed({.begin = 0, .end = range.begin});
        std::uint64_t text = 0;
        while (const std::size_t got = before.read(piece)) {
            if (text >= before.range_text()) break;
            text += got;
            line += breaks(std::span(piece).first(got));
        }
    }
    ByteStream from(path);
    if (from.is_packed()) from.seek_packed(range);
    while (byte > 0) {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(byte, piece.size()));
        const std::size_t got = from.read(std::span(piece).first(wanted));
        if (got == 0) break;
        line += breaks(std::span(piece).first(got));
        byte -= got;
    }
    return line;
}

} // namespace salus
