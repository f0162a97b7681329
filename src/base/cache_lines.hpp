#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace salus {

/// Numbers in whole cache lines (64 bytes), the first at the beginning of one: wide loads of the
/// last numbers stay inside, and none crosses a line. Zero at first.
template <class T>
class CacheLines {
public:
    static constexpr std::size_t per_line = 64 / sizeof(T);

    CacheLines() = default;
    /// For at least so many numbers.
    explicit CacheLines(std::size_t numbers) : lines_(lines_of(numbers)) {}
    /// Memory that is reserved and never touched costs nothing.
    void reserve(std::size_t numbers) { lines_.reserve(lines_of(numbers)); }
    /// Lines that were not there are zero.
    void resize(std::size_t numbers) { lines_.resize(lines_of(numbers)); }

    T* data() noexcept { return reinterpret_cast<T*>(lines_.data()); }
    const T* data() const noexcept { return reinterpret_cast<const T*>(lines_.data()); }
    /// A multiple of those of a line.
    std::size_t size() const noexcept { return per_line * lines_.size(); }
    std::span<T> all() noexcept { return {data(), size()}; }

private:
    struct alignas(64) Line {
        T number[per_line];
    };
    static std::size_t lines_of(std::size_t numbers) noexcept {
        return numbers / per_line + (numbers % per_line != 0 ? 1 : 0);
    }
    std::vector<Line> lines_;
};

} // namespace salus
