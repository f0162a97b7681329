#include "stages/score/frequencies.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/summary_statistics.hpp"
#include "formats/text_rows.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

namespace salus::score {
namespace {

enum Role : std::size_t { id, chr, pos, ref, alt, frequency, roles };
const std::vector<std::string> column_names[roles] = {
    {"id", "#id", "variant_id", "rsid", "snp"},
    {"#chrom", "chrom", "chr", "chromosome"},
    {"pos", "base_pair_location", "position", "bp"},
    {"ref", "other_allele", "a2"},
    {"alt", "effect_allele", "a1"},
    {"alt_freqs", "alt_freq", "alt_frequency", "effect_allele_frequency", "eaf", "af"}};

struct Columns {
    std::array<std::optional<std::size_t>, roles> of;
    explicit Columns(const TextRows& rows) {
        for (std::size_t r = 0; r < roles; ++r)
            for (const std::string& name : column_names[r])
                for (std::size_t c = 0; c < rows.header().size() && !of[r]; ++c)
                    if (lower(rows.header()[c]) == name) of[r] = c;
        if (!of[alt] || !of[frequency] || !(of[id] || (of[chr] && of[pos])))
            throw DataError({.what = "the table of frequencies lacks columns",
                             .where = rows.path().string(),
                             .why = "it needs a variant (ID, or CHROM and POS), ALT and ALT_FREQS; "
                                    "REF tells alleles apart",
                             .help = "make it with plink2 --freq"});
    }
    std::string_view cell(const TextRows& rows, Role role) const {
        return of[role] ? trim(rows.cells()[*of[role]]) : std::string_view();
    }
};

} // namespace

std::vector<double> read_frequencies(const std::filesystem::path& path, std::span<const Site> sites,
                                     std::span<const UsedRow> used) {
    std::vector<double> out(used.size(), std::numeric_limits<double>::quiet_NaN());
    TextRows rows(path);
    const Columns columns(rows);
    while (rows.next()) {
        const auto code = chromosome_code(columns.cell(rows, chr));
        const auto position = parse_integer(columns.cell(rows, pos));
        std::uint64_t keys[2];
        std::size_t count = 0;
        if (!columns.cell(rows, id).empty()) keys[count++] = identifier_key(columns.cell(rows, id));
        if (code && position && *position > 0)
            keys[count++] = position_key(*code, static_cast<std::uint32_t>(*position));
        const MatchRules rules{.drop_ambiguous = false, .strand_flips = false, .include_x = true};
        for (std::size_t k = 0; k < count; ++k) {
            const Match match =
                match_entry(allele_code(columns.cell(rows, alt)),
                            allele_code(columns.cell(rows, ref)), sites_of(sites, keys[k]), rules);
            if (match.fate > Fate::flipped) continue;
            const auto place = std::ranges::lower_bound(used, match.row, {}, &UsedRow::row);
            if (place == used.end() || place->row != match.row) continue;
            const auto value = parse_double(columns.cell(rows, frequency));
            if (!value || !(*value >= 0 && *value <= 1))
                throw DataError({.what = text("'", std::string(columns.cell(rows, frequency)),
                                              "' is no frequency"),
                                 .where = rows.where(rows.header()[*columns.of[frequency]]),
                                 .why = "frequencies are between 0 and 1",
                                 .help = {}});
            out[static_cast<std::size_t>(place - used.begin())] =
                match.effect_is_alt ? *value : 1 - *value;
        }
    }
    const auto lacking =
        std::count_if(out.begin(), out.end(), [](double f) { return std::isnan(f); });
    if (lacking > 0)
        throw DataError({.what = text(lacking, " of ", used.size(),
                                      " variants of the scores have no frequency"),
                         .where = path.string(),
                         .why = "with a table of frequencies all of them come from it",
                         .help = "make the table from all variants of the genotypes, or leave it "
                                 "out to take the frequencies of the samples"});
    return out;
}

} // namespace salus::score
