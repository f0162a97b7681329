#pragma once

#include "base/random.hpp"
#include "genotype/packed.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace salus::test {

/// A 2-bit row padded with zeros to whole 64-byte lines, one more than needed.
struct PaddedRow {
    struct alignas(64) Line {
        std::uint8_t byte[64] = {};
    };
    explicit PaddedRow(std::size_t samples) : lines((samples + 255) / 256 + 1) {}
    std::span<std::uint8_t> bytes() { return {lines.data()->byte, 64 * lines.size()}; }
    std::span<const std::uint8_t> bytes() const { return {lines.data()->byte, 64 * lines.size()}; }
    std::vector<Line> lines;
};

/// Calls 0..3; `common` draws them all equally often, else 1, 2 and 3 are rare.
inline std::vector<std::uint8_t> random_calls(std::size_t samples, std::uint64_t index,
                                              bool common = true) {
    Rng rng(11, "test.calls", index);
    std::vector<std::uint8_t> calls(samples);
    for (auto& call : calls) {
        call = static_cast<std::uint8_t>(rng.below(common ? 4 : 100));
        if (call > 3) call = 0;
    }
    return calls;
}

inline PaddedRow pack(const std::vector<std::uint8_t>& calls) {
    PaddedRow row(calls.size());
    for (std::size_t i = 0; i < calls.size(); ++i)
        packed_set(row.bytes(), i, calls[i]);
    return row;
}

inline std::vector<Carrier> carriers_of(const std::vector<std::uint8_t>& calls) {
    std::vector<Carrier> carriers;
    for (std::size_t i = 0; i < calls.size(); ++i) {
        if (calls[i] != 0) carriers.push_back(make_carrier(i, calls[i]));
    }
    return carriers;
}

inline const std::vector<std::size_t>& tail_lengths() {
    static const std::vector<std::size_t> lengths = [] {
        std::vector<std::size_t> all{0};
        for (std::size_t n = 1; n <= 70; ++n)
            all.push_back(n);
        for (std::size_t n = 250; n <= 262; ++n)
            all.push_back(n);
        for (const std::size_t n : {511U, 512U, 513U, 1000U, 16383U, 16384U, 16385U, 20000U}) {
            all.push_back(n);
        }
        return all;
    }();
    return lengths;
}

} // namespace salus::test
