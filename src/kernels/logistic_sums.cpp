#include "kernels/logistic_sums.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

// Vectors of eight never cross a function boundary that is not inlined.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace salus {
namespace {

#define SALUS_INLINE [[gnu::always_inline]] inline

using Lanes = double __attribute__((vector_size(64)));
using LaneBits = std::int64_t __attribute__((vector_size(64)));

constexpr std::size_t tile_samples = 256; // a tile of 13 columns fits the L1 cache

SALUS_INLINE Lanes load(const double* from) noexcept {
    Lanes lanes;
    std::memcpy(&lanes, from, sizeof lanes);
    return lanes;
}
SALUS_INLINE void store(double* to, const Lanes& lanes) noexcept {
    std::memcpy(to, &lanes, sizeof lanes);
}
SALUS_INLINE double add_lanes(const Lanes& s) noexcept {
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

// exp(x) for -700 <= x <= 0 to 2 units in the last place: 2^n times a Taylor series of degree 13 on
// |r| <= log(2)/2.
SALUS_INLINE Lanes exp_lanes(const Lanes& x) noexcept {
    constexpr double to_integer = 0x1.8p52;
    const Lanes shifted = x * 1.4426950408889634074 + to_integer;
    const Lanes n = shifted - to_integer;
    const Lanes r = (x - n * 0x1.62e42fefa38p-1) - n * 0x1.ef35793c7673p-45;
    constexpr double inverse_factorial[] = {1.0,
                                            1.0,
                                            1.0 / 2,
                                            1.0 / 6,
                                            1.0 / 24,
                                            1.0 / 120,
                                            1.0 / 720,
                                            1.0 / 5040,
                                            1.0 / 40320,
                                            1.0 / 362880,
                                            1.0 / 3628800,
                                            1.0 / 39916800,
                                            1.0 / 479001600,
                                            1.0 / 6227020800};
    Lanes value = r * 0 + inverse_factorial[13];
    for (int k = 12; k >= 0; --k)
        value = value * r + inverse_factorial[k];
    LaneBits exponent, bits;
    std::memcpy(&exponent, &shifted, sizeof exponent);
    std::memcpy(&bits, &value, sizeof bits);
    bits += exponent << 52;
    Lanes result;
    std::memcpy(&result, &bits, sizeof result);
    return result;
}

struct Call {
    const DesignColumns& design;
    std::span<const double> first, second = {}, third = {};
    std::span<double> out = {}, out2 = {};
    double value = 0;
    const SlopeColumns* slopes = nullptr;
    double at = 0;
    SlopeSums sums = {};
    SlopePowers powers = {};
};

// Sum of logs as logs of products of 64 factors, which are at most 2^64.
struct LogProduct {
    Lanes product;
    double logs;
};
SALUS_INLINE void flush(LogProduct& sum) noexcept {
    for (std::size_t lane = 0; lane < sample_lanes; ++lane)
        sum.logs += std::log(sum.product[lane]);
    sum.product = sum.product * 0 + 1.0;
}

// With e = exp(-|eta|): the smaller of mu and 1 - mu, mu, and e itself.
struct Logistic {
    Lanes eta, positive, small, other, mu;
};
SALUS_INLINE void logistic_of(Logistic& l) noexcept {
    const Lanes zero{};
    l.eta = l.eta > 700.0 ? zero + 700.0 : l.eta;
    l.eta = l.eta < -700.0 ? zero - 700.0 : l.eta;
    l.positive = l.eta > 0.0 ? l.eta : zero;
    l.small = exp_lanes(l.eta - 2 * l.positive);
    l.other = l.small / (1.0 + l.small);
    l.mu = l.eta > 0.0 ? 1.0 - l.other : l.other;
}

SALUS_INLINE void predictor_body(Call& call) noexcept {
    const auto columns = call.design.columns;
    for (std::size_t i = 0; i < call.design.padded(); i += sample_lanes) {
        Lanes sum{};
        for (std::size_t c = 0; c < columns.size(); ++c)
            sum += call.first[c] * load(columns[c] + i);
        store(call.out.data() + i, sum);
    }
}

// log(1 + exp(eta)) = max(eta, 0) + log(1 + exp(-|eta|)).
SALUS_INLINE void terms_body(Call& call) noexcept {
    const std::size_t samples = call.design.samples, padded = call.design.padded();
    Lanes likelihood{};
    LogProduct logs{likelihood + 1.0, 0};
    for (std::size_t i = 0; i < padded; i += sample_lanes) {
        Logistic l;
        l.eta = load(call.first.data() + i);
        logistic_of(l);
        const Lanes y = load(call.second.data() + i);
        store(call.out.data() + i, y - l.mu);
        store(call.out2.data() + i, l.other * (1.0 - l.other));
        Lanes term = y * l.eta - l.positive, factor = 1.0 + l.small;
        if (i + sample_lanes > samples) {
            for (std::size_t lane = samples - i; lane < sample_lanes; ++lane) {
                term[lane] = 0;
                factor[lane] = 1;
            }
        }
        likelihood += term;
        logs.product *= factor;
        if (i / sample_lanes % 64 == 63 || i + sample_lanes >= padded) flush(logs);
    }
    call.value = add_lanes(likelihood) - logs.logs;
}

SALUS_INLINE void slopes_body(Call& call) noexcept {
    const SlopeColumns& columns = *call.slopes;
    const std::size_t samples = columns.samples, padded = padded_samples(samples);
    Lanes likelihood{}, score{}, information{}, third{}, fourth{};
    LogProduct logs{likelihood + 1.0, 0};
    for (std::size_t i = 0; i < padded; i += sample_lanes) {
        const Lanes slope = load(columns.slope.data() + i), y = load(columns.outcome.data() + i);
        Logistic l;
        l.eta = load(columns.offset.data() + i) + call.at * slope;
        logistic_of(l);
        const Lanes weight = l.other * (1.0 - l.other), square = slope * slope * weight;
        Lanes term = y * l.eta - l.positive, factor = 1.0 + l.small;
        if (i + sample_lanes > samples) {
            for (std::size_t lane = samples - i; lane < sample_lanes; ++lane) {
                term[lane] = 0;
                factor[lane] = 1;
            }
        }
        likelihood += term;
        score += slope * (y - l.mu);
        information += square;
        third += square * slope * (1.0 - 2.0 * l.mu);
        fourth += square * (slope * slope) * (1.0 - 6.0 * weight);
        logs.product *= factor;
        if (i / sample_lanes % 64 == 63 || i + sample_lanes >= padded) flush(logs);
    }
    call.sums = {.log_likelihood = add_lanes(likelihood) - logs.logs,
                 .score = add_lanes(score),
                 .information = add_lanes(information),
                 .third = add_lanes(third),
                 .fourth = add_lanes(fourth)};
}

SALUS_INLINE double largest_lane(const Lanes& s) noexcept {
    double largest = s[0];
    for (std::size_t lane = 1; lane < sample_lanes; ++lane)
        largest = std::max(largest, s[lane]);
    return largest;
}

// Cumulants of a Bernoulli variable as polynomials of w = mu (1 - mu) and q = 1 - 2 mu: each is the
// derivative of the one before, w' = w q, q' = -2 w.
SALUS_INLINE void powers_body(Call& call) noexcept {
    const auto columns = call.design.columns;
    Lanes score{}, c2{}, c3{}, c4{}, c5{}, c6{}, c7{}, c8{}, c9{}, c10{};
    Lanes tenth{}, twelfth{}, steepest{};
    for (std::size_t i = 0; i < call.design.padded(); i += sample_lanes) {
        Lanes s{};
        for (std::size_t c = 0; c < columns.size(); ++c)
            s += call.first[c] * load(columns[c] + i);
        const Lanes mu = load(call.second.data() + i), y = load(call.third.data() + i);
        const Lanes w = mu * (1.0 - mu), q = s * (1.0 - 2.0 * mu), square = s * s;
        score += s * (y - mu);
        const Lanes magnitude = s < 0.0 ? -s : s;
        steepest = magnitude > steepest ? magnitude : steepest;
        Lanes power = w * square;
        c2 += power;
        c3 += power * q;
        power *= square;
        c4 += power * (1.0 - 6.0 * w);
        c5 += power * q * (1.0 - 12.0 * w);
        power *= square;
        c6 += power * (1.0 - w * (30.0 - 120.0 * w));
        c7 += power * q * (1.0 - w * (60.0 - 360.0 * w));
        power *= square;
        c8 += power * (1.0 - w * (126.0 - w * (1680.0 - 5040.0 * w)));
        c9 += power * q * (1.0 - w * (252.0 - w * (5040.0 - 20160.0 * w)));
        power *= square;
        c10 += power * (1.0 - w * (510.0 - w * (17640.0 - w * (151200.0 - 362880.0 * w))));
        tenth += power;
        twelfth += power * square;
    }
    call.powers = {.score = add_lanes(score),
                   .cumulants = {0, 0, add_lanes(c2), add_lanes(c3), add_lanes(c4), add_lanes(c5),
                                 add_lanes(c6), add_lanes(c7), add_lanes(c8), add_lanes(c9),
                                 add_lanes(c10)},
                   .tenth = add_lanes(tenth),
                   .twelfth = add_lanes(twelfth),
                   .steepest = largest_lane(steepest)};
}

// Tile by tile: gram entries are sums of tile sums, each of eight partial sums.
SALUS_INLINE void gram_body(Call& call) noexcept {
    const auto columns = call.design.columns;
    const std::size_t count = columns.size();
    std::fill(call.out.begin(), call.out.end(), 0.0);
    alignas(64) double weighted[tile_samples];
    for (std::size_t begin = 0; begin < call.design.padded(); begin += tile_samples) {
        const std::size_t length = std::min(tile_samples, call.design.padded() - begin);
        for (std::size_t a = 0; a < count; ++a) {
            for (std::size_t i = 0; i < length; i += sample_lanes) {
                store(weighted + i,
                      load(columns[a] + begin + i) * load(call.first.data() + begin + i));
            }
            for (std::size_t b = 0; b <= a; ++b) {
                const double* const other = columns[b] + begin;
                Lanes even{}, odd{};
                std::size_t i = 0;
                for (; i + 2 * sample_lanes <= length; i += 2 * sample_lanes) {
                    even += load(weighted + i) * load(other + i);
                    odd += load(weighted + i + sample_lanes) * load(other + i + sample_lanes);
                }
                if (i < length) even += load(weighted + i) * load(other + i);
                call.out[a * count + b] += add_lanes(even + odd);
            }
        }
    }
    for (std::size_t a = 0; a < count; ++a) {
        for (std::size_t b = 0; b < a; ++b)
            call.out[b * count + a] = call.out[a * count + b];
    }
}

SALUS_INLINE void products_body(Call& call) noexcept {
    const auto columns = call.design.columns;
    for (std::size_t c = 0; c < columns.size(); ++c) {
        Lanes sum{};
        for (std::size_t i = 0; i < call.design.padded(); i += sample_lanes) {
            sum += load(columns[c] + i) * load(call.first.data() + i);
        }
        call.out[c] = add_lanes(sum);
    }
}

SALUS_INLINE void leverage_body(Call& call) noexcept {
    const auto columns = call.design.columns;
    const std::size_t count = columns.size();
    for (std::size_t i = 0; i < call.design.padded(); i += sample_lanes) {
        Lanes norm{};
        for (std::size_t a = 0; a < count; ++a) {
            const double* const factor = call.second.data() + a * count;
            Lanes sum{};
            for (std::size_t b = 0; b <= a; ++b)
                sum += factor[b] * load(columns[b] + i);
            norm += sum * sum;
        }
        store(call.out.data() + i, norm * load(call.first.data() + i));
    }
}

enum class Sum { predictor, terms, gram, products, leverage, slopes, powers };

SALUS_INLINE void body(Sum sum, Call& call) noexcept {
    switch (sum) {
    case Sum::predictor:
        predictor_body(call);
        break;
    case Sum::terms:
        terms_body(call);
        break;
    case Sum::gram:
        gram_body(call);
        break;
    case Sum::products:
        products_body(call);
        break;
    case Sum::leverage:
        leverage_body(call);
        break;
    case Sum::slopes:
        slopes_body(call);
        break;
    case Sum::powers:
        powers_body(call);
        break;
    }
}

#if defined(__x86_64__)
[[gnu::target("avx512f,avx512dq")]] void run_avx512(Sum sum, Call& call) noexcept {
    body(sum, call);
}
[[gnu::target("avx2")]] void run_avx2(Sum sum, Call& call) noexcept { body(sum, call); }
#endif
void run_baseline(Sum sum, Call& call) noexcept { body(sum, call); }

void run(Sum sum, Call& call, Isa isa) noexcept {
#if defined(__x86_64__)
    if (isa == Isa::avx512_vnni) return run_avx512(sum, call);
    if (isa == Isa::avx2) return run_avx2(sum, call);
#endif
    static_cast<void>(isa);
    run_baseline(sum, call);
}

} // namespace

void linear_predictor(const DesignColumns& design, std::span<const double> coefficients,
                      std::span<double> eta, Isa isa) noexcept {
    Call call{.design = design, .first = coefficients, .out = eta};
    run(Sum::predictor, call, isa);
}

double logistic_terms(std::span<const double> eta, std::span<const double> outcome,
                      std::size_t samples, std::span<double> residual, std::span<double> weight,
                      Isa isa) noexcept {
    const DesignColumns shape{.samples = samples};
    Call call{.design = shape, .first = eta, .second = outcome, .out = residual, .out2 = weight};
    run(Sum::terms, call, isa);
    return call.value;
}

void weighted_gram(const DesignColumns& design, std::span<const double> weight,
                   std::span<double> gram, Isa isa) noexcept {
    Call call{.design = design, .first = weight, .out = gram};
    run(Sum::gram, call, isa);
}

void column_products(const DesignColumns& design, std::span<const double> values,
                     std::span<double> out, Isa isa) noexcept {
    Call call{.design = design, .first = values, .out = out};
    run(Sum::products, call, isa);
}

void leverages(const DesignColumns& design, std::span<const double> weight,
               std::span<const double> factor, std::span<double> leverage, Isa isa) noexcept {
    Call call{.design = design, .first = weight, .second = factor, .out = leverage};
    run(Sum::leverage, call, isa);
}

SlopeSums slope_sums(const SlopeColumns& columns, double b, Isa isa) noexcept {
    const DesignColumns shape{.samples = columns.samples};
    Call call{.design = shape, .slopes = &columns, .at = b};
    run(Sum::slopes, call, isa);
    return call.sums;
}

SlopePowers slope_powers(const CombinedSlopes& slopes, Isa isa) noexcept {
    Call call{.design = slopes.design,
              .first = slopes.coefficients,
              .second = slopes.fitted,
              .third = slopes.outcome};
    run(Sum::powers, call, isa);
    return call.powers;
}

} // namespace salus
