#pragma once

#include "formats/genotype_reader.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace salus {

/// Some samples of a file, in its order.
class SampleChoice {
public:
    /// \param kept  ascending indices of `samples` samples.
    SampleChoice(std::size_t samples, std::vector<std::uint32_t> kept)
        : samples_(samples), kept_(std::move(kept)) {}
    std::span<const std::uint32_t> kept() const noexcept { return kept_; }
    /// Leaves only the chosen samples in all rows. O(kept) per variant.
    void apply(GenotypeRecord& record) const;

private:
    std::size_t samples_;
    std::vector<std::uint32_t> kept_;
};

/// Variants by identifier or as CHROM:POS:REF:ALT. About 100 bytes an entry.
class VariantList {
public:
    /// One entry a line, the first word of it. DataError if the file holds none.
    explicit VariantList(const std::filesystem::path& path);
    std::size_t size() const noexcept { return entries_.size(); }
    /// Appends the entries that the variant answers to; its ID may be a list separated by ';'.
    void find(const Variant& variant, std::vector<std::uint64_t>& entries) const;

private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    std::unordered_map<std::string, std::uint64_t, Hash, std::equal_to<>> entries_;
    mutable std::string key_; // scratch
};

/// What of a file is kept, beyond regions and filters, which readers know themselves.
struct GenotypeSelection {
    std::optional<SampleChoice> samples;
    std::shared_ptr<const VariantList> include, exclude; // null: no list
    bool empty() const noexcept { return !samples && !include && !exclude; }
};

/// Reads through another reader, of whatever format, and hands on what a selection keeps.
class SelectingReader final : public GenotypeReader {
public:
    /// Both must outlive the reader.
    SelectingReader(GenotypeReader& from, const GenotypeSelection& selection)
        : from_(from), selection_(selection) {}
    bool next(GenotypeRecord& out) override;
    /// Entries of the lists that were met, ascending, each once.
    std::vector<std::uint64_t> included() { return unique(included_); }
    std::vector<std::uint64_t> excluded() { return unique(excluded_); }

private:
    static std::vector<std::uint64_t> unique(std::vector<std::uint64_t>& entries);
    bool keeps(const Variant& variant);

    GenotypeReader& from_;
    const GenotypeSelection& selection_;
    std::vector<std::uint64_t> included_, excluded_, met_;
    std::uint64_t unlisted_ = 0;
};

/// Leaves variant `v` out of a record of `samples` samples.
void remove_variant(GenotypeRecord& record, std::size_t v);

/// Names of a list: the first column, below a header line only if that begins with sample_id.
/// DataError if there are none.
std::vector<std::string> read_sample_list(const std::filesystem::path& path);

/// Old and new name of samples: two columns, separated by a tab or a comma, without header.
/// DataError if a line is not of this form or an old name comes twice.
std::unordered_map<std::string, std::string> read_sample_names(const std::filesystem::path& path);

} // namespace salus
