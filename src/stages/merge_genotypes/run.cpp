#include "base/error.hpp"
#include "base/text.hpp"
#include "genotype/sample_depths.hpp"
#include "genotype/store_assembly.hpp"
#include "parallel/read_once.hpp"
#include "run/unit_tables.hpp"
#include "stages/merge_genotypes/merge_genotypes.hpp"
#include "stages/merge_genotypes/window.hpp"

#include <algorithm>
#include <array>

namespace salus {
namespace {

void write_counters(PartWriter& part, const MergeCounters& counted) {
    const std::array<std::uint64_t, 3> values{counted.variants, counted.left_out, counted.filled};
    part.write_array<std::uint64_t>("counters", values);
}

/// The counters of all units, and the variants of each.
struct Totals {
    MergeCounters counters;
    std::vector<std::uint64_t> variants; // [unit]
};

Totals total_counters(const Communicator& comm, const Parts& parts) {
    const auto values = unit_arrays(comm, parts, "counters", 3);
    Totals total;
    for (std::size_t at = 0; at < values.size(); at += 3) {
        total.variants.push_back(values[at]);
        total.counters.variants += values[at];
        total.counters.left_out += values[at + 1];
        total.counters.filled += values[at + 2];
    }
    return total;
}

std::string summary(const MergePlan& plan, const MergeCounters& total, std::size_t stores) {
    std::string line =
        text(with_thousands(stores), " stores of ",
             plan.kind == MergeKind::variants ? "the same samples" : "different samples", ": ",
             with_thousands(total.variants), " variants of ",
             with_thousands(plan.result.samples.size()), " samples");
    if (total.left_out > 0)
        line += text("; ", with_thousands(total.left_out), " not in all stores, left out");
    if (total.filled > 0)
        line += text("; ", with_thousands(total.filled), " not in all stores, filled as missing");
    return line;
}

} // namespace

void run_merge_genotypes(const MergeGenotypesParams& params, RunContext& context) {
    const auto& paths = context.inputs("genotypes");
    const GenotypeStores stores =
        read_once(context.comm(), "opening genotype stores", [&] { return open_stores(paths); });
    const MergePlan plan = read_once(context.comm(), "comparing genotype stores",
                                     [&] { return plan_merge(stores, paths); });
    for (const std::string& warning : plan.warnings)
        context.log().warning(warning);
    const bool depths = read_once(context.comm(), "looking for read depths", [&] {
        return std::any_of(paths.begin(), paths.end(), has_sample_depths);
    });
    if (depths)
        context.log().warning(
            "read depths of the stores (sample_depths) are not merged: they are of other variants "
            "than the result; run quality on each store for allele_imbalance");
    const MergeSites sites = params.sites == "union" ? MergeSites::all : MergeSites::intersection;

    const Parts parts = context.for_each_unit(
        "windows", plan.units.size(), [&](std::uint64_t unit, PartWriter& part) {
            GenotypePartWriter writer(part.file(), plan.result.samples.size(), plan.result.info);
            const MergeCounters counted =
                merge_unit(stores, plan, plan.units[unit], sites,
                           [&](const Variant& variant, const GenotypeView& view) {
                               writer.add(variant, view);
                           });
            writer.finish();
            write_counters(part, counted);
        });
    const Totals totals = total_counters(context.comm(), parts);
    const MergeCounters& total = totals.counters;
    context.publish_folder("genotypes", [&](const std::filesystem::path& folder) {
        if (total.variants == 0)
            throw DataError(
                {.what = "the merged store is empty",
                 .where = paths.front().string(),
                 .why = text(with_thousands(total.left_out), " variants are not in all stores"),
                 .help = "give stores of the same sites, or set sites = \"union\""});
        const auto placed =
            place_store_parts(parts, totals.variants, folder, [&](std::uint64_t unit) {
                return text("window of ", plan.chromosomes[plan.units[unit].chromosome].name);
            });
        H5File index = H5File::create(folder / "index.h5");
        write_genotype_index(index, folder, plan.result, placed);
        index.attribute("/", "merge_stores", static_cast<std::int64_t>(stores.size()));
        index.attribute("/", "merge_variants_left_out", static_cast<std::int64_t>(total.left_out));
        index.attribute("/", "merge_variants_filled", static_cast<std::int64_t>(total.filled));
        context.add_provenance(index);
        index.attribute("/", "complete", std::int64_t{1});
        index.close();
        context.log().info(summary(plan, total, stores.size()));
    });
}

} // namespace salus
