#pragma once

#include "formats/genotype_reader.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// Regions by chromosome, joined where they overlap; a look-up is O(log regions).
class RegionSet {
public:
    RegionSet() = default;
    explicit RegionSet(std::span<const Region> regions);
    /// No region was given: everything is wanted.
    bool empty() const noexcept { return chromosomes_.empty(); }
    bool contains(std::string_view chromosome, std::uint32_t position) const noexcept;
    /// Whether all regions lie on this chromosome, before this position.
    bool all_before(std::string_view chromosome, std::uint32_t position) const noexcept;

private:
    struct Stretch {
        std::uint32_t first, last;
    };
    std::map<std::string, std::vector<Stretch>, std::less<>> chromosomes_; // ascending, disjoint
};

/// Whether lines that begin with '#' are passed over.
enum class Comments { skip, give };
/// Lines of a text file, gzipped or not, without their ends; empty ones, and by default comments,
/// are passed over. Memory: the longest line.
void for_each_line(const std::filesystem::path& path,
                   const std::function<void(std::string_view line, std::uint64_t number)>& use,
                   Comments comments = Comments::skip);

/// Reads a region list: BED (chromosome, first base from 0, base behind the last; further columns
/// are passed over, and lines that begin with "track" or "browser"), or regions as parse_region
/// takes them, line by line. DataError with the line if it is neither, or if the file holds none.
std::vector<Region> read_region_list(const std::filesystem::path& path);

} // namespace salus
