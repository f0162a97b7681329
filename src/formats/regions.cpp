#include "formats/regions.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/byte_stream.hpp"

#include <algorithm>

namespace salus {

RegionSet::RegionSet(std::span<const Region> regions) {
    for (const Region& region : regions)
        chromosomes_[region.chromosome].push_back({region.first, region.last});
    for (auto& [chromosome, stretches] : chromosomes_) {
        std::sort(stretches.begin(), stretches.end(),
                  [](const Stretch& a, const Stretch& b) { return a.first < b.first; });
        std::vector<Stretch> joined;
        for (const Stretch& next : stretches)
            if (joined.empty() || next.first > joined.back().last)
                joined.push_back(next);
            else
                joined.back().last = std::max(joined.back().last, next.last);
        stretches = std::move(joined);
    }
}

bool RegionSet::contains(std::string_view chromosome, std::uint32_t position) const noexcept {
    const auto found = chromosomes_.find(chromosome);
    if (found == chromosomes_.end()) return false;
    const auto& stretches = found->second;
    const auto after =
        std::upper_bound(stretches.begin(), stretches.end(), position,
                         [](std::uint32_t p, const Stretch& stretch) { return p < stretch.first; });
    return after != stretches.begin() && position <= std::prev(after)->last;
}

bool RegionSet::all_before(std::string_view chromosome, std::uint32_t position) const noexcept {
    return chromosomes_.size() == 1 && chromosomes_.begin()->first == chromosome &&
           position > chromosomes_.begin()->second.back().last;
}

void for_each_line(const std::filesystem::path& path,
                   const std::function<void(std::string_view line, std::uint64_t number)>& use,
                   Comments comments) {
    ByteStream stream(path);
    std::vector<char> buffer(std::size_t{1} << 16);
    std::string text;
    std::uint64_t number = 0;
    const auto take = [&](std::string_view line) {
        ++number;
        if (line.ends_with('\r')) line.remove_suffix(1);
        const bool comment = comments == Comments::skip && line.starts_with('#');
        if (!comment && !trim(line).empty()) use(line, number);
    };
    for (std::size_t got; (got = stream.read(buffer)) > 0;) {
        text.append(buffer.data(), got);
        std::size_t begin = 0;
        for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
            take(std::string_view(text).substr(begin, end - begin));
        text.erase(0, begin);
    }
    if (!text.empty()) take(text);
}

namespace {

std::optional<Region> bed_region(std::string_view line) {
    const auto fields = split(line, '\t');
    if (fields.size() < 3) return std::nullopt;
    const auto first = parse_integer(fields[1]), end = parse_integer(fields[2]);
    constexpr std::int64_t most = 0xFFFFFFFF;
    if (!first || !end || *first < 0 || *end < *first || *end > most || fields[0].empty())
        return std::nullopt;
    // An empty interval of BED holds no base: nothing lies between `first` and one less.
    return Region{.chromosome = std::string(fields[0]),
                  .first = static_cast<std::uint32_t>(*first + 1),
                  .last = static_cast<std::uint32_t>(*end)};
}

} // namespace

std::vector<Region> read_region_list(const std::filesystem::path& path) {
    std::vector<Region> regions;
    for_each_line(path, [&](std::string_view line, std::uint64_t number) {
        if (line.starts_with("track") || line.starts_with("browser")) return;
        const auto fail = [&] {
            throw DataError({.what = "the line is not a region",
                             .where = text(path.string(), ", line ", number),
                             .why = "it must be BED (chromosome, begin and end separated by tabs, "
                                    "counted from 0) or CHROMOSOME:FIRST-LAST, counted from 1",
                             .help = "correct the line"});
        };
        if (line.find('\t') != std::string_view::npos) {
            const auto region = bed_region(line);
            if (!region) fail();
            if (region->first <= region->last) regions.push_back(*region);
            return;
        }
        if (trim(line).find(' ') != std::string_view::npos) fail(); // BED with blanks for tabs
        try {
            regions.push_back(parse_region(trim(line)));
        } catch (const UsageError&) {
            fail();
        }
    });
    if (regions.empty())
        throw DataError({.what = "the region list is empty",
                         .where = path.string(),
                         .why = {},
                         .help = "leave it out to keep all regions"});
    return regions;
}

} // namespace salus
