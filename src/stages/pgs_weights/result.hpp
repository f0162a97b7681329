#pragma once

#include "stages/pgs_weights/sampling.hpp"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace salus::pgs_weights {

/// One row of the table methods.
struct MethodRow {
    std::string name, status, reason;
    std::uint64_t nonzero = 0;
};

/// Rows of a block. \param weights  [set][variant of the block]
void write_block_table(const GenotypeSource& genotypes, const Statistics& s, BlockRange range,
                       const std::vector<std::vector<double>>& weights, TableData& table);

TableData methods_data(std::span<const MethodRow> methods);
TableData chains_data(std::span<const Sampled> sampled);
TableData parameters_data(std::span<const Sampled> sampled);
TableData checks_data(const Statistics& s);

/// A PGS Catalog scoring file of one column of the table weights/TRAIT.
void write_catalog(const std::filesystem::path& path, const H5File& result,
                   const std::string& trait, const std::string& column, const std::string& build);

} // namespace salus::pgs_weights
