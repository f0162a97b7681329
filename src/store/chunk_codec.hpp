#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

struct libdeflate_compressor;
struct libdeflate_decompressor;

namespace salus::h5 {

/// The filter pipeline of our chunks, shuffle + deflate 1 + Fletcher-32, without the library: what
/// it makes is read by any HDF5, and several times faster to make and to read. Not thread-safe.
class ChunkCodec {
public:
    /// The stored form of a chunk of elements of `element` bytes; valid until the next call. Of
    /// the last 16 chunks it is remembered: tables of traits in the same samples share columns.
    std::span<const std::byte> encode(std::span<const std::byte> plain, std::size_t element);
    /// The chunk behind a stored form. \param skipped  bit k: filter k was not applied (HDF5 leaves
    /// out a deflate that does not pay). False if the checksum, the stream or the size is wrong.
    bool decode(std::span<const std::byte> stored, std::size_t element, std::uint32_t skipped,
                std::span<std::byte> plain);

private:
    struct Free {
        void operator()(libdeflate_compressor* c) const noexcept;
        void operator()(libdeflate_decompressor* d) const noexcept;
    };
    std::unique_ptr<libdeflate_compressor, Free> compressor_;
    std::unique_ptr<libdeflate_decompressor, Free> decompressor_;
    struct Encoded {
        std::size_t element = 0;
        std::vector<std::byte> plain, stored;
    };
    std::vector<std::byte> shuffled_;
    std::array<Encoded, 16> last_;
    std::size_t next_ = 0; // of last_ to be replaced
};

/// The checksum of the HDF5 filter: Fletcher's sums of big-endian 16-bit words modulo 65,535.
std::uint32_t fletcher32(std::span<const std::byte> bytes) noexcept;

} // namespace salus::h5
