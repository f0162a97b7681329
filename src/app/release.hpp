#pragma once

#include "app/command_line.hpp"
#include "store/h5.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// How small numbers are kept from being read or computed out of a table. Written in the attribute
/// `release` of its group, rules separated by ";":
///   total COLUMN [hides COLUMN,...]               numbers of people
///   part COLUMN of COLUMN [hides ...]             a part, and the rest of the other column
///   cells COLUMN [by COLUMN,...] [hides ...]      numbers that add up to a published total, by
///   rows
///                                                 with equal values in the columns behind `by`
///   steps COLUMN [by COLUMN,...] [hides ...]      people left behind one row after the other
/// `hides`: columns of the same row that would tell the number.
struct ReleaseRule {
    enum class Kind { total, part, cells, steps };
    Kind kind = Kind::total;
    std::string column, whole;
    std::vector<std::string> by, hides;
};
/// InternalError if it is not written so.
std::vector<ReleaseRule> parse_release(std::string_view written);

/// Which cells of a table are hidden, and how many for a small number.
struct HiddenCells {
    std::vector<std::vector<std::uint8_t>> column; // [column][row] 1 = hidden
    std::uint64_t small = 0, others = 0;
};
/// Every rule by itself: a number that follows from two rules together is not looked for.
HiddenCells hide_cells(const TableData& table, const std::vector<ReleaseRule>& rules,
                       std::uint64_t minimum);

/// `salus export --release`: writes a table that is made for release. DisclosureError if it is not,
/// or the format is not tsv. Memory: the whole table.
std::string export_release(const CommandLine& line);

} // namespace salus
