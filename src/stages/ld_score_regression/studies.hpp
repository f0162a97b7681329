#pragma once

#include "formats/study_list.hpp"
#include "stages/ld_score_regression/ld_score_regression.hpp"
#include "stages/ld_score_regression/ld_scores.hpp"
#include "store/parts.hpp"

#include <cstdint>
#include <vector>

namespace salus::ld_scores {

/// Statistics of a study at the variants that have LD scores.
struct AlignedStudy {
    std::vector<double> z; // [LD score], of the allele that counts; NaN if the study has none
    std::vector<double> n; // [LD score]
    std::vector<std::uint8_t> alleles; // [LD score]: pair of alleles, see allele_pair
};

/// 1 for A or T against C or G with the strands A/C and T/G, 2 for A/G and T/C; 0 for pairs that
/// two studies cannot be compared at without knowing the strand: palindromes, indels, unknown
/// alleles.
std::uint8_t allele_pair(std::string_view effect, std::string_view other) noexcept;
/// Whether the effect allele is the one that z counts (A or T).
bool counts_effect_allele(std::string_view effect) noexcept;

/// Reads a study and writes it to a part, with the row of the table `studies`.
void align_study(const StudySource& source, std::size_t number, const LdScores& scores,
                 const LdScoreIndex& index, const LdScoreRegressionParams& params,
                 PartWriter& part);
AlignedStudy read_aligned(const H5File& part);

} // namespace salus::ld_scores
