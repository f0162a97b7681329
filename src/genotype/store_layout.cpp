#include "genotype/store_layout.hpp"

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace salus {
namespace {

std::uint32_t load_u32(const std::uint8_t* bytes) noexcept {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes, sizeof value);
    return value;
}

std::uint64_t load_u64(const std::uint8_t* bytes) noexcept {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes, sizeof value);
    return value;
}

constexpr std::uint64_t low_bits = 0x5555555555555555ULL;

/// One set bit per call that is not hom_ref, at the call's lower bit.
std::uint64_t carrier_bits(std::uint64_t word) noexcept { return (word | word >> 1) & low_bits; }

std::size_t count_carriers(std::span<const std::uint8_t> row, std::size_t stop_above) noexcept {
    std::size_t carriers = 0, i = 0;
    for (; i + 8 <= row.size() && carriers <= stop_above; i += 8)
        carriers += static_cast<std::size_t>(std::popcount(carrier_bits(load_u64(&row[i]))));
    if (i + 8 <= row.size()) return carriers;
    for (; i < row.size(); ++i)
        carriers += static_cast<std::size_t>(std::popcount(carrier_bits(row[i])));
    return carriers;
}

class CarrierEncoder {
public:
    explicit CarrierEncoder(std::vector<std::uint8_t>& out) : out_(out) {}
    /// Carriers among the calls of `word`, the first of which is call `sample`.
    void add(std::uint64_t word, std::size_t sample) {
        for (std::uint64_t bits = carrier_bits(word); bits != 0; bits &= bits - 1) {
            const auto shift = static_cast<unsigned>(std::countr_zero(bits));
            const std::size_t here = sample + shift / 2;
            append((here - next_) << 2 | (word >> shift & 3));
            next_ = here + 1;
        }
    }

private:
    void append(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7)
            out_.push_back(static_cast<std::uint8_t>(value | 0x80));
        out_.push_back(static_cast<std::uint8_t>(value));
    }
    std::vector<std::uint8_t>& out_;
    std::size_t next_ = 0;
};

bool decode_carriers(std::span<const std::uint8_t> bytes, std::size_t samples,
                     std::vector<Carrier>& out) {
    out.clear();
    std::uint64_t next = 0;
    for (std::size_t i = 0; i < bytes.size();) {
        std::uint64_t value = 0;
        unsigned shift = 0;
        for (;; shift += 7) {
            if (i == bytes.size() || shift > 35) return false;
            const std::uint8_t byte = bytes[i++];
            value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if (byte < 0x80) break;
        }
        const std::uint64_t sample = next + (value >> 2);
        if (sample >= samples || (value & 3) == 0) return false;
        out.push_back(make_carrier(sample, static_cast<std::uint8_t>(value & 3)));
        next = sample + 1;
    }
    return true;
}

} // namespace

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

bool append_calls(std::span<const std::uint8_t> row, std::size_t samples,
                  std::vector<std::uint8_t>& out) {
    SALUS_DEBUG_ASSERT(row.size() == packed_bytes(samples));
    const std::size_t most = row.size() / sizeof(Carrier);
    if (row.size() < sizeof(Carrier) || count_carriers(row, most) > most) {
        out.insert(out.end(), row.begin(), row.end());
        return false;
    }
    CarrierEncoder encoder(out);
    std::size_t i = 0;
    for (; i + 8 <= row.size(); i += 8)
        if (const std::uint64_t word = load_u64(&row[i]); word != 0) encoder.add(word, 4 * i);
    for (; i < row.size(); ++i)
        encoder.add(row[i], 4 * i);
    return true;
}

bool decode_block(std::span<const std::uint8_t> block, std::size_t variants, std::size_t first,
                  std::size_t count, std::vector<Carrier>& scratch, VariantBlock& out) {
    if (block.size() < 4 * variants || first + count > variants) return false;
    std::size_t offset = 4 * variants;
    for (std::size_t v = 0; v < first + count; ++v) {
        const std::uint32_t entry = load_u32(&block[4 * v]);
        const std::size_t bytes = entry >> 1;
        if (bytes > block.size() - offset) return false;
        const auto calls = block.subspan(offset, bytes);
        offset += bytes;
        if (v < first) continue;
        if (entry & 1) {
            if (!decode_carriers(calls, out.sample_count(), scratch)) return false;
            out.add_carriers(scratch);
        } else {
            if (bytes != packed_bytes(out.sample_count())) return false;
            out.add_row(calls);
        }
    }
    return first + count < variants || offset == block.size();
}

} // namespace salus
