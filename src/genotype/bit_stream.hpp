#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace salus {

/// Golomb-Rice parameter for the gaps of `count` of `total` things: the power of two next below
/// ln 2 times the mean gap. A function of both alone, so that it is never stored. `count` > 0.
constexpr unsigned rice_parameter(std::uint64_t total, std::uint64_t count) noexcept {
    const std::uint64_t gap = (total - count) * 11 / (16 * count);
    return gap == 0 ? 0 : static_cast<unsigned>(std::bit_width(gap)) - 1;
}

/// Bits appended one after the other, the first in the lowest bit of the first byte.
class BitWriter {
public:
    /// The lowest `bits` (at most 56) of `value`; the others must be zero.
    void put(std::uint64_t value, unsigned bits) {
        if (bits > 32) {
            put(value & 0xFFFFFFFF, 32);
            return put(value >> 32, bits - 32);
        }
        word_ |= value << used_;
        used_ += bits;
        if (used_ < 32) return;
        if (size_ + 4 > bytes_.size()) grow();
        std::memcpy(bytes_.data() + size_, &word_, 4);
        size_ += 4;
        word_ >>= 32;
        used_ -= 32;
    }
    /// As many zeros, then a one.
    void put_unary(std::uint64_t zeros) {
        for (; zeros >= 32; zeros -= 32)
            put(0, 32);
        put(std::uint64_t{1} << zeros, static_cast<unsigned>(zeros) + 1);
    }
    /// Elias gamma code of a number from 0 below 2^48.
    void put_number(std::uint64_t number) {
        const auto width = static_cast<unsigned>(std::bit_width(number + 1));
        put_unary(width - 1);
        put((number + 1) ^ std::uint64_t{1} << (width - 1), width - 1);
    }
    void put_rice(std::uint64_t number, unsigned parameter) {
        const std::uint64_t high = number >> parameter,
                            low = number & ((std::uint64_t{1} << parameter) - 1);
        if (high + 1 + parameter <= 32) {
            const auto zeros = static_cast<unsigned>(high);
            return put((1 | low << 1) << zeros, zeros + 1 + parameter);
        }
        put_unary(high);
        put(low, parameter);
    }
    std::size_t bits() const noexcept { return 8 * size_ + used_; }
    /// Closes the last byte and gives all of them.
    std::span<const std::uint8_t> finish() {
        if (size_ + 4 > bytes_.size()) grow();
        for (; used_ > 0; used_ -= std::min(8U, used_), word_ >>= 8)
            bytes_[size_++] = static_cast<std::uint8_t>(word_);
        return std::span(bytes_).first(size_);
    }
    void clear() noexcept {
        size_ = 0;
        word_ = 0;
        used_ = 0;
    }

private:
    [[gnu::noinline]] void grow() { bytes_.resize(2 * bytes_.size() + 4096); }

    std::vector<std::uint8_t> bytes_; // the first size_ are written
    std::size_t size_ = 0;
    std::uint64_t word_ = 0;
    unsigned used_ = 0;
};

/// Reads what a BitWriter wrote. Reading beyond the end gives zeros and makes ok() false.
class BitReader {
public:
    /// `readable`: bytes from the first of `stream` on that may be touched, at least its size.
    BitReader(std::span<const std::uint8_t> stream, std::size_t readable) noexcept
        : data_(stream.data()), bits_(8 * stream.size()), readable_(readable) {}
    bool ok() const noexcept { return at_ <= bits_; }
    std::size_t position() const noexcept { return at_; }
    /// The next 57 bits or more, the first lowest.
    std::uint64_t window() const noexcept {
        const std::size_t byte = at_ / 8;
        std::uint64_t word = 0;
        if (byte + 8 <= readable_)
            std::memcpy(&word, data_ + byte, 8);
        else if (byte < readable_)
            std::memcpy(&word, data_ + byte, readable_ - byte);
        return word >> (at_ % 8);
    }
    void skip(std::size_t bits) noexcept { at_ += bits; }
    std::uint64_t get(unsigned bits) noexcept { // at most 56
        const std::uint64_t value = window() & ((std::uint64_t{1} << bits) - 1);
        at_ += bits;
        return value;
    }
    std::uint64_t get_unary() noexcept {
        std::uint64_t zeros = 0;
        for (;;) {
            const std::uint64_t next = window() & ((std::uint64_t{1} << 56) - 1);
            if (next != 0) {
                const auto more = static_cast<unsigned>(std::countr_zero(next));
                at_ += more + 1;
                return zeros + more;
            }
            at_ += 56;
            zeros += 56;
            if (!ok()) return zeros;
        }
    }
    std::uint64_t get_number() noexcept {
        const std::uint64_t width = get_unary();
        if (width > 48) {
            at_ = bits_ + 1;
            return 0;
        }
        return (std::uint64_t{1} << width | get(static_cast<unsigned>(width))) - 1;
    }
    std::uint64_t get_rice(unsigned parameter) noexcept {
        const std::uint64_t next = window();
        const auto zeros = static_cast<unsigned>(std::countr_zero(next));
        if (zeros + 1 + parameter <= 56) {
            at_ += zeros + 1 + parameter;
            return static_cast<std::uint64_t>(zeros) << parameter |
                   (next >> (zeros + 1) & ((std::uint64_t{1} << parameter) - 1));
        }
        const std::uint64_t high = get_unary();
        return high << parameter | get(parameter);
    }

private:
    const std::uint8_t* data_;
    std::size_t bits_, readable_, at_ = 0;
};

/// Reads many short codes of a BitReader, the next bits of which stay in a register. The reader
/// goes on behind them when this object ends.
class BitBurst {
public:
    explicit BitBurst(BitReader& reader) noexcept : reader_(reader) { refill(); }
    ~BitBurst() { reader_.skip(used_); }
    BitBurst(const BitBurst&) = delete;
    BitBurst& operator=(const BitBurst&) = delete;

    std::uint64_t get_rice(unsigned parameter) noexcept {
        if (have_ < enough) refill();
        const auto zeros = static_cast<unsigned>(std::countr_zero(word_));
        const unsigned length = zeros + 1 + parameter;
        if (length > have_) {
            refill();
            const std::uint64_t number = reader_.get_rice(parameter);
            refill();
            return number;
        }
        const std::uint64_t low = word_ >> (zeros + 1) & ((std::uint64_t{1} << parameter) - 1);
        take(length);
        return static_cast<std::uint64_t>(zeros) << parameter | low;
    }
    /// The two next bits, of which `take` then takes one or both.
    unsigned next_two() noexcept {
        if (have_ < 2) refill();
        return static_cast<unsigned>(word_ & 3);
    }
    void take(unsigned bits) noexcept {
        word_ >>= bits;
        have_ -= bits;
        used_ += bits;
    }

private:
    static constexpr unsigned most = 57, enough = 24;
    void refill() noexcept {
        reader_.skip(used_);
        word_ = reader_.window() & ((std::uint64_t{1} << most) - 1);
        have_ = most;
        used_ = 0;
    }
    BitReader& reader_;
    std::uint64_t word_ = 0;
    unsigned have_ = 0, used_ = 0;
};

} // namespace salus
