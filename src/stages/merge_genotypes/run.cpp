#include "base/error.hpp"
#include "base/text.hpp"
#include "genotype/sample_depths.hpp"
#include "genotype/store_assembly.hpp"
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

MergeCounters total_counters(const Parts& parts) {
    MergeCounters total;
    for (std::uint64_t unit = 0; unit < parts.size(); ++unit) {
        const auto values = parts.open(unit).read_array<std::uint64_t>("counters");
        SALUS_ASSERT(values.size() == 3);
        total.variants += values[0];
        total.left_out += values[1];
        total.filled += values[2];
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
        collectively(context.comm(), "opening genotype stores", [&] { return open_stores(paths); });
    const MergePlan plan = collectively(context.comm(), "comparing genotype stores",
                                        [&] { return plan_merge(stores, paths); });
    for (const std::string& warning : plan.warnings)
        context.log().warning(warning);
    const bool depths = collectively(context.comm(), "looking for read depths", [&] {
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
    context.publish_folder("genotypes", [&](const std::filesystem::path& folder) {
        const MergeCounters total = total_counters(parts);
        if (total.variants == 0)
            throw DataError(
                {.what = "the merged store is empty",
                 .where = paths.front().string(),
                 .why = text(with_thousands(total.left_out), " variants are not in all stores"),
                 .help = "give stores of the same sites, or set sites = \"union\""});
        const auto placed = place_store_parts(parts, folder, [&](std::uint64_t unit) {
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
