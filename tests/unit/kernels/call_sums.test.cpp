#include "kernels/call_sums.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <span>
#include <vector>

namespace salus {
namespace {

struct CallTotals {
    std::vector<std::uint32_t> het, hom_alt, missing;
    explicit CallTotals(std::size_t samples)
        : het(samples, 3), hom_alt(samples, 2), missing(samples, 1) {}
    SampleCallCounts spans() { return {.het = het, .hom_alt = hom_alt, .missing = missing}; }
    friend bool operator==(const CallTotals&, const CallTotals&) = default;
};

/// Rows with all kinds of calls, zero beyond the samples.
std::vector<std::vector<std::uint8_t>> random_samples(std::size_t samples, std::size_t rows) {
    std::vector<std::vector<std::uint8_t>> out;
    Rng rng(3, "rows", samples * 100000 + rows);
    for (std::size_t r = 0; r < rows; ++r) {
        std::vector<std::uint8_t> row((packed_bytes(samples) + 63) / 64 * 64);
        for (std::size_t i = 0; i < samples; ++i)
            packed_set(row, i, static_cast<std::uint8_t>(rng.below(4)));
        out.push_back(std::move(row));
    }
    return out;
}

/// Counts the rows in two portions.
void count(CallCounter& counter, std::span<const std::uint8_t* const> rows,
           const SampleCallCounts& sums) {
    for (std::size_t tile = 0; tile < counter.tiles(); ++tile) {
        counter.add(tile, rows.first(rows.size() / 3), sums);
        counter.add(tile, rows.subspan(rows.size() / 3), sums);
        counter.spill(tile, sums);
    }
}

constexpr Isa every_isa[] = {Isa::reference, Isa::avx2, Isa::avx512_vnni};

TEST(CallCounter, EveryFormEqualsTheReferenceOnEveryTail) {
    for (const std::size_t samples : {1u, 3u, 4u, 31u, 255u, 256u, 257u, 2049u, 8192u, 8193u}) {
        for (const std::size_t rows : {0u, 1u, 15u, 16u, 33u, 64u, 255u, 300u}) {
            const auto data = random_samples(samples, rows);
            std::vector<const std::uint8_t*> at;
            for (const auto& row : data)
                at.push_back(row.data());
            CallTotals plain(samples);
            reference::add_call_sums(at, plain.spans());
            for (const Isa isa : every_isa) {
                if (!is_supported(isa)) continue;
                CallCounter counter(samples, isa);
                CallTotals fast(samples);
                count(counter, at, fast.spans());
                EXPECT_TRUE(fast == plain)
                    << samples << " samples, " << rows << " rows, " << to_string(isa);
                counter.spill(0, fast.spans()); // nothing is left
                EXPECT_TRUE(fast == plain);
            }
        }
    }
}

TEST(CallCounter, CountsBeyondItsPlanes) {
    std::vector<std::uint8_t> row(64);
    for (std::size_t i = 0; i < 8; ++i)
        packed_set(row, i, static_cast<std::uint8_t>(i % 4));
    const std::vector<const std::uint8_t*> rows(150001, row.data());
    for (const Isa isa : every_isa) {
        if (!is_supported(isa)) continue;
        CallCounter counter(8, isa);
        std::vector<std::uint32_t> het(8), hom_alt(8), missing(8);
        count(counter, rows, {.het = het, .hom_alt = hom_alt, .missing = missing});
        EXPECT_EQ(het, (std::vector<std::uint32_t>{0, 150001, 0, 0, 0, 150001, 0, 0}));
        EXPECT_EQ(hom_alt, (std::vector<std::uint32_t>{0, 0, 150001, 0, 0, 0, 150001, 0}));
        EXPECT_EQ(missing, (std::vector<std::uint32_t>{0, 0, 0, 150001, 0, 0, 0, 150001}));
    }
}

} // namespace
} // namespace salus
