#include "stages/loci/genotypes.hpp"

#include "kernels/tile_products.hpp"
#include "parallel/parallel_for.hpp"

#include <algorithm>
#include <cmath>

namespace salus::loci {
namespace {

constexpr std::size_t tile = 256;                   // samples
constexpr std::size_t group = 32, gram_group = 128; // variants
constexpr std::uint64_t bytes_at_once = std::uint64_t{1} << 26;

void copy_tile(std::span<const double> column, std::size_t begin, std::span<double> out) {
    const std::size_t end = std::min(column.size(), begin + out.size());
    std::copy(column.begin() + static_cast<std::ptrdiff_t>(begin),
              column.begin() + static_cast<std::ptrdiff_t>(end), out.begin());
    std::fill(out.begin() + static_cast<std::ptrdiff_t>(end - begin), out.end(), 0.0);
}

// Variants [first, first + count) over a tile, one column after the other.
TileColumns expand_group(const LocusGenotypes& genotypes, std::size_t first, std::size_t count,
                         std::size_t begin, std::span<double> out) {
    for (std::size_t k = 0; k < count; ++k)
        genotypes.expand(first + k, begin, out.subspan(k * tile, tile));
    return {.data = out.data(), .columns = count, .stride = tile};
}

void scale_tile(std::span<double> columns, std::size_t count, std::span<const double> factors) {
    for (std::size_t k = 0; k < count; ++k)
        for (std::size_t i = 0; i < tile; ++i)
            columns[k * tile + i] *= factors[i];
}

} // namespace

Members members_of(std::span<const std::uint8_t> marks) {
    Members members{.samples = {}, .place = std::vector<std::uint32_t>(marks.size(), UINT32_MAX)};
    for (std::size_t i = 0; i < marks.size(); ++i) {
        if (marks[i] == 0) continue;
        members.place[i] = static_cast<std::uint32_t>(members.samples.size());
        members.samples.push_back(static_cast<std::uint32_t>(i));
    }
    return members;
}

void LocusGenotypes::fill(const association::VariantGenotypes& genotypes, One& one) const {
    const std::size_t n = samples();
    const auto place = [&](std::size_t sample) { return members_->place[sample]; };
    one.calls.assign(packed_bytes(n), 0);
    if (genotypes.is_list()) {
        for (const Carrier carrier : genotypes.carriers())
            if (const auto k = place(carrier_sample(carrier)); k != UINT32_MAX)
                packed_set(one.calls, k, carrier_call(carrier));
    } else {
        const std::span row(genotypes.row(), packed_bytes(members_->place.size()));
        for (std::size_t k = 0; k < n; ++k)
            packed_set(one.calls, k, packed_get(row, members_->samples[k]));
    }
    for (std::size_t k = n; k < 4 * one.calls.size(); ++k)
        packed_set(one.calls, k, missing);
    if (genotypes.has_dosage_list()) {
        one.dosages.assign(n, 0);
        for (const auto& [sample, dosage] : genotypes.dosage_list())
            if (const auto k = place(sample); k != UINT32_MAX) one.dosages[k] = dosage;
    } else if (genotypes.has_dosages()) {
        for (const std::uint32_t sample : members_->samples)
            one.dosages.push_back(genotypes.dosages()[sample]);
    }
    std::uint64_t called = 0, copies = 0;
    const auto count = [&](std::uint64_t value, std::uint64_t absent) {
        if (value == absent) return;
        ++called;
        copies += value;
    };
    for (std::size_t k = 0; k < n; ++k) {
        if (one.dosages.empty())
            count(packed_get(one.calls, k), missing);
        else
            count(one.dosages[k], dosage_missing);
    }
    const double unit = one.dosages.empty() ? 1 : dosage_one;
    one.mean = called == 0 ? 0 : static_cast<double>(copies) / (unit * static_cast<double>(called));
}

void LocusGenotypes::load(const GenotypeSource& genotypes, std::span<const std::uint64_t> rows) {
    const std::uint64_t block = std::max<std::uint64_t>(1, genotypes.block_variants());
    const std::uint64_t row_bytes = packed_bytes(members_->place.size()) + 1;
    const std::uint64_t step =
        std::max<std::uint64_t>(1, bytes_at_once / row_bytes / block) * block;
    const SampleTable& samples = genotypes.samples();
    VariantBlock read;
    for (std::size_t first = 0; first < rows.size();) {
        const std::uint64_t stop = (rows[first] / step + 1) * step;
        std::size_t last = first;
        while (last < rows.size() && rows[last] < stop)
            ++last;
        const VariantRange range{rows[first], rows[last - 1] + 1};
        genotypes.read(range, read);
        const std::vector<Variant> variants = genotypes.variants(range);
        const std::size_t before = variants_.size();
        variants_.resize(before + last - first);
        parallel_for(last - first, [&](std::size_t k) {
            const std::size_t v = rows[first + k] - range.begin;
            association::VariantGenotypes one;
            one.assign(read, v, association::ploidy_of(variants[v], genotypes.genome_build()),
                       samples.sex);
            fill(one, variants_[before + k]);
        });
        first = last;
    }
}

void LocusGenotypes::expand(std::size_t v, std::size_t begin,
                            std::span<double> out) const noexcept {
    const One& one = variants_[v];
    const std::size_t n = samples(), end = std::min(n, begin + out.size());
    std::size_t k = begin;
    if (one.dosages.empty()) {
        const double values[4] = {0 - one.mean, 1 - one.mean, 2 - one.mean, 0};
        for (; k + 4 <= end; k += 4) {
            const unsigned byte = one.calls[k / 4];
            double* const four = out.data() + (k - begin);
            four[0] = values[byte & 3];
            four[1] = values[byte >> 2 & 3];
            four[2] = values[byte >> 4 & 3];
            four[3] = values[byte >> 6];
        }
        for (; k < end; ++k)
            out[k - begin] = values[packed_get(one.calls, k)];
    } else {
        for (; k < end; ++k)
            out[k - begin] = one.dosages[k] == dosage_missing
                                 ? 0
                                 : one.dosages[k] * (1.0 / dosage_one) - one.mean;
    }
    for (std::size_t i = k - begin; i < out.size(); ++i)
        out[i] = 0;
}

CentredGenotypes LocusGenotypes::expand(std::size_t v) const {
    CentredGenotypes column(padded_samples(samples()));
    expand(v, 0, column);
    return column;
}

GenotypeSums genotype_sums(const LocusGenotypes& genotypes,
                           std::span<const std::vector<double>> columns,
                           std::span<const double> weights) {
    const std::size_t variants = genotypes.size(), width = columns.size();
    GenotypeSums sums{.columns = width,
                      .products = std::vector<double>(variants * width),
                      .squares = std::vector<double>(variants)};
    parallel_tasks((variants + group - 1) / group, [&](std::size_t g) {
        const std::size_t first = g * group, count = std::min(group, variants - first);
        std::vector<double> left(count * tile), right(width * tile), weight(tile);
        for (std::size_t begin = 0; begin < genotypes.samples(); begin += tile) {
            const TileColumns a = expand_group(genotypes, first, count, begin, left);
            for (std::size_t c = 0; c < width; ++c)
                copy_tile(columns[c], begin, std::span(right).subspan(c * tile, tile));
            if (!weights.empty()) copy_tile(weights, begin, weight);
            add_tile_products(a, {.data = right.data(), .columns = width, .stride = tile},
                              std::span(sums.products).subspan(first * width, count * width));
            add_tile_squares(a, weights.empty() ? nullptr : weight.data(),
                             std::span(sums.squares).subspan(first, count));
        }
    });
    return sums;
}

std::vector<double> genotype_gram(const LocusGenotypes& genotypes,
                                  std::span<const double> weights) {
    const std::size_t m = genotypes.size(), groups = (m + gram_group - 1) / gram_group;
    std::vector<double> roots(weights.begin(), weights.end());
    for (double& root : roots)
        root = std::sqrt(root);
    std::vector<double> gram(m * m);
    // Task t is the pair (row, column) of the lower triangle of groups.
    parallel_tasks(groups * (groups + 1) / 2, [&](std::size_t t) {
        std::size_t row = 0;
        while ((row + 1) * (row + 2) / 2 <= t)
            ++row;
        const std::size_t column = t - row * (row + 1) / 2;
        const std::size_t a = row * gram_group, b = column * gram_group;
        const std::size_t rows = std::min(gram_group, m - a), columns = std::min(gram_group, m - b);
        std::vector<double> left(rows * tile), right(columns * tile), factor(tile);
        std::vector<double> sums(rows * columns);
        for (std::size_t begin = 0; begin < genotypes.samples(); begin += tile) {
            const TileColumns x = expand_group(genotypes, a, rows, begin, left);
            const TileColumns y = expand_group(genotypes, b, columns, begin, right);
            if (!roots.empty()) {
                copy_tile(roots, begin, factor);
                scale_tile(left, rows, factor);
                scale_tile(right, columns, factor);
            }
            add_tile_products(x, y, sums);
        }
        for (std::size_t i = 0; i < rows; ++i)
            for (std::size_t j = 0; j < columns; ++j)
                gram[(a + i) * m + b + j] = gram[(b + j) * m + a + i] = sums[i * columns + j];
    });
    return gram;
}

} // namespace salus::loci
