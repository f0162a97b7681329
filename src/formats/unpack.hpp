#pragma once

#include <cstdint>
#include <memory>
#include <span>

namespace salus {

/// Decompresses whole blocks whose unpacked length is known. The working memory is kept from call
/// to call.
class Unpacker {
public:
    Unpacker();
    ~Unpacker();
    Unpacker(Unpacker&&) noexcept;
    Unpacker& operator=(Unpacker&&) noexcept;

    /// zlib with its Adler-32 check. False unless the block is sound and fills `out` exactly.
    bool zlib(std::span<const std::uint8_t> packed, std::span<std::uint8_t> out) noexcept;
    /// One or more zstd frames, their checksums included where they have some. The same answer.
    bool zstd(std::span<const std::uint8_t> packed, std::span<std::uint8_t> out) noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace salus
