#include "stages/pgs_weights/blocks.hpp"

#include "base/cache_lines.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "models/lassosum.hpp"
#include "models/ld.hpp"
#include "parallel/parallel_for.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace salus::pgs_weights {
namespace {

/// Bit planes of the variants of a block.
CallPlaneSlots read_planes(const GenotypeSource& genotypes, const LdSamples& samples,
                           std::span<const std::uint64_t> rows) {
    CallPlaneSlots planes(rows.size(), samples.bits.words());
    const std::size_t n = genotypes.samples().size();
    CacheLines<std::uint8_t> lines(packed_bytes(n) + 64);
    const std::span<std::uint8_t> row = lines.all();
    VariantBlock block;
    const std::uint64_t length = std::max<std::uint64_t>(1, genotypes.block_variants());
    for (std::size_t i = 0; i < rows.size();) {
        std::size_t end = i + 1;
        while (end < rows.size() && rows[end] / length == rows[i] / length)
            ++end;
        const std::uint64_t first = rows[i];
        genotypes.read({first, rows[end - 1] + 1}, block);
        for (; i < end; ++i) {
            block.unpack(static_cast<std::size_t>(rows[i] - first), row.first(packed_bytes(n)));
            planes.set(i, row, samples.bits);
        }
    }
    return planes;
}

void write_ld(const GenotypeSource& genotypes, const LdSamples& samples,
              std::span<const std::uint64_t> rows, PartWriter& part) {
    const std::size_t m = rows.size();
    const CallPlaneSlots planes = read_planes(genotypes, samples, rows);
    std::vector<double> r(m * m), score(m, 0.0);
    parallel_for(m, [&](std::size_t i) {
        r[i * m + i] = 1;
        for (std::size_t j = i + 1; j < m; ++j)
            r[i * m + j] =
                mean_imputed_r(pair_sums(planes[i], planes[j]), planes[i].sums, planes[j].sums);
    });
    for (std::size_t i = 0; i < m; ++i)
        for (std::size_t j = 0; j < i; ++j)
            r[i * m + j] = r[j * m + i];
    for (std::size_t i = 0; i < m; ++i)
        for (std::size_t j = 0; j < m; ++j)
            score[i] += i == j ? 1 : adjusted_r2(r[i * m + j] * r[i * m + j], samples.bits.count());
    part.write_array<double>("r", r, {m, m}, Compression::none);
    part.write_array<double>("score", score, {}, Compression::none);
}

/// Index variants of clumps within a block, by p-value (ties: the first).
std::vector<std::uint8_t> clump_block(const Statistics& s, const LoadedBlock& block, double r2_min,
                                      double window_bp) {
    const std::size_t m = block.range.size(), begin = block.range.begin;
    std::vector<std::size_t> order(m);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return s.neg_log10_p[begin + a] > s.neg_log10_p[begin + b];
    });
    std::vector<std::uint8_t> index(m, 0), claimed(m, 0);
    for (const std::size_t i : order) {
        if (claimed[i] != 0) continue;
        index[i] = 1;
        for (std::size_t j = 0; j < m; ++j) {
            const double distance = std::fabs(static_cast<double>(s.position[begin + i]) -
                                              static_cast<double>(s.position[begin + j]));
            const double r = block.r[i * m + j];
            if (distance <= window_bp && r * r >= r2_min) claimed[j] = 1;
        }
    }
    return index;
}

} // namespace

std::vector<BlockRange> cut_blocks(const Statistics& s, std::size_t most) {
    std::vector<BlockRange> blocks;
    for (std::size_t begin = 0; begin < s.size();) {
        std::size_t last = begin + 1; // of the chromosome
        while (last < s.size() && s.chromosome[last] == s.chromosome[begin] && last - begin <= most)
            ++last;
        std::size_t end = last;
        if (last - begin > most) {
            std::uint32_t widest = 0;
            for (std::size_t place = begin + (most + 1) / 2; place <= begin + most; ++place) {
                const std::uint32_t gap = s.position[place] - s.position[place - 1];
                if (place > begin + (most + 1) / 2 && gap <= widest) continue;
                widest = gap;
                end = place;
            }
        }
        blocks.push_back({begin, end});
        begin = end;
    }
    return blocks;
}

Parts compute_ld(const GenotypeSource& genotypes, const LdSamples& samples,
                 const Statistics& statistics, std::span<const BlockRange> blocks,
                 RunContext& context) {
    return context.for_each_unit("ld", blocks.size(), [&](std::uint64_t b, PartWriter& part) {
        const BlockRange range = blocks[b];
        write_ld(genotypes, samples, std::span(statistics.row).subspan(range.begin, range.size()),
                 part);
    });
}

LoadedBlock load_block(const Parts& ld, std::span<const BlockRange> blocks, std::size_t block) {
    return {.range = blocks[block], .r = ld.open(block).read_array<double>("r")};
}

std::vector<Column> columns_of(const PgsWeightsParams& params) {
    const auto has = [&](const char* method) {
        return std::find(params.methods.begin(), params.methods.end(), method) !=
               params.methods.end();
    };
    std::vector<Column> columns;
    if (has("infinitesimal"))
        columns.push_back({.name = "infinitesimal", .method = "infinitesimal"});
    std::vector<double> shares = params.lambda_shares;
    for (std::int64_t k = 0; params.lambda_shares.empty() && k < params.lambdas; ++k)
        shares.push_back(
            std::pow(0.01, static_cast<double>(k + 1) / static_cast<double>(params.lambdas)));
    std::sort(shares.rbegin(), shares.rend());
    if (has("lassosum2"))
        for (const double delta : params.deltas)
            for (std::size_t k = 0; k < shares.size(); ++k)
                columns.push_back({.name = text("lassosum2_d", delta, "_l", k + 1),
                                   .method = "lassosum2",
                                   .lambda_share = shares[k],
                                   .delta = delta});
    if (has("clumping"))
        for (const double r2 : params.clump_r2)
            for (const double p : params.p_thresholds)
                columns.push_back({.name = text("clumping_r", r2, "_p", p),
                                   .method = "clumping",
                                   .r2 = r2,
                                   .p = p});
    return columns;
}

Parts block_weights(const PgsWeightsParams& params, const Statistics& s, const Parts& ld,
                    std::span<const BlockRange> blocks, std::span<const Column> columns, double h2,
                    RunContext& context) {
    const double n_largest = *std::max_element(s.n.begin(), s.n.end());
    const double lambda_max = lasso_lambda_max(s.effect, s.n, n_largest);
    return context.for_each_unit("weights", blocks.size(), [&](std::uint64_t b, PartWriter& part) {
        const LoadedBlock block = load_block(ld, blocks, b);
        const LdBlock view = block.view(s);
        const std::size_t m = view.size(), begin = block.range.begin;
        std::vector<double> weights(columns.size() * m, 0.0);
        std::vector<std::uint8_t> found(columns.size(), 1);
        // Columns of one path follow each other from strong penalties to weak ones.
        std::vector<std::size_t> paths{0};
        for (std::size_t c = 1; c < columns.size(); ++c)
            if (columns[c].method != columns[c - 1].method ||
                columns[c].delta != columns[c - 1].delta || columns[c].r2 != columns[c - 1].r2)
                paths.push_back(c);
        paths.push_back(columns.size());
        parallel_tasks(columns.empty() ? 0 : paths.size() - 1, [&](std::size_t path) {
            std::vector<double> beta;
            std::vector<std::uint8_t> index;
            for (std::size_t c = paths[path]; c < paths[path + 1]; ++c) {
                const Column& column = columns[c];
                double* const out = weights.data() + c * m;
                if (column.method == "clumping") {
                    if (index.empty())
                        index = clump_block(s, block, column.r2, 1000 * params.clump_kb);
                    for (std::size_t j = 0; j < m; ++j)
                        if (index[j] != 0 && s.neg_log10_p[begin + j] >= -std::log10(column.p))
                            out[j] = s.beta[begin + j];
                    continue;
                }
                if (column.method == "infinitesimal") {
                    beta = infinitesimal_effects(view, h2, static_cast<double>(s.size()));
                    found[c] = beta.empty() ? 0 : 1;
                } else {
                    const auto fit =
                        fit_lasso(view, {column.lambda_share * lambda_max, column.delta}, n_largest,
                                  beta, {.tolerance = params.lasso_tolerance});
                    found[c] = fit.converged ? 1 : 0;
                    beta = fit.converged ? fit.beta : std::vector<double>();
                }
                for (std::size_t j = 0; j < beta.size(); ++j)
                    out[j] = beta[j] * s.scale[begin + j];
            }
        });
        part.write_array<double>("weights", weights, {}, Compression::none);
        part.write_array<std::uint8_t>("found", found, {}, Compression::none);
    });
}

} // namespace salus::pgs_weights
