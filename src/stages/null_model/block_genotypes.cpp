#include "stages/null_model/block_genotypes.hpp"

#include "parallel/parallel_for.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace salus::whole_genome {
namespace {

constexpr auto one = static_cast<std::uint8_t>(byte_max / 2);

std::uint8_t mean_code(double sum, std::uint64_t count) noexcept {
    return count == 0 ? std::uint8_t{0}
                      : static_cast<std::uint8_t>(std::lround(sum * BlockGenotypes::one_copy /
                                                              static_cast<double>(count)));
}

} // namespace

BlockGenotypes::BlockGenotypes(const GenotypeSource& source,
                               std::span<const std::uint64_t> variants,
                               std::span<const std::uint8_t> eligible)
    : samples_(source.samples().size()), row_bytes_(packed_bytes(samples_)),
      rows_(variants.size() * row_bytes_), code_(variants.size()), dosages_(variants.size()),
      tables_(variants.size() * table_size) {
    const std::uint64_t step = std::max<std::uint64_t>(1, source.block_variants());
    VariantBlock block;
    for (std::size_t first = 0; first < variants.size();) {
        const std::uint64_t end = (variants[first] / step + 1) * step;
        const auto last = static_cast<std::size_t>(
            std::lower_bound(variants.begin() + static_cast<std::ptrdiff_t>(first), variants.end(),
                             end) -
            variants.begin());
        const std::uint64_t begin = variants[first];
        source.read({begin, variants[last - 1] + 1}, block);
        parallel_for(last - first, [&](std::size_t k) {
            add(block, static_cast<std::size_t>(variants[first + k] - begin), first + k, eligible);
        });
        first = last;
    }
}

void BlockGenotypes::add(const VariantBlock& block, std::size_t b, std::size_t v,
                         std::span<const std::uint8_t> eligible) {
    const std::span<std::uint8_t> to(rows_.data() + v * row_bytes_, row_bytes_);
    block.unpack(b, to);
    double sum = 0;
    std::uint64_t count = 0;
    if (!block.has_dosages(b)) {
        std::uint64_t calls[4] = {};
        for (std::size_t i = 0; i < samples_; ++i)
            if (eligible[i] != 0) ++calls[packed_get(to, i)];
        sum = static_cast<double>(calls[het] + 2 * calls[hom_alt]);
        code_[v] = mean_code(sum, calls[hom_ref] + calls[het] + calls[hom_alt]);
        const std::array<std::uint8_t, 4> codes{0, one, 2 * one, code_[v]};
        for (std::size_t byte = 0; byte < table_size; ++byte) {
            const std::uint8_t values[4] = {codes[byte & 3], codes[byte >> 2 & 3],
                                            codes[byte >> 4 & 3], codes[byte >> 6]};
            std::memcpy(&tables_[v * table_size + byte], values, sizeof values);
        }
        return;
    }
    std::vector<Dosage> dosages(samples_);
    block.unpack_dosages(b, dosages);
    for (std::size_t i = 0; i < samples_; ++i) {
        if (eligible[i] == 0 || dosages[i] == dosage_missing) continue;
        sum += dosages[i] * (1.0 / dosage_one);
        ++count;
    }
    code_[v] = mean_code(sum, count);
    dosages_[v].resize(samples_);
    for (std::size_t i = 0; i < samples_; ++i)
        dosages_[v][i] = dosages[i] == dosage_missing
                             ? code_[v]
                             : static_cast<std::uint8_t>(
                                   (std::uint32_t{dosages[i]} * one + dosage_one / 2) / dosage_one);
}

void BlockGenotypes::read(std::size_t v, std::span<const std::uint32_t> samples,
                          std::vector<std::uint8_t>& work,
                          std::span<std::uint8_t> out) const noexcept {
    if (samples.empty()) return;
    if (!dosages_[v].empty()) {
        for (std::size_t k = 0; k < samples.size(); ++k)
            out[k] = dosages_[v][samples[k]];
        return;
    }
    const std::array<std::uint8_t, 4> codes{0, one, 2 * one, code_[v]};
    const std::uint8_t* const from = row(v);
    const std::size_t first = samples.front() / 4 * 4, last = samples.back();
    if (last - first > 4 * samples.size()) { // few and far between
        for (std::size_t k = 0; k < samples.size(); ++k)
            out[k] = codes[from[samples[k] / 4] >> (2 * (samples[k] % 4)) & 3];
        return;
    }
    const std::uint32_t* const four = tables_.data() + v * table_size;
    work.resize(last - first + 4);
    for (std::size_t i = first; i <= last; i += 4)
        std::memcpy(work.data() + (i - first), four + from[i / 4], 4);
    if (last - samples.front() + 1 == samples.size()) {
        std::copy_n(work.data() + (samples.front() - first), samples.size(), out.data());
        return;
    }
    for (std::size_t k = 0; k < samples.size(); ++k)
        out[k] = work[samples[k] - first];
}

} // namespace salus::whole_genome
