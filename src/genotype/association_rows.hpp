#pragma once

#include "store/h5.hpp"

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// What a file of association statistics says about one variant. Numbers are NaN, texts empty and
/// the position 0 where the file says nothing.
struct SummaryRow {
    static constexpr double none = std::numeric_limits<double>::quiet_NaN();
    std::string chromosome;  // as written
    int chromosome_code = 0; // 1 to 22, X = 23, Y = 24, MT = 25; 0 if it is none of these
    std::uint32_t position = 0;
    std::string variant_id, effect_allele, other_allele;
    double effect_allele_frequency = none, n = none;
    double beta = none, standard_error = none; // of log odds or log hazards for such effects
    double z = none;                           // only if the file has such a column
    double neg_log10_p = none;
    bool p_is_zero = false; // p was printed as 0: it is smaller than the program could write
};

/// Names of the traits of an HDF5 result of association statistics, sorted; DataError if it holds
/// none.
std::vector<std::string> association_traits(const std::filesystem::path& path);

/// Reads one trait of an HDF5 result of association statistics (tables `variants` and
/// `traits/NAME`) row by row, in the order of the file. Memory: 65,536 rows.
class AssociationRows {
public:
    /// \param trait  name of the trait; may be empty if the file has only one.
    /// DataError if the file has no such table.
    AssociationRows(const std::filesystem::path& path, const std::string& trait);

    const std::string& trait() const noexcept { return trait_; }
    std::uint64_t size() const noexcept { return rows_; }
    /// Empty if unknown.
    std::string genome_build() const;
    /// Whether the statistics have a column of this name.
    bool has(std::string_view column) const;
    bool next(SummaryRow& row);
    std::string where(std::string_view column = {}) const;

private:
    void load();

    H5File file_;
    std::string trait_, table_;
    std::uint64_t rows_ = 0, at_ = 0, begin_ = 0; // begin_: first row of the batch
    std::optional<TableData> variants_, statistics_;
};

} // namespace salus
