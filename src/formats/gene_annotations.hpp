#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace salus {

/// Names by number, in the order in which they came.
class NameTable {
public:
    std::uint32_t add(std::string_view name);
    /// UINT32_MAX if it is not there.
    std::uint32_t find(std::string_view name) const noexcept;
    std::size_t size() const noexcept { return names_.size(); }
    const std::string& operator[](std::size_t i) const { return *names_[i]; }

private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> numbers_;
    std::vector<const std::string*> names_; // keys of numbers_, which stay where they are
};

/// A variant in annotations and sets: an identifier, or CHROM:POS:REF:ALT without "chr".
std::string variant_key(std::string_view written);
std::string variant_key(std::string_view chromosome, std::uint32_t position, std::string_view ref,
                        std::string_view alt);

/// What variants do to genes. About 120 bytes a variant.
struct GeneAnnotations {
    struct Effect {
        std::uint32_t variant, gene, consequence;
    };
    NameTable variants, genes, consequences;
    std::vector<Effect> effects;    // ascending by variant, then gene, then consequence; each once
    std::uint64_t without_gene = 0; // rows of VEP that name no gene, passed over
};

/// Reads annotations, gzipped or not, of one of these kinds, told by their beginning:
/// - regenie: `variant gene consequence`, or `variant gene domain consequence`, separated by
/// blanks;
/// - VEP's tab-separated output: columns Uploaded_variation, Gene and Consequence of the header
/// line;
///   an Uploaded_variation of the form CHROM_POS_REF/ALT counts as CHROM:POS:REF:ALT;
/// - VCF with INFO/CSQ (VEP: fields by the Format of its header line, Gene, else SYMBOL) or BCSQ
///   (bcftools csq), one ALT a record.
/// Consequences joined by & or , count each. DataError with the line if it is none of these.
GeneAnnotations read_gene_annotations(const std::filesystem::path& path);

/// A set of variants of regenie's set list: `name chromosome position variant,variant...`.
struct VariantSet {
    std::string name;
    std::vector<std::string> variants; // keys
};
/// DataError if a line has fewer than four fields, a set comes twice, or there is none.
std::vector<VariantSet> read_variant_sets(const std::filesystem::path& path);

/// A mask: the variants of a set with one of these consequences.
struct VariantMask {
    std::string name;
    std::vector<std::string> consequences;
};
/// Reads regenie's mask definitions: `name consequence,consequence...`. DataError if a line has
/// other than two fields, a mask comes twice, or there is none.
std::vector<VariantMask> read_variant_masks(const std::filesystem::path& path);
/// Masks given as `name: consequence, consequence`, separated by commas or blanks. UsageError if
/// one is not of this form.
std::vector<VariantMask> parse_variant_masks(const std::vector<std::string>& texts);

} // namespace salus
