#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// Which call a split row leaves out: everybody without a bit has it.
enum class Commonest : std::uint8_t { hom_ref, hom_alt };

/// A split row of N calls of which `others` are not the commonest one: a plane of N bits that marks
/// the others, then one bit for each of the others: 0 heterozygous, 1 the other homozygote. Missing
/// calls stand as heterozygous ones. Bytes of both planes:
constexpr std::size_t split_bytes(std::size_t samples, std::size_t others) noexcept {
    return (samples + 7) / 8 + (others + 7) / 8;
}

/// Appends the planes of a 2-bit row to `out`. O(N / 64 + homozygous others).
void split_row(std::span<const std::uint8_t> row, std::size_t samples, Commonest commonest,
               std::vector<std::uint8_t>& out);

/// Makes the 2-bit row of a split row; `row` has room for a multiple of 16 bytes, all of which are
/// written, zero beyond the samples. With BMI2 about 0.04 ns a sample, else some 2 ns.
/// \return false if the planes contradict `others`.
bool join_row(std::span<const std::uint8_t> planes, std::size_t samples, std::size_t others,
              Commonest commonest, std::uint8_t* row) noexcept;

namespace reference {
bool join_row(std::span<const std::uint8_t> planes, std::size_t samples, std::size_t others,
              Commonest commonest, std::uint8_t* row) noexcept;
} // namespace reference

} // namespace salus
