#pragma once

#include "formats/text_rows.hpp"
#include "genotype/weight_rows.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// What a file of weights says about one variant.
struct ScoreEntry {
    int chromosome = 0;                      // chromosome_code; 0 if the file does not tell
    std::uint32_t position = 0;              // 1-based; 0 if the file does not tell
    std::string id;                          // may be empty
    std::string effect_allele, other_allele; // in upper case; other_allele may be empty
    double effect_allele_frequency = std::numeric_limits<double>::quiet_NaN();
    bool supported = true;       // false: it is no additive effect of one allele
    std::vector<double> weights; // [column]
};

/// One set of weights among the inputs of a stage: a text file, or a table of an HDF5 result.
struct ScoreSource {
    std::filesystem::path path;
    std::string table; // empty for text
    // Of the columns of weights, for files that are too wide to hold at once.
    std::size_t first_column = 0, columns_max = std::numeric_limits<std::size_t>::max();
};
/// The sets of weights in files and folders, in the order given; a folder stands for its files by
/// name, and an HDF5 file for its tables weights/NAME by name. DataError if there are none.
std::vector<ScoreSource> list_score_sources(std::span<const std::filesystem::path> inputs);

/// The same sets with at most `columns_max` columns each: a wide one becomes several. `columns`:
/// [source] how many it has.
std::vector<ScoreSource> split_columns(std::span<const ScoreSource> sources,
                                       std::span<const std::uint64_t> columns,
                                       std::size_t columns_max);

/// Reads weights entry by entry, in the order of the file.
///
/// Text, plain or compressed: PGS Catalog files (their harmonised coordinates hm_chr and hm_pos are
/// taken where they are there), tables with named columns between tabs, commas or blanks, and lists
/// as plink2 --score reads them (identifier, allele, weights), also without a header. Columns of
/// weights are those asked for; else effect_weight, weight, beta or score; else every column behind
/// the allele that is no known annotation. HDF5: the column `weight`, or all weight_NAME.
class ScoreFile {
public:
    /// \param wanted  names of columns of weights; empty: as above.
    /// DataError if the file tells no variants, alleles or weights.
    explicit ScoreFile(const ScoreSource& source, std::span<const std::string> wanted = {});

    /// Goes to the next entry; DataError for a cell that is no number where one must be.
    bool next(ScoreEntry& entry);

    /// PGS identifier, name of the HDF5 table, or name of the file up to its first point.
    const std::string& name() const noexcept { return name_; }
    /// Columns of weights: empty names where there is one that says nothing more than name().
    const std::vector<std::string>& columns() const noexcept { return columns_; }
    /// Of the coordinates, as the file declares it ("GRCh37", "GRCh38"); empty if it does not.
    const std::string& genome_build() const noexcept { return genome_build_; }
    bool has_positions() const noexcept { return text_ == nullptr || (role_[chr] && role_[pos]); }
    bool has_ids() const noexcept { return text_ == nullptr || role_[id].has_value(); }
    /// Whether alleles are those of the genotype store by construction: results of this program.
    bool same_strand() const noexcept { return text_ == nullptr; }

private:
    enum Role : std::size_t { id, chr, pos, effect, other, frequency, roles };
    void open_text(std::span<const std::string> wanted);
    void open_table(const ScoreSource& source, std::span<const std::string> wanted);
    void find_roles();
    void find_weights(std::span<const std::string> wanted);
    bool next_text(ScoreEntry& entry);
    bool next_stored(ScoreEntry& entry);
    std::string_view cell(Role role) const;
    double number(std::size_t column) const;
    bool is_supported() const;

    std::filesystem::path path_;
    std::string table_, name_, genome_build_;
    std::unique_ptr<TextRows> text_;
    bool header_is_row_ = false;
    std::array<std::optional<std::size_t>, roles> role_;
    std::vector<std::string> columns_;
    std::vector<std::size_t> weights_, flags_; // columns of the text
    std::unique_ptr<WeightRows> stored_;
    WeightRow row_;
    std::uint64_t at_ = 0; // rows read
};

} // namespace salus
