#pragma once

#include "store/h5.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace salus {

/// Tables of weights in an HDF5 result (weights/NAME), by name; DataError if there are none.
std::vector<std::string> weight_tables(const std::filesystem::path& path);

/// What such a table says about one variant.
struct WeightRow {
    std::string chromosome, id, effect_allele, other_allele;
    std::uint32_t position = 0;
    std::vector<double> weights; // [column]
};

/// Reads a table of weights row by row. Memory: 65,536 rows.
class WeightRows {
public:
    /// \param wanted  names of columns of weights, with or without weight_ before them; empty: the
    /// column `weight`, or all weight_NAME. DataError if there is none.
    WeightRows(const std::filesystem::path& path, std::string table,
               std::span<const std::string> wanted);
    /// NAME of each column; empty for `weight`.
    const std::vector<std::string>& columns() const noexcept { return shown_; }
    /// Empty if the file does not tell.
    std::string genome_build() const;
    /// Goes to the next row; DataError if a weight is no finite number.
    bool next(WeightRow& row);

private:
    void load();

    H5File file_;
    std::string table_;
    std::vector<std::string> stored_, shown_;
    std::optional<TableData> page_;
    std::uint64_t rows_ = 0, at_ = 0, begin_ = 0;
};

} // namespace salus
