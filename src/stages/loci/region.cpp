#include "stages/loci/region.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "genotype/store_layout.hpp"

#include <algorithm>

namespace salus::loci {
namespace {

constexpr std::uint64_t margin_rows = 4096;

[[noreturn]] void throw_other_store(const H5File& association, std::uint64_t row) {
    throw DataError({.what = text("row ", row + 1,
                                  " of the association result is another variant "
                                  "than that of the genotypes"),
                     .where = association.path().string(),
                     .why = "its rows must be the variants of the genotype store in their order",
                     .help = "run association on this genotype store"});
}

// Rows of the chromosome whose positions are in [start, end]; some row of them is known.
VariantRange find_rows(const GenotypeSource& genotypes, const Cluster& cluster, std::uint64_t start,
                       std::uint64_t end) {
    const auto inside = [&](const Variant& variant) {
        return shown_text(variant.chromosome) == cluster.chromosome && variant.position >= start &&
               variant.position <= end;
    };
    VariantRange rows{cluster.first_row, cluster.last_row + 1};
    while (rows.begin > 0) {
        const std::uint64_t from = rows.begin - std::min(rows.begin, margin_rows);
        const auto some = genotypes.variants({from, rows.begin});
        const auto outside = std::find_if_not(some.rbegin(), some.rend(), inside);
        rows.begin -= static_cast<std::uint64_t>(outside - some.rbegin());
        if (outside != some.rend()) break;
    }
    while (rows.end < genotypes.variant_count()) {
        const auto some = genotypes.variants(
            {rows.end, std::min(genotypes.variant_count(), rows.end + margin_rows)});
        const auto outside = std::find_if_not(some.begin(), some.end(), inside);
        rows.end += static_cast<std::uint64_t>(outside - some.begin());
        if (outside != some.end()) break;
    }
    return rows;
}

void check_same_variants(const Region& region, const H5File& association) {
    const TableData rows = association.read_rows("variants", region.first_row, region.size());
    for (std::size_t v = 0; v < region.size(); ++v) {
        const Variant& variant = region.variants[v];
        const bool same =
            rows.column<std::string>("chromosome")[v] == shown_text(variant.chromosome) &&
            rows.column<std::uint32_t>("base_pair_location")[v] == variant.position &&
            rows.column<std::string>("other_allele")[v] == shown_text(variant.ref) &&
            rows.column<std::string>("effect_allele")[v] == shown_text(variant.alt);
        if (!same) throw_other_store(association, region.first_row + v);
    }
}

} // namespace

Region read_region(const GenotypeSource& genotypes, const H5File& association,
                   const TestedTrait& trait, const Cluster& cluster, std::uint32_t reach) {
    const std::uint64_t start = cluster.first_position - std::min(cluster.first_position, reach);
    const VariantRange rows =
        find_rows(genotypes, cluster, start, std::uint64_t{cluster.last_position} + reach);
    Region region{.first_row = rows.begin, .variants = genotypes.variants(rows)};
    check_same_variants(region, association);
    const auto ascend =
        std::is_sorted(region.variants.begin(), region.variants.end(),
                       [](const Variant& a, const Variant& b) { return a.position < b.position; });
    if (!ascend)
        throw DataError(
            {.what = text("positions on chromosome ", cluster.chromosome, " do not ascend"),
             .where = "genotypes",
             .why = "a locus is a stretch of neighbouring variants",
             .help = "sort the genotype files before ingest"});
    const auto read = [&](const char* column) {
        return association.read_rows<double>(text("traits/", trait.name, "/", column), rows.begin,
                                             rows.size());
    };
    region.neg_log10_p = read("neg_log10_p");
    region.beta = read("beta");
    region.standard_error = read("standard_error");
    region.frequency = read("effect_allele_frequency");
    return region;
}

bool overlaps_hla(std::string_view genome_build, std::string_view chromosome, std::uint32_t start,
                  std::uint32_t end) noexcept {
    if (chromosome != "6" && chromosome != "chr6") return false;
    const bool newer = genome_build == "GRCh38";
    return end >= (newer ? 24'999'772u : 25'000'000u) &&
           start <= (newer ? 34'032'223u : 34'000'000u);
}

std::vector<Window> merge_windows(const Region& region, std::span<const std::size_t> index_variants,
                                  std::uint32_t half_width) {
    std::vector<Window> windows;
    for (const std::size_t v : index_variants) {
        const std::uint32_t position = region.variants[v].position;
        const std::uint32_t start = position > half_width ? position - half_width : 1;
        const std::uint32_t end =
            position <= UINT32_MAX - half_width ? position + half_width : UINT32_MAX;
        if (windows.empty() || start > windows.back().end) windows.push_back({start, end, {}});
        windows.back().end = end;
        windows.back().index_variants.push_back(v);
    }
    return windows;
}

} // namespace salus::loci
