#pragma once

#include "stages/score/sites.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace salus::score {

/// What became of an entry of a file of weights.
enum class Fate : std::uint8_t {
    matched,        // effect allele is ALT
    flipped,        // effect allele is REF
    strand_flipped, // either, by the letters of the other strand
    ambiguous,      // A/T or C/G, whose letters do not tell the strand
    mismatch,       // the variant is there, with other alleles
    absent,         // the variant is not there
    duplicate,      // an entry before it is of the same variant
    unsupported,    // no additive effect of one allele
    left_out        // on Y or MT, or on X without include_x
};
inline constexpr std::size_t fates = 9;
std::string_view to_string(Fate fate) noexcept;

struct MatchRules {
    bool drop_ambiguous = true, strand_flips = true, include_x = true;
};

struct Match {
    Fate fate = Fate::absent;
    std::uint64_t row = 0;
    bool effect_is_alt = true, x_linked = false;
};

/// The variant of an entry among the variants with its key. The first one whose alleles fit: as
/// written, else, for single bases, on the other strand. Without `other` (0) the effect allele
/// alone has to fit, ALT rather than REF.
Match match_entry(AlleleCode effect, AlleleCode other, std::span<const Site> sites,
                  const MatchRules& rules) noexcept;

/// What a score found, of its file.
struct Tally {
    std::array<std::uint64_t, fates> count{};
    std::uint64_t entries() const noexcept;
    std::uint64_t used() const noexcept { return count[0] + count[1] + count[2]; }
    double overlap() const noexcept;
};
Tally read_tally(const H5File& part);
/// Share of the sum of |weights| that is matched, per column.
std::vector<double> read_weight_overlap(const H5File& part);

/// Matches all files (phase `match`); a part has the matched entries of one file in the order of
/// the genotypes: row, effect_is_alt, weights [entry][column].
Parts match_sets(const ScoreParams& params, const ScoreSets& sets, std::span<const Site> sites,
                 RunContext& context);

/// A variant that some score uses. 16 bytes each.
struct UsedRow {
    std::uint64_t row = 0;
    bool x_linked = false;
};
/// In the order of the genotypes. `chosen`: [file] whether it counts.
std::vector<UsedRow> used_rows(const Parts& matches, std::span<const std::uint8_t> chosen);

} // namespace salus::score
