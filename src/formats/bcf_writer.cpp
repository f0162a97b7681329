#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/variant_row_writer.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace salus {
namespace {

static_assert(std::endian::native == std::endian::little, "BCF is little-endian");

// Type codes of BCF 2.2. Names in the header dictionary: PASS, our filters, AC, AN, AF, GT, DS.
enum BcfType : std::uint8_t {
    int8_type = 1,
    int16_type = 2,
    int32_type = 3,
    float_type = 5,
    char_type = 7
};
constexpr std::uint32_t missing_float = 0x7F800001;
constexpr std::uint8_t end_of_vector = 0x81;

template <class T>
void put(std::string& out, T value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    out.append(bytes, sizeof value);
}

void put_integer(std::string& out, std::uint64_t value) {
    SALUS_ASSERT(value <= 0x7FFFFFFF);
    put(out, static_cast<std::uint8_t>(1 << 4 | int32_type));
    put(out, static_cast<std::int32_t>(value));
}

void put_type(std::string& out, std::size_t length, BcfType type) {
    put(out, static_cast<std::uint8_t>(std::min<std::size_t>(length, 15) << 4 | type));
    if (length >= 15) put_integer(out, length);
}

void put_text(std::string& out, std::string_view value) {
    put_type(out, value.size(), char_type);
    out += value;
}

void put_key(std::string& out, std::uint32_t key) {
    put_type(out, 1, int32_type);
    put(out, key);
}

/// Called alleles of a sample as two BCF GT bytes.
constexpr std::array<std::array<std::uint8_t, 2>, call_codes> gt_bytes = [] {
    const auto byte = [](unsigned allele, bool phased) -> std::uint8_t {
        if (allele == absent_code) return end_of_vector;
        const unsigned number = allele == missing_code ? 0 : allele + 1;
        return static_cast<std::uint8_t>(number << 1 | (phased ? 1 : 0));
    };
    std::array<std::array<std::uint8_t, 2>, call_codes> bytes{};
    for (unsigned code = 0; code < call_codes; ++code)
        bytes[code] = {byte(code % phased_code / 5, false),
                       byte(code % 5, is_phased(static_cast<CallCode>(code)))};
    return bytes;
}();

void put_shared(const VariantRow& row, std::uint32_t first_info, std::string& out) {
    const bool counted = row.counts.called > 0 && !row.alt.empty();
    const std::uint32_t fields = (row.alt.empty() ? 1U : 2U) + (counted ? 1U : 0U);
    put(out, static_cast<std::int32_t>(row.contig));
    put(out, static_cast<std::int32_t>(row.position - 1));
    put(out, static_cast<std::int32_t>(row.ref.size()));
    put(out, missing_float);
    put(out, static_cast<std::uint32_t>((row.alt.size() + 1) << 16 | fields));
    put(out, (row.dosages.empty() ? 1U : 2U) << 24 | static_cast<std::uint32_t>(row.calls.size()));
    if (row.id.empty())
        put_type(out, 0, char_type);
    else
        put_text(out, row.id);
    put_text(out, row.ref);
    for (const std::string& alt : row.alt)
        put_text(out, alt);
    put_type(out, row.filters.size(), int32_type);
    for (const std::uint32_t filter : row.filters)
        put(out, filter);
    if (!row.alt.empty()) {
        put_key(out, first_info);
        put_type(out, row.alt.size(), int32_type);
        for (std::size_t k = 0; k < row.alt.size(); ++k)
            put(out, static_cast<std::int32_t>(row.counts.alt[k]));
    }
    put_key(out, first_info + 1);
    put_integer(out, row.counts.called);
    if (!counted) return;
    put_key(out, first_info + 2);
    put_type(out, row.alt.size(), float_type);
    for (std::size_t k = 0; k < row.alt.size(); ++k)
        put(out, static_cast<float>(static_cast<double>(row.counts.alt[k]) /
                                    static_cast<double>(row.counts.called)));
}

void put_dosages(const VariantRow& row, std::string& out) {
    put_type(out, 1, float_type);
    for (std::size_t i = 0; i < row.dosages.size(); ++i) {
        const float copies = static_cast<float>(row.dosages[i]) / dosage_one;
        if (row.dosages[i] == dosage_missing)
            put(out, missing_float);
        else
            put(out, row.calls[i] % 5 == absent_code ? copies / 2 : copies);
    }
}

} // namespace

std::string bcf_header_bytes(const CallSetHeader& header) {
    const std::string meta = vcf_header_text(header);
    std::string out("BCF\2\2", 5);
    put(out, static_cast<std::uint32_t>(meta.size() + 1));
    out += meta;
    return out += '\0';
}

void append_bcf_row(const CallSetHeader& header, const VariantRow& row, std::string& out) {
    const auto first_info = static_cast<std::uint32_t>(1 + header.filters.size());
    const std::size_t begin = out.size();
    out.append(8, '\0');
    put_shared(row, first_info, out);
    const std::size_t shared = out.size() - begin - 8;
    put_key(out, first_info + 3);
    put_type(out, 2, int8_type);
    const std::size_t calls = out.size();
    out.resize(calls + 2 * row.calls.size());
    char* at = out.data() + calls;
    for (const CallCode code : row.calls) {
        std::memcpy(at, gt_bytes[code].data(), 2);
        at += 2;
    }
    if (!row.dosages.empty()) {
        put_key(out, first_info + 4);
        put_dosages(row, out);
    }
    const std::array lengths{static_cast<std::uint32_t>(shared),
                             static_cast<std::uint32_t>(out.size() - begin - 8 - shared)};
    std::memcpy(out.data() + begin, lengths.data(), 8);
}

} // namespace salus
