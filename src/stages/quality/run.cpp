#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "models/duplicates.hpp"
#include "parallel/read_once.hpp"
#include "run/context.hpp"
#include "run/unit_tables.hpp"
#include "stages/quality/cohort.hpp"
#include "stages/quality/quality.hpp"
#include "stages/quality/sample_families.hpp"
#include "stages/quality/sample_parts.hpp"
#include "stages/quality/sample_quality.hpp"
#include "stages/quality/unit_quality.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace salus {
namespace {

constexpr std::uint64_t units_max = 2048;
constexpr std::uint64_t unit_genotypes_min = std::uint64_t{1} << 27; // about 20 ms of work
constexpr std::uint64_t units_wanted = 4; // also of small data, so that ranks share them

/// Work units, joined so that what a part costs beside its variants does not count, and that the
/// sample columns of all parts together stay small.
std::vector<VariantRange> quality_units(const GenotypeSource& genotypes) {
    const std::uint64_t samples = genotypes.samples().size();
    const auto fine = variant_units(genotypes.variant_count(), samples, genotypes.block_variants());
    if (fine.empty()) return {};
    const std::uint64_t small =
        unit_genotypes_min / std::max<std::uint64_t>(1, fine.front().size() * samples);
    const std::uint64_t join =
        std::max({std::uint64_t{1}, (fine.size() + units_max - 1) / units_max,
                  std::min<std::uint64_t>(small, fine.size() / units_wanted)});
    std::vector<VariantRange> units;
    for (std::uint64_t u = 0; u < fine.size(); u += join)
        units.push_back(
            {fine[u].begin, fine[std::min<std::uint64_t>(u + join, fine.size()) - 1].end});
    return units;
}

/// Variants per read: whole blocks, about 4 MiB of 2-bit rows, which stay in the cache.
std::uint64_t read_length(const GenotypeSource& genotypes) {
    const std::uint64_t block = std::max<std::uint64_t>(1, genotypes.block_variants());
    const std::uint64_t row = std::max<std::uint64_t>(1, packed_bytes(genotypes.samples().size()));
    return std::max(block,
                    std::min<std::uint64_t>(65536, (std::uint64_t{1} << 22) / row) / block * block);
}

/// Up to `markers_wanted` of the markers of all parts, evenly.
std::vector<std::uint8_t> read_markers(const Parts& parts, std::size_t samples) {
    const std::size_t bytes = packed_bytes(samples);
    std::vector<std::uint8_t> all;
    for (std::uint64_t u = 0; u < parts.size(); ++u) {
        const H5File part = parts.open(u);
        if (!part.exists("markers")) continue;
        const auto rows = part.read_array<std::uint8_t>("markers");
        all.insert(all.end(), rows.begin(), rows.end());
    }
    const std::size_t found = bytes == 0 ? 0 : all.size() / bytes;
    if (found <= markers_wanted) return all;
    for (std::size_t m = 0; m < markers_wanted; ++m)
        std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(m * found / markers_wanted * bytes),
                    bytes, all.begin() + static_cast<std::ptrdiff_t>(m * bytes));
    all.resize(markers_wanted * bytes);
    return all;
}

std::vector<std::size_t> search_duplicates(const Parts& parts, std::size_t samples,
                                           const QualityParams& params, const Log& log) {
    const MarkerPanel panel(read_markers(parts, samples), samples);
    const DuplicateSearch search{.concordance_min = params.duplicate_concordance_min};
    if (panel.markers() < search.compared_min)
        log.warning(text("only ", panel.markers(),
                         " common variants with few missing calls; "
                         "duplicates are not searched below ",
                         search.compared_min));
    return find_duplicates(panel, search);
}

CohortFiles cohort_files(const RunContext& context) {
    const auto file = [&](const char* port) {
        return context.has_input(port) ? std::optional(context.input(port)) : std::nullopt;
    };
    return {.sheet = file("sample_sheet"),
            .ancestry = file("ancestry"),
            .phenotypes = file("phenotypes")};
}

void report_cohort(const Log& log, const QualityCohort& cohort) {
    if (cohort.has_tests())
        log.info(text("tests by ", cohort.batches.size(), " batches, ", cohort.groups.size(),
                      " ancestry groups, ", cohort.status.empty() ? "no" : "cases and",
                      " controls, ", with_thousands(cohort.trios.size()), " trios"));
}

void report(const Log& log, std::uint64_t variants, std::uint64_t passed,
            const TableData& samples) {
    const auto& pass = samples.column<std::uint8_t>("pass");
    const auto& twins = samples.column<std::string>("duplicate_of");
    log.info(
        text(with_thousands(passed), " of ", with_thousands(variants), " variants and ",
             with_thousands(static_cast<std::uint64_t>(std::count(pass.begin(), pass.end(), 1))),
             " of ", with_thousands(pass.size()), " samples pass; ",
             std::count_if(twins.begin(), twins.end(), [](const auto& t) { return !t.empty(); }),
             " samples repeat the genome of another"));
}

} // namespace

void run_quality(const QualityParams& params, RunContext& context) {
    const auto genotypes = read_once(context.comm(), "opening the genotypes", [&] {
        return open_any_genotypes(context.input("genotypes"));
    });
    const SampleTable& samples = genotypes->samples();
    const QualityCohort cohort = read_once(context.comm(), "reading the cohort", [&] {
        return read_cohort(cohort_files(context), params, samples);
    });
    report_cohort(context.log(), cohort);
    const SexMasks masks(samples);
    const QualityRun run{
        .genotypes = *genotypes, .masks = masks, .cohort = cohort, .params = params};
    const auto units = quality_units(*genotypes);
    const std::uint64_t step = read_length(*genotypes);
    const Parts parts =
        context.for_each_unit("variants", units.size(), [&](std::uint64_t u, PartWriter& part) {
            UnitQuality unit(run, MarkerPicker(units[u], u, units.size()));
            for (std::uint64_t begin = units[u].begin; begin < units[u].end; begin += step)
                unit.add({begin, std::min(units[u].end, begin + step)});
            unit.write(part);
        });
    const CohortCounts counts = sum_sample_counts(context.comm(), parts, samples.size());
    const TrioCounts trios = sum_trio_counts(context.comm(), parts, cohort.trios.size());
    std::vector<TableSpec> specs{quality_variants_table()};
    if (cohort.has_tests()) specs.push_back(quality_tests_table());
    if (!cohort.groups.empty()) specs.push_back(quality_groups_table());
    if (!cohort.batches.empty()) specs.push_back(quality_batches_table());
    const UnitTables tables(context, parts, std::move(specs));
    context.publish("quality", [&](ResultWriter& out) {
        const auto same = search_duplicates(parts, samples.size(), params, context.log());
        const auto depths = read_sample_depths(context.input("genotypes"), samples.size());
        const TableData rows = samples_table({.samples = samples,
                                              .counts = counts.samples,
                                              .representative = same,
                                              .cohort = cohort,
                                              .trios = trios,
                                              .params = params,
                                              .depths = depths ? &*depths : nullptr});
        tables.write(out);
        out.write(rows);
        if (!cohort.trios.empty()) out.write(trios_table(samples, cohort, trios));
        if (!cohort.groups.empty() || !cohort.batches.empty()) out.write(sets_table(cohort, rows));
        report(context.log(), genotypes->variant_count(), counts.passed, rows);
    });
}

} // namespace salus
