#include "formats/byte_stream.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

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

bool is_gzip(const std::filesystem::path& path) {
    InputFile file(path);
    std::array<std::byte, 2> magic{};
    return file.size() >= 2 && file.read(magic) == 2 && magic[0] == std::byte{0x1f} &&
           magic[1] == std::byte{0x8b};
}

ByteStream::ByteStream(const std::filesystem::path& path) : file_(path) {
    if (!is_gzip(path)) return;
    hts_set_log_level(HTS_LOG_OFF); // failures are told by our own errors
    gzip_ = std::make_unique<Gzip>();
    gzip_->file.reset(bgzf_open(path.c_str(), "r"));
    if (!gzip_->file)
        throw DataError({.what = "cannot open the compressed file", .where = path.string()});
    if (bgzf_compression(gzip_->file.get()) == 2 && bgzf_check_EOF(gzip_->file.get()) == 0)
        throw DataError({.what = "the compressed file is truncated",
                         .where = path.string(),
                         .why = "a BGZF file ends with an empty block, and this one does not",
                         .help = "copy or make the file again"});
}

ByteStream::~ByteStream() = default;
ByteStream::ByteStream(ByteStream&&) noexcept = default;

void ByteStream::seek(std::uint64_t offset) {
    SALUS_ASSERT(!gzip_ || offset == 0);
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
    if (offset_ >= file_.size()) return 0;
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), file_.size() - offset_));
    file_.read_at(offset_, std::as_writable_bytes(buffer.first(wanted)));
    offset_ += wanted;
    return wanted;
}

} // namespace salus
