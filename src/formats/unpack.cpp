#include "formats/unpack.hpp"

#include <libdeflate.h>
#include <zstd.h>

#include <new>

namespace salus {

struct Unpacker::State {
    struct FreeDeflate {
        void operator()(libdeflate_decompressor* d) const noexcept {
            libdeflate_free_decompressor(d);
        }
    };
    struct FreeZstd {
        void operator()(ZSTD_DCtx* c) const noexcept { ZSTD_freeDCtx(c); }
    };
    std::unique_ptr<libdeflate_decompressor, FreeDeflate> deflate{libdeflate_alloc_decompressor()};
    std::unique_ptr<ZSTD_DCtx, FreeZstd> zstd{ZSTD_createDCtx()};
};

Unpacker::Unpacker() : state_(std::make_unique<State>()) {
    if (!state_->deflate || !state_->zstd) throw std::bad_alloc();
}
Unpacker::~Unpacker() = default;
Unpacker::Unpacker(Unpacker&&) noexcept = default;
Unpacker& Unpacker::operator=(Unpacker&&) noexcept = default;

bool Unpacker::zlib(std::span<const std::uint8_t> packed, std::span<std::uint8_t> out) noexcept {
    std::size_t used = 0;
    // Without a place for the length the output must be filled exactly; the input must be used up.
    const auto result =
        libdeflate_zlib_decompress_ex(state_->deflate.get(), packed.data(), packed.size(),
                                      out.data(), out.size(), &used, nullptr);
    return result == LIBDEFLATE_SUCCESS && used == packed.size();
}

bool Unpacker::zstd(std::span<const std::uint8_t> packed, std::span<std::uint8_t> out) noexcept {
    const std::size_t got = ZSTD_decompressDCtx(state_->zstd.get(), out.data(), out.size(),
                                                packed.data(), packed.size());
    return ZSTD_isError(got) == 0 && got == out.size();
}

} // namespace salus
