#include "base/hash.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

#include <libdeflate.h>
#include <openssl/evp.h>

#include <array>
#include <cstring>

namespace salus {

struct Sha256::State {
    struct Free {
        void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
    };
    std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
    SALUS_ASSERT(EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::span<const std::byte> bytes) {
    SALUS_ASSERT(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

void Sha256::update(std::string_view bytes) { update(std::as_bytes(std::span(bytes))); }

std::string Sha256::hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    SALUS_ASSERT(EVP_DigestFinal_ex(state_->context.get(), digest.data(), &length) == 1);
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (unsigned i = 0; i < length; ++i) {
        out += digits[digest[i] >> 4];
        out += digits[digest[i] & 15];
    }
    return out;
}

std::string sha256(std::string_view bytes) {
    Sha256 digest;
    digest.update(bytes);
    return digest.hex();
}

std::string sha256_file(const std::filesystem::path& path) {
    InputFile file(path);
    constexpr std::size_t length = std::size_t{1} << 20;
    const auto memory = std::make_unique_for_overwrite<std::byte[]>(length); // parts are many, small
    const std::span buffer(memory.get(), length);
    Sha256 digest;
    for (std::size_t got; (got = file.read(buffer)) > 0;)
        digest.update(buffer.first(got));
    return digest.hex();
}

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) noexcept {
    const auto mix = [](std::uint64_t x) { // finaliser of SplitMix64
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
        return x ^ (x >> 31);
    };
    std::uint64_t state = mix(seed + 0x9E3779B97F4A7C15ULL) ^ bytes.size();
    for (std::size_t i = 0; i < bytes.size(); i += 8) {
        std::uint64_t word = 0;
        for (std::size_t k = 0; k < 8 && i + k < bytes.size(); ++k)
            word |= std::uint64_t{static_cast<unsigned char>(bytes[i + k])} << (8 * k);
        state = mix((state ^ word) + 0x9E3779B97F4A7C15ULL);
    }
    return mix(state);
}

std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t start) noexcept {
    return libdeflate_crc32(start, bytes.data(), bytes.size());
}

} // namespace salus
