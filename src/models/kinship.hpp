#pragma once

#include "kernels/pair_counts.hpp"

#include <cstdint>
#include <string_view>

namespace salus {

/// KING-robust kinship of two samples, the form for pairs whose families are not known:
/// 1/2 - sum (g1 - g2)^2 / (4 min(het1, het2)) over the variants that are called in both.
///
/// \return at most 1/2; near 0 for unrelated people of one population, below 0 across populations;
/// NaN if one of them has no heterozygous call there.
/// Manichaikul et al. 2010, doi:10.1093/bioinformatics/btq559, equation 11.
double king_robust(const PairCounts& counts) noexcept;

/// The largest squared distance with which king_robust, in the same arithmetic, can still reach
/// `kinship_min` where the lesser number of heterozygous calls is at most `het`; 0 calls give 0.
/// Both the distance and the number of heterozygous calls only grow with more variants, so a pair
/// whose distance over some of the variants is beyond the value for `het` over all of them is below
/// kinship_min for certain. Monotone in `het`.
std::uint32_t largest_distance(std::uint32_t het, double kinship_min) noexcept;

/// Degree of relationship by the cut-offs of KING, which halve with every degree on the scale of
/// powers of two: above 2^-1.5 0 (one genome: duplicate or identical twins), 2^-2.5 1, 2^-3.5 2,
/// 2^-4.5 3, else 4 (further or none).
std::uint8_t degree_of(double kinship) noexcept;
inline constexpr std::uint8_t beyond_third_degree = 4;
/// The least kinship of a degree 0 to 3: 0.3536, 0.1768, 0.0884, 0.0442.
double kinship_of_degree(unsigned degree) noexcept;

/// Relationship in words.
/// \param ibs0_ratio      share of variants without a common allele, over the share expected
/// between
///                        unrelated people: about 0 for parent and child, 1/4 for full siblings.
/// \param parent_child_max  largest ratio at which a pair of first degree is parent and child.
std::string_view relation_of(std::uint8_t degree, double ibs0_ratio,
                             double parent_child_max) noexcept;

} // namespace salus
