#include "base/hmac.hpp"

#include "base/error.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace salus {

std::array<std::uint8_t, 32> hmac_sha256(std::string_view key, std::string_view bytes) {
    std::array<std::uint8_t, 32> digest{};
    unsigned length = 0;
    const std::string_view used = key.empty() ? std::string_view("") : key; // never a null pointer
    SALUS_ASSERT(HMAC(EVP_sha256(), used.data(), static_cast<int>(used.size()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                      digest.data(), &length) != nullptr &&
                 length == digest.size());
    return digest;
}

} // namespace salus
