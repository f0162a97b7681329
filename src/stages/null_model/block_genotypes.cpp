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
    : samples_(source.samples().size()), row_bytes_((packed_bytes(samples_) + 63) / 64 * 64),
      rows_(variants.size() * row_bytes_), code_(variants.size()), dosages_(variants.size()),
      tables_(variants.size() * table_size) {
    const std::uint64_t step = std::max<std::uint64_t>(1, source.block_variants());
    const SampleMask mask(eligible);
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
            add(block, static_cast<std::size_t>(variants[first + k] - begin), first + k, mask);
        });
        first = last;
    }
}

void BlockGenotypes::add(const VariantBlock& block, std::size_t b, std::size_t v,
                         const SampleMask& eligible) {
    const std::span<std::uint8_t> to(rows_.data() + v * row_bytes_, row_bytes_);
    block.unpack(b, to.first(packed_bytes(samples_)));
    if (!block.has_dosages(b)) {
        const GenotypeCounts counts = count_genotypes(to, eligible);
        code_[v] = mean_code(static_cast<double>(counts.alt_copies()), counts.called());
        const std::array<std::uint8_t, 4> codes{0, one, 2 * one, code_[v]};
        for (std::size_t byte = 0; byte < table_size; ++byte) {
            const std::uint8_t values[4] = {codes[byte & 3], codes[byte >> 2 & 3],
                                            codes[byte >> 4 & 3], codes[byte >> 6]};
            std::memcpy(&tables_[v * table_size + byte], values, sizeof values);
        }
        return;
    }
    double sum = 0;
    std::uint64_t count = 0;
    std::vector<Dosage> dosages(samples_);
    block.unpack_dosages(b, dosages);
    for (std::size_t i = 0; i < samples_; ++i) {
        if (!eligible.contains(i) || dosages[i] == dosage_missing) continue;
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
    if (last - samples.front() + 1 == samples.size()) {
        read_range(v, samples.front(), out.first(samples.size()));
        return;
    }
    work.resize(last - first + 4);
    for (std::size_t i = first; i <= last; i += 4)
        std::memcpy(work.data() + (i - first), four + from[i / 4], 4);
    for (std::size_t k = 0; k < samples.size(); ++k)
        out[k] = work[samples[k] - first];
}

void BlockGenotypes::read_range(std::size_t v, std::size_t first,
                                std::span<std::uint8_t> out) const noexcept {
    const std::uint8_t* const from = row(v);
    const std::uint32_t* const four = tables_.data() + v * table_size;
    const auto some = [&](std::size_t sample, std::size_t k, std::size_t count) {
        std::array<std::uint8_t, 4> values{};
        std::memcpy(values.data(), four + from[sample / 4], 4);
        std::memcpy(out.data() + k, values.data() + sample % 4, count);
    };
    std::size_t k = std::min(out.size(), (4 - first % 4) % 4);
    if (k > 0) some(first, 0, k);
    for (; k + 4 <= out.size(); k += 4)
        std::memcpy(out.data() + k, four + from[(first + k) / 4], 4);
    if (k < out.size()) some(first + k, k, out.size() - k);
}

} // namespace salus::whole_genome
