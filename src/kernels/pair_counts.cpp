#include "kernels/pair_counts.hpp"

#include <bit>
#include <cstring>

namespace salus {
namespace {

constexpr std::size_t plane_bytes = plane_chunk_bytes / 2;

/// 64 variants of one sample.
struct Word {
    std::uint64_t hom, ref;
};

[[gnu::always_inline]] inline Word load(const std::uint8_t* planes, std::size_t chunk,
                                        std::size_t byte) noexcept {
    const std::uint8_t* const at = planes + chunk * plane_chunk_bytes + byte;
    Word word;
    std::memcpy(&word.hom, at, 8);
    std::memcpy(&word.ref, at + plane_bytes, 8);
    return word;
}

[[gnu::always_inline]] inline std::uint32_t ones(std::uint64_t bits) noexcept {
    return static_cast<std::uint32_t>(std::popcount(bits));
}

[[gnu::always_inline]] inline std::uint32_t
joint_calls(const std::uint8_t* first, const std::uint8_t* second, std::size_t chunks) noexcept {
    std::uint32_t called = 0;
    for (std::size_t chunk = 0; chunk < chunks; ++chunk)
        for (std::size_t byte = 0; byte < plane_bytes; byte += 8) {
            const Word a = load(first, chunk, byte), b = load(second, chunk, byte);
            called += ones((a.hom | a.ref) & (b.hom | b.ref));
        }
    return called;
}

[[gnu::always_inline]] inline SampleCalls sample_calls(const std::uint8_t* planes,
                                                       std::size_t chunks) noexcept {
    SampleCalls calls;
    for (std::size_t chunk = 0; chunk < chunks; ++chunk)
        for (std::size_t byte = 0; byte < plane_bytes; byte += 8) {
            const Word a = load(planes, chunk, byte);
            calls.het += ones(a.ref & ~a.hom);
            calls.called += ones(a.ref | a.hom);
        }
    return calls;
}

#if defined(__x86_64__)
[[gnu::target("popcnt")]] std::uint32_t jointly_called_popcnt(const std::uint8_t* first,
                                                              const std::uint8_t* second,
                                                              std::size_t chunks) noexcept {
    return joint_calls(first, second, chunks);
}

[[gnu::target("popcnt")]] SampleCalls count_calls_popcnt(const std::uint8_t* planes,
                                                         std::size_t chunks) noexcept {
    return sample_calls(planes, chunks);
}
#endif

} // namespace

namespace reference {

PairCounts pair_counts(const std::uint8_t* first, const std::uint8_t* second,
                       std::size_t chunks) noexcept {
    PairCounts sum;
    for (std::size_t chunk = 0; chunk < chunks; ++chunk)
        for (std::size_t byte = 0; byte < plane_bytes; byte += 8) {
            const Word a = load(first, chunk, byte), b = load(second, chunk, byte);
            const std::uint64_t het_a = a.ref & ~a.hom, het_b = b.ref & ~b.hom;
            sum.het_het += ones(het_a & het_b);
            sum.het_hom += ones(het_a & b.hom);
            sum.hom_het += ones(a.hom & het_b);
            sum.ibs0 += ones(a.hom & b.hom & (a.ref ^ b.ref));
        }
    return sum;
}

std::uint32_t distance(const std::uint8_t* first, const std::uint8_t* second, std::size_t chunks,
                       MissingCall missing_call) noexcept {
    const PairCounts counts = pair_counts(first, second, chunks);
    if (missing_call == MissingCall::skipped) return counts.distance();
    std::uint32_t one_hom = 0;
    for (std::size_t chunk = 0; chunk < chunks; ++chunk)
        for (std::size_t byte = 0; byte < plane_bytes; byte += 8)
            one_hom += ones(load(first, chunk, byte).hom ^ load(second, chunk, byte).hom);
    return one_hom + 4 * counts.ibs0;
}

} // namespace reference

void add_distances(const PairGroup& group, std::array<std::uint32_t, group_pairs>& sums,
                   MissingCall missing_call, Isa isa) noexcept {
#if defined(__x86_64__)
    if (isa == Isa::avx512_vnni)
        return detail::add_distances_avx512(group, missing_call, sums.data());
    if (isa == Isa::avx2) return detail::add_distances_avx2(group, missing_call, sums.data());
#endif
    static_cast<void>(isa);
    for (std::size_t p = 0; p < group_pairs; ++p)
        sums[p] += reference::distance(group.first[p / group_second],
                                       group.second[p % group_second], group.chunks, missing_call);
}

void add_pair_counts(const PairGroup& group, std::array<PairCounts, group_pairs>& sums,
                     Isa isa) noexcept {
#if defined(__x86_64__)
    if (isa == Isa::avx512_vnni) return detail::add_pair_counts_avx512(group, sums.data());
    if (isa == Isa::avx2) return detail::add_pair_counts_avx2(group, sums.data());
#endif
    static_cast<void>(isa);
    for (std::size_t p = 0; p < group_pairs; ++p) {
        const PairCounts more = reference::pair_counts(
            group.first[p / group_second], group.second[p % group_second], group.chunks);
        sums[p].het_het += more.het_het;
        sums[p].het_hom += more.het_hom;
        sums[p].hom_het += more.hom_het;
        sums[p].ibs0 += more.ibs0;
    }
}

std::uint32_t jointly_called(const std::uint8_t* first, const std::uint8_t* second,
                             std::size_t chunks, Isa isa) noexcept {
#if defined(__x86_64__)
    if (isa != Isa::reference) return jointly_called_popcnt(first, second, chunks);
#endif
    static_cast<void>(isa);
    return joint_calls(first, second, chunks);
}

SampleCalls count_calls(const std::uint8_t* planes, std::size_t chunks, Isa isa) noexcept {
#if defined(__x86_64__)
    if (isa != Isa::reference) return count_calls_popcnt(planes, chunks);
#endif
    static_cast<void>(isa);
    return sample_calls(planes, chunks);
}

} // namespace salus
