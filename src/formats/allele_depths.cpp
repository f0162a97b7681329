#include "formats/allele_depths.hpp"

#include "genotype/sample_depths.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace salus {
namespace {

constexpr std::int64_t largest_depth = 0x7FFFFFFF;

bool is_base(std::string_view allele) noexcept {
    return allele.size() == 1 &&
           std::string_view("ACGTacgt").find(allele.front()) != std::string_view::npos;
}

[[noreturn]] void fail_value() {
    throw RecordDefect{"an AD value is not a number of reads",
                       "it must be '.' or a whole number from 0 to 2,147,483,647"};
}

std::int64_t depth(std::string_view digits) {
    if (digits == ".") return no_depth;
    std::int64_t value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value);
    if (error != std::errc{} || stop != end || digits.front() == '-') fail_value();
    return value;
}

/// Field `place` of a sample column; empty where the column ends before it.
std::string_view field_of(std::string_view column, std::size_t place, bool& there) noexcept {
    there = true;
    for (; place > 0; --place) {
        const std::size_t colon = column.find(':');
        if (colon == std::string_view::npos) {
            there = false;
            return {};
        }
        column.remove_prefix(colon + 1);
    }
    return column.substr(0, column.find(':'));
}

} // namespace

bool counts_depths(const Site& site) noexcept {
    return site.alts.size() == 1 && is_base(site.ref) && is_base(site.alts.front()) &&
           inheritance_of(site.chromosome) == Inheritance::autosomal;
}

void take_depths(std::size_t sample, std::span<const std::int64_t> values, GenotypeRecord& record) {
    if (values.empty() || (values.size() == 1 && values[0] == no_depth)) return;
    if (values.size() != 2)
        throw RecordDefect{"a sample has not one AD value per allele",
                           "AD is read as Number=R: reads of REF and of each ALT"};
    for (const std::int64_t value : values)
        if (value < no_depth || value > largest_depth) fail_value();
    if (values[0] == no_depth || values[1] == no_depth) return;
    const std::int64_t total = values[0] + values[1];
    if (total < het_depth_min || packed_get(record.rows, sample) != het) return;
    record.depths.push_back({.sample = static_cast<std::uint32_t>(sample),
                             .alt = static_cast<std::uint32_t>(values[1]),
                             .total = static_cast<std::uint32_t>(total)});
}

void read_depth_columns(std::string_view text, std::size_t place, std::size_t samples,
                        GenotypeRecord& record) {
    std::array<std::int64_t, 3> values{};
    for (std::size_t i = 0; i < samples; ++i) {
        const std::size_t tab = std::min(text.find('\t'), text.size());
        bool there = false;
        std::string_view field = field_of(text.substr(0, tab), place, there);
        std::size_t count = 0;
        for (bool more = there; more && count < values.size();) {
            const std::size_t comma = std::min(field.find(','), field.size());
            values[count++] = depth(field.substr(0, comma));
            more = comma < field.size();
            field.remove_prefix(more ? comma + 1 : comma);
        }
        take_depths(i, std::span(values).first(count), record);
        text.remove_prefix(std::min(tab + 1, text.size()));
    }
}

} // namespace salus
