#include "formats/zstd_stream.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <zstd.h>

#include <algorithm>
#include <vector>

namespace salus {
namespace {

struct FreeContext {
    void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

class ZstdStream final : public RecordStream {
public:
    ZstdStream(const std::filesystem::path& path, FileRange range)
        : RecordStream(path), context_(ZSTD_createDCtx()), packed_(ZSTD_DStreamInSize()),
          consumed_(range.begin), end_(std::min(range.end, file_.size())) {
        if (!context_) throw std::bad_alloc();
    }

private:
    bool fill() override {
        const std::size_t room = ZSTD_DStreamOutSize();
        for (;;) {
            if (input_.pos == input_.size && !drained_) {
                consumed_ += input_.size;
                const auto got = static_cast<std::size_t>(
                    std::min<std::uint64_t>(packed_.size(), end_ - std::min(end_, consumed_)));
                if (got > 0)
                    file_.read_at(consumed_, std::as_writable_bytes(std::span(packed_).first(got)));
                input_ = {.src = packed_.data(), .size = got, .pos = 0};
                drained_ = got == 0;
            }
            const std::uint64_t from = consumed_ + input_.pos;
            ZSTD_outBuffer output{.dst = reserve(room), .size = room, .pos = 0};
            const std::size_t before = input_.pos;
            if (!drained_ || inside_frame_) {
                const std::size_t state = ZSTD_decompressStream(context_.get(), &output, &input_);
                if (ZSTD_isError(state) != 0) fail(from, text("zstd: ", ZSTD_getErrorName(state)));
                inside_frame_ = state != 0;
            }
            if (output.pos > 0) {
                added(output.pos, from);
                return true;
            }
            if (drained_ && inside_frame_) fail(from, "the file ends inside a frame");
            if (drained_ && input_.pos == before) return false;
        }
    }

    VirtualOffset offset_of(std::uint64_t byte, std::uint64_t) const override { return byte << 16; }

    [[noreturn]] void fail(std::uint64_t byte, std::string what) const {
        throw DataError({.what = "the zstd file is damaged or cut",
                         .where = text(file_.path().string(), ", at byte ", byte),
                         .why = std::move(what),
                         .help = "copy it again from its source and compare checksums"});
    }

    std::unique_ptr<ZSTD_DCtx, FreeContext> context_;
    std::vector<char> packed_;
    ZSTD_inBuffer input_{.src = nullptr, .size = 0, .pos = 0};
    std::uint64_t consumed_, end_; // in the file
    bool drained_ = false, inside_frame_ = false;
};

} // namespace

std::unique_ptr<RecordStream> open_zstd_stream(const std::filesystem::path& path, FileRange range) {
    return std::make_unique<ZstdStream>(path, range);
}

} // namespace salus
