#pragma once

#include "base/hmac.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace salus {

/// What stands for a person instead of an identifier: 128 bits of a keyed hash.
struct Pseudonym {
    std::uint64_t high = 0, low = 0;
    auto operator<=>(const Pseudonym&) const = default;
};

/// Key of SipHash: 16 bytes, little-endian.
struct SipKey {
    std::uint64_t first = 0, second = 0;
};
/// SipHash-2-4 of `bytes`: a short keyed hash that nobody can aim at without the key.
std::uint64_t siphash24(SipKey key, std::string_view bytes) noexcept;

/// Makes pseudonyms: the first 128 bits of HMAC-SHA-256 of the identifier (RFC 2104, FIPS 198-1).
/// Whoever lacks the key can neither undo nor repeat them; two stores can be joined by person only
/// if they were made with the same key. An empty key is no protection: whoever knows or guesses an
/// identifier finds its pseudonym. Two persons of 10^8 share one with probability 10^-23. Not
/// thread-safe.
class Pseudonyms {
public:
    explicit Pseudonyms(std::string key = {});
    Pseudonym of(std::string_view identifier) const;
    /// 63 bits for the identifier of a record, so that it does not tell a person either:
    /// SipHash-2-4 (Aumasson & Bernstein 2012) under a key made from the key of the pseudonyms.
    std::uint64_t record(std::string_view identifier) const noexcept;
    /// Tells keys apart without telling them; "none" without a key.
    std::string key_mark() const;

private:
    HmacSha256 hmac_;
    bool has_key_ = false;
    SipKey record_key_;
};

/// Reads a key: `PATH` of a file that only its owner can read (mode 0600), or `fd:N`, an open file
/// descriptor of this process. A line break at the end does not count. UsageError if the file is
/// open to others, or the key has fewer than 16 or more than 4096 bytes.
std::string read_pseudonym_key(std::string_view from);

/// Shard of a person: shards are ranges of pseudonyms of the same width, so persons that stand by
/// shard and pseudonym stand in the same order for any number of shards.
std::uint64_t shard_of(Pseudonym person, std::uint64_t shards) noexcept;

} // namespace salus
