#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

struct evp_mac_ctx_st;

namespace salus {

/// HMAC-SHA-256 (RFC 2104) under one key, which may be empty: the key is worked in once, so that a
/// short text costs a third of hmac_sha256(). Not thread-safe.
class HmacSha256 {
public:
    explicit HmacSha256(std::string_view key);
    /// Of `first` and `second` behind each other.
    std::array<std::uint8_t, 32> of(std::string_view first, std::string_view second = {}) const;

private:
    struct Free {
        void operator()(evp_mac_ctx_st* context) const noexcept;
    };
    std::unique_ptr<evp_mac_ctx_st, Free> context_;
};

/// HMAC-SHA-256 (RFC 2104) of `bytes` under `key`, which may be empty.
std::array<std::uint8_t, 32> hmac_sha256(std::string_view key, std::string_view bytes);

} // namespace salus
