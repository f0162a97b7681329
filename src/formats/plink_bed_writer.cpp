#include "base/text.hpp"
#include "formats/variant_row_writer.hpp"

#include <algorithm>
#include <array>

namespace salus {
namespace {

/// PLINK 1 code of a call for ALT `alt`: 0 homozygous ALT, 1 missing, 2 heterozygous, 3 homozygous
/// for another.
constexpr std::array<std::array<std::uint8_t, call_codes>, 2> bed_codes = [] {
    std::array<std::array<std::uint8_t, call_codes>, 2> codes{};
    for (unsigned alt = 1; alt <= 2; ++alt)
        for (unsigned code = 0; code < call_codes; ++code) {
            const unsigned a = code % phased_code / 5, b = code % 5 == absent_code ? a : code % 5;
            const unsigned copies = (a == alt ? 1U : 0U) + (b == alt ? 1U : 0U);
            constexpr std::array<std::uint8_t, 3> by_copies{3, 2, 0};
            codes[alt - 1][code] =
                a == missing_code || b == missing_code ? std::uint8_t{1} : by_copies[copies];
        }
    return codes;
}();

/// Four hard calls at once.
constexpr std::array<std::uint8_t, 256> from_calls = [] {
    constexpr std::array<unsigned, 4> code{3, 2, 0, 1};
    std::array<std::uint8_t, 256> table{};
    for (unsigned byte = 0; byte < 256; ++byte)
        table[byte] = static_cast<std::uint8_t>(code[byte & 3] | code[byte >> 2 & 3] << 2 |
                                                code[byte >> 4 & 3] << 4 | code[byte >> 6] << 6);
    return table;
}();

} // namespace

std::string bed_header_bytes() { return std::string("\x6c\x1b\x01", 3); }

void append_bed_rows(const CallSetHeader& header, const VariantRow& row, std::string& bed,
                     std::string& bim) {
    for (std::size_t k = 0; k < row.alt.size(); ++k) {
        const std::size_t begin = bed.size();
        bed.resize(begin + (row.calls.size() + 3) / 4, '\0');
        for (std::size_t i = 0; i < row.calls.size(); ++i) {
            const unsigned code = bed_codes[k][row.calls[i]];
            bed[begin + i / 4] = static_cast<char>(static_cast<unsigned char>(bed[begin + i / 4]) |
                                                   code << (2 * (i % 4)));
        }
        append_bim_line(header, row, k, bim);
    }
}

void append_bed_row(std::span<const std::uint8_t> calls, std::size_t samples, std::string& bed) {
    const std::size_t begin = bed.size();
    bed.resize(begin + calls.size());
    std::transform(calls.begin(), calls.end(), bed.begin() + static_cast<std::ptrdiff_t>(begin),
                   [](std::uint8_t four) { return static_cast<char>(from_calls[four]); });
    if (const unsigned used = 2 * (samples % 4); used != 0)
        bed.back() = static_cast<char>(static_cast<unsigned char>(bed.back()) & ((1U << used) - 1));
}

void append_bim_line(const CallSetHeader& header, const VariantRow& row, std::size_t k,
                     std::string& bim) {
    bim += text(header.contigs[row.contig].name, '\t', row.id.empty() ? "." : row.id,
                k > 0 ? "_2" : "", "\t0\t", row.position, '\t', row.alt[k], '\t', row.ref, '\n');
}

} // namespace salus
