#include "base/hmac.hpp"

#include "base/error.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>

namespace salus {
namespace {

const unsigned char* bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<const unsigned char*>(text.empty() ? "" : text.data()); // never null
}

} // namespace

void HmacSha256::Free::operator()(evp_mac_ctx_st* context) const noexcept {
    EVP_MAC_CTX_free(context);
}

HmacSha256::HmacSha256(std::string_view key) {
    EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    SALUS_ASSERT(mac != nullptr);
    context_.reset(EVP_MAC_CTX_new(mac)); // counts the reference
    EVP_MAC_free(mac);
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                 OSSL_PARAM_construct_end()};
    SALUS_ASSERT(context_ && EVP_MAC_init(context_.get(), bytes_of(key), key.size(), params) == 1);
}

std::array<std::uint8_t, 32> HmacSha256::of(std::string_view first, std::string_view second) const {
    std::array<std::uint8_t, 32> digest{};
    std::size_t length = 0;
    EVP_MAC_CTX* const context = context_.get();
    SALUS_ASSERT(EVP_MAC_init(context, nullptr, 0, nullptr) == 1 &&
                 EVP_MAC_update(context, bytes_of(first), first.size()) == 1 &&
                 EVP_MAC_update(context, bytes_of(second), second.size()) == 1 &&
                 EVP_MAC_final(context, digest.data(), &length, digest.size()) == 1 &&
                 length == digest.size());
    return digest;
}

std::array<std::uint8_t, 32> hmac_sha256(std::string_view key, std::string_view bytes) {
    return HmacSha256(key).of(bytes);
}

} // namespace salus
