#pragma once

#include "formats/score_file.hpp"
#include "genotype/genotype_source.hpp"
#include "run/context.hpp"
#include "stages/score/score.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus::score {

/// A variant is asked for by its position or by its identifier.
/// Chromosome code and position: exact. An identifier by its 64-bit hash with the top bit set: of
/// 10^7 identifiers among 10^9 variants two differ and share a hash with probability 10^-3.
std::uint64_t position_key(int chromosome, std::uint32_t position) noexcept;
std::uint64_t identifier_key(std::string_view id) noexcept;

/// 1 to 4 for A, C, G, T; 0 for none; else a hash of the letters with the top bit set.
using AlleleCode = std::uint64_t;
AlleleCode allele_code(std::string_view allele) noexcept;
/// Of the other strand; longer alleles give 0.
AlleleCode complement(AlleleCode code) noexcept;

enum class SiteKind : std::uint8_t { autosomal, x_linked, haploid };

/// A variant of the genotypes that some score asks for. Sorted by key, then row.
struct Site {
    std::uint64_t key = 0, row = 0;
    AlleleCode ref = 0, alt = 0;
    SiteKind kind = SiteKind::autosomal;
};

/// Columns of weights that are read and matched at once: a wider file is read once for each so
/// many.
inline constexpr std::size_t set_columns_max = 64;

/// What the files ask for (phase `files`): every part has the entries of one file, with at most
/// set_columns_max of its columns.
struct ScoreSets {
    std::vector<ScoreSource> sources;
    std::vector<std::vector<std::string>> names; // [source][column], unique over all
    std::vector<std::string> title, build;       // [source]
    Parts parts;
};
ScoreSets read_sets(const ScoreParams& params, const std::string& build, RunContext& context);

/// All keys of all entries, each once. 8 bytes each.
std::vector<std::uint64_t> wanted_keys(const ScoreSets& sets);
/// The variants with these keys (phase `variants`). 40 bytes each, on every rank.
std::vector<Site> find_sites(const GenotypeSource& genotypes, std::span<const std::uint64_t> wanted,
                             RunContext& context);
/// Sites with a key.
std::span<const Site> sites_of(std::span<const Site> sites, std::uint64_t key) noexcept;

} // namespace salus::score
