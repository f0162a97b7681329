#include "kernels/matrix_products.hpp"

#include <algorithm>
#include <cstring>

// Wide vectors never cross a function boundary that is not inlined.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace salus {
namespace {

#define SALUS_INLINE [[gnu::always_inline]] inline

template <class V, class T>
SALUS_INLINE V load(const T* from) noexcept {
    V v;
    std::memcpy(&v, from, sizeof v);
    return v;
}
template <class V, class T>
SALUS_INLINE void store(T* to, const V& v) noexcept {
    std::memcpy(to, &v, sizeof v);
}

template <class T, std::size_t rows>
void pack(const MatrixColumns<T>& from, T* to) noexcept {
    for (std::size_t first = 0; first < from.rows; first += rows, to += rows * from.depth) {
        const std::size_t count = std::min(rows, from.rows - first);
        for (std::size_t d = 0; d < from.depth; ++d) {
            std::copy_n(from.data + d * from.stride + first, count, to + d * rows);
            std::fill(to + d * rows + count, to + (d + 1) * rows, T{0});
        }
    }
}

// `out` of three vectors of rows and `columns` columns.
template <class T, std::size_t bytes, std::size_t columns>
SALUS_INLINE void tile(const T* left, const T* right, std::size_t depth, T* out,
                       std::size_t stride) noexcept {
    typedef T V __attribute__((vector_size(bytes)));
    constexpr std::size_t lanes = bytes / sizeof(T);
    V sums[columns][3];
#pragma GCC unroll 8
    for (std::size_t j = 0; j < columns; ++j)
#pragma GCC unroll 3
        for (std::size_t v = 0; v < 3; ++v)
            sums[j][v] = V{};
    for (std::size_t d = 0; d < depth; ++d, left += left_rows<T>, right += right_rows) {
        const V a = load<V>(left), b = load<V>(left + lanes), c = load<V>(left + 2 * lanes);
#pragma GCC unroll 8
        for (std::size_t j = 0; j < columns; ++j) {
            sums[j][0] += a * right[j];
            sums[j][1] += b * right[j];
            sums[j][2] += c * right[j];
        }
    }
#pragma GCC unroll 8
    for (std::size_t j = 0; j < columns; ++j)
#pragma GCC unroll 3
        for (std::size_t v = 0; v < 3; ++v) {
            T* const to = out + j * stride + v * lanes;
            store(to, load<V>(to) - sums[j][v]);
        }
}

// One left panel with one right panel.
template <class T, std::size_t bytes, std::size_t columns>
SALUS_INLINE void panels(const T* left, const T* right, std::size_t depth, T* out,
                         std::size_t stride) noexcept {
    constexpr std::size_t step = 3 * bytes / sizeof(T);
    for (std::size_t i = 0; i < left_rows<T>; i += step)
        for (std::size_t j = 0; j < right_rows; j += columns)
            tile<T, bytes, columns>(left + i, right + j, depth, out + j * stride + i, stride);
}

template <class T, std::size_t bytes, std::size_t columns>
SALUS_INLINE void product_body(const MatrixProduct<T>& task) noexcept {
    if (task.depth == 0) return; // sums of nothing
    T rest[right_rows * left_rows<T>];
    for (std::size_t i = 0; i < task.rows; i += left_rows<T>) {
        const T* const left = task.left + i * task.depth;
        const std::size_t rows = std::min(left_rows<T>, task.rows - i);
        for (std::size_t j = 0; j < task.columns; j += right_rows) {
            if (task.lower && i + left_rows<T> <= j) break;
            const T* const right = task.right + j * task.depth;
            T* const out = task.out + j * task.stride + i;
            const std::size_t count = std::min(right_rows, task.columns - j);
            if (rows == left_rows<T> && count == right_rows) {
                panels<T, bytes, columns>(left, right, task.depth, out, task.stride);
                continue;
            }
            std::fill_n(rest, right_rows * left_rows<T>, T{0});
            panels<T, bytes, columns>(left, right, task.depth, rest, left_rows<T>);
            for (std::size_t c = 0; c < count; ++c)
                for (std::size_t r = 0; r < rows; ++r)
                    out[c * task.stride + r] += rest[c * left_rows<T> + r];
        }
    }
}

using Floats = float __attribute__((vector_size(64)));
using Doubles = double __attribute__((vector_size(64)));
constexpr std::size_t float_lanes = 16;

SALUS_INLINE float add_lanes(const Floats& lanes) noexcept {
    float s[float_lanes];
    store(s, lanes);
    for (std::size_t width = float_lanes / 2; width > 0; width /= 2)
        for (std::size_t k = 0; k < width; ++k)
            s[k] += s[k + width];
    return s[0];
}

// Four columns at a time: first among themselves, then out of all rows below.
SALUS_INLINE void lower_body(const LowerFactor& lower, float* x) noexcept {
    for (std::size_t j = 0; j < lower.n; j += 4) {
        const std::size_t width = std::min<std::size_t>(4, lower.n - j);
        const float* const column = lower.factor + j * lower.stride;
        for (std::size_t c = 0; c < width; ++c) {
            for (std::size_t b = 0; b < c; ++b)
                x[j + c] -= column[b * lower.stride + j + c] * x[j + b];
            x[j + c] *= column[c * lower.stride + j + c];
        }
        if (width < 4) return;
        const float *const l0 = column, *const l1 = l0 + lower.stride,
                           *const l2 = l1 + lower.stride, *const l3 = l2 + lower.stride;
        const float x0 = x[j], x1 = x[j + 1], x2 = x[j + 2], x3 = x[j + 3];
        std::size_t i = j + 4;
        for (; i % float_lanes != 0 && i < lower.n; ++i)
            x[i] -= ((l0[i] * x0 + l1[i] * x1) + l2[i] * x2) + l3[i] * x3;
        for (; i < lower.n; i += float_lanes)
            store(x + i,
                  load<Floats>(x + i) - (((load<Floats>(l0 + i) * x0 + load<Floats>(l1 + i) * x1) +
                                          load<Floats>(l2 + i) * x2) +
                                         load<Floats>(l3 + i) * x3));
    }
}

SALUS_INLINE void upper_body(const LowerFactor& lower, float* x) noexcept {
    const std::size_t n = lower.n;
    for (std::size_t j = round_up(n, 4); j > 0;) {
        j -= 4;
        const std::size_t width = std::min<std::size_t>(4, n - j);
        const float* const column = lower.factor + j * lower.stride;
        if (width == 4) {
            const float *const l0 = column, *const l1 = l0 + lower.stride,
                               *const l2 = l1 + lower.stride, *const l3 = l2 + lower.stride;
            Floats s0{}, s1{}, s2{}, s3{};
            float r0 = 0, r1 = 0, r2 = 0, r3 = 0;
            std::size_t i = j + 4;
            for (; i % float_lanes != 0 && i < n; ++i) {
                r0 += l0[i] * x[i];
                r1 += l1[i] * x[i];
                r2 += l2[i] * x[i];
                r3 += l3[i] * x[i];
            }
            for (; i < n; i += float_lanes) {
                const Floats v = load<Floats>(x + i);
                s0 += load<Floats>(l0 + i) * v;
                s1 += load<Floats>(l1 + i) * v;
                s2 += load<Floats>(l2 + i) * v;
                s3 += load<Floats>(l3 + i) * v;
            }
            x[j] -= r0 + add_lanes(s0);
            x[j + 1] -= r1 + add_lanes(s1);
            x[j + 2] -= r2 + add_lanes(s2);
            x[j + 3] -= r3 + add_lanes(s3);
        }
        for (std::size_t c = width; c-- > 0;) {
            for (std::size_t b = c + 1; b < width; ++b)
                x[j + c] -= column[c * lower.stride + j + b] * x[j + b];
            x[j + c] *= column[c * lower.stride + j + c];
        }
    }
}

// Eight rows of the matrix at a time.
SALUS_INLINE void vectors_body(const SymmetricMatrix& matrix, const double* x,
                               double* out) noexcept {
    constexpr std::size_t rows = 8;
    const double* row[rows];
    for (std::size_t i = 0; i < matrix.n; i += rows) {
        for (std::size_t r = 0; r < rows; ++r)
            row[r] = matrix.data + std::min(i + r, matrix.n - 1) * matrix.stride;
        Doubles sums[rows]{};
        for (std::size_t j = 0; j < matrix.n; ++j) {
            const Doubles v = load<Doubles>(x + j * vector_lanes);
#pragma GCC unroll 8
            for (std::size_t r = 0; r < rows; ++r)
                sums[r] += v * row[r][j];
        }
        for (std::size_t r = 0; r < rows && i + r < matrix.n; ++r)
            store(out + (i + r) * vector_lanes, sums[r]);
    }
}

#if defined(__x86_64__)
#define SALUS_AVX512 [[gnu::target("avx512f,avx512dq")]]
#define SALUS_AVX2 [[gnu::target("avx2")]]
template <class T>
SALUS_AVX512 void product_avx512(const MatrixProduct<T>& task) noexcept {
    product_body<T, 64, 8>(task);
}
template <class T>
SALUS_AVX2 void product_avx2(const MatrixProduct<T>& task) noexcept {
    product_body<T, 32, 4>(task);
}
SALUS_AVX512 void lower_avx512(const LowerFactor& lower, float* x) noexcept {
    lower_body(lower, x);
}
SALUS_AVX2 void lower_avx2(const LowerFactor& lower, float* x) noexcept { lower_body(lower, x); }
SALUS_AVX512 void upper_avx512(const LowerFactor& lower, float* x) noexcept {
    upper_body(lower, x);
}
SALUS_AVX2 void upper_avx2(const LowerFactor& lower, float* x) noexcept { upper_body(lower, x); }
SALUS_AVX512 void vectors_avx512(const SymmetricMatrix& matrix, const double* x,
                                 double* out) noexcept {
    vectors_body(matrix, x, out);
}
SALUS_AVX2 void vectors_avx2(const SymmetricMatrix& matrix, const double* x, double* out) noexcept {
    vectors_body(matrix, x, out);
}
#endif

} // namespace

template <class T>
void pack_left(const MatrixColumns<T>& from, T* to) noexcept {
    pack<T, left_rows<T>>(from, to);
}
template <class T>
void pack_right(const MatrixColumns<T>& from, T* to) noexcept {
    pack<T, right_rows>(from, to);
}

template <class T>
void subtract_product(const MatrixProduct<T>& task, Isa isa) noexcept {
#if defined(__x86_64__)
    if (isa == Isa::avx512_vnni) return product_avx512(task);
    if (isa == Isa::avx2) return product_avx2(task);
#endif
    static_cast<void>(isa);
    product_body<T, 16, 4>(task);
}

template void pack_left(const MatrixColumns<float>&, float*) noexcept;
template void pack_left(const MatrixColumns<double>&, double*) noexcept;
template void pack_right(const MatrixColumns<float>&, float*) noexcept;
template void pack_right(const MatrixColumns<double>&, double*) noexcept;
template void subtract_product(const MatrixProduct<float>&, Isa) noexcept;
template void subtract_product(const MatrixProduct<double>&, Isa) noexcept;

void solve_lower(const LowerFactor& lower, float* x, Isa isa) noexcept {
#if defined(__x86_64__)
    if (isa == Isa::avx512_vnni) return lower_avx512(lower, x);
    if (isa == Isa::avx2) return lower_avx2(lower, x);
#endif
    static_cast<void>(isa);
    lower_body(lower, x);
}

void solve_upper(const LowerFactor& lower, float* x, Isa isa) noexcept {
#if defined(__x86_64__)
    if (isa == Isa::avx512_vnni) return upper_avx512(lower, x);
    if (isa == Isa::avx2) return upper_avx2(lower, x);
#endif
    static_cast<void>(isa);
    upper_body(lower, x);
}

void multiply_vectors(const SymmetricMatrix& matrix, const double* x, double* out,
                      Isa isa) noexcept {
#if defined(__x86_64__)
    if (isa == Isa::avx512_vnni) return vectors_avx512(matrix, x, out);
    if (isa == Isa::avx2) return vectors_avx2(matrix, x, out);
#endif
    static_cast<void>(isa);
    vectors_body(matrix, x, out);
}

} // namespace salus
