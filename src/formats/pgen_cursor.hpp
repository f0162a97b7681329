#pragma once

#include "formats/site_reader.hpp"
#include "genotype/packed.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace salus {

/// Bytes of a .pgen record, taken from the front. Everything that would go beyond the end is a
/// RecordDefect.
class PgenCursor {
public:
    explicit PgenCursor(std::span<const std::uint8_t> bytes) : rest_(bytes) {}
    std::size_t left() const noexcept { return rest_.size(); }
    std::span<const std::uint8_t> take(std::uint64_t bytes) {
        if (bytes > rest_.size())
            throw RecordDefect{"the record is shorter than its content",
                               "a list or row in it goes beyond the length in the header"};
        const auto taken = rest_.first(bytes);
        rest_ = rest_.subspan(bytes);
        return taken;
    }
    std::uint8_t byte() { return take(1).front(); }
    /// Little-endian number of 1 to 4 bytes.
    std::uint32_t number(unsigned bytes) {
        std::uint32_t value = 0;
        unsigned shift = 0;
        for (const std::uint8_t b : take(bytes)) {
            value |= static_cast<std::uint32_t>(b) << shift;
            shift += 8;
        }
        return value;
    }
    /// Base-128 number below 2^32, lowest seven bits first.
    std::uint32_t varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 35; shift += 7) {
            const std::uint8_t b = byte();
            value |= std::uint64_t{b & 0x7FU} << shift;
            if (b < 0x80 && value <= 0xFFFFFFFF) return static_cast<std::uint32_t>(value);
            if (b < 0x80) break;
        }
        throw RecordDefect{"a number in the record does not end",
                           "base-128 numbers stand for less than 2^32"};
    }

private:
    std::span<const std::uint8_t> rest_;
};

/// Bit i of an array of bits, the first in the lowest bit of the first byte.
constexpr bool pgen_bit(std::span<const std::uint8_t> bits, std::size_t i) noexcept {
    return (bits[i / 8] >> (i % 8) & 1) != 0;
}

/// Bytes of a sample index in a difference list.
constexpr unsigned pgen_index_bytes(std::size_t samples) noexcept {
    if (samples <= 1U << 8) return 1;
    if (samples <= 1U << 16) return 2;
    return samples <= 1U << 24 ? 3 : 4;
}

/// Samples in a group of a difference list; each group begins with a whole index.
inline constexpr std::size_t pgen_group = 64;

/// Throws RecordDefect if bits beyond the first `bits` of an array are set.
inline void require_zero_tail(std::span<const std::uint8_t> array, std::size_t bits) {
    if (bits % 8 != 0 && array.back() >> (bits % 8) != 0)
        throw RecordDefect{"unused bits of the record are set", "they are zero in the format"};
}

/// Reads a difference list: calls `visit(sample, value)` in ascending order of samples; value is 0
/// where the list holds none.
template <class Visit>
void read_pgen_list(PgenCursor& in, std::size_t samples, bool with_values, Visit visit) {
    const std::size_t length = in.varint();
    if (length == 0) return;
    if (length > samples)
        throw RecordDefect{"a list of the record has more entries than there are samples",
                           "a sample stands in it once"};
    const std::size_t groups = (length + pgen_group - 1) / pgen_group;
    const unsigned width = pgen_index_bytes(samples);
    PgenCursor firsts(in.take(groups * width));
    const auto sizes = in.take(groups - 1);
    const auto values = with_values ? in.take(packed_bytes(length)) : sizes.first(0);
    if (with_values) require_zero_tail(values, 2 * length);
    std::uint64_t sample = 0;
    std::size_t mark = 0;
    for (std::size_t i = 0; i < length; ++i) {
        const bool starts = i % pgen_group == 0;
        if (starts && i > 0 && mark - in.left() != std::size_t{sizes[i / pgen_group - 1]} + 63)
            throw RecordDefect{"a group of a list has not the length that the record states",
                               "a group is 64 sample indices"};
        const std::uint64_t next = starts ? firsts.number(width) : sample + in.varint();
        if (next >= samples || (i > 0 && next <= sample))
            throw RecordDefect{"a list of the record names samples out of order or that there "
                               "are not",
                               "indices ascend and are less than the number of samples"};
        sample = next;
        if (starts) mark = in.left();
        visit(static_cast<std::uint32_t>(sample),
              with_values ? packed_get(values, i) : std::uint8_t{0});
    }
}

} // namespace salus
