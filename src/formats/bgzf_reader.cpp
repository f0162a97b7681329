#include "formats/bgzf_reader.hpp"

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace salus {
namespace {

constexpr std::size_t slack_bytes = 64;
constexpr std::size_t longest_record = std::size_t{1} << 31;
constexpr std::array<std::uint8_t, 28> end_marker{0x1f, 0x8b, 0x08, 0x04, 0, 0, 0,    0, 0, 0xff,
                                                  6,    0,    0x42, 0x43, 2, 0, 0x1b, 0, 3, 0,
                                                  0,    0,    0,    0,    0, 0, 0,    0};

std::uint32_t u16_at(const std::uint8_t* p) { return static_cast<std::uint32_t>(p[0] | p[1] << 8); }
std::uint32_t u32_at(const std::uint8_t* p) { return u16_at(p) | u16_at(p + 2) << 16; }

[[noreturn]] void throw_bad_block(const InputFile& file, std::uint64_t byte, std::string what) {
    throw DataError({.what = std::move(what),
                     .where = text(file.path().string(), ", BGZF block at byte ", byte),
                     .why = "the file is damaged, cut or not a BGZF file",
                     .help = "copy it again from its source and compare checksums"});
}

void check_end_marker(const InputFile& file) {
    std::array<std::uint8_t, end_marker.size()> tail{};
    if (file.size() >= tail.size())
        file.read_at(file.size() - tail.size(), std::as_writable_bytes(std::span(tail)));
    if (tail == end_marker) return;
    throw DataError({.what = "the BGZF end marker is missing: the file is cut",
                     .where = text(file.path().string(), ", last 28 bytes of ", file.size()),
                     .why = "a complete BGZF file ends with an empty block",
                     .help = "copy or make the file again; do not trust what is left of it"});
}

struct FreeDecompressor {
    void operator()(libdeflate_decompressor* p) const noexcept { libdeflate_free_decompressor(p); }
};

class BgzfStream final : public RecordStream {
public:
    BgzfStream(const std::filesystem::path& path, FileRange range)
        : RecordStream(path), range_(range), next_(range.begin >> 16),
          first_inside_(range.begin & 0xFFFF), inflater_(libdeflate_alloc_decompressor()) {
        if (!inflater_) throw std::bad_alloc();
        check_end_marker(file_);
    }

private:
    bool fill() override {
        constexpr int blocks_per_fill = 8; // about the size of a second-level cache
        for (int i = 0; i < blocks_per_fill; ++i)
            if (!add_block()) return i > 0;
        return true;
    }

    VirtualOffset offset_of(std::uint64_t block, std::uint64_t inside) const override {
        return (block << 16) + inside;
    }

    /// False at the end of the range.
    bool add_block() {
        if (done_) return false;
        const std::uint64_t end_block = range_.end == end_of_file ? file_.size() : range_.end >> 16;
        const bool last = range_.end != end_of_file && next_ == end_block;
        if (next_ >= end_block && !last) {
            if (next_ == end_block) return false;
            throw_bad_block(
                file_, next_,
                "the index does not belong to this file: no block starts where it says");
        }
        const std::size_t most = last ? range_.end & 0xFFFF : std::size_t{1} << 16;
        if (last && most == 0) return false;
        inflate_block(most);
        done_ = last;
        return true;
    }

    void inflate_block(std::size_t most) {
        const std::uint64_t start = next_;
        const std::size_t size = block_size(start);
        const std::uint8_t* const block = compressed(start, size);
        const std::size_t head = 12 + u16_at(block + 10);
        const std::uint32_t length = u32_at(block + size - 4);
        if (length > 1 << 16) throw_bad_block(file_, start, "the block claims more than 64 KiB");
        char* const out = reserve(length);
        std::size_t used = 0, made = 0;
        const auto result = libdeflate_deflate_decompress_ex(
            inflater_.get(), block + head, size - head - 8, out, length, &used, &made);
        if (result != LIBDEFLATE_SUCCESS || made != length || used != size - head - 8)
            throw_bad_block(file_, start, "the block cannot be decompressed");
        if (crc32(std::as_bytes(std::span(out, length))) != u32_at(block + size - 8))
            throw_bad_block(file_, start, "the block fails its CRC-32 check");
        next_ += size;
        keep(out, std::min<std::size_t>(most, length),
             most < (std::size_t{1} << 16) && most > length, start);
    }

    /// Keeps bytes [first_inside_, end) of the block that was just decompressed.
    void keep(char* out, std::size_t end, bool beyond, std::uint64_t start) {
        if (beyond || first_inside_ > end)
            throw_bad_block(
                file_, start,
                "the index does not belong to this file: it points behind the end of a block");
        const std::size_t kept = end - first_inside_;
        if (first_inside_ > 0) std::memmove(out, out + first_inside_, kept);
        skipped_in_block_ = first_inside_;
        first_inside_ = 0;
        added(kept, start);
    }

    /// Checks the header of the block at `start` and returns its whole size.
    std::size_t block_size(std::uint64_t start) {
        const std::uint8_t* const head = compressed(start, 18);
        if (!std::equal(head, head + 4, end_marker.begin()))
            throw_bad_block(file_, start, "there is no BGZF block header");
        const std::size_t extra = u16_at(head + 10);
        const std::uint8_t* const fields = compressed(start, 12 + extra) + 12;
        for (std::size_t i = 0; i + 4 <= extra; i += 4 + u16_at(fields + i + 2)) {
            const bool size_field =
                fields[i] == 'B' && fields[i + 1] == 'C' && u16_at(fields + i + 2) == 2;
            if (!size_field || i + 6 > extra) continue;
            const std::size_t size = u16_at(fields + i + 4) + std::size_t{1};
            if (size < 12 + extra + 8 + 1) break;
            return size;
        }
        throw_bad_block(file_, start, "the BGZF block header has no valid size field");
    }

    /// `bytes` bytes of the file from `offset` on.
    const std::uint8_t* compressed(std::uint64_t offset, std::size_t bytes) {
        if (bytes > file_.size() || offset > file_.size() - bytes)
            throw_bad_block(file_, offset, "the file ends inside a block");
        if (offset < raw_begin_ || offset + bytes > raw_begin_ + raw_.size()) {
            constexpr std::uint64_t window = std::uint64_t{512} << 10;
            raw_.resize(std::min(file_.size() - offset, std::max<std::uint64_t>(window, bytes)));
            file_.read_at(offset, std::as_writable_bytes(std::span(raw_)));
            raw_begin_ = offset;
        }
        return raw_.data() + (offset - raw_begin_);
    }

    FileRange range_;
    std::uint64_t next_;
    std::size_t first_inside_;
    bool done_ = false;
    std::unique_ptr<libdeflate_decompressor, FreeDecompressor> inflater_;
    std::vector<std::uint8_t> raw_;
    std::uint64_t raw_begin_ = 0;
};

class PlainStream final : public RecordStream {
public:
    PlainStream(const std::filesystem::path& path, FileRange range)
        : RecordStream(path), next_(range.begin >> 16),
          end_(range.end == end_of_file ? file_.size() : range.end >> 16) {}

private:
    bool fill() override {
        constexpr std::uint64_t piece = std::uint64_t{512} << 10;
        const std::size_t bytes = std::min(piece, end_ - next_);
        if (bytes == 0) return false;
        char* const out = reserve(bytes);
        file_.read_at(next_, std::as_writable_bytes(std::span(out, bytes)));
        added(bytes, next_);
        next_ += bytes;
        return true;
    }
    VirtualOffset offset_of(std::uint64_t piece, std::uint64_t inside) const override {
        return (piece + inside) << 16;
    }

    std::uint64_t next_, end_;
};

} // namespace

char* RecordStream::reserve(std::size_t bytes) {
    const std::size_t needed = end_ + bytes + slack_bytes;
    if (needed > data_.size()) data_.resize(std::max(needed, 2 * data_.size()));
    return data_.data() + end_;
}

void RecordStream::added(std::size_t bytes, std::uint64_t file_offset) {
    marks_.push_back(
        {.position = base_ + end_, .file_offset = file_offset, .inside = skipped_in_block_});
    skipped_in_block_ = 0;
    end_ += bytes;
}

void RecordStream::drop_consumed() {
    if (begin_ == 0) return;
    std::memmove(data_.data(), data_.data() + begin_, end_ - begin_);
    base_ += begin_;
    end_ -= begin_;
    begin_ = 0;
    const auto kept = std::find_if(marks_.rbegin(), marks_.rend(),
                                   [&](const Mark& mark) { return mark.position <= base_; });
    if (kept != marks_.rend()) marks_.erase(marks_.begin(), kept.base() - 1);
}

bool RecordStream::more() {
    drop_consumed();
    const std::size_t before = end_;
    while (end_ == before)
        if (!fill()) return false;
    if (end_ > longest_record)
        throw DataError({.what = "a record is longer than 2 GiB",
                         .where = where(),
                         .why = "records are held in memory whole",
                         .help = "check that this is the right file"});
    return true;
}

bool RecordStream::next_line(std::string_view& line) {
    finish_line();
    for (std::size_t searched = 0;;) {
        const std::string_view bytes = unread();
        const void* const found =
            bytes.size() == searched
                ? nullptr
                : std::memchr(bytes.data() + searched, '\n', bytes.size() - searched);
        if (found != nullptr) {
            const auto length =
                static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
            line_ = length + 1;
            line = bytes.substr(0, length);
            if (line.ends_with('\r')) line.remove_suffix(1);
            return true;
        }
        searched = bytes.size();
        if (more()) continue;
        if (unread().empty()) return false;
        throw DataError({.what = "the last line has no end",
                         .where = where(),
                         .why = "the file is cut, or its index does not belong to it",
                         .help = "make the file complete, or index it again"});
    }
}

VirtualOffset RecordStream::place() const noexcept {
    const std::uint64_t position = base_ + begin_;
    const auto after =
        std::upper_bound(marks_.begin(), marks_.end(), position,
                         [](std::uint64_t p, const Mark& mark) { return p < mark.position; });
    if (after == marks_.begin()) return 0;
    const Mark& mark = *(after - 1);
    return offset_of(mark.file_offset, mark.inside + (position - mark.position));
}

std::string RecordStream::where() const {
    return text(file_.path().string(), ", at byte ", place() >> 16);
}

Container container_of(const std::filesystem::path& path) {
    const InputFile file(path);
    std::array<std::uint8_t, 4> head{};
    if (file.size() == 0)
        throw DataError({.what = "the file is empty",
                         .where = path.string(),
                         .why = {},
                         .help = "give the right file"});
    file.read_at(
        0, std::as_writable_bytes(std::span(head).first(std::min<std::uint64_t>(4, file.size()))));
    if (head[0] != 0x1f || head[1] != 0x8b) return Container::plain;
    return head[3] & 4 ? Container::bgzf : Container::gzip;
}

std::unique_ptr<RecordStream> open_stream(const std::filesystem::path& path, FileRange range) {
    switch (container_of(path)) {
    case Container::bgzf:
        return std::make_unique<BgzfStream>(path, range);
    case Container::plain:
        return std::make_unique<PlainStream>(path, range);
    case Container::gzip:
        break;
    }
    throw DataError({.what = "the file is compressed with gzip, not with bgzip",
                     .where = path.string(),
                     .why = "plain gzip can neither be read in parts nor checked block by block",
                     .help = text("gunzip -c ", path.filename().string(),
                                  " | bgzip > NEW.vcf.gz && tabix -p vcf NEW.vcf.gz")});
}

} // namespace salus
