#pragma once

#include "kernels/isa.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// One event time: rows up to `enter_end` have joined the risk set, leaving[.. leave_end) have left
/// it, and rows from `deaths_begin` to `enter_end` die. `fresh`: the risk set begins empty, with
/// row and leaving `begin`.
struct RiskScanStep {
    std::uint32_t begin = 0, enter_end = 0, leave_end = 0, deaths_begin = 0;
    bool fresh = false;
    double squares = 0, mixed = 0, death_squares = 0;
};

/// A walk through risk sets, backwards in time.
struct RiskScan {
    std::vector<std::uint32_t> sample;  // [row] whose genotype it has
    std::vector<double> risk;           // [row]
    std::vector<std::uint32_t> leaving; // rows
    std::vector<RiskScanStep> steps;
};

/// How a genotype is counted: |copies of ALT - from|, and `absent` where it is missing.
struct CountedCall {
    double from = 0; // 0: ALT, 2: REF
    double absent = 0;
};

/// out[v] = sum over steps of squares N^2 - 2 mixed N D + death_squares D^2, where N is the sum of
/// risk x genotype of variant v over the risk set and D over those who die. At most 24 variants.
///
/// \param calls   2-bit rows of samples as transpose_calls makes them, `stride` bytes apart.
/// About 0.1 ns per row and variant with AVX-512; the same bits on every instruction set, and for
/// every grouping of variants.
void scan_calls(const RiskScan& scan, const std::uint8_t* calls, std::size_t stride,
                std::span<const CountedCall> counted, std::span<double> out,
                Isa isa = best_isa()) noexcept;
inline constexpr std::size_t most_scanned = 24;

/// The same for one column of values by row.
double scan_values(const RiskScan& scan, std::span<const double> values) noexcept;

} // namespace salus
