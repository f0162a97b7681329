#include "stages/kinship/planes.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <tuple>

namespace salus::relatedness {
namespace {

std::string band_name(std::uint64_t band) { return text("bands/", band); }

/// Rows of consecutive chosen variants, padded to whole 64-byte lines.
class Rows {
public:
    Rows(const GenotypeSource& genotypes, std::span<const std::uint64_t> variants)
        : stride_((packed_bytes(genotypes.samples().size()) + 63) / 64 * 64),
          bytes_(stride_ * variants.size()) {
        const std::uint64_t block = std::max<std::uint64_t>(1, genotypes.block_variants());
        VariantBlock read;
        for (std::size_t k = 0; k < variants.size();) {
            const std::uint64_t window = (variants[k] / block + 1) * block;
            std::size_t end = k;
            while (end < variants.size() && variants[end] < window)
                ++end;
            genotypes.read({variants[k], variants[end - 1] + 1}, read);
            for (const std::uint64_t first = variants[k]; k < end; ++k)
                read.unpack(
                    variants[k] - first,
                    std::span(bytes_).subspan(k * stride_, packed_bytes(read.sample_count())));
        }
    }
    const std::uint8_t* at(std::size_t k) const noexcept { return bytes_.data() + k * stride_; }

private:
    std::size_t stride_;
    std::vector<std::uint8_t> bytes_;
};

class GroupWriter {
public:
    GroupWriter(const GenotypeSource& genotypes, const Cohort& cohort)
        : genotypes_(genotypes), cohort_(cohort), bands_(cohort.samples.size()),
          chunk_(genotypes.samples().size() * plane_chunk_bytes) {}

    void write(std::span<const std::uint64_t> variants, std::span<const std::uint32_t> het,
               PartWriter& part) {
        const Rows rows(genotypes_, variants);
        std::vector<std::size_t> order(variants.size());
        std::iota(order.begin(), order.end(), 0u);
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return het[a] > het[b]; });
        const std::size_t chunks = (variants.size() + plane_variants - 1) / plane_variants;
        std::vector<std::vector<std::uint8_t>> out(bands_.count());
        for (std::uint64_t b = 0; b < bands_.count(); ++b)
            out[b].resize(bands_.length(b) * chunks * plane_chunk_bytes);
        std::vector<std::uint64_t> chunk_het(chunks);
        for (std::size_t c = 0; c < chunks; ++c) {
            const auto inside = std::span(order).subspan(
                c * plane_variants, std::min(plane_variants, order.size() - c * plane_variants));
            std::vector<const std::uint8_t*> pointers;
            for (const std::size_t k : inside) {
                pointers.push_back(rows.at(k));
                chunk_het[c] += het[k];
            }
            transpose_calls(pointers, genotypes_.samples().size(), chunk_);
            scatter(c, chunks, out);
        }
        for (std::uint64_t b = 0; b < bands_.count(); ++b)
            part.write_array<std::uint8_t>(band_name(b), out[b], {}, Compression::none);
        part.write_array<std::uint64_t>("chunk_het", chunk_het);
    }

private:
    void scatter(std::size_t c, std::size_t chunks, std::vector<std::vector<std::uint8_t>>& out) {
        for (std::uint64_t s = 0; s < cohort_.samples.size(); ++s)
            std::memcpy(out[s / bands_.size].data() +
                            (s % bands_.size * chunks + c) * plane_chunk_bytes,
                        chunk_.data() + cohort_.samples[s] * plane_chunk_bytes, plane_chunk_bytes);
    }

    const GenotypeSource& genotypes_;
    const Cohort& cohort_;
    Bands bands_;
    std::vector<std::uint8_t> chunk_;
};

} // namespace

Bands::Bands(std::uint64_t n) : samples(n) {
    constexpr std::uint64_t least = 2048, most_bands = 128;
    size = std::max(least, ((n + most_bands - 1) / most_bands + 63) / 64 * 64);
}

std::uint64_t group_variants(std::uint64_t samples) noexcept {
    const std::uint64_t chunks = (std::uint64_t{1} << 20) / std::max<std::uint64_t>(1, samples);
    return plane_variants * std::clamp<std::uint64_t>(chunks, 1, 8);
}

Parts write_planes(RunContext& context, const GenotypeSource& genotypes, const Cohort& cohort,
                   const ChosenVariants& chosen) {
    const std::uint64_t group = group_variants(genotypes.samples().size());
    const std::uint64_t count = (chosen.variant.size() + group - 1) / group;
    return context.for_each_unit("planes", count, [&](std::uint64_t u, PartWriter& part) {
        const std::size_t begin = u * group;
        const std::size_t length = std::min<std::size_t>(group, chosen.variant.size() - begin);
        GroupWriter(genotypes, cohort)
            .write(std::span(chosen.variant).subspan(begin, length),
                   std::span(chosen.het).subspan(begin, length), part);
    });
}

BandReader::BandReader(const Parts& parts, const Bands& bands) : parts_(parts), bands_(bands) {
    std::vector<Place> places;
    for (std::uint64_t p = 0; p < parts.size(); ++p) {
        const auto het = parts.open(p).read_array<std::uint64_t>("chunk_het");
        place_.emplace_back(het.size());
        for (std::size_t c = 0; c < het.size(); ++c)
            places.push_back({.het = het[c], .part = p, .chunk = c});
    }
    std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
        return a.het != b.het ? a.het > b.het
                              : std::tie(a.part, a.chunk) < std::tie(b.part, b.chunk);
    });
    chunks_ = places.size();
    for (std::size_t k = 0; k < places.size(); ++k) {
        chunk_het_.push_back(places[k].het);
        place_[places[k].part][places[k].chunk] = k;
    }
}

const PlaneBand& BandReader::band(std::uint64_t index) {
    ++clock_;
    for (Held& held : held_)
        if (held.index == index) {
            held.used = clock_;
            return held.planes;
        }
    Held& older = held_[0].used <= held_[1].used ? held_[0] : held_[1];
    older.planes = PlaneBand(); // gives its memory back first
    older = {.index = index, .used = clock_, .planes = read(index)};
    return older.planes;
}

PlaneBand BandReader::read(std::uint64_t index) const {
    PlaneBand band(bands_.length(index), chunks_);
    for (std::uint64_t p = 0; p < parts_.size(); ++p) {
        const auto bytes = parts_.open(p).read_array<std::uint8_t>(band_name(index));
        const std::size_t chunks = place_[p].size();
        SALUS_ASSERT(bytes.size() == band.samples() * chunks * plane_chunk_bytes);
        for (std::size_t i = 0; i < band.samples(); ++i)
            for (std::size_t c = 0; c < chunks; ++c)
                std::memcpy(band.at(i, place_[p][c]),
                            bytes.data() + (i * chunks + c) * plane_chunk_bytes, plane_chunk_bytes);
    }
    return band;
}

} // namespace salus::relatedness
