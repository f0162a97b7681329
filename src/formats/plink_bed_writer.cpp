#include "base/text.hpp"
#include "formats/variant_row_writer.hpp"

#include <array>

namespace salus {
namespace {

/// PLINK 1 code of a call for ALT `alt`: 0 homozygous ALT, 1 missing, 2 heterozygous, 3 homozygous
/// for another.
constexpr std::array<std::array<std::uint8_t, call_codes>, 2> bed_codes = [] {
    std::array<std::array<std::uint8_t, call_codes>, 2> codes{};
    for (unsigned alt = 1; alt <= 2; ++alt)
        for (unsigned code = 0; code < call_codes; ++code) {
            const unsigned a = code / 5, b = code % 5 == absent_code ? a : code % 5;
            const unsigned copies = (a == alt ? 1U : 0U) + (b == alt ? 1U : 0U);
            constexpr std::array<std::uint8_t, 3> by_copies{3, 2, 0};
            codes[alt - 1][code] =
                a == missing_code || b == missing_code ? std::uint8_t{1} : by_copies[copies];
        }
    return codes;
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
        const std::string_view chromosome = header.contigs[row.contig].name;
        bim += text(chromosome, '\t', row.id.empty() ? "." : row.id,
                    row.alt.size() > 1 && k > 0 ? "_2" : "", "\t0\t", row.position, '\t',
                    row.alt[k], '\t', row.ref, '\n');
    }
}

} // namespace salus
