#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace salus {

/// SHA-256, incremental. `sha256sum` on the same bytes prints the same digits.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    void update(std::span<const std::byte> bytes);
    void update(std::string_view bytes);
    /// 64 lower-case hexadecimal digits; the object is spent afterwards.
    std::string hex();

private:
    struct State;
    std::unique_ptr<State> state_;
};

std::string sha256(std::string_view bytes);
/// Digest of a whole file; StorageError if it cannot be read.
std::string sha256_file(const std::filesystem::path& path);

/// Hash of `bytes` under `seed` that is the same on every machine and in every version; used to
/// place persons into shards and to key random streams. Not cryptographic.
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0) noexcept;

/// CRC-32 as in gzip.
std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t start = 0) noexcept;

} // namespace salus
