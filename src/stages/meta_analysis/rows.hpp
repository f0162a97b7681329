#pragma once

#include "store/parts.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace salus::meta {

/// Windows of 2^21 bp, 256 for each of the chromosomes 1 to 25; what lies behind the last belongs
/// to it.
inline constexpr std::size_t windows = 25 * 256;
std::size_t window_of(int chromosome, std::uint32_t position) noexcept;

/// Why rows of a study, or variants, take no part.
enum class Reason : std::uint8_t {
    other_test,
    unknown_chromosome,
    no_position,
    invalid_alleles,
    no_statistic,
    standard_error_not_positive,
    p_is_zero,
    no_sample_size,
    repeated,
    palindromic,
    too_few_studies,
    count
};
inline constexpr std::size_t reasons = static_cast<std::size_t>(Reason::count);
std::string_view name_of(Reason reason) noexcept;
std::string_view doc_of(Reason reason) noexcept;
using ReasonCounts = std::array<std::uint64_t, reasons>;

/// One row of a study; texts point into the bytes that it was read from.
struct Row {
    std::int32_t chromosome = 0;
    std::uint32_t position = 0;
    std::uint32_t study = 0;             // not stored
    double beta = 0, standard_error = 0; // NaN if the row has only a z-score
    double z = 0, frequency = 0, n = 0;
    std::string_view effect, other, id;
};

/// Writes rows in any order to a part such that those of a range of windows are read together.
/// Memory: twice `flush_bytes`, plus 16 B per row in it. Layout: for each flush f the bytes of its
/// rows, by window, in `rows/<f>`, where each window begins in `windows/<f>`, and z in `z/<f>`.
class RowSorter {
public:
    explicit RowSorter(PartWriter& part, std::size_t flush_bytes = std::size_t{1} << 27)
        : part_(part), limit_(flush_bytes) {}
    void add(const Row& row);
    void finish();

private:
    void flush();

    struct Place {
        std::uint32_t window, length;
        std::size_t begin;
    };
    PartWriter& part_;
    std::size_t limit_;
    std::uint64_t flushes_ = 0;
    std::vector<std::uint8_t> bytes_;
    std::vector<Place> places_;
    std::vector<double> z_;
};

/// Bytes that a study has in each window.
std::vector<std::uint64_t> window_bytes(const H5File& part);
/// Bytes of the rows in windows [first, last), in the order of the file within each flush.
std::vector<std::uint8_t> read_windows(const H5File& part, std::size_t first, std::size_t last);
/// The rows in such bytes.
void decode_rows(std::span<const std::uint8_t> bytes, std::uint32_t study, std::vector<Row>& rows);

} // namespace salus::meta
