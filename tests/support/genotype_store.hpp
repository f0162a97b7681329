#pragma once

#include "genotype/genotype_source.hpp"
#include "genotype/sample_depths.hpp"
#include "genotype/store_writer.hpp"
#include "store/parts.hpp"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace salus::test {

/// Calls of one variant as text: '0', '1', '2' copies or '.' for missing, one character per sample.
inline std::vector<std::uint8_t> packed_row(std::string_view calls) {
    std::vector<std::uint8_t> row(packed_bytes(calls.size()));
    for (std::size_t i = 0; i < calls.size(); ++i)
        packed_set(row, i, static_cast<std::uint8_t>(calls[i] == '.' ? 3 : calls[i] - '0'));
    return row;
}

inline std::string calls_text(std::span<const std::uint8_t> row, std::size_t samples) {
    std::string calls;
    for (std::size_t i = 0; i < samples; ++i)
        calls += "012."[packed_get(row, i)];
    return calls;
}

inline std::string calls_text(const VariantBlock& block, std::size_t v) {
    std::vector<std::uint8_t> row(packed_bytes(block.sample_count()));
    block.unpack(v, row);
    return calls_text(row, block.sample_count());
}

/// A part of a small store: variants and their packed rows; dosages and phase by variant, or none.
struct SmallPart {
    std::vector<Variant> variants;
    std::vector<std::vector<std::uint8_t>> rows;
    std::vector<std::vector<Dosage>> dosages = {};
    std::vector<std::vector<std::uint8_t>> phase = {};

    GenotypeView view(std::size_t v) const {
        return {.calls = rows[v],
                .dosages = dosages.empty() ? std::span<const Dosage>() : dosages[v],
                .phase = phase.empty() ? std::span<const std::uint8_t>() : phase[v]};
    }
};

/// Writes a complete genotype store into `folder`, which is made.
inline void write_small_store(const std::filesystem::path& folder, const StoreDescription& store,
                              const std::vector<SmallPart>& parts,
                              const SampleDepths* depths = nullptr) {
    std::filesystem::create_directories(folder);
    std::vector<StorePart> written;
    for (std::size_t p = 0; p < parts.size(); ++p) {
        const std::string name = "part-00000" + std::to_string(p) + ".h5";
        PartWriter part(folder / name);
        GenotypePartWriter writer(part.file(), store.samples.size(), store.info);
        for (std::size_t v = 0; v < parts[p].variants.size(); ++v)
            writer.add(parts[p].variants[v], parts[p].view(v));
        writer.finish();
        written.push_back({name, part.commit(), name});
    }
    H5File index = H5File::create(folder / "index.h5");
    write_genotype_index(index, folder, store, written);
    if (depths != nullptr) write_sample_depths(index, *depths);
    index.close();
}

} // namespace salus::test
