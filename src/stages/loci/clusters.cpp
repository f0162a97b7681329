#include "stages/loci/clusters.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "parallel/read_once.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace salus::loci {
namespace {

constexpr std::uint64_t rows_per_unit = std::uint64_t{1} << 20, tests_at_once = 65536;

TableSpec clusters_table() {
    using enum ColumnType;
    return {.name = "clusters",
            .row = "cluster",
            .doc = "Significant variants near to each other.",
            .columns = {{"trait", u64, "1", "Which one"},
                        {"chromosome", text, "", "Chromosome"},
                        {"first_row", u64, "1", "First significant variant"},
                        {"last_row", u64, "1", "Last one"},
                        {"first_position", u32, "bp", "Position of the first"},
                        {"last_position", u32, "bp", "Position of the last"}}};
}

// Puts a cluster to the list, or to its last one if they touch.
void append(std::vector<Cluster>& clusters, const Cluster& next, std::uint32_t reach) {
    if (!clusters.empty()) {
        Cluster& last = clusters.back();
        const std::uint64_t gap = std::uint64_t{2} * reach;
        if (last.trait == next.trait && last.chromosome == next.chromosome &&
            next.first_position <= last.last_position + gap) {
            last.last_row = next.last_row;
            last.last_position = next.last_position;
            return;
        }
    }
    clusters.push_back(next);
}

void find_in_rows(const H5File& association, const std::vector<TestedTrait>& traits,
                  VariantRange rows, double least, std::uint32_t reach,
                  std::vector<std::vector<Cluster>>& found) {
    std::optional<TableData> places;
    for (std::size_t t = 0; t < traits.size(); ++t) {
        if (!traits[t].skipped.empty()) continue;
        const auto tests = association.read_rows<double>(
            text("traits/", traits[t].name, "/neg_log10_p"), rows.begin, rows.size());
        for (std::size_t v = 0; v < tests.size(); ++v) {
            if (!(tests[v] >= least)) continue;
            if (!places)
                places = association.read_rows("variants", rows.begin, rows.size(),
                                               {"chromosome", "base_pair_location"});
            const std::uint32_t position = places->column<std::uint32_t>("base_pair_location")[v];
            append(found[t],
                   {.trait = t,
                    .chromosome = places->column<std::string>("chromosome")[v],
                    .first_row = rows.begin + v,
                    .last_row = rows.begin + v,
                    .first_position = position,
                    .last_position = position},
                   reach);
        }
    }
}

TableData as_table(const std::vector<std::vector<Cluster>>& found) {
    TableData table(clusters_table());
    for (const auto& of_trait : found)
        for (const Cluster& cluster : of_trait) {
            table.column<std::uint64_t>("trait").push_back(cluster.trait);
            table.column<std::string>("chromosome").push_back(cluster.chromosome);
            table.column<std::uint64_t>("first_row").push_back(cluster.first_row);
            table.column<std::uint64_t>("last_row").push_back(cluster.last_row);
            table.column<std::uint32_t>("first_position").push_back(cluster.first_position);
            table.column<std::uint32_t>("last_position").push_back(cluster.last_position);
        }
    return table;
}

std::vector<Cluster> join_parts(const Parts& parts, std::size_t traits, std::uint32_t reach) {
    std::vector<std::vector<Cluster>> of_trait(traits);
    for (std::uint64_t p = 0; p < parts.size(); ++p) {
        const TableData table = parts.open(p).read("clusters");
        for (std::size_t k = 0; k < table.rows(); ++k) {
            const std::size_t trait = table.column<std::uint64_t>("trait")[k];
            append(of_trait[trait],
                   {.trait = trait,
                    .chromosome = table.column<std::string>("chromosome")[k],
                    .first_row = table.column<std::uint64_t>("first_row")[k],
                    .last_row = table.column<std::uint64_t>("last_row")[k],
                    .first_position = table.column<std::uint32_t>("first_position")[k],
                    .last_position = table.column<std::uint32_t>("last_position")[k]},
                   reach);
        }
    }
    std::vector<Cluster> all;
    for (auto& clusters : of_trait)
        all.insert(all.end(), clusters.begin(), clusters.end());
    return all;
}

constexpr std::uint64_t most_tests_for_plan = 300'000'000;

// Rows of variants within reach of a cluster.
VariantRange rows_near(const H5File& association, const Cluster& cluster, std::uint32_t reach) {
    const std::uint64_t rows = association.rows("variants");
    VariantRange near{cluster.first_row, cluster.last_row + 1};
    const auto page = [&](std::uint64_t begin, std::uint64_t end) {
        return association.read_rows("variants", begin, end - begin,
                                     {"chromosome", "base_pair_location"});
    };
    const auto is_near = [&](const TableData& some, std::size_t k) {
        const std::uint64_t position = some.column<std::uint32_t>("base_pair_location")[k];
        return some.column<std::string>("chromosome")[k] == cluster.chromosome &&
               position + reach >= cluster.first_position &&
               position <= std::uint64_t{cluster.last_position} + reach;
    };
    for (bool more = true; more && near.begin > 0;) {
        const std::uint64_t begin = near.begin - std::min(near.begin, tests_at_once);
        const TableData some = page(begin, near.begin);
        std::size_t k = some.rows();
        while (k > 0 && is_near(some, k - 1))
            --k;
        near.begin = begin + k;
        more = k == 0;
    }
    for (bool more = true; more && near.end < rows;) {
        const TableData some = page(near.end, std::min(rows, near.end + tests_at_once));
        std::size_t k = 0;
        while (k < some.rows() && is_near(some, k))
            ++k;
        near.end += k;
        more = k == some.rows();
    }
    return near;
}

} // namespace

std::optional<std::uint64_t> largest_region(const H5File& association,
                                            const std::vector<TestedTrait>& traits,
                                            const LociParams& params) {
    const std::uint64_t rows = association.rows("variants");
    if (rows * traits.size() > most_tests_for_plan) return std::nullopt;
    const std::uint32_t reach = reach_of(params);
    std::vector<std::vector<Cluster>> found(traits.size());
    for (std::uint64_t begin = 0; begin < rows; begin += tests_at_once)
        find_in_rows(association, traits, {begin, std::min(rows, begin + tests_at_once)},
                     -std::log10(params.p_max), reach, found);
    std::uint64_t most = 0;
    for (const auto& clusters : found)
        for (const Cluster& cluster : clusters) {
            const VariantRange near = rows_near(association, cluster, reach);
            const auto tests = association.read_rows<double>(
                text("traits/", traits[cluster.trait].name, "/neg_log10_p"), near.begin,
                near.size());
            most =
                std::max(most, static_cast<std::uint64_t>(std::count_if(
                                   tests.begin(), tests.end(), [](double x) { return x == x; })));
        }
    return most;
}

std::vector<TestedTrait> tested_traits(const H5File& association, const LociParams& params) {
    if (!association.is_table("trait_summary") || !association.is_table("variants"))
        throw DataError({.what = "this is not an association result",
                         .where = association.path().string(),
                         .why = "it has no table variants or trait_summary",
                         .help = "give the result of the stage association"});
    const TableData summary =
        association.read("trait_summary", {"name", "kind", "n", "transformation"});
    const auto& names = summary.column<std::string>("name");
    std::vector<Problem> problems;
    for (const std::string& wanted : params.traits) {
        if (std::find(names.begin(), names.end(), wanted) != names.end()) continue;
        const auto near = nearest(wanted, names);
        problems.push_back(
            {.what = text("there is no trait \"", wanted, "\""),
             .where = association.path().string(),
             .why = text("the association result has: ", join(names, ", ")),
             .help = near ? text("did you mean \"", *near, "\"?") : "use one of these names"});
    }
    if (!problems.empty()) throw UsageError(std::move(problems));
    std::vector<TestedTrait> traits;
    for (std::size_t t = 0; t < names.size(); ++t) {
        const bool wanted =
            params.traits.empty() ||
            std::find(params.traits.begin(), params.traits.end(), names[t]) != params.traits.end();
        if (!wanted) continue;
        TestedTrait trait{.name = names[t],
                          .kind = summary.column<std::string>("kind")[t],
                          .n = summary.column<std::uint64_t>("n")[t],
                          .transformed = summary.column<std::string>("transformation")[t] ==
                                         "rank_inverse_normal"};
        if (trait.kind != "quantitative" && trait.kind != "binary")
            trait.skipped = text("kind \"", trait.kind, "\" has no conditional model");
        traits.push_back(std::move(trait));
    }
    return traits;
}

std::uint32_t reach_of(const LociParams& params) {
    return static_cast<std::uint32_t>(1000 * std::max(params.clump_kb, params.locus_kb));
}

std::vector<Cluster> find_clusters(const H5File& association,
                                   const std::vector<TestedTrait>& traits, const LociParams& params,
                                   RunContext& context) {
    const std::uint64_t rows = association.rows("variants");
    const double least = -std::log10(params.p_max);
    const std::uint32_t reach = reach_of(params);
    const Parts parts = context.for_each_unit(
        "significant", (rows + rows_per_unit - 1) / rows_per_unit,
        [&](std::uint64_t unit, PartWriter& part) {
            std::vector<std::vector<Cluster>> found(traits.size());
            const std::uint64_t end = std::min(rows, (unit + 1) * rows_per_unit);
            for (std::uint64_t begin = unit * rows_per_unit; begin < end; begin += tests_at_once)
                find_in_rows(association, traits, {begin, std::min(end, begin + tests_at_once)},
                             least, reach, found);
            part.write(as_table(found));
        });
    return read_once(context.comm(), "joining significant variants",
                     [&] { return join_parts(parts, traits.size(), reach); });
}

} // namespace salus::loci
