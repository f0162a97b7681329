#include "stages/ld/pairs.hpp"

#include "base/error.hpp"
#include "models/ld.hpp"
#include "parallel/parallel_for.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace salus::ld {
namespace {

constexpr double crossing_unit = 0x1p32, matrix_scale = 32767;

struct Sides {
    std::uint32_t first; // leftmost candidate that reaches the stretch
    std::size_t width;   // most candidates in memory at once
};

Sides sides_of(std::span<const std::uint32_t> ends, LdWindow stretch) {
    Sides sides{.first = stretch.begin, .width = 1};
    while (sides.first > 0 && ends[sides.first - 1] > stretch.begin)
        --sides.first;
    for (std::uint32_t i = sides.first; i < stretch.end; ++i)
        sides.width = std::max<std::size_t>(sides.width, ends[i] - i);
    return sides;
}

} // namespace

std::vector<std::uint32_t> reach_ends(std::span<const std::uint32_t> positions,
                                      std::uint64_t reach) {
    std::vector<std::uint32_t> ends(positions.size());
    std::uint32_t end = 0;
    for (std::size_t i = 0; i < positions.size(); ++i) {
        while (end < positions.size() && positions[end] <= positions[i] + reach)
            ++end;
        ends[i] = end;
    }
    return ends;
}

std::vector<LdWindow> score_stretches(std::span<const std::uint32_t> ends) {
    std::vector<LdWindow> stretches;
    const auto count = static_cast<std::uint32_t>(ends.size());
    std::uint64_t reached = 0;
    for (std::uint32_t i = 0; i < count; ++i)
        reached += ends[i] - i;
    const auto length = static_cast<std::uint32_t>(
        std::max<std::uint64_t>(512, count == 0 ? 0 : 8 * reached / count));
    for (std::uint32_t begin = 0; begin < count;) {
        const std::uint32_t end = count - begin < 2 * length ? count : begin + length;
        stretches.push_back({begin, end});
        begin = end;
    }
    return stretches;
}

StretchScores PairScan::scores(std::span<const std::uint32_t> ends, LdWindow stretch) const {
    const Sides sides = sides_of(ends, stretch);
    const std::uint32_t last = ends[stretch.end - 1];
    StretchScores found{.score = std::vector<double>(stretch.size()),
                        .crossing_step = std::vector<std::int64_t>(last - stretch.begin)};
    GenotypeWindow genotypes(genotypes_, candidates_.row, sets_, candidates_.x_linked, sides.width);
    std::vector<double> r2(sides.width);
    for (std::uint32_t i = sides.first; i < stretch.end; ++i) {
        genotypes.slide(i, ends[i]);
        const bool inside = i >= stretch.begin;
        const std::uint32_t begin = inside ? i + 1 : stretch.begin,
                            end = inside ? ends[i] : std::min(ends[i], stretch.end);
        if (inside) found.score[i - stretch.begin] += 1; // with itself
        if (begin >= end) continue;
        const CallSums own = genotypes.sums(i);
        parallel_for(end - begin, [&](std::size_t k) {
            const std::uint32_t j = begin + static_cast<std::uint32_t>(k);
            const double r = mean_imputed_r(genotypes.pair(i, j), own, genotypes.sums(j));
            r2[k] = r * r;
        });
        for (std::uint32_t j = begin; j < end; ++j) {
            if (candidates_.varies[i] == 0 || candidates_.varies[j] == 0) continue;
            const double adjusted = adjusted_r2(r2[j - begin], samples_);
            if (j < stretch.end) found.score[j - stretch.begin] += adjusted;
            if (!inside) continue;
            found.score[i - stretch.begin] += adjusted;
            const auto units =
                static_cast<std::int64_t>(std::llround(r2[j - begin] * crossing_unit));
            found.crossing_step[i - stretch.begin] += units; // from place i + 1 on
            found.crossing_step[j - stretch.begin] -= units;
        }
    }
    for (std::uint32_t i = stretch.begin; i < stretch.end; ++i)
        if (candidates_.varies[i] == 0)
            found.score[i - stretch.begin] = std::numeric_limits<double>::quiet_NaN();
    return found;
}

std::vector<std::int16_t> PairScan::matrix(LdWindow block) const {
    const std::size_t n = block.size();
    GenotypeWindow genotypes(genotypes_, candidates_.row, sets_, candidates_.x_linked, n);
    genotypes.slide(block.begin, block.end);
    std::vector<std::int16_t> matrix(n * n);
    parallel_for(n, [&](std::size_t i) {
        const auto a = static_cast<std::uint32_t>(block.begin + i);
        const CallSums own = genotypes.sums(a);
        matrix[i * n + i] =
            static_cast<std::int16_t>(candidates_.varies[a] != 0 ? matrix_scale : 0);
        for (std::size_t j = i + 1; j < n; ++j) {
            const auto b = static_cast<std::uint32_t>(block.begin + j);
            const double r = mean_imputed_r(genotypes.pair(a, b), own, genotypes.sums(b));
            const auto scaled = static_cast<std::int16_t>(std::lround(r * matrix_scale));
            matrix[i * n + j] = scaled;
            matrix[j * n + i] = scaled;
        }
    });
    return matrix;
}

std::vector<LdWindow> choose_blocks(std::span<const std::int64_t> crossing, std::uint32_t most) {
    SALUS_ASSERT(most >= 2);
    std::vector<LdWindow> blocks;
    const auto count = static_cast<std::uint32_t>(crossing.size());
    for (std::uint32_t begin = 0; begin < count;) {
        std::uint32_t end = count;
        if (count - begin > most) {
            const auto first = crossing.begin() + begin + (most + 1) / 2;
            const auto last = crossing.begin() + begin + most + 1;
            end = static_cast<std::uint32_t>(std::min_element(first, last) - crossing.begin());
        }
        blocks.push_back({begin, end});
        begin = end;
    }
    return blocks;
}

} // namespace salus::ld
