#include "formats/bgzf_writer.hpp"

#include "base/error.hpp"
#include "base/hash.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <span>

namespace salus {
namespace {

constexpr std::size_t block_limit = 0x10000; // a block with header and trailer, by the format
constexpr std::size_t head_bytes = 18, tail_bytes = 8;
constexpr std::array<std::uint8_t, head_bytes> block_head{0x1f, 0x8b, 8, 4,   0,   0, 0, 0, 0,
                                                          0xff, 6,    0, 'B', 'C', 2, 0, 0, 0};

void put32(std::uint8_t* at, std::uint32_t value) {
    for (unsigned i = 0; i < 4; ++i)
        at[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

struct FreeCompressor {
    void operator()(libdeflate_compressor* c) const noexcept { libdeflate_free_compressor(c); }
};
using Compressor = std::unique_ptr<libdeflate_compressor, FreeCompressor>;

Compressor make_compressor(int level) {
    Compressor compressor(libdeflate_alloc_compressor(level));
    if (!compressor)
        throw MemoryError({.what = "no memory for a compressor",
                           .where = {},
                           .why = {},
                           .help = "give the job more memory"});
    return compressor;
}

std::size_t deflate(const Compressor& compressor, std::string_view bytes, std::uint8_t* out) {
    return libdeflate_deflate_compress(compressor.get(), bytes.data(), bytes.size(), out,
                                       block_limit - head_bytes - tail_bytes);
}

} // namespace

std::vector<std::uint8_t> bgzf_blocks(std::string_view bytes, int level) {
    const Compressor compressor = make_compressor(level), store = make_compressor(0);
    std::vector<std::uint8_t> out;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), bgzf_block_input))) {
        const std::string_view input = bytes.substr(0, bgzf_block_input);
        const std::size_t begin = out.size();
        out.resize(begin + block_limit);
        std::uint8_t* block = out.data() + begin;
        std::size_t size = deflate(compressor, input, block + head_bytes);
        if (size == 0) size = deflate(store, input, block + head_bytes);
        SALUS_ASSERT(size > 0);
        const std::size_t whole = head_bytes + size + tail_bytes;
        std::memcpy(block, block_head.data(), head_bytes);
        block[16] = static_cast<std::uint8_t>((whole - 1) & 0xFF);
        block[17] = static_cast<std::uint8_t>((whole - 1) >> 8);
        put32(block + head_bytes + size, crc32(std::as_bytes(std::span(input))));
        put32(block + head_bytes + size + 4, static_cast<std::uint32_t>(input.size()));
        out.resize(begin + whole);
    }
    return out;
}

std::string_view bgzf_end_of_file() noexcept {
    static constexpr char block[] =
        "\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0\x1b\0\x03\0\0\0\0\0\0\0\0";
    return {block, 28};
}

} // namespace salus
