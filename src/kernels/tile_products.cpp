#include "kernels/tile_products.hpp"

#include <cstring>

// Vectors of eight never cross a function boundary that is not inlined.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace salus {
namespace {

using Lanes = double __attribute__((vector_size(64)));

[[gnu::always_inline]] inline Lanes load(const double* from) noexcept {
    Lanes lanes;
    std::memcpy(&lanes, from, sizeof lanes);
    return lanes;
}

[[gnu::always_inline]] inline double add_lanes(const Lanes& s) noexcept {
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

// Rows x Columns products at once: every value that is loaded is used several times.
template <std::size_t Rows, std::size_t Columns>
[[gnu::always_inline]] inline void block(const TileColumns& a, std::size_t first_a,
                                         const TileColumns& b, std::size_t first_b,
                                         double* sums) noexcept {
    Lanes sum[Rows][Columns] = {};
    const double *x = a.data + first_a * a.stride, *y = b.data + first_b * b.stride;
    for (std::size_t i = 0; i < a.stride; i += 8) {
        Lanes right[Columns];
        for (std::size_t c = 0; c < Columns; ++c)
            right[c] = load(y + c * b.stride + i);
        for (std::size_t r = 0; r < Rows; ++r) {
            const Lanes left = load(x + r * a.stride + i);
            for (std::size_t c = 0; c < Columns; ++c)
                sum[r][c] += left * right[c];
        }
    }
    for (std::size_t r = 0; r < Rows; ++r)
        for (std::size_t c = 0; c < Columns; ++c) {
            sums[(first_a + r) * b.columns + first_b + c] += add_lanes(sum[r][c]);
        }
}

template <std::size_t Rows>
[[gnu::always_inline]] inline void rows(const TileColumns& a, std::size_t first,
                                        const TileColumns& b, double* sums) noexcept {
    std::size_t c = 0;
    for (; c + 4 <= b.columns; c += 4)
        block<Rows, 4>(a, first, b, c, sums);
    for (; c < b.columns; ++c)
        block<Rows, 1>(a, first, b, c, sums);
}

[[gnu::always_inline]] inline void body(const TileColumns& a, const TileColumns& b,
                                        double* sums) noexcept {
    std::size_t r = 0;
    for (; r + 4 <= a.columns; r += 4)
        rows<4>(a, r, b, sums);
    for (; r < a.columns; ++r)
        rows<1>(a, r, b, sums);
}

[[gnu::always_inline]] inline void squares_body(const TileColumns& a, const double* weights,
                                                double* sums) noexcept {
    for (std::size_t c = 0; c < a.columns; ++c) {
        const double* const x = a.data + c * a.stride;
        Lanes sum{};
        for (std::size_t i = 0; i < a.stride; i += 8) {
            const Lanes value = load(x + i);
            sum += weights == nullptr ? value * value : load(weights + i) * (value * value);
        }
        sums[c] += add_lanes(sum);
    }
}

#if defined(__x86_64__)
[[gnu::target("avx512f,avx512dq")]] void squares_avx512(const TileColumns& a, const double* weights,
                                                        double* sums) noexcept {
    squares_body(a, weights, sums);
}
[[gnu::target("avx2")]] void squares_avx2(const TileColumns& a, const double* weights,
                                          double* sums) noexcept {
    squares_body(a, weights, sums);
}
#endif
void squares_baseline(const TileColumns& a, const double* weights, double* sums) noexcept {
    squares_body(a, weights, sums);
}

#if defined(__x86_64__)
[[gnu::target("avx512f,avx512dq")]] void run_avx512(const TileColumns& a, const TileColumns& b,
                                                    double* sums) noexcept {
    body(a, b, sums);
}
[[gnu::target("avx2")]] void run_avx2(const TileColumns& a, const TileColumns& b,
                                      double* sums) noexcept {
    body(a, b, sums);
}
#endif
void run_baseline(const TileColumns& a, const TileColumns& b, double* sums) noexcept {
    body(a, b, sums);
}

} // namespace

void add_tile_products(const TileColumns& a, const TileColumns& b, std::span<double> sums,
                       Isa isa) noexcept {
#if defined(__x86_64__)
    if (isa == Isa::avx512_vnni) return run_avx512(a, b, sums.data());
    if (isa == Isa::avx2) return run_avx2(a, b, sums.data());
#endif
    static_cast<void>(isa);
    run_baseline(a, b, sums.data());
}

void add_tile_squares(const TileColumns& a, const double* weights, std::span<double> sums,
                      Isa isa) noexcept {
#if defined(__x86_64__)
    if (isa == Isa::avx512_vnni) return squares_avx512(a, weights, sums.data());
    if (isa == Isa::avx2) return squares_avx2(a, weights, sums.data());
#endif
    static_cast<void>(isa);
    squares_baseline(a, weights, sums.data());
}

} // namespace salus
