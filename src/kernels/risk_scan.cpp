#include "kernels/risk_scan.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

// Vectors of eight never cross a function boundary that is not inlined.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace salus {
namespace {

#define SALUS_INLINE [[gnu::always_inline]] inline

constexpr std::size_t lanes = 8;
using Lanes = double __attribute__((vector_size(64)));
using LaneBits = std::int64_t __attribute__((vector_size(64)));

SALUS_INLINE Lanes as_lanes(const LaneBits& bits) noexcept {
    Lanes value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}
SALUS_INLINE LaneBits as_bits(const Lanes& value) noexcept {
    LaneBits bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

/// Eight variants: how their calls become numbers.
struct Octet {
    Lanes from;      // 2^52 + from
    LaneBits absent; // bits of the value
};

// The genotypes of one sample, 2 bits each. A call c is read as the double 2^52 + c.
SALUS_INLINE Lanes genotypes(const std::uint8_t* calls, const Octet& octet) noexcept {
    constexpr LaneBits shifts = {0, 2, 4, 6, 8, 10, 12, 14};
    std::uint16_t word;
    std::memcpy(&word, calls, sizeof word);
    const LaneBits code = ((LaneBits{} + word) >> shifts) & 3;
    const Lanes copies = as_lanes(code | 0x4330000000000000) - octet.from;
    const LaneBits value = as_bits(copies) & 0x7FFFFFFFFFFFFFFF;
    const LaneBits is_missing = code == 3;
    return as_lanes((is_missing & octet.absent) | (~is_missing & value));
}

struct Call {
    const RiskScan& scan;
    const std::uint8_t* calls;
    std::size_t stride;
    const Octet* octets;
    double* out; // [octet][lane]
};

template <std::size_t Octets>
SALUS_INLINE void add_row(const Call& call, std::uint32_t row, double risk,
                          Lanes (&sums)[Octets]) noexcept {
    const std::uint8_t* const calls = call.calls + call.scan.sample[row] * call.stride;
    for (std::size_t o = 0; o < Octets; ++o)
        sums[o] += risk * genotypes(calls + 2 * o, call.octets[o]);
}

template <std::size_t Octets>
SALUS_INLINE void walk(const Call& call) noexcept {
    const RiskScan& scan = call.scan;
    Lanes sums[Octets] = {}, total[Octets] = {};
    std::uint32_t row = 0, gone = 0;
    for (const RiskScanStep& step : scan.steps) {
        if (step.fresh) {
            row = gone = step.begin;
            for (Lanes& sum : sums)
                sum = Lanes{};
        }
        for (; row < step.enter_end; ++row)
            add_row<Octets>(call, row, scan.risk[row], sums);
        for (; gone < step.leave_end; ++gone)
            add_row<Octets>(call, scan.leaving[gone], -scan.risk[scan.leaving[gone]], sums);
        for (std::size_t o = 0; o < Octets; ++o)
            total[o] += step.squares * sums[o] * sums[o];
        if (step.mixed == 0) continue;
        Lanes deaths[Octets] = {};
        for (std::uint32_t r = step.deaths_begin; r < step.enter_end; ++r)
            add_row<Octets>(call, r, scan.risk[r], deaths);
        for (std::size_t o = 0; o < Octets; ++o)
            total[o] += (step.death_squares * deaths[o] - 2 * step.mixed * sums[o]) * deaths[o];
    }
    std::memcpy(call.out, total, sizeof total);
}

SALUS_INLINE void body(std::size_t octets, const Call& call) noexcept {
    if (octets == 1) return walk<1>(call);
    if (octets == 2) return walk<2>(call);
    walk<3>(call);
}

#if defined(__x86_64__)
[[gnu::target("avx512f,avx512dq")]] void walk_avx512(std::size_t octets,
                                                     const Call& call) noexcept {
    body(octets, call);
}
[[gnu::target("avx2")]] void walk_avx2(std::size_t octets, const Call& call) noexcept {
    body(octets, call);
}
#endif
void walk_baseline(std::size_t octets, const Call& call) noexcept { body(octets, call); }

} // namespace

void scan_calls(const RiskScan& scan, const std::uint8_t* calls, std::size_t stride,
                std::span<const CountedCall> counted, std::span<double> out, Isa isa) noexcept {
    std::array<Octet, most_scanned / lanes> octets{};
    for (std::size_t v = 0; v < counted.size(); ++v) {
        octets[v / lanes].from[v % lanes] = 0x1p52 + counted[v].from;
        octets[v / lanes].absent[v % lanes] = std::bit_cast<std::int64_t>(counted[v].absent);
    }
    std::array<double, most_scanned> sums{};
    const Call call{scan, calls, stride, octets.data(), sums.data()};
    const std::size_t count = (counted.size() + lanes - 1) / lanes;
#if defined(__x86_64__)
    if (isa == Isa::avx512_vnni)
        walk_avx512(count, call);
    else if (isa == Isa::avx2)
        walk_avx2(count, call);
    else
#endif
        walk_baseline(count, call);
    static_cast<void>(isa);
    std::copy_n(sums.begin(), counted.size(), out.begin());
}

double scan_values(const RiskScan& scan, std::span<const double> values) noexcept {
    double sum = 0, total = 0;
    std::uint32_t row = 0, gone = 0;
    for (const RiskScanStep& step : scan.steps) {
        if (step.fresh) {
            row = gone = step.begin;
            sum = 0;
        }
        for (; row < step.enter_end; ++row)
            sum += scan.risk[row] * values[row];
        for (; gone < step.leave_end; ++gone)
            sum += -scan.risk[scan.leaving[gone]] * values[scan.leaving[gone]];
        total += step.squares * sum * sum;
        if (step.mixed == 0) continue;
        double deaths = 0;
        for (std::uint32_t r = step.deaths_begin; r < step.enter_end; ++r)
            deaths += scan.risk[r] * values[r];
        total += (step.death_squares * deaths - 2 * step.mixed * sum) * deaths;
    }
    return total;
}

} // namespace salus
