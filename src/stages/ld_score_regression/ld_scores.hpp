#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus::ld_scores {

/// LD scores of variants in the order of the genome.
struct LdScores {
    std::vector<std::string> annotations;
    std::vector<std::string> id; // [variant]
    std::vector<int> chromosome;
    std::vector<std::uint32_t> position;
    std::vector<std::uint64_t> alleles; // [variant]: as allele_set; 0 where the file does not tell
    std::vector<double> ld;             // [variant x annotation]
    std::vector<double> weight_ld;      // [variant]
    std::vector<double> counts;         // [annotation]: variants that the scores were summed over
    std::string genome_build;           // empty if unknown
    std::uint64_t repeated = 0;         // rows left out because their identifier was there already
    std::size_t size() const noexcept { return id.size(); }
};

struct LdScoreFiles {
    std::span<const std::filesystem::path> scores;
    std::span<const std::filesystem::path> weights; // empty: the total of the scores
    bool common_counts = true; // numbers of variants from .l2.M_5_50, else from .l2.M
    double variants_total = 0; // if above 0, instead of these files (one annotation)
};

/// Reads LD scores: text of LDSC (columns CHR, SNP, BP, if known A1 and A2, and one per annotation;
/// several files follow each other) or the result of the stage ld (variants with an LD score; their
/// number is the count). DataError if columns or counts are missing, the annotations of files
/// differ, or a score is no number. Memory: about 100 B + 8 B per annotation for each variant.
LdScores read_ld_scores(const LdScoreFiles& files);

/// A code of two alleles, whichever of them is counted and on either strand; 0 if one is unknown.
std::uint64_t allele_set(std::string_view one, std::string_view other);

/// Finds variants by identifier, or by chromosome and position. O(1), 12 B per variant.
class LdScoreIndex {
public:
    enum class Key : std::uint8_t { identifier, position };
    LdScoreIndex(const LdScores& scores, Key key);
    /// Place of the variant among the scores; nothing if it is not there, or its key is not its
    /// own.
    std::optional<std::size_t> find(std::string_view id, int chromosome,
                                    std::uint32_t position) const;

private:
    bool same(std::size_t place, std::string_view id, int chromosome, std::uint32_t position) const;
    std::uint64_t hash(std::string_view id, int chromosome, std::uint32_t position) const noexcept;

    const LdScores& scores_;
    Key key_;
    std::vector<std::uint32_t> slots_; // open addressing; 0: empty, else place + 1
    std::vector<bool> shared_;         // [variant]: its key belongs to another one too
};

} // namespace salus::ld_scores
