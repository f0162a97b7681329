#include "store/chunk_codec.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace salus::h5 {
namespace {

std::vector<std::byte> some_bytes(std::size_t size, unsigned values) {
    std::vector<std::byte> bytes(size);
    Rng rng(5, "bytes", size * 300 + values);
    for (auto& byte : bytes)
        byte = static_cast<std::byte>(rng.below(values));
    return bytes;
}

/// The checksum as the definition has it: every 16-bit word, both sums modulo 65,535 at each step.
std::uint32_t plain_fletcher32(std::span<const std::byte> bytes) {
    std::uint32_t sum1 = 0, sum2 = 0;
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
        const auto low = i + 1 < bytes.size() ? std::to_integer<std::uint32_t>(bytes[i + 1]) : 0;
        sum1 = (sum1 + (std::to_integer<std::uint32_t>(bytes[i]) << 8 | low)) % 65535;
        sum2 = (sum2 + sum1) % 65535;
    }
    return sum2 << 16 | sum1;
}

TEST(Fletcher32, EqualsTheDefinition) {
    for (const std::size_t size : {0u, 1u, 2u, 3u, 719u, 720u, 721u, 8191u, 8192u, 30001u}) {
        const auto bytes = some_bytes(size, 256);
        const std::uint32_t sum = fletcher32(bytes), plain = plain_fletcher32(bytes);
        EXPECT_EQ(sum >> 16, plain >> 16)
            << size; // sums of random words are not multiples of 65,535
        EXPECT_EQ(sum & 0xffff, plain & 0xffff) << size;
    }
    // Zero and 65,535 are the same residue; HDF5 keeps the second unless every byte is zero.
    EXPECT_EQ(fletcher32(std::vector<std::byte>(8, std::byte{0xff})), 0xffffffffu);
    EXPECT_EQ(fletcher32(std::vector<std::byte>(8)), 0u);
}

TEST(ChunkCodec, ReadsBackWhatItWrote) {
    ChunkCodec codec;
    for (const std::size_t element : {1u, 2u, 4u, 8u, 13u}) {
        for (const unsigned values : {1u, 4u, 256u}) {
            const auto plain = some_bytes(1000 * element, values);
            const auto stored = codec.encode(plain, element);
            const std::vector<std::byte> kept(stored.begin(), stored.end());
            std::vector<std::byte> back(plain.size());
            EXPECT_TRUE(codec.decode(kept, element, 0, back));
            EXPECT_EQ(back, plain);
            std::vector<std::byte> shorter(plain.size() - 1);
            EXPECT_FALSE(codec.decode(kept, element, 0, shorter));
        }
    }
}

TEST(ChunkCodec, NoticesEveryFlippedBit) {
    ChunkCodec codec;
    const auto plain = some_bytes(400, 3);
    const auto encoded = codec.encode(plain, 4);
    std::vector<std::byte> stored(encoded.begin(), encoded.end()), back(plain.size());
    for (std::size_t bit = 0; bit < 8 * stored.size(); ++bit) {
        stored[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
        EXPECT_FALSE(codec.decode(stored, 4, 0, back)) << bit;
        stored[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
    }
}

} // namespace
} // namespace salus::h5
