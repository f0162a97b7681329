#include "stages/gene_tests/set_windows.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <map>

namespace salus::gene_tests {
namespace {

constexpr std::uint64_t window_rows_at_once = 65536;

TableSpec touched_table() {
    using enum ColumnType;
    return {.name = "windows",
            .row = "window",
            .doc = "Windows that a range of variants touches.",
            .columns = {{"chromosome", text, "", "Chromosome"},
                        {"number", u64, "", "Number of the window on it"},
                        {"begin", u64, "variants", "First variant of the range in it"},
                        {"end", u64, "variants", "Behind the last one"}}};
}

// Ranges of variants by chromosome and number, in the order in which they were first met.
class Ranges {
public:
    struct Range {
        std::string chromosome;
        std::uint64_t number;
        VariantRange variants;
    };
    void add(const std::string& chromosome, std::uint64_t number, VariantRange variants) {
        const auto [at, fresh] = places_[chromosome].try_emplace(number, ranges_.size());
        if (fresh) {
            ranges_.push_back({chromosome, number, variants});
            return;
        }
        VariantRange& known = ranges_[at->second].variants;
        known.begin = std::min(known.begin, variants.begin);
        known.end = std::max(known.end, variants.end);
    }
    const std::vector<Range>& all() const { return ranges_; }

private:
    std::vector<Range> ranges_;
    std::map<std::string, std::map<std::uint64_t, std::size_t>> places_;
};

// Windows of variants are cut from whole chromosomes.
void cut(const Ranges::Range& chromosome, const WindowRules& rules, std::vector<Window>& out) {
    const auto [begin, end] = chromosome.variants;
    for (std::uint64_t first = begin; first < end; first += rules.step) {
        const VariantRange range{first, std::min(end, first + rules.size)};
        out.push_back({.name = text(chromosome.chromosome, ":variants ", range.begin - begin + 1,
                                    '-', range.end - begin),
                       .chromosome = chromosome.chromosome,
                       .range = range});
        if (range.end == end) break;
    }
}

} // namespace

WindowRules window_rules(const GeneTestsParams& params) {
    const auto size = static_cast<std::uint64_t>(params.window_size);
    const auto step = static_cast<std::uint64_t>(params.window_step);
    return {.size = size,
            .step = step > 0 ? step : (size + 1) / 2,
            .by_variants = params.window_unit == "variants"};
}

void list_windows(const GenotypeSource& genotypes, VariantRange unit, const WindowRules& rules,
                  PartWriter& part) {
    Ranges ranges;
    for (std::uint64_t begin = unit.begin; begin < unit.end; begin += window_rows_at_once) {
        const auto variants =
            genotypes.variants({begin, std::min(unit.end, begin + window_rows_at_once)});
        for (std::size_t v = 0; v < variants.size(); ++v) {
            const VariantRange one{begin + v, begin + v + 1};
            if (rules.by_variants) {
                ranges.add(variants[v].chromosome, 0, one);
                continue;
            }
            const std::uint64_t place = std::max(1U, variants[v].position) - 1;
            const std::uint64_t least =
                place < rules.size ? 0 : (place - rules.size) / rules.step + 1;
            for (std::uint64_t k = least; k * rules.step <= place; ++k)
                ranges.add(variants[v].chromosome, k, one);
        }
    }
    TableData table(touched_table());
    for (const auto& range : ranges.all()) {
        table.column<std::string>("chromosome").push_back(range.chromosome);
        table.column<std::uint64_t>("number").push_back(range.number);
        table.column<std::uint64_t>("begin").push_back(range.variants.begin);
        table.column<std::uint64_t>("end").push_back(range.variants.end);
    }
    part.write(table);
}

std::vector<Window> take_windows(const Parts& parts, const WindowRules& rules) {
    Ranges ranges;
    for (std::uint64_t u = 0; u < parts.size(); ++u) {
        const TableData table = parts.open(u).read("windows");
        for (std::size_t k = 0; k < table.rows(); ++k)
            ranges.add(
                table.column<std::string>("chromosome")[k],
                table.column<std::uint64_t>("number")[k],
                {table.column<std::uint64_t>("begin")[k], table.column<std::uint64_t>("end")[k]});
    }
    std::vector<Window> windows;
    for (const auto& range : ranges.all()) {
        if (rules.by_variants) {
            cut(range, rules, windows);
            continue;
        }
        const std::uint64_t first = range.number * rules.step + 1;
        const auto last =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(UINT32_MAX, first + rules.size - 1));
        windows.push_back({.name = text(range.chromosome, ':', first, '-', last),
                           .chromosome = range.chromosome,
                           .first = static_cast<std::uint32_t>(first),
                           .last = last,
                           .range = range.variants});
    }
    return windows;
}

} // namespace salus::gene_tests
