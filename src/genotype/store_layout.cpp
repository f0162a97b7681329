#include "genotype/store_layout.hpp"

#include "base/hash.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <bit>

namespace salus {

std::uint64_t store_block_variants(std::uint64_t samples) noexcept {
    constexpr std::uint64_t block_bytes = std::uint64_t{1} << 19;
    const std::uint64_t fit = block_bytes / std::max<std::uint64_t>(1, packed_bytes(samples));
    return std::clamp<std::uint64_t>(std::bit_floor(std::max<std::uint64_t>(1, fit)), 64, 512);
}

TableSpec variants_table_spec(std::string_view prefix, std::span<const std::string> info) {
    TableSpec spec{.name = text(prefix, "variants"),
                   .row = "variant",
                   .doc = "One row per ALT allele of a site, in file order. A text longer than 64 "
                          "bytes shows its first 60 and '...'; table long_text holds the whole.",
                   .columns = {}};
    spec.columns = {
        {"chromosome", ColumnType::text, "", "Chromosome as written in the input."},
        {"base_pair_location", ColumnType::u32, "bp", "1-based position of the first REF base."},
        {"variant_id", ColumnType::text, "", "Identifier as written in the input; empty if none."},
        {"other_allele", ColumnType::text, "", "REF allele."},
        {"effect_allele", ColumnType::text, "",
         "ALT allele; genotypes count its copies. '.' where the input names none."},
        {"filter", ColumnType::text, "", "FILTER as written in the input; empty if absent."},
        {"alt_index", ColumnType::u32, "alleles", "Which ALT allele of its site, from 1."},
        {"alt_count", ColumnType::u32, "alleles",
         "How many ALT alleles the site had in the input."},
    };
    for (const std::string& key : info)
        spec.columns.push_back({text("info_", key), ColumnType::text, "",
                                text("INFO field ", key, " as written; empty if absent.")});
    return spec;
}

TableSpec long_text_table_spec(std::string_view prefix) {
    return {.name = text(prefix, "long_text"),
            .row = "long_text_piece",
            .doc = "Texts of variants longer than 64 bytes, in consecutive pieces to be joined.",
            .columns = {
                {"variant", ColumnType::u64, "rows", "Row of the variant, from 0."},
                {"column", ColumnType::text, "", "Column of the table variants."},
                {"piece", ColumnType::text, "", "The next piece of the text, at most 64 bytes."},
            }};
}

std::string segment_prefix(std::uint64_t segment) {
    std::string number = text(segment);
    if (number.size() < 6) number.insert(0, 6 - number.size(), '0');
    return text("segments/", number, "/");
}

std::string shown_text(std::string_view value) {
    if (value.size() <= long_text_bytes) return std::string(value);
    return text(text_head(value, 60), "...");
}

std::string_view text_head(std::string_view value, std::size_t most) noexcept {
    if (value.size() <= most) return value;
    std::size_t end = most;
    for (int back = 0; back < 3 && end > 1; ++back, --end)
        if ((static_cast<unsigned char>(value[end]) & 0xC0) != 0x80) break;
    return value.substr(0, end);
}

std::uint32_t block_index_crc32(std::span<const std::uint64_t> offset,
                                std::span<const std::uint32_t> crc) noexcept {
    return crc32(std::as_bytes(crc), crc32(std::as_bytes(offset)));
}

} // namespace salus
