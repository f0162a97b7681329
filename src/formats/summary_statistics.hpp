#pragma once

#include "formats/text_rows.hpp"
#include "genotype/association_rows.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace salus {

/// Reads association statistics of one trait row by row: GWAS-SSF, regenie, plink2 --glm and LDSC
/// .sumstats text (plain, gzipped or bgzipped), and HDF5 results of association and meta-analysis.
///
/// Text columns are found by their names, in any case and order. Odds and hazard ratios become
/// logarithms. p-values are taken from their text, so 1e-500 is neg_log10_p 500. Of rows that name
/// a test only those of the additive one (ADD) are given. NA, #NA, nan, "." and empty cells are
/// missing. Rows need not be sorted. Memory: one row of text, or 65,536 of HDF5.
class SummaryStatistics {
public:
    /// \param trait  for HDF5 files of several traits; must be empty for text.
    /// DataError if it is no such file, or columns are missing: an effect allele and the other one,
    /// and an effect with its standard error, a z-score, or an effect with its p-value.
    explicit SummaryStatistics(const std::filesystem::path& path, const std::string& trait = {});

    /// Goes to the next row; DataError for a cell that is no number where one must be, or that no
    /// statistic can be (frequency outside [0, 1], negative -log10 p ...).
    bool next(SummaryRow& row);
    /// Rows passed over because they are of another test than ADD.
    std::uint64_t other_tests() const noexcept { return other_tests_; }

    bool has_positions() const noexcept;
    bool has_frequencies() const noexcept;
    bool has_sample_sizes() const noexcept;
    /// From the attributes of HDF5, or from the GWAS-SSF metadata beside the text; empty if
    /// unknown.
    const std::string& genome_build() const noexcept { return genome_build_; }
    const std::filesystem::path& path() const noexcept { return path_; }
    std::string where(std::string_view column = {}) const;

private:
    // What a column of text holds.
    enum Role : std::size_t {
        chromosome,
        position,
        rsid,
        variant_id,
        effect_allele,
        other_allele,
        reference_allele,
        alternative_allele,
        frequency,
        sample_size,
        beta,
        odds_ratio,
        hazard_ratio,
        z_score,
        standard_error,
        p_value,
        neg_log10_p,
        test,
        roles
    };
    struct Name {
        std::string_view text;
        Role role;
    };
    static const Name names[];

    void find_columns();
    bool next_text(SummaryRow& row);
    bool has(Role role) const noexcept { return column_[role].has_value(); }
    std::string_view cell(Role role) const;
    double number(Role role) const;
    double limited(Role role, double least, double most) const;
    void read_effect(SummaryRow& row) const;
    void read_significance(SummaryRow& row) const;
    void read_alleles(SummaryRow& row) const;
    [[noreturn]] void refuse(Role role, std::string what, std::string why) const;

    std::filesystem::path path_;
    std::unique_ptr<TextRows> text_;
    std::unique_ptr<AssociationRows> stored_;
    std::array<std::optional<std::size_t>, roles> column_;
    std::uint64_t other_tests_ = 0;
    std::string genome_build_;
};

/// True if the file begins with the magic bytes of HDF5.
bool is_hdf5_file(const std::filesystem::path& path);

/// -log10 of a printed p-value, whatever its exponent; nothing if it is not a number of [0, 1].
/// 0 gives infinity.
std::optional<double> neg_log10_of_printed(std::string_view p) noexcept;

/// Number of a human chromosome: 1 to 22, X = 23, Y = 24, MT = 25; with or without "chr". 23, 24
/// and 26 are X, Y and MT as in PLINK; 25, which is MT in GWAS-SSF and the pseudo-autosomal part of
/// X in PLINK, and XY are X unless `ssf`. Nothing for other names.
std::optional<int> chromosome_code(std::string_view name, bool ssf = false) noexcept;
/// "1" ... "22", "X", "Y", "MT".
std::string chromosome_name(int code);

} // namespace salus
