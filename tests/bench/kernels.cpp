// Speed of the genotype kernels: every instruction set against the plain form and against unpacking
// to single precision and Eigen's matrix product (compiled for the baseline processor, one thread).
// Usage: bench_kernels [samples] [rows]

#include "base/random.hpp"
#include "kernels/call_pairs.hpp"
#include "kernels/dosage_products.hpp"
#include "kernels/genotype_counts.hpp"
#include "kernels/products.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

namespace {

using namespace salus;

double cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Best CPU time of several runs, about a third of a second in all.
template <class F>
double best_seconds(F&& body) {
    double best = 1e300, spent = 0;
    for (int run = 0; run < 3 || (spent < 0.3 && run < 1000); ++run) {
        const double start = cpu_seconds();
        body();
        const double seconds = cpu_seconds() - start;
        best = seconds < best ? seconds : best;
        spent += seconds;
    }
    return best;
}

struct Genotypes {
    Genotypes(std::size_t samples, std::size_t rows) : stride((samples + 255) / 256 * 64) {
        bytes.resize(stride * rows);
        for (std::size_t r = 0; r < rows; ++r) {
            Rng rng(1, "bench", r);
            for (std::size_t i = 0; i < samples; ++i) {
                const auto call =
                    static_cast<std::uint8_t>(rng.bernoulli(0.008) ? 3 : rng.below(3));
                packed_set(std::span(bytes).subspan(r * stride, stride), i, call);
            }
            pointers.push_back(bytes.data() + r * stride);
        }
    }
    std::size_t stride;
    std::vector<std::uint8_t> bytes;
    std::vector<const std::uint8_t*> pointers;
};

void report(const std::string& name, double seconds, double cells) {
    std::printf("  %-28s %8.4f ns per (row x sample x column)  %8.1f GMAC/s\n", name.c_str(),
                1e9 * seconds / cells, 1e-9 * cells / seconds);
}

void bench_eigen(const Genotypes& genotypes, std::size_t samples, std::size_t columns) {
    const std::size_t rows = genotypes.pointers.size();
    const Eigen::MatrixXf y = Eigen::MatrixXf::Random(static_cast<Eigen::Index>(samples),
                                                      static_cast<Eigen::Index>(columns));
    Eigen::MatrixXf g(static_cast<Eigen::Index>(samples), static_cast<Eigen::Index>(rows));
    Eigen::MatrixXf sums(static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns));
    const float value[4] = {0, 1, 2, 0};
    const double seconds = best_seconds([&] {
        for (std::size_t r = 0; r < rows; ++r) {
            float* const out = g.col(static_cast<Eigen::Index>(r)).data();
            const std::uint8_t* const row = genotypes.pointers[r];
            for (std::size_t i = 0; i < samples; ++i)
                out[i] = value[row[i / 4] >> (2 * (i % 4)) & 3];
        }
        sums.noalias() = g.transpose() * y;
    });
    report("unpack + Eigen sgemm", seconds, static_cast<double>(rows * samples * columns));
}

void bench_products(const Genotypes& genotypes, std::size_t samples, std::size_t columns) {
    const std::size_t rows = genotypes.pointers.size();
    std::vector<std::int64_t> sums(rows * columns);
    for (const unsigned limbs : {3U, 4U}) {
        FixedColumns fixed(samples, columns, limbs);
        std::vector<double> values(samples);
        for (std::size_t c = 0; c < columns; ++c) {
            Rng rng(2, "bench", c);
            for (auto& value : values)
                value = rng.normal();
            fixed.set(c, values);
        }
        for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512_vnni}) {
            if (!is_supported(isa)) continue;
            const double seconds = best_seconds(
                [&] { row_products(genotypes.pointers, fixed, dosage_weights, sums, isa); });
            report(std::to_string(limbs) + " limbs, " + std::string(to_string(isa)), seconds,
                   static_cast<double>(rows * samples * columns));
        }
    }
}

// The same columns with rows of uncertain dosages.
void bench_values(std::size_t samples, std::size_t rows, std::size_t columns) {
    std::vector<std::uint16_t> values(samples * rows);
    Rng rng(3, "bench", 0);
    for (auto& value : values)
        value = static_cast<std::uint16_t>(rng.below(2 * dosage_one + 1));
    std::vector<const std::uint16_t*> pointers;
    for (std::size_t r = 0; r < rows; ++r)
        pointers.push_back(values.data() + r * samples);
    FixedColumns fixed(samples, columns, 4);
    std::vector<double> column(samples);
    for (std::size_t c = 0; c < columns; ++c) {
        for (auto& value : column)
            value = rng.normal();
        fixed.set(c, column);
    }
    std::vector<WideSum> sums(rows * columns);
    for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512_vnni}) {
        if (!is_supported(isa)) continue;
        const double seconds = best_seconds([&] { value_products(pointers, fixed, sums, isa); });
        report("dosages, 4 limbs, " + std::string(to_string(isa)), seconds,
               static_cast<double>(rows * samples * columns));
    }
}

// Pairs of rows: the sums that r2 needs, and the product that settles most pairs.
std::int64_t bench_pairs(const Genotypes& genotypes, std::size_t samples, bool complete) {
    std::vector<std::uint8_t> members(samples, 1);
    const SampleBits bits(members);
    const std::size_t rows = genotypes.pointers.size();
    CallPlaneSlots slots(rows, bits.words());
    std::vector<std::uint8_t> row(genotypes.stride);
    for (std::size_t r = 0; r < rows; ++r) {
        std::copy_n(genotypes.pointers[r], genotypes.stride, row.begin());
        for (std::size_t i = 0; complete && i < samples; ++i)
            if (packed_get(row, i) == missing) packed_set(row, i, het);
        slots.set(r, row, bits);
    }
    std::int64_t seen = 0;
    const auto bench = [&](const std::string& name, auto&& body) {
        const double seconds = best_seconds([&] {
            for (std::size_t a = 0; a < rows; ++a)
                for (std::size_t b = a + 1; b < rows; ++b)
                    seen += body(slots[a], slots[b]);
        });
        report(name, seconds, static_cast<double>(rows * (rows - 1) / 2 * samples));
    };
    for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512_vnni}) {
        if (!is_supported(isa)) continue;
        bench("sums, " + std::string(to_string(isa)),
              [isa](const CallPlanes& a, const CallPlanes& b) {
                  return pair_sums(a, b, isa).product;
              });
        bench("product, " + std::string(to_string(isa)),
              [isa](const CallPlanes& a, const CallPlanes& b) {
                  return centred_product(a, b, {0, a.words}, isa);
              });
    }
    return seen;
}

} // namespace

int main(int argc, char** argv) {
    const std::size_t samples = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100352;
    const std::size_t rows = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 48;
    const Genotypes genotypes(samples, rows);
    std::printf("%zu samples, %zu rows, CPU time of one thread\n", samples, rows);
    for (const std::size_t columns : {1U, 4U, 11U, 16U, 64U}) {
        std::printf("products with %zu columns\n", columns);
        bench_products(genotypes, samples, columns);
        bench_eigen(genotypes, samples, columns);
        bench_values(samples, rows, columns);
    }
    std::printf("genotype counts\n");
    std::uint64_t seen = 0;
    for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512_vnni}) {
        if (!is_supported(isa)) continue;
        const double seconds = best_seconds([&] {
            for (const std::uint8_t* row : genotypes.pointers) {
                seen += count_genotypes({row, genotypes.stride}, samples, isa).het;
            }
        });
        report(std::string(to_string(isa)), seconds, static_cast<double>(rows * samples));
    }
    std::printf("pairs of complete rows\n");
    std::int64_t pairs = bench_pairs(genotypes, samples, true);
    std::printf("pairs of rows with 0.8 %% missing calls\n");
    pairs += bench_pairs(genotypes, samples, false);
    return seen == 0 || pairs == 0 ? 1 : 0;
}
