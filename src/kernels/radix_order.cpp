#include "kernels/radix_order.hpp"

#include <array>
#include <bit>
#include <numeric>
#include <utility>

namespace salus {
namespace {

constexpr unsigned digit_bits = 11, digits = 6;
constexpr std::size_t buckets = std::size_t{1} << digit_bits;

std::size_t digit_of(std::uint64_t key, unsigned pass) {
    return key >> (pass * digit_bits) & (buckets - 1);
}

// Unsigned integers in the order of the numbers.
std::uint64_t key_of(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value + 0.0);
    return bits >> 63 != 0 ? ~bits : bits | std::uint64_t{1} << 63;
}

} // namespace

std::vector<std::uint32_t> radix_order(std::vector<std::uint64_t> keys) {
    const std::size_t n = keys.size();
    std::vector<std::uint32_t> order(n), other_order(n);
    std::vector<std::uint64_t> other_keys(n);
    std::iota(order.begin(), order.end(), std::uint32_t{0});
    std::vector<std::array<std::size_t, buckets>> counts(digits);
    for (auto& of_digit : counts)
        of_digit.fill(0);
    for (const std::uint64_t key : keys)
        for (unsigned pass = 0; pass < digits; ++pass)
            ++counts[pass][digit_of(key, pass)];
    for (unsigned pass = 0; pass < digits && n > 0; ++pass) {
        auto& places = counts[pass];
        if (places[digit_of(keys[0], pass)] == n) continue;
        std::size_t before = 0;
        for (std::size_t& count : places)
            before += std::exchange(count, before);
        for (std::size_t i = 0; i < n; ++i) {
            const std::size_t place = places[digit_of(keys[i], pass)]++;
            other_keys[place] = keys[i];
            other_order[place] = order[i];
        }
        keys.swap(other_keys);
        order.swap(other_order);
    }
    return order;
}

std::vector<std::uint32_t> ascending_order(std::span<const double> values) {
    std::vector<std::uint64_t> keys(values.size());
    for (std::size_t i = 0; i < keys.size(); ++i)
        keys[i] = key_of(values[i]);
    return radix_order(std::move(keys));
}

} // namespace salus
