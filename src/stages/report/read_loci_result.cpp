#include "base/text.hpp"

#include "stages/report/chart_regional.hpp"
#include "stages/report/numbers.hpp"
#include "stages/report/read_tables.hpp"

#include <algorithm>
#include <map>
#include <numeric>

namespace salus::report {
namespace {

/// A locus of the result and where its variants are in the table `variants`.
struct Row {
    FineLocus locus;
    std::uint64_t first = 0, count = 0, index = 0;
};

std::map<std::string, std::vector<Row>> read_rows_by_trait(const H5File& file) {
    const auto table = file.read("loci");
    const auto trait = words(table, "trait"), name = words(table, "locus"),
               chromosome = words(table, "chromosome"), id = words(table, "index_variant_id");
    const auto start = counts(table, "start"), end = counts(table, "end"),
               position = counts(table, "index_position"), index = counts(table, "index_variant"),
               variants = counts(table, "variants"), signals = counts(table, "signals"),
               hla = counts(table, "hla"), mapped = counts(table, "fine_mapping_status");
    const auto significance = numbers(table, "neg_log10_p");
    std::map<std::string, std::vector<Row>> rows;
    std::uint64_t first = 0;
    for (std::size_t k = 0; k < trait.size(); ++k) {
        rows[trait[k]].push_back({.locus = {.name = name[k],
                                            .chromosome = chromosome[k],
                                            .id = id[k],
                                            .start = start[k],
                                            .end = end[k],
                                            .position = position[k],
                                            .neg_log10_p = significance[k],
                                            .variants = variants[k],
                                            .signals = signals[k],
                                            .hla = hla[k] != 0,
                                            .mapped = mapped[k] == 0 || mapped[k] == 3},
                                  .first = first,
                                  .count = variants[k],
                                  .index = index[k]});
        first += variants[k];
    }
    return rows;
}

void add_sets(const H5File& file, std::map<std::string, std::vector<Row>>& rows) {
    const auto table = file.read("credible_sets", {"trait", "locus", "size"});
    const auto trait = words(table, "trait"), locus = words(table, "locus");
    const auto size = counts(table, "size");
    for (std::size_t k = 0; k < trait.size(); ++k)
        for (Row& row : rows[trait[k]])
            if (row.locus.name == locus[k]) row.locus.set_sizes.push_back(size[k]);
}

void draw(const H5File& file, const std::string& trait, double genome_wide, Row& row) {
    const auto table = file.read_rows(
        "variants", row.first, row.count,
        {"variant", "base_pair_location", "neg_log10_p", "pip", "credible_set", "r2"});
    const auto variant = counts(table, "variant"), set = counts(table, "credible_set");
    const auto position = numbers(table, "base_pair_location"),
               significance = numbers(table, "neg_log10_p"), pip = numbers(table, "pip"),
               r2 = numbers(table, "r2");
    RegionalChart chart{.trait = trait_label(trait),
                        .chromosome = row.locus.chromosome,
                        .start = static_cast<double>(row.locus.start),
                        .end = static_cast<double>(row.locus.end),
                        .variants = {},
                        .genome_wide = genome_wide};
    for (std::size_t v = 0; v < variant.size(); ++v)
        chart.variants.push_back({.position = position[v],
                                  .neg_log10_p = significance[v],
                                  .pip = pip[v],
                                  .r2 = r2[v],
                                  .in_set = set[v] > 0,
                                  .index = variant[v] == row.index});
    if (!position.empty()) { // windows reach beyond what was genotyped
        chart.start = std::max(chart.start, position.front() - 1);
        chart.end = std::min(chart.end, position.back() + 1);
    }
    row.locus.regional = regional_chart(chart);
    row.locus.inclusion = inclusion_chart(chart);
}

} // namespace

std::vector<TraitLoci> read_loci_result(const H5File& file, const LociDrawn& drawn) {
    auto rows = read_rows_by_trait(file);
    add_sets(file, rows);
    const auto table = file.read("traits");
    const auto name = words(table, "name"), note = words(table, "note");
    const auto signals = counts(table, "signals"), sets = counts(table, "credible_sets");
    std::vector<TraitLoci> traits;
    for (std::size_t t = 0; t < name.size(); ++t) {
        auto& own = rows[name[t]];
        std::vector<std::size_t> order(own.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return own[a].locus.neg_log10_p > own[b].locus.neg_log10_p;
        });
        TraitLoci trait{.name = name[t],
                        .note = note[t],
                        .total = own.size(),
                        .signals = signals[t],
                        .credible_sets = sets[t],
                        .loci = {}};
        order.resize(std::min(order.size(), drawn.listed));
        for (std::size_t k = 0; k < order.size(); ++k) {
            if (t < drawn.traits && k < drawn.regions)
                draw(file, name[t], drawn.genome_wide, own[order[k]]);
            trait.loci.push_back(std::move(own[order[k]].locus));
        }
        traits.push_back(std::move(trait));
    }
    return traits;
}

} // namespace salus::report
