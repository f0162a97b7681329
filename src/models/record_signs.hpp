#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace salus {

/// A jump of a series of counts: between `at` - 1 and `at`.
struct RateBreak {
    std::size_t at = 0;
    double ratio = 0; // median of the counts behind over the median before; infinity from 0
    double z = 0;
    friend bool operator==(const RateBreak&, const RateBreak&) = default;
};

/// Jumps in a series of counts, ascending.
///
/// Counts x become y = 2 sqrt(x + 3/8) (Anscombe 1948, doi:10.1093/biomet/35.3-4.246), which has
/// variance 1 if they are Poisson. At every place with `window` values on both sides, each value
/// behind is compared with the one at its place before (with a window of a year: of the same month,
/// which takes out seasons). z = median of these differences / (s sqrt(pi / 2 / window)), the
/// standard error of a median of normal values, with s = max(sqrt(2 x dispersion), 1.4826 x their
/// median absolute deviation); `dispersion`, at least 1, is that of counts that come in groups.
/// Medians pass over single months. Places with |z| >= z_min whose medians of x (plus 1/2) differ
/// by a factor of at least `ratio_min` are breaks, the strongest first, and no two within a window
/// of each other; of places of one z the one whose means differ most. Cost O(length x window). The
/// z of a maximum over places is not a z of one place.
std::vector<RateBreak> rate_breaks(std::span<const std::uint64_t> counts, std::size_t window,
                                   double z_min, double ratio_min, double dispersion = 1);

/// One kind of row stops and another starts: between `at` - 1 and `at`.
struct KindSwitch {
    std::size_t at = 0, from = 0, to = 0;
    double before = 0, behind = 0; // share of `from` in the rows before, of `to` in those behind
    friend bool operator==(const KindSwitch&, const KindSwitch&) = default;
};

struct SwitchRule {
    std::size_t window = 12;      // places on either side that are compared; fewer at the ends
    std::size_t transition = 3;   // places next to the switch on either side that are passed over
    std::size_t filled_min = 6;   // places with rows, and
    std::uint64_t rows_min = 100; // rows on either side
    double share_min = 0.2;       // of `from` before and of `to` behind
    double rest_max = 0.05;       // of `from` behind and of `to` before
};

/// Switches between kinds of rows, by kinds and then ascending. Of the places that fulfil the rule
/// one behind the other the one with the fewest rows of `from` behind and of `to` before. Cost
/// O(places x kinds^2).
///
/// \param counts  [kind][place] rows of kinds that are compared, all of one length
/// \param totals  [place] rows of all kinds
std::vector<KindSwitch> kind_switches(std::span<const std::vector<std::uint64_t>> counts,
                                      std::span<const std::uint64_t> totals,
                                      const SwitchRule& rule);

/// Index of dissimilarity of last digits from equal use: the share of values that would have to
/// change their digit. 0 without values. Hobbs 2004, in Siegel & Swanson, The Methods and Materials
/// of Demography, chapter 7.
double digit_preference(const std::array<std::uint64_t, 10>& counts) noexcept;

/// Two groups of values with a valley between.
struct UnitMixture {
    std::size_t cut = 0;       // first bin of the upper group
    std::uint64_t smaller = 0; // values in the smaller group
    double ratio = 0;          // of the medians, upper over lower
    friend bool operator==(const UnitMixture&, const UnitMixture&) = default;
};

/// Whether positive values look like two units under one name.
///
/// \param counts  [bin] on a logarithmic scale of 8 bins per doubling.
/// Counts are smoothed over three bins. A cut is at the lowest bin between the highest bin below
/// and the highest bin above, if that has at most a quarter of the lower peak and is below it by 4
/// of its standard deviations (Poisson). Around either peak at least 4 of 7 bins must be filled (a
/// placeholder or a score is no unit), each group must hold `share_min` of the values, and their
/// medians must differ by 1.5 or more. Of several cuts the one with the largest smaller group.
/// Children and adults in one concept can look the same: it is a sign, not a proof. Cost O(bins^2).
std::optional<UnitMixture> find_mixture(std::span<const std::uint64_t> counts, double share_min);

} // namespace salus
