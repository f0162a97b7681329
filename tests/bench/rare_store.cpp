// Writes a genotype store of rare variants: K of N samples carry each, P(K) ~ 1/K for K = 1 to 100,
// the same numbers of carriers whatever N. Usage: bench_rare_store FOLDER SAMPLES VARIANTS
#include "base/random.hpp"
#include "base/text.hpp"
#include "genotype/store_writer.hpp"
#include "store/parts.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

namespace {

using namespace salus;

constexpr std::size_t most_carriers = 100;
constexpr std::uint64_t part_variants = 65536;

/// Cumulative probabilities of 1, 2, ... carriers.
std::array<double, most_carriers> carrier_spectrum() {
    std::array<double, most_carriers> total{};
    double sum = 0;
    for (std::size_t k = 0; k < most_carriers; ++k)
        total[k] = sum += 1.0 / static_cast<double>(k + 1);
    for (double& value : total)
        value /= sum;
    return total;
}

std::vector<std::size_t> carriers_of(std::uint64_t variant, std::size_t samples,
                                     const std::array<double, most_carriers>& spectrum) {
    Rng numbers(1, "rare_store", variant);
    const auto found = std::lower_bound(spectrum.begin(), spectrum.end(), numbers.uniform());
    const auto wanted = static_cast<std::size_t>(found - spectrum.begin()) + 1;
    std::vector<std::size_t> carriers;
    for (std::size_t k = 0; k < wanted; ++k)
        carriers.push_back(
            static_cast<std::size_t>(numbers.uniform() * static_cast<double>(samples)));
    return carriers;
}

} // namespace

int main(int count, char** arguments) {
    if (count != 4) {
        std::fprintf(stderr, "usage: bench_rare_store FOLDER SAMPLES VARIANTS\n");
        return 2;
    }
    const std::filesystem::path folder = arguments[1];
    const std::size_t samples = std::strtoull(arguments[2], nullptr, 10);
    const std::uint64_t variants = std::strtoull(arguments[3], nullptr, 10);
    std::filesystem::create_directories(folder);

    StoreDescription store{.samples = {}, .genome_build = "GRCh38", .info = {}};
    for (std::size_t i = 0; i < samples; ++i) {
        store.samples.id.push_back(text("s", i));
        store.samples.sex.push_back(i % 2 == 0 ? Sex::male : Sex::female);
    }
    const auto spectrum = carrier_spectrum();
    std::vector<std::uint8_t> row(packed_bytes(samples));
    std::vector<StorePart> parts;
    std::uint64_t total = 0;
    for (std::uint64_t begin = 0; begin < variants; begin += part_variants) {
        const std::string name = text("part-", parts.size(), ".h5");
        PartWriter part(folder / name);
        GenotypePartWriter writer(part.file(), samples, {});
        for (std::uint64_t v = begin; v < std::min(variants, begin + part_variants); ++v) {
            Variant variant;
            variant.chromosome = "1";
            variant.position = static_cast<std::uint32_t>(v + 1);
            variant.ref = "A";
            variant.alt = v % 3 == 0 ? "C" : "G";
            const auto carriers = carriers_of(v, samples, spectrum);
            total += carriers.size();
            for (const std::size_t sample : carriers)
                packed_set(row, sample, het);
            writer.add(variant, {.calls = row, .dosages = {}, .phase = {}});
            for (const std::size_t sample : carriers)
                packed_set(row, sample, hom_ref);
        }
        writer.finish();
        parts.push_back({name, part.commit(), name});
    }
    H5File index = H5File::create(folder / "index.h5");
    write_genotype_index(index, folder, store, parts);
    index.attribute("/", "complete", std::int64_t{1});
    index.close();
    std::printf("%zu samples, %llu variants, %llu carriers\n", samples,
                static_cast<unsigned long long>(variants), static_cast<unsigned long long>(total));
    return 0;
}
