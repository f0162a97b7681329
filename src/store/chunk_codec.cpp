#include "store/chunk_codec.hpp"

#include "base/error.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <cstring>

namespace salus::h5 {
namespace {

constexpr std::size_t checksum_bytes = 4;
constexpr std::uint32_t without_shuffle = 1, without_deflate = 2, without_checksum = 4;

using Lane = std::uint8_t __attribute__((vector_size(16)));

/// Takes bytes of `Count` lanes in turn from their first and their second half: a rotation of the
/// bits of the places by one.
template <std::size_t Count>
[[gnu::always_inline]] inline void interleave_halves(Lane (&lanes)[Count]) noexcept {
    Lane out[Count];
    for (std::size_t i = 0; i < Count / 2; ++i) {
        const Lane first = lanes[i], second = lanes[i + Count / 2];
        out[2 * i] = __builtin_shufflevector(first, second, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5,
                                             21, 6, 22, 7, 23);
        out[2 * i + 1] = __builtin_shufflevector(first, second, 8, 24, 9, 25, 10, 26, 11, 27, 12,
                                                 28, 13, 29, 14, 30, 15, 31);
    }
    for (std::size_t i = 0; i < Count; ++i)
        lanes[i] = out[i];
}

/// Sixteen elements at a time; returns how many elements are done.
template <std::size_t Element>
std::size_t shuffle_lanes(const std::byte* in, std::size_t count, std::byte* out) noexcept {
    std::size_t i = 0;
    for (Lane lanes[Element]; i + 16 <= count; i += 16) {
        std::memcpy(lanes, in + i * Element, sizeof lanes);
        for (int turn = 0; turn < 4; ++turn)
            interleave_halves(lanes);
        for (std::size_t b = 0; b < Element; ++b)
            std::memcpy(out + b * count + i, &lanes[b], sizeof(Lane));
    }
    return i;
}
template <std::size_t Element>
std::size_t unshuffle_lanes(const std::byte* in, std::size_t count, std::byte* out) noexcept {
    std::size_t i = 0;
    for (Lane lanes[Element]; i + 16 <= count; i += 16) {
        for (std::size_t b = 0; b < Element; ++b)
            std::memcpy(&lanes[b], in + b * count + i, sizeof(Lane));
        for (std::size_t turn = 1; turn < Element; turn *= 2)
            interleave_halves(lanes);
        std::memcpy(out + i * Element, lanes, sizeof lanes);
    }
    return i;
}

/// Byte b of all elements after byte b - 1 of all; what is no whole element stays at the end.
void shuffle(std::span<const std::byte> in, std::size_t element, std::byte* out) noexcept {
    const std::size_t count = in.size() / element;
    const std::size_t done = element == 4   ? shuffle_lanes<4>(in.data(), count, out)
                             : element == 8 ? shuffle_lanes<8>(in.data(), count, out)
                                            : 0;
    for (std::size_t b = 0; b < element; ++b)
        for (std::size_t i = done; i < count; ++i)
            out[b * count + i] = in[i * element + b];
    std::copy(in.begin() + static_cast<std::ptrdiff_t>(count * element), in.end(),
              out + count * element);
}

void unshuffle(std::span<const std::byte> in, std::size_t element, std::byte* out) noexcept {
    const std::size_t count = in.size() / element;
    const std::size_t done = element == 4   ? unshuffle_lanes<4>(in.data(), count, out)
                             : element == 8 ? unshuffle_lanes<8>(in.data(), count, out)
                                            : 0;
    for (std::size_t b = 0; b < element; ++b)
        for (std::size_t i = done; i < count; ++i)
            out[i * element + b] = in[b * count + i];
    std::copy(in.begin() + static_cast<std::ptrdiff_t>(count * element), in.end(),
              out + count * element);
}

[[noreturn]] void throw_no_memory() {
    throw MemoryError({.what = "no memory to compress or decompress a column"});
}

std::uint32_t fold(std::uint64_t sum) noexcept {
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint32_t>(sum);
}

} // namespace

std::uint32_t fletcher32(std::span<const std::byte> bytes) noexcept {
    // Sums are folded seldom enough to fit into 64 bits; x and x + 65,535 are the same residue, and
    // folding never turns a sum that is not zero into zero, so when it is done does not matter.
    std::uint64_t sum1 = 0, sum2 = 0;
    const std::size_t words = bytes.size() / 2;
    for (std::size_t begin = 0; begin < words; begin += 4096) {
        const std::size_t end = std::min(words, begin + 4096);
        for (std::size_t w = begin; w < end; ++w) {
            sum1 += std::to_integer<std::uint32_t>(bytes[2 * w]) << 8 |
                    std::to_integer<std::uint32_t>(bytes[2 * w + 1]);
            sum2 += sum1;
        }
        sum1 = fold(sum1);
        sum2 = fold(sum2);
    }
    if (bytes.size() % 2 != 0) {
        sum1 += std::to_integer<std::uint32_t>(bytes.back()) << 8;
        sum2 += sum1;
    }
    return fold(sum2) << 16 | fold(sum1);
}

void ChunkCodec::Free::operator()(libdeflate_compressor* c) const noexcept {
    libdeflate_free_compressor(c);
}
void ChunkCodec::Free::operator()(libdeflate_decompressor* d) const noexcept {
    libdeflate_free_decompressor(d);
}

std::span<const std::byte> ChunkCodec::encode(std::span<const std::byte> plain,
                                              std::size_t element) {
    for (const Encoded& known : last_)
        if (known.element == element && known.plain.size() == plain.size() &&
            std::memcmp(known.plain.data(), plain.data(), plain.size()) == 0)
            return known.stored;
    if (!compressor_) compressor_.reset(libdeflate_alloc_compressor(1));
    if (!compressor_) throw_no_memory();
    Encoded& made = last_[next_];
    next_ = (next_ + 1) % last_.size();
    made.element = element;
    made.plain.assign(plain.begin(), plain.end());
    if (element > 1) {
        shuffled_.resize(plain.size());
        shuffle(plain, element, shuffled_.data());
        plain = shuffled_;
    }
    std::vector<std::byte>& stored = made.stored;
    stored.resize(libdeflate_zlib_compress_bound(compressor_.get(), plain.size()) + checksum_bytes);
    const std::size_t size =
        libdeflate_zlib_compress(compressor_.get(), plain.data(), plain.size(), stored.data(),
                                 stored.size() - checksum_bytes);
    SALUS_ASSERT(size > 0); // there is room for the worst case
    const std::uint32_t sum = fletcher32(std::span(stored).first(size));
    for (std::size_t b = 0; b < checksum_bytes; ++b)
        stored[size + b] = static_cast<std::byte>(sum >> (8 * b) & 0xff);
    stored.resize(size + checksum_bytes);
    return stored;
}

bool ChunkCodec::decode(std::span<const std::byte> stored, std::size_t element,
                        std::uint32_t skipped, std::span<std::byte> plain) {
    if (!decompressor_) decompressor_.reset(libdeflate_alloc_decompressor());
    if (!decompressor_) throw_no_memory();
    if ((skipped & without_checksum) == 0) {
        if (stored.size() < checksum_bytes) return false;
        const auto tail = stored.last(checksum_bytes);
        stored = stored.first(stored.size() - checksum_bytes);
        std::uint32_t sum = 0;
        for (std::size_t b = 0; b < checksum_bytes; ++b)
            sum |= std::to_integer<std::uint32_t>(tail[b]) << (8 * b);
        if (fletcher32(stored) != sum) return false;
    }
    const bool shuffled = element > 1 && (skipped & without_shuffle) == 0;
    if (shuffled) shuffled_.resize(plain.size());
    const std::span<std::byte> target = shuffled ? std::span(shuffled_) : plain;
    if ((skipped & without_deflate) == 0) {
        std::size_t size = 0;
        if (libdeflate_zlib_decompress(decompressor_.get(), stored.data(), stored.size(),
                                       target.data(), target.size(), &size) != LIBDEFLATE_SUCCESS ||
            size != target.size())
            return false;
    } else {
        if (stored.size() != target.size()) return false;
        std::copy(stored.begin(), stored.end(), target.begin());
    }
    if (shuffled) unshuffle(shuffled_, element, plain.data());
    return true;
}

} // namespace salus::h5
