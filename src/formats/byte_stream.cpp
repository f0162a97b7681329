#include "formats/byte_stream.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/packed_ranges.hpp"
#include "formats/zstd_stream.hpp"

#include <htslib/bgzf.h>
#include <htslib/hts_log.h>

#include <algorithm>
#include <array>

namespace salus {

struct ByteStream::Gzip {
    struct Close {
        void operator()(BGZF* file) const noexcept { bgzf_close(file); }
    };
    std::unique_ptr<BGZF, Close> file;
};

namespace {

bool begins_with(const std::filesystem::path& path, std::string_view magic) {
    InputFile file(path);
    std::array<char, 4> head{};
    const auto bytes = std::as_writable_bytes(std::span(head).first(magic.size()));
    return file.size() >= magic.size() && file.read(bytes) == magic.size() &&
           std::string_view(head.data(), magic.size()) == magic;
}

bool is_zstd(const std::filesystem::path& path) { return begins_with(path, "\x28\xB5\x2F\xFD"); }

} // namespace

bool is_gzip(const std::filesystem::path& path) { return begins_with(path, "\x1F\x8B"); }
bool is_packed(const std::filesystem::path& path) { return is_gzip(path) || is_zstd(path); }

ByteStream::ByteStream(const std::filesystem::path& path) : file_(path), zstd_(is_zstd(path)) {
    if (zstd_ || (is_gzip(path) && container_of(path) == Container::bgzf)) {
        records_ = records(0, end_of_file);
    } else if (is_gzip(path)) {
        hts_set_log_level(HTS_LOG_OFF); // failures are told by our own errors
        gzip_ = std::make_unique<Gzip>();
        gzip_->file.reset(bgzf_open(path.c_str(), "r"));
        if (!gzip_->file)
            throw DataError({.what = "cannot open the compressed file",
                             .where = path.string(),
                             .why = {},
                             .help = "copy or make the file again"});
    }
}

std::unique_ptr<RecordStream> ByteStream::records(std::uint64_t begin, std::uint64_t end) const {
    if (zstd_) return open_zstd_stream(file_.path(), {begin, end});
    return open_stream(file_.path(), {begin << 16, end == end_of_file ? end : end << 16});
}

void ByteStream::seek_packed(ByteRange range) {
    SALUS_ASSERT(records_ || (gzip_ && range.begin == 0));
    if (gzip_) return;
    std::uint64_t begin = range.begin;
    range_end_ = range.end >= file_.size() ? end_of_file : range.end;
    if (!zstd_) {
        if (begin > 0) begin = bgzf_block_from(file_, begin);
        if (range_end_ != end_of_file) range_end_ = bgzf_block_from(file_, range_end_);
    }
    records_ = records(begin, range_end_);
    given_ = 0;
    range_text_ = std::numeric_limits<std::uint64_t>::max();
}

std::size_t ByteStream::read_records(std::span<char> buffer) {
    while (records_->unread().empty() && !records_->more()) {
        if (range_text_ == std::numeric_limits<std::uint64_t>::max()) range_text_ = given_;
        if (range_end_ == end_of_file) return 0;
        records_ = records(range_end_, end_of_file);
        range_end_ = end_of_file;
    }
    const std::string_view unread = records_->unread();
    const std::size_t taken = std::min(buffer.size(), unread.size());
    std::copy_n(unread.begin(), taken, buffer.begin());
    records_->consume(taken);
    given_ += taken;
    return taken;
}

ByteStream::~ByteStream() = default;
ByteStream::ByteStream(ByteStream&&) noexcept = default;

void ByteStream::seek(std::uint64_t offset) {
    SALUS_ASSERT(!is_packed());
    offset_ = offset;
}

std::size_t ByteStream::read(std::span<char> buffer) {
    if (gzip_) {
        const auto got = bgzf_read(gzip_->file.get(), buffer.data(), buffer.size());
        if (got < 0)
            throw DataError(
                {.what = "the compressed file is damaged or truncated",
                 .where = file_.path().string(),
                 .why = "a block does not decompress to the length and checksum it states",
                 .help = "copy or make the file again"});
        return static_cast<std::size_t>(got);
    }
    if (records_) return read_records(buffer);
    if (offset_ >= file_.size()) return 0;
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), file_.size() - offset_));
    file_.read_at(offset_, std::as_writable_bytes(buffer.first(wanted)));
    offset_ += wanted;
    return wanted;
}

} // namespace salus
