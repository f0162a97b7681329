#pragma once

#include "genotype/genotype_source.hpp"
#include "store/h5.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace salus {

/// Writes the variants of one work unit into a part file of a genotype store, in segments of at
/// most about 64 MiB of genotypes, so memory does not grow with the length of the unit.
class GenotypePartWriter {
public:
    /// \param info  names of the INFO columns, the same for all parts of a store.
    GenotypePartWriter(H5File& file, std::size_t samples, std::vector<std::string> info);
    ~GenotypePartWriter();
    GenotypePartWriter(const GenotypePartWriter&) = delete;
    GenotypePartWriter& operator=(const GenotypePartWriter&) = delete;

    /// `genotypes`: of all samples; unused bits of its rows are zero.
    void add(const Variant& variant, const GenotypeView& genotypes);
    /// Writes what is left and the totals; without it the part is not complete.
    void finish();
    std::uint64_t variants() const noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// A part file that is in the store's folder.
struct StorePart {
    std::string file;   // name inside the folder
    std::string sha256; // of the file
    std::string origin; // the file it was made of, for messages
};

struct StoreDescription {
    SampleTable samples;
    std::string genome_build;
    std::vector<std::string> info;
};

/// Writes samples, parts and the joined tables of variants into `index`, which becomes `index.h5`
/// of `folder`. Reads one segment at a time; DataError if a chromosome comes back or
/// positions fall from part to part.
/// \return number of variants. Cost O(M) rows through one process, O(131,072) rows of memory.
std::uint64_t write_genotype_index(H5File& index, const std::filesystem::path& folder,
                                   const StoreDescription& store, std::span<const StorePart> parts);

} // namespace salus
