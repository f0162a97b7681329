#include "formats/padded_lines.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cstring>
#include <span>

namespace salus {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 18;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

} // namespace

PaddedLines::PaddedLines(const std::filesystem::path& path, ByteRange range, std::size_t longest,
                         TextCut cut)
    : path_(path), stream_(path), range_(range), cut_(cut), longest_(longest),
      buffer_(buffer_bytes + padding) {
    start();
}

void PaddedLines::start() {
    const bool packed = stream_.is_packed();
    if (packed) stream_.seek_packed(range_);
    if (range_.begin == 0) return pass_over_mark();
    if (!packed) {
        stream_.seek(range_.begin - 1);
        base_ = range_.begin - 1;
    }
    for (;;) { // what is left of a line that began before
        if (position_ == filled_ && !refill()) break;
        const void* found = std::memchr(buffer_.data() + position_, '\n', filled_ - position_);
        position_ =
            found == nullptr
                ? filled_
                : static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data()) + 1;
        if (found != nullptr) break;
    }
    first_byte_ = packed ? range_.begin + text_byte() : text_byte();
}

/// Whether the next line, which is there, is of this range.
bool PaddedLines::owns_next() const noexcept {
    return stream_.is_packed() ? text_byte() <= stream_.range_text() : text_byte() < range_.end;
}

void PaddedLines::pass_over_mark() {
    while (filled_ < byte_order_mark.size() && refill()) {
    }
    if (std::string_view(buffer_.data(), filled_).starts_with(byte_order_mark))
        position_ = byte_order_mark.size();
}

/// Reads more behind what is there, moving it to the front of the buffer first; false at the end.
bool PaddedLines::refill() {
    if (finished_) return false;
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(position_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(filled_), buffer_.begin());
    base_ += position_;
    filled_ -= position_;
    position_ = 0;
    if (filled_ + padding == buffer_.size()) buffer_.resize(2 * filled_ + padding);
    const std::size_t got =
        stream_.read(std::span(buffer_).subspan(filled_, buffer_.size() - padding - filled_));
    finished_ = got == 0;
    filled_ += got;
    return got > 0;
}

/// The end of the line at position_: its line break, or the end of the text. False if the line is
/// too long: it is then passed over without being kept.
bool PaddedLines::find_end(std::size_t& end) {
    bool fits = true;
    for (std::size_t done = 0;;) {
        const char* from = buffer_.data() + position_ + done;
        const void* found = cut_ == TextCut::whole_file
                                ? nullptr
                                : std::memchr(from, '\n', filled_ - position_ - done);
        if (found != nullptr) {
            end = static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data());
            return fits && end - position_ <= longest_;
        }
        done = filled_ - position_;
        if (done > longest_) {
            fits = false;
            position_ = filled_;
            done = 0;
        }
        if (!refill()) {
            end = filled_;
            return fits;
        }
    }
}

bool PaddedLines::next() {
    for (;;) {
        if (position_ == filled_ && !refill()) return false;
        if (!owns_next()) return false;
        line_byte_ = text_byte();
        std::size_t end = 0;
        too_long_ = !find_end(end);
        number_ = ++lines_;
        begin_ = position_;
        size_ = end - position_;
        if (size_ > 0 && buffer_[end - 1] == '\r') --size_;
        if (cut_ == TextCut::whole_file)
            lines_ = std::max<std::uint64_t>(
                1, static_cast<std::uint64_t>(
                       std::count(buffer_.data() + begin_, buffer_.data() + end, '\n')));
        position_ = std::min(filled_, end + 1);
        if (too_long_ || !trim(line()).empty()) return true;
    }
}

std::string PaddedLines::where() const {
    std::uint64_t line = 1 + lines_before_range();
    ByteStream stream(path_);
    if (stream.is_packed()) stream.seek_packed(range_);
    std::vector<char> buffer(buffer_bytes);
    for (std::uint64_t left = line_byte_; left > 0;) {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size()));
        const std::size_t got = stream.read(std::span(buffer).first(wanted));
        if (got == 0) break;
        line += static_cast<std::uint64_t>(std::count(buffer.data(), buffer.data() + got, '\n'));
        left -= got;
    }
    return text(path_.string(), ", line ", line);
}

/// Lines of a compressed file before its range, whose bytes of text are counted from its beginning.
std::uint64_t PaddedLines::lines_before_range() const {
    if (!stream_.is_packed() || range_.begin == 0) return 0;
    ByteStream stream(path_);
    stream.seek_packed({.begin = 0, .end = range_.begin});
    std::vector<char> buffer(buffer_bytes);
    std::uint64_t lines = 0, text = 0;
    while (const std::size_t got = stream.read(buffer)) {
        if (text >= stream.range_text()) break;
        text += got;
        lines += static_cast<std::uint64_t>(std::count(buffer.data(), buffer.data() + got, '\n'));
    }
    return lines;
}

} // namespace salus
