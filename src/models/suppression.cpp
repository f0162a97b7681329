#include "models/suppression.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace salus {
namespace {

using Count = std::uint64_t (*)(const CarrierCounts&);

std::uint64_t people_of(const CarrierCounts& c) { return c.people(); }
std::uint64_t het_of(const CarrierCounts& c) { return c.het; }
std::uint64_t hom_of(const CarrierCounts& c) { return c.hom; }
std::uint64_t hemi_of(const CarrierCounts& c) { return c.hemi; }
constexpr std::array<Count, 3> genotype_counts{het_of, hom_of, hemi_of};

class Suppressor {
public:
    explicit Suppressor(std::uint64_t minimum) : minimum_(minimum) {}

    Published primary(const CarrierCounts& counts) const {
        Published published;
        published.alleles = !small(counts.people());
        published.genotypes = published.alleles;
        for (const Count count : genotype_counts)
            if (small(count(counts))) published.genotypes = false;
        return published;
    }

    /// Hides more parts until no small number of `count` follows from the total. `shown` tells
    /// whether a part is published with respect to this number, `hide` stops that.
    template <class Shown, class Hide>
    void protect(const Division& division, Count count, Shown shown, Hide hide) const {
        for (;;) {
            std::uint64_t members = 0, sum = 0;
            bool has_small = false;
            std::optional<std::size_t> next;
            const auto add_hidden = [&](std::uint64_t value) {
                members += value > 0 ? 1u : 0u;
                sum += value;
                has_small = has_small || small(value);
            };
            add_hidden(count(division.rest));
            for (std::size_t p = 0; p < division.parts.size(); ++p) {
                const std::uint64_t value = count(division.parts[p]);
                if (!shown(p))
                    add_hidden(value);
                else if (value > 0 && (!next || value < count(division.parts[*next])))
                    next = p;
            }
            if (!has_small || (members >= 2 && sum >= minimum_) || !next) return;
            hide(*next);
        }
    }

private:
    bool small(std::uint64_t value) const noexcept { return value > 0 && value < minimum_; }
    std::uint64_t minimum_;
};

} // namespace

Suppression suppress_small_counts(const CarrierCounts& total, std::span<const Division> divisions,
                                  std::uint64_t minimum) {
    const Suppressor rule(minimum);
    Suppression result;
    result.total = rule.primary(total);
    result.small = result.total == Published{} ? 0 : 1;
    for (const Division& division : divisions) {
        auto& parts = result.parts.emplace_back();
        for (const CarrierCounts& counts : division.parts)
            parts.push_back(rule.primary(counts));
        const auto before = parts;
        if (result.total.alleles)
            rule.protect(
                division, people_of, [&](std::size_t p) { return parts[p].alleles; },
                [&](std::size_t p) { parts[p] = {.alleles = false, .genotypes = false}; });
        if (result.total.genotypes)
            for (const Count count : genotype_counts)
                rule.protect(
                    division, count, [&](std::size_t p) { return parts[p].genotypes; },
                    [&](std::size_t p) { parts[p].genotypes = false; });
        for (std::size_t p = 0; p < parts.size(); ++p) {
            if (!(before[p] == Published{}))
                ++result.small;
            else if (!(parts[p] == before[p]))
                ++result.secondary;
        }
    }
    return result;
}

std::vector<CellRelease> suppress_one_way(std::span<const std::uint64_t> counts,
                                          std::uint64_t minimum) {
    std::vector<CarrierCounts> parts;
    std::vector<CellRelease> cells;
    for (const std::uint64_t count : counts) {
        parts.push_back({.het = count});
        cells.push_back(count > 0 && count < minimum ? CellRelease::small : CellRelease::shown);
    }
    Suppressor(minimum).protect(
        {.parts = parts, .rest = {}}, het_of,
        [&](std::size_t p) { return cells[p] == CellRelease::shown; },
        [&](std::size_t p) { cells[p] = CellRelease::secondary; });
    return cells;
}

std::vector<std::uint64_t> released_one_way(std::span<const std::uint64_t> counts,
                                            std::uint64_t minimum) {
    const auto cells = suppress_one_way(counts, minimum);
    std::vector<std::uint64_t> released(counts.begin(), counts.end());
    for (std::size_t i = 0; i < cells.size(); ++i)
        if (cells[i] != CellRelease::shown) released[i] = 0;
    return released;
}

std::vector<CellRelease> suppress_steps(std::span<const std::uint64_t> counts,
                                        std::uint64_t minimum) {
    const auto fine = [&](std::uint64_t count) { return count == 0 || count >= minimum; };
    std::vector<CellRelease> cells;
    std::optional<std::uint64_t> before;
    for (const std::uint64_t count : counts) {
        const bool shown = fine(count) && (!before || fine(*before - std::min(*before, count)));
        if (shown) before = count;
        cells.push_back(shown         ? CellRelease::shown
                        : fine(count) ? CellRelease::secondary
                                      : CellRelease::small);
    }
    return cells;
}

bool whole_table_is_large(const CarrierCounts& total, const Division& rows, const Division& columns,
                          std::span<const CarrierCounts> cells, std::uint64_t minimum) {
    const std::size_t width = columns.parts.size();
    const auto large = [&](Count count) {
        const auto fine = [&](std::uint64_t value) { return value == 0 || value >= minimum; };
        bool all = fine(count(total)) && fine(count(rows.rest)) && fine(count(columns.rest));
        std::vector<std::uint64_t> left(width); // of each column beyond the rows
        std::uint64_t corner = count(columns.rest);
        for (std::size_t c = 0; c < width; ++c) {
            left[c] = count(columns.parts[c]);
            all = all && fine(left[c]);
        }
        for (std::size_t r = 0; r < rows.parts.size(); ++r) {
            std::uint64_t beyond = count(rows.parts[r]); // the columns
            all = all && fine(beyond);
            for (std::size_t c = 0; c < width; ++c) {
                const std::uint64_t cell = count(cells[r * width + c]);
                all = all && fine(cell);
                beyond -= cell;
                left[c] -= cell;
            }
            all = all && fine(beyond);
            corner -= beyond;
        }
        return all && fine(corner) && std::all_of(left.begin(), left.end(), fine);
    };
    return large(people_of) && std::all_of(genotype_counts.begin(), genotype_counts.end(), large);
}

} // namespace salus
