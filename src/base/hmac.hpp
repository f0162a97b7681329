#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace salus {

/// HMAC-SHA-256 (RFC 2104) of `bytes` under `key`, which may be empty.
std::array<std::uint8_t, 32> hmac_sha256(std::string_view key, std::string_view bytes);

} // namespace salus
