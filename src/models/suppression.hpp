#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// Carriers of one allele in one population, as numbers of people.
struct CarrierCounts {
    std::uint64_t het = 0;  // two copies of the chromosome, one with the allele
    std::uint64_t hom = 0;  // both
    std::uint64_t hemi = 0; // one copy of the chromosome, with the allele
    std::uint64_t people() const noexcept { return het + hom + hemi; }
    std::uint64_t alleles() const noexcept { return het + 2 * hom + hemi; }
    friend bool operator==(const CarrierCounts&, const CarrierCounts&) = default;
};

/// What of a population may be published.
struct Published {
    bool alleles = true;   // allele count and frequency
    bool genotypes = true; // het, hom and hemi apart; never without `alleles`
    friend bool operator==(const Published&, const Published&) = default;
};

/// A division of the total into populations that do not overlap: sexes, or groups.
struct Division {
    std::span<const CarrierCounts> parts;
    CarrierCounts rest; // people of the total who are in no part; never published
};

struct Suppression {
    Published total;
    std::vector<std::vector<Published>> parts; // [division][part]
    std::uint64_t small = 0;     // populations hidden, in whole or in part, for a small count
    std::uint64_t secondary = 0; // hidden only to protect another one
};

/// Decides what is hidden so that no number of people from 1 to minimum - 1 can be read or
/// computed.
///
/// Small numbers are hidden: alleles of a population with a small number of carriers, genotypes of
/// one with a small number of heterozygous, homozygous or hemizygous carriers. Then, for every
/// division and each of these numbers: where the total is published and subtracting the published
/// parts would give a small hidden number (or the sum of several that is small), the smallest other
/// part that is not zero is hidden too, until two or more parts that add up to `minimum` are hidden
/// together. Zero is published. \param minimum 0 or 1 hides nothing.
/// Hundepool et al. 2012, Statistical Disclosure Control, doi:10.1002/9781118348239, chapter 4
/// (primary and secondary suppression of linked tables).
Suppression suppress_small_counts(const CarrierCounts& total, std::span<const Division> divisions,
                                  std::uint64_t minimum);

/// Whether a table of parts by two divisions can be published beside its margins: only if neither a
/// cell nor a margin nor what is left of a margin is small. Then nothing is hidden that could be
/// computed. Hiding single cells of a two-way table so that none follows from the others is a
/// problem of its own (Hundepool et al. 2012, chapter 4); all or nothing is safe.
/// \param cells  [part of rows][part of columns]
bool whole_table_is_large(const CarrierCounts& total, const Division& rows, const Division& columns,
                          std::span<const CarrierCounts> cells, std::uint64_t minimum);

/// What of a cell may be released.
enum class CellRelease : std::uint8_t {
    shown,
    small,     // hidden: a number from 1 to minimum - 1
    secondary, // hidden: a small one could be computed from it and the total
};

/// Decides what of a one-way table is hidden, beside its published total, so that no number from 1
/// to minimum - 1 can be read or computed: small cells first, then the smallest other cell that is
/// not zero (of equal ones the first), until two or more that add up to `minimum` are hidden
/// together. Zero is published. Where every cell that is not zero is hidden and they add up to less
/// than `minimum`, the total is a small number itself and must go too. \param minimum 0 or 1 hides
/// nothing. Hundepool et al. 2012, Statistical Disclosure Control, doi:10.1002/9781118348239,
/// chapter 4.
std::vector<CellRelease> suppress_one_way(std::span<const std::uint64_t> counts,
                                          std::uint64_t minimum);

/// The numbers themselves, with 0 for those that are hidden.
std::vector<std::uint64_t> released_one_way(std::span<const std::uint64_t> counts,
                                            std::uint64_t minimum);

/// The same for numbers of people left behind one step after the other, where everybody left was
/// there before: shown is a number that is zero or at least `minimum`, if also the people lost
/// since the last shown number are none or at least `minimum`. \param counts  never rising.
std::vector<CellRelease> suppress_steps(std::span<const std::uint64_t> counts,
                                        std::uint64_t minimum);

} // namespace salus
