#include "stages/health_quality/counts.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <cmath>

namespace salus::health_quality {
namespace {

template <class T>
void put(PartWriter& part, std::string_view name, const std::vector<T>& values) {
    part.write_array<T>(name, values, {}, Compression::none);
}

} // namespace

void write_tallies(PartWriter& part, const Tallies& tallies) {
    std::vector<std::uint64_t> flat;
    flat.reserve(2 * tallies.size());
    for (const Tally& tally : tallies) {
        flat.push_back(tally.examined);
        flat.push_back(tally.violated);
    }
    put(part, "tallies", flat);
}

void add_tallies(const H5File& part, Tallies& sum) {
    const auto flat = part.read_array<std::uint64_t>("tallies");
    SALUS_ASSERT(flat.size() == 2 * sum.size());
    for (std::size_t i = 0; i < sum.size(); ++i)
        sum[i] += {.examined = flat[2 * i], .violated = flat[2 * i + 1]};
}

void Digits::add(std::string_view written, double value) {
    least = std::min(least, value);
    most = std::max(most, value);
    const std::size_t point = written.find('.');
    if (written.find_first_of("eE") != std::string_view::npos) {
        ++needed[places];
        return;
    }
    std::string_view decimals =
        point == std::string_view::npos ? std::string_view{} : written.substr(point + 1);
    while (decimals.ends_with('0'))
        decimals.remove_suffix(1);
    const std::size_t count = std::min(decimals.size(), places);
    ++needed[count];
    const std::string_view whole = written.substr(0, point);
    for (std::size_t place = count; place < places; ++place) {
        const char digit = place == 0                ? (whole.empty() ? '0' : whole.back())
                           : place > decimals.size() ? '0'
                                                     : decimals[place - 1];
        if (digit >= '0' && digit <= '9') ++at[place][static_cast<std::size_t>(digit - '0')];
    }
}

Digits& Digits::operator+=(const Digits& more) {
    for (std::size_t p = 0; p < places; ++p)
        for (std::size_t d = 0; d < 10; ++d)
            at[p][d] += more.at[p][d];
    for (std::size_t p = 0; p <= places; ++p)
        needed[p] += more.needed[p];
    least = std::min(least, more.least);
    most = std::max(most, more.most);
    return *this;
}

std::int32_t value_bin(double value) noexcept {
    int exponent = 0;
    const double mantissa = std::frexp(value, &exponent); // [0.5, 1)
    return 8 * exponent + static_cast<std::int32_t>((mantissa - 0.5) * 16);
}

double bin_start(std::int32_t bin) noexcept {
    const std::int32_t exponent = bin >= 0 ? bin / 8 : -((7 - bin) / 8);
    return std::ldexp(0.5 + (bin - 8 * exponent) / 16.0, exponent);
}

void Contents::write(PartWriter& part) const {
    std::vector<std::uint64_t> flat;
    for (const auto& [key, count] : concepts)
        flat.insert(flat.end(), {key.first, key.second, count});
    put(part, "concepts", flat);
    flat.clear();
    std::vector<double> ends;
    for (const auto& [concept_id, digit] : digits) {
        flat.push_back(concept_id);
        for (const auto& place : digit.at)
            flat.insert(flat.end(), place.begin(), place.end());
        flat.insert(flat.end(), digit.needed.begin(), digit.needed.end());
        ends.insert(ends.end(), {digit.least, digit.most});
    }
    put(part, "digits", flat);
    put(part, "extremes", ends);
    flat.clear();
    for (const auto& [unit, bins] : values)
        for (const auto& [bin, count] : bins)
            flat.insert(flat.end(), {unit.first, unit.second,
                                     static_cast<std::uint64_t>(std::int64_t{bin}), count});
    put(part, "values", flat);
    put(part, "rows", rows);
}

void Contents::add(const H5File& part) {
    const auto used = part.read_array<std::uint64_t>("concepts");
    for (std::size_t i = 0; i < used.size(); i += 3)
        concepts[{static_cast<std::uint32_t>(used[i]), static_cast<std::uint32_t>(used[i + 1])}] +=
            used[i + 2];
    const auto written = part.read_array<std::uint64_t>("digits");
    const auto ends = part.read_array<double>("extremes");
    constexpr std::size_t width = 1 + 10 * Digits::places + Digits::places + 1;
    for (std::size_t i = 0; i * width < written.size(); ++i) {
        const std::uint64_t* from = written.data() + i * width;
        Digits more;
        for (auto& place : more.at)
            std::copy_n(from + 1 + 10 * (&place - more.at.data()), 10, place.begin());
        std::copy_n(from + 1 + 10 * Digits::places, Digits::places + 1, more.needed.begin());
        more.least = ends[2 * i];
        more.most = ends[2 * i + 1];
        digits[static_cast<std::uint32_t>(from[0])] += more;
    }
    const auto binned = part.read_array<std::uint64_t>("values");
    for (std::size_t i = 0; i < binned.size(); i += 4)
        values[{static_cast<std::uint32_t>(binned[i]), static_cast<std::uint32_t>(binned[i + 1])}]
              [static_cast<std::int32_t>(static_cast<std::int64_t>(binned[i + 2]))] +=
            binned[i + 3];
    const auto read = part.read_array<std::uint64_t>("rows");
    rows.resize(std::max(rows.size(), read.size()));
    for (std::size_t t = 0; t < read.size(); ++t)
        rows[t] += read[t];
}

void People::write(PartWriter& part) const {
    std::vector<std::int64_t> flat;
    for (const auto& [key, count] : months)
        flat.insert(flat.end(),
                    {static_cast<std::int64_t>(std::get<0>(key)), std::get<1>(key),
                     std::int64_t{std::get<2>(key)}, static_cast<std::int64_t>(count.rows),
                     static_cast<std::int64_t>(count.squares)});
    put(part, "months", flat);
    flat.clear();
    for (const auto& [key, count] : kinds)
        flat.insert(flat.end(), {static_cast<std::int64_t>(std::get<0>(key)), std::get<1>(key),
                                 std::int64_t{std::get<2>(key)}, std::int64_t{std::get<3>(key)},
                                 static_cast<std::int64_t>(count)});
    put(part, "kinds", flat);
    flat.clear();
    for (const auto& [site, count] : sites)
        flat.insert(flat.end(), {site, static_cast<std::int64_t>(count)});
    put(part, "sites", flat);
    put(part, "people",
        std::vector<std::int64_t>{
            static_cast<std::int64_t>(sexes[0]), static_cast<std::int64_t>(sexes[1]),
            static_cast<std::int64_t>(sexes[2]), first, last, static_cast<std::int64_t>(persons),
            static_cast<std::int64_t>(observed), static_cast<std::int64_t>(observed_days)});
    put(part, "fingerprints", fingerprints);
}

void People::add(const H5File& part) {
    const auto counted = part.read_array<std::int64_t>("months");
    for (std::size_t i = 0; i < counted.size(); i += 5) {
        MonthRows& sum = months[{static_cast<std::uint32_t>(counted[i]), counted[i + 1],
                                 static_cast<std::int32_t>(counted[i + 2])}];
        sum.rows += static_cast<std::uint64_t>(counted[i + 3]);
        sum.squares += static_cast<std::uint64_t>(counted[i + 4]);
    }
    const auto coded = part.read_array<std::int64_t>("kinds");
    for (std::size_t i = 0; i < coded.size(); i += 5)
        kinds[{static_cast<std::uint32_t>(coded[i]), coded[i + 1],
               static_cast<std::uint32_t>(coded[i + 2]),
               static_cast<std::int32_t>(coded[i + 3])}] +=
            static_cast<std::uint64_t>(coded[i + 4]);
    const auto at = part.read_array<std::int64_t>("sites");
    for (std::size_t i = 0; i < at.size(); i += 2)
        sites[at[i]] += static_cast<std::uint64_t>(at[i + 1]);
    const auto all = part.read_array<std::int64_t>("people");
    for (std::size_t s = 0; s < sexes.size(); ++s)
        sexes[s] += static_cast<std::uint64_t>(all[s]);
    first = std::min(first, static_cast<std::int32_t>(all[3]));
    last = std::max(last, static_cast<std::int32_t>(all[4]));
    persons += static_cast<std::uint64_t>(all[5]);
    observed += static_cast<std::uint64_t>(all[6]);
    observed_days += static_cast<std::uint64_t>(all[7]);
    const auto more = part.read_array<std::uint64_t>("fingerprints");
    fingerprints.insert(fingerprints.end(), more.begin(), more.end());
}

} // namespace salus::health_quality
