#include "stages/principal_components/products.hpp"

#include "base/error.hpp"
#include "kernels/genotype_counts.hpp"
#include "kernels/products.hpp"
#include "parallel/parallel_for.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace salus::components {
namespace {

constexpr std::size_t rows_per_call = 48; // what row_products likes

struct RowChunk {
    std::size_t begin, count;
};

/// body(chunk) for rows [0, rows) in pieces, on all threads.
template <class F>
void for_each_chunk(std::size_t rows, F&& body) {
    parallel_for((rows + rows_per_call - 1) / rows_per_call, [&](std::size_t chunk) {
        const std::size_t begin = chunk * rows_per_call;
        body(RowChunk{begin, std::min(rows_per_call, rows - begin)});
    });
}

/// Sums of the columns over the missing calls of a row; whether there are any.
bool missing_sums(std::span<const std::uint8_t> row, const FixedColumns& columns,
                  std::vector<Carrier>& scratch, std::span<std::int64_t> sums) {
    scratch.clear();
    list_missing(row, columns.samples(), scratch);
    if (scratch.empty()) return false;
    carrier_products(scratch, columns, missing_weights, sums);
    return true;
}

/// The coefficients of a batch in fixed point: of the calls, and of the centre.
struct Coefficients {
    FixedColumns of_call, of_centre;

    Coefficients(const Batch& batch, const Standard& standard, const VariantWeights& weights,
                 std::span<const double> largest)
        : of_call(batch.size(), weights.columns, weights.limbs),
          of_centre(batch.size(), weights.columns, weights.limbs) {
        const std::size_t columns = weights.columns;
        parallel_for(columns, [&](std::size_t c) {
            std::vector<double> call(batch.size()), centre(batch.size());
            for (std::size_t v = 0; v < batch.size(); ++v) {
                const std::size_t at = batch.first + v;
                call[v] = weights.values[at * columns + c] / standard.scale[at];
                centre[v] = standard.centre[at] * call[v];
            }
            // One exponent for both, so that their integers add up; the centre is at most 2.
            of_call.set(c, call, 2 * largest[c]);
            of_centre.set(c, centre, 2 * largest[c]);
        });
    }
};

/// Adds sum over variants of (g - centre) x coefficient, in integers; missing calls add nothing.
void add_batch(const Batch& batch, const Coefficients& coefficients,
               std::span<const std::uint32_t> samples, std::span<std::int64_t> sums) {
    const std::size_t columns = coefficients.of_call.columns();
    for_each_chunk(samples.size(), [&](RowChunk chunk) {
        std::array<const std::uint8_t*, rows_per_call> rows{};
        std::vector<std::int64_t> calls(chunk.count * columns), without(columns);
        std::vector<Carrier> scratch;
        for (std::size_t r = 0; r < chunk.count; ++r)
            rows[r] = batch.sample_row(samples[chunk.begin + r]).data();
        row_products(std::span(rows).first(chunk.count), coefficients.of_call, dosage_weights,
                     calls);
        for (std::size_t r = 0; r < chunk.count; ++r) {
            const auto row = batch.sample_row(samples[chunk.begin + r]);
            const bool gaps = missing_sums(row, coefficients.of_centre, scratch, without);
            std::int64_t* const to = sums.data() + (chunk.begin + r) * columns;
            for (std::size_t c = 0; c < columns; ++c)
                to[c] += calls[r * columns + c] - coefficients.of_centre.total(c) +
                         (gaps ? without[c] : 0);
        }
    });
}

std::vector<double> largest_coefficients(const Standard& standard, const VariantWeights& weights) {
    std::vector<double> largest(weights.columns);
    const double* value = weights.values.data();
    for (const double scale : standard.scale)
        for (double& most : largest)
            most = std::max(most, std::fabs(*value++ / scale));
    return largest;
}

} // namespace

void variant_products(const Batch& batch, const FixedColumns& y, const Standard& standard,
                      std::span<double> out) {
    variant_products(batch.rows(), y, standard, batch.first, out);
}

void variant_products(std::span<const std::uint8_t* const> rows, const FixedColumns& y,
                      const Standard& standard, std::size_t first, std::span<double> out) {
    const std::size_t columns = y.columns();
    SALUS_ASSERT(out.size() == rows.size() * columns);
    for_each_chunk(rows.size(), [&](RowChunk chunk) {
        std::vector<std::int64_t> sums(chunk.count * columns), missing(columns);
        std::vector<Carrier> scratch;
        row_products(rows.subspan(chunk.begin, chunk.count), y, dosage_weights, sums);
        for (std::size_t r = 0; r < chunk.count; ++r) {
            const std::size_t v = chunk.begin + r, at = first + v;
            if (!missing_sums({rows[v], packed_bytes(y.samples())}, y, scratch, missing))
                std::fill(missing.begin(), missing.end(), 0);
            for (std::size_t c = 0; c < columns; ++c)
                out[v * columns + c] = (y.real(c, sums[r * columns + c]) -
                                        standard.centre[at] * y.real(c, y.total(c) - missing[c])) /
                                       standard.scale[at];
        }
    });
}

std::vector<double> largest_of_ranks(const Communicator& comm, std::span<const double> values) {
    std::string mine(values.size_bytes(), '\0');
    std::memcpy(mine.data(), values.data(), values.size_bytes());
    std::vector<double> largest(values.begin(), values.end()), theirs(values.size());
    for (const std::string& text : comm.gather_all(mine)) {
        std::memcpy(theirs.data(), text.data(), values.size_bytes());
        for (std::size_t k = 0; k < largest.size(); ++k)
            largest[k] = std::max(largest[k], theirs[k]);
    }
    return largest;
}

std::vector<double> sample_products(const Communicator& comm, const PackedGenotypes& genotypes,
                                    const Standard& standard, const VariantWeights& weights,
                                    std::span<const std::uint32_t> samples) {
    const std::size_t columns = weights.columns;
    SALUS_ASSERT(standard.scale.size() == genotypes.variants() &&
                 weights.values.size() == genotypes.variants() * columns);
    const auto largest = largest_of_ranks(comm, largest_coefficients(standard, weights));
    std::vector<std::int64_t> sums(samples.size() * columns);
    collectively(comm, "adding up over variants", [&] {
        genotypes.for_each_batch([&](const Batch& batch) {
            const Coefficients coefficients(batch, standard, weights, largest);
            add_batch(batch, coefficients, samples, sums);
        });
    });
    comm.sum(std::span(sums));
    FixedColumns unit(1, columns, weights.limbs); // only its exponents matter
    for (std::size_t c = 0; c < columns; ++c)
        unit.set(c, std::array{0.0}, 2 * largest[c]);
    std::vector<double> out(sums.size());
    for (std::size_t i = 0; i < samples.size(); ++i)
        for (std::size_t c = 0; c < columns; ++c)
            out[c * samples.size() + i] = unit.real(c, sums[i * columns + c]);
    return out;
}

namespace {

/// z^2 = (g^2 - 2 centre g + centre^2) / scale^2, one column of coefficients for each term.
constexpr std::size_t square_terms = 3;

std::array<double, square_terms> square_coefficients(const Standard& standard, std::size_t v) {
    const double a = 1 / (standard.scale[v] * standard.scale[v]), c = standard.centre[v];
    return {a, -2 * c * a, c * c * a};
}

/// Adds the sums of each term, [sample][term].
void add_squares(const Batch& batch, const FixedColumns& terms,
                 std::span<const std::uint32_t> samples, std::span<std::int64_t> sums) {
    for_each_chunk(samples.size(), [&](RowChunk chunk) {
        std::array<const std::uint8_t*, rows_per_call> rows{};
        std::vector<std::int64_t> squares(chunk.count * square_terms), copies(squares),
            without(square_terms);
        std::vector<Carrier> scratch;
        for (std::size_t r = 0; r < chunk.count; ++r)
            rows[r] = batch.sample_row(samples[chunk.begin + r]).data();
        const auto some = std::span(rows).first(chunk.count);
        row_products(some, terms, square_weights, squares);
        row_products(some, terms, dosage_weights, copies);
        for (std::size_t r = 0; r < chunk.count; ++r) {
            const auto row = batch.sample_row(samples[chunk.begin + r]);
            if (!missing_sums(row, terms, scratch, without))
                std::fill(without.begin(), without.end(), 0);
            std::int64_t* const to = sums.data() + (chunk.begin + r) * square_terms;
            to[0] += squares[r * square_terms];
            to[1] += copies[r * square_terms + 1];
            to[2] += terms.total(2) - without[2];
        }
    });
}

} // namespace

std::vector<double> sample_squares(const Communicator& comm, const PackedGenotypes& genotypes,
                                   const Standard& standard,
                                   std::span<const std::uint32_t> samples) {
    std::vector<double> largest(square_terms);
    for (std::size_t v = 0; v < standard.scale.size(); ++v)
        for (std::size_t t = 0; t < square_terms; ++t)
            largest[t] = std::max(largest[t], std::fabs(square_coefficients(standard, v)[t]));
    largest = largest_of_ranks(comm, largest);
    std::vector<std::int64_t> sums(samples.size() * square_terms);
    FixedColumns unit(1, square_terms); // only its exponents matter
    for (std::size_t t = 0; t < square_terms; ++t)
        unit.set(t, std::array{0.0}, largest[t]);
    collectively(comm, "adding up squares", [&] {
        genotypes.for_each_batch([&](const Batch& batch) {
            FixedColumns terms(batch.size(), square_terms);
            for (std::size_t t = 0; t < square_terms; ++t) {
                std::vector<double> column;
                for (std::size_t v = 0; v < batch.size(); ++v)
                    column.push_back(square_coefficients(standard, batch.first + v)[t]);
                terms.set(t, column, largest[t]);
            }
            add_squares(batch, terms, samples, sums);
        });
    });
    comm.sum(std::span(sums));
    std::vector<double> out;
    for (std::size_t i = 0; i < samples.size(); ++i)
        out.push_back(unit.real(0, sums[i * square_terms]) +
                      unit.real(1, sums[i * square_terms + 1]) +
                      unit.real(2, sums[i * square_terms + 2]));
    return out;
}

} // namespace salus::components
