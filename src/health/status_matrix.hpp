#pragma once

#include "store/h5.hpp"
#include "store/parts.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// Where a person stands to a trait that has cases and controls; two bits in files.
enum class TraitStatus : std::uint8_t {
    control = 0,
    event_case = 1,
    excluded = 2,       // neither: evidence for both, or not enough for one
    not_applicable = 3, // of the other sex, not observed, not linked, or a case before the washout
};

/// Bytes of the statuses of `count` traits of a person, or of `count` persons in a trait: number i
/// lives in byte i/4, bits 2*(i%4), as hard calls in genotype stores; unused bits are zero.
constexpr std::size_t status_bytes(std::size_t count) noexcept { return (count + 3) / 4; }
constexpr TraitStatus status_get(std::span<const std::uint8_t> row, std::size_t i) noexcept {
    return static_cast<TraitStatus>(row[i / 4] >> (2 * (i % 4)) & 3);
}
constexpr void status_set(std::span<std::uint8_t> row, std::size_t i, TraitStatus status) noexcept {
    const auto shift = static_cast<unsigned>(2 * (i % 4));
    row[i / 4] = static_cast<std::uint8_t>((row[i / 4] & ~(3u << shift)) |
                                           static_cast<unsigned>(status) << shift);
}

/// A row of the matrix.
struct StatusTrait {
    std::string name, doc, source;          // source: "phecode" or "definition"
    std::array<std::uint64_t, 4> samples{}; // [TraitStatus]
};
/// Table `status/traits`: the rows of the matrix, in order.
TableSpec status_traits_table();

/// Statuses of persons in the order in which they are found, on their way to the order of the
/// samples: [person, trait]. Memory: traits/4 bytes per person.
class StatusRows {
public:
    explicit StatusRows(std::size_t traits) : bytes_(status_bytes(traits)) {}
    /// A new packed row of controls for `sample`; valid until the next call.
    std::span<std::uint8_t> add(std::uint32_t sample);
    std::size_t size() const noexcept { return sample_.size(); }
    /// Writes the rows by sample as group `status`, with the place of each block of `block_samples`
    /// samples.
    void write(PartWriter& part, std::uint64_t samples, std::uint64_t block_samples) const;

private:
    std::size_t bytes_;
    std::vector<std::uint32_t> sample_;
    std::vector<std::uint8_t> packed_;
};

/// Calls `take` for each row of the samples of a block, ascending. Nothing if the part has none.
void read_status_rows(
    const H5File& part, std::uint64_t block,
    const std::function<void(std::uint32_t sample, std::span<const std::uint8_t> packed)>& take);

/// Statuses of one block of samples, turned to [trait, sample]. Memory: traits x samples / 2 bytes.
class StatusBlock {
public:
    /// Everybody is not_applicable until a row is taken. `samples`: a multiple of 4 for all blocks
    /// but the last.
    StatusBlock(std::size_t traits, std::size_t samples);
    /// The packed row of a person over the traits, at `sample` of this block.
    void take(std::size_t sample, std::span<const std::uint8_t> packed);
    /// Writes `status_block` [trait, status_bytes(samples)] and `status_counts` [trait, 4].
    void write(PartWriter& part) const;

private:
    std::size_t traits_, samples_, bytes_;
    std::vector<std::uint8_t> packed_; // [sample, bytes_]
};

/// Puts the blocks together to `status/matrix` [trait, status_bytes(samples)] and `status/traits`
/// and returns the traits with their counts. Memory: 64 MiB, or one row and the block of a part.
std::vector<StatusTrait> write_status_matrix(H5File& out, std::vector<StatusTrait> traits,
                                             std::uint64_t samples, const Parts& blocks);

/// The matrix of a phenotype file: binary traits of the samples, in genotype order. Memory
/// O(traits); rows are read one at a time.
class StatusMatrix {
public:
    /// Nothing if the file has no matrix; DataError if it does not hold together.
    static std::optional<StatusMatrix> open(const H5File& file);

    std::size_t size() const noexcept { return traits_.size(); }
    std::uint64_t samples() const noexcept { return samples_; }
    const std::vector<StatusTrait>& traits() const noexcept { return traits_; }
    std::optional<std::size_t> find(std::string_view name) const;
    /// Packed rows of the traits [first, first + count).
    std::vector<std::uint8_t> packed(std::size_t first, std::size_t count) const;
    /// [sample]: 1 case, 0 control, NaN for the others.
    std::vector<double> values(std::size_t trait) const;

private:
    StatusMatrix(const H5File& file, std::vector<StatusTrait> traits, std::uint64_t samples);
    const H5File* file_; // must live as long
    std::vector<StatusTrait> traits_;
    std::map<std::string, std::size_t, std::less<>> index_;
    std::uint64_t samples_;
};

} // namespace salus
