#pragma once

#include <cstdint>
#include <span>

namespace salus {

/// A row of a table of counts with two columns, such as ALT and REF alleles of one batch.
struct TwoCounts {
    std::uint64_t first = 0, second = 0;
    std::uint64_t sum() const noexcept { return first + second; }
};

/// -log10 of the upper tail of chi-square with `df` >= 1 (whole) degrees of freedom at x >= 0;
/// finite for every finite x. O(df). Relative error of p below 1e-10. Sums of positive terms:
/// DLMF 8.4.10 and 8.4.15 (error function and Poisson terms).
double chi_square_neg_log10_p(double x, unsigned df) noexcept;

/// -log10 p of Fisher's exact test of a 2 x 2 table, two-sided: all tables with the same margins
/// that are at most as probable as this one (relative tolerance 1e-7, as fisher.test of R).
/// 0 (p = 1) if a margin is empty. Cost O(distance to the mode + width of the distribution), at
/// most O(smallest margin); relative error of p below 1e-7 for counts up to 10^7.
/// Fisher 1935, doi:10.2307/2342435.
double fisher_neg_log10_p(const TwoCounts& a, const TwoCounts& b) noexcept;

/// -log10 p that the rows have the same shares: Pearson's chi-square (no continuity correction)
/// where every expected count is at least 5 (Cochran 1954, doi:10.2307/3001616), else Fisher's test
/// of each row against the rest, the smallest p times the number of rows (two rows: the one p).
/// Rows without counts are left out; NaN if fewer than two are left, 0 if a column is empty.
double same_shares_neg_log10_p(std::span<const TwoCounts> rows) noexcept;

} // namespace salus
