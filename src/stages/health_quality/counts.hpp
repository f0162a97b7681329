#pragma once

#include "stages/health_quality/checks.hpp"
#include "store/h5.hpp"
#include "store/parts.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace salus::health_quality {

/// Of every rule of the plan; sums of whole numbers, so that they do not depend on the cuts.
using Tallies = std::vector<Tally>;
void write_tallies(PartWriter& part, const Tallies& tallies);
void add_tallies(const H5File& part, Tallies& sum);

/// How often a number was written with its last digits: of one concept, over values with at most
/// `places` decimals, by the digit at that place.
struct Digits {
    static constexpr std::size_t places = 4;
    std::array<std::array<std::uint64_t, 10>, places> at{}; // [decimals][digit]
    std::array<std::uint64_t, places + 1> needed{}; // values by decimals written; last: more
    double least = std::numeric_limits<double>::infinity(), most = -least;

    void add(std::string_view written, double value);
    Digits& operator+=(const Digits& more);
};

/// A positive value on a scale of 8 bins per doubling.
std::int32_t value_bin(double value) noexcept;
/// Lower end of a bin.
double bin_start(std::int32_t bin) noexcept;

/// What is counted by content of the rows; memory O(distinct keys).
struct Contents {
    using Unit = std::pair<std::uint32_t, std::uint32_t>; // concept, unit concept
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> concepts; // field, concept
    std::map<std::uint32_t, Digits> digits;                                    // concept
    std::map<Unit, std::map<std::int32_t, std::uint64_t>> values;              // by value_bin
    std::vector<std::uint64_t> rows;                                           // [table] read

    void write(PartWriter& part) const;
    void add(const H5File& part);
};

/// Rows of one table at one site in one calendar month.
struct MonthRows {
    std::uint64_t rows = 0, squares = 0; // squares: of the rows of each person, summed
};
/// By table, site, month (year x 12 + month - 1).
using Months = std::map<std::tuple<std::uint32_t, std::int64_t, std::int32_t>, MonthRows>;
/// Rows by table, site, kind of code (KindNames), month.
using KindMonths =
    std::map<std::tuple<std::uint32_t, std::int64_t, std::uint32_t, std::int32_t>, std::uint64_t>;

/// What the shards count beside the rules.
struct People {
    Months months;
    KindMonths kinds;
    std::map<std::int64_t, std::uint64_t> sites; // persons by care site, 0 = unknown
    std::array<std::uint64_t, 3> sexes{};        // persons: unknown, male, female
    std::int32_t first = std::numeric_limits<std::int32_t>::max(),
                 last = std::numeric_limits<std::int32_t>::min(); // day of a row
    std::uint64_t persons = 0, observed = 0, observed_days = 0;   // in observation periods
    std::vector<std::uint64_t> fingerprints; // of persons with enough dated codes

    void write(PartWriter& part) const;
    void add(const H5File& part);
};

} // namespace salus::health_quality
