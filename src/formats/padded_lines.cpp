#include "formats/padded_lines.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cstring>

namespace salus {
namespace {} // namespace

PaddedLines::PaddedLines(const std::filesystem::path& path, ByteRange range, std::size_t longest,
                         TextCut cut)
    : text_(path, range, padding), cut_(cut), longest_(longest) {
    start();
}

void PaddedLines::start() {
    if (text_.range.begin == 0) return pass_over_mark();
    text_.go_before_range();
    for (;;) { // what is left of a line that began before
        if (text_.position == text_.filled && !text_.refill()) break;
        const std::size_t found = text_.text().find('\n', text_.position);
        text_.position = found == std::string_view::npos ? text_.filled : found + 1;
        if (found != std::string_view::npos) break;
    }
    first_byte_ = text_.first_byte();
}

void PaddedLines::pass_over_mark() {
    while (text_.filled < byte_order_mark.size() && text_.refill()) {
    }
    if (std::string_view(text_.buffer.data(), text_.filled).starts_with(byte_order_mark))
        text_.position = byte_order_mark.size();
}

/// The end of the line at `position`: its line break, or the end of the text. False if the line is
/// too long: it is then passed over without being kept.
bool PaddedLines::find_end(std::size_t& end) {
    bool fits = true;
    for (std::size_t done = 0;;) {
        const char* from = text_.buffer.data() + text_.position + done;
        const void* found = cut_ == TextCut::whole_file
                                ? nullptr
                                : std::memchr(from, '\n', text_.filled - text_.position - done);
        if (found != nullptr) {
            end = static_cast<std::size_t>(static_cast<const char*>(found) - text_.buffer.data());
            return fits && end - text_.position <= longest_;
        }
        done = text_.filled - text_.position;
        if (done > longest_) {
            fits = false;
            text_.position = text_.filled;
            done = 0;
        }
        if (!text_.refill()) {
            end = text_.filled;
            return fits;
        }
    }
}

bool PaddedLines::next() {
    for (;;) {
        if (text_.position == text_.filled && !text_.refill()) return false;
        const bool first = lines_ == 0 && text_.range.begin == 0; // though a mark is before it
        if (!first && !text_.owns_next()) return false;
        line_byte_ = text_.text_byte();
        std::size_t end = 0;
        too_long_ = !find_end(end);
        number_ = ++lines_;
        begin_ = text_.position;
        size_ = end - text_.position;
        if (size_ > 0 && text_.buffer[end - 1] == '\r') --size_;
        if (cut_ == TextCut::whole_file)
            lines_ = std::max<std::uint64_t>(
                1, static_cast<std::uint64_t>(
                       std::count(text_.buffer.data() + begin_, text_.buffer.data() + end, '\n')));
        text_.position = std::min(text_.filled, end + 1);
        if (too_long_ || !trim(line()).empty()) return true;
    }
}

std::string PaddedLines::where() const {
    return text(text_.path.string(), ", line ", text_.line_at(line_byte_));
}

} // namespace salus
