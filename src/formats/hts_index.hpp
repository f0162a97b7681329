#pragma once

#include "formats/genotype_reader.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace salus {

/// What a tabix (.tbi) or coordinate-sorted (.csi) index says about where records begin.
struct HtsIndex {
    struct Reference {
        std::string name; // empty where the index does not hold names (BCF)
        VirtualOffset begin = end_of_file,
                      end = 0; // range that holds all its records; begin >= end: none
    };
    std::vector<Reference> references;
    std::uint64_t records = 0;                // as counted by the indexer, 0 if it did not say
    std::vector<VirtualOffset> record_starts; // ascending; each is the first byte of a record
};

/// PATH.csi or PATH.tbi if there is one.
std::optional<std::filesystem::path> find_index(const std::filesystem::path& path);

/// Reads an index. DataError if it is damaged or not an index. Memory O(size of the index).
HtsIndex read_index(const std::filesystem::path& path);

/// Cuts `records` of a file of `bytes` bytes at record starts into ranges of at least `target`
/// compressed bytes. The ranges cover all records, whether or not the index fits the file: a reader
/// notices if a cut is not the end of a record. With regions, ranges that hold none of their
/// chromosomes are left out.
std::vector<FileRange> cut_ranges(const HtsIndex& index, FileRange records, std::uint64_t bytes,
                                  std::uint64_t target, std::span<const Region> regions);

} // namespace salus
