#include "base/text.hpp"
#include "models/duplicates.hpp"
#include "parallel/parallel_for.hpp"
#include "run/context.hpp"
#include "stages/quality/quality.hpp"
#include "stages/quality/sample_parts.hpp"
#include "stages/quality/sample_quality.hpp"
#include "stages/quality/variant_quality.hpp"
#include "store/packed_table.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace salus {
namespace {

constexpr std::uint64_t units_max = 2048;
constexpr std::uint64_t markers_wanted = 1008; // 42 signatures of 24
constexpr double marker_frequency_min = 0.2;
constexpr double marker_call_rate_min = 0.98;

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

/// Picks the first good variant of each of equal stretches of a unit for the duplicate search.
class MarkerPicker {
public:
    MarkerPicker(VariantRange unit, std::uint64_t unit_index, std::uint64_t unit_count)
        : unit_(unit) {
        const std::uint64_t stride = std::max<std::uint64_t>(1, unit_count / (2 * markers_wanted));
        wanted_ = unit_index % stride == 0 ? (2 * markers_wanted + unit_count - 1) / unit_count : 0;
    }
    void offer(const VariantBlock& block, std::size_t v, VariantClass c, const VariantQuality& q) {
        const double minor = std::min(q.alt_frequency, 1 - q.alt_frequency);
        if (wanted_ == 0 || !is_autosomal(c) || !(minor >= marker_frequency_min) ||
            q.call_rate < marker_call_rate_min)
            return;
        const std::uint64_t stretch =
            (block.first_variant() + v - unit_.begin) * wanted_ / unit_.size();
        if (stretch < next_) return;
        next_ = stretch + 1;
        const std::size_t bytes = packed_bytes(block.sample_count());
        rows_.resize(rows_.size() + bytes);
        block.unpack(v, std::span(rows_).last(bytes));
    }
    const std::vector<std::uint8_t>& rows() const noexcept { return rows_; }

private:
    VariantRange unit_;
    std::uint64_t wanted_ = 0, next_ = 0;
    std::vector<std::uint8_t> rows_;
};

/// Everything of one unit: the rows of its variants, its part of the sample statistics, its
/// markers.
class UnitQuality {
public:
    UnitQuality(const GenotypeSource& genotypes, const SexMasks& masks, const QualityParams& params,
                MarkerPicker picker)
        : samples(genotypes.samples().size()), genotypes_(genotypes), masks_(masks),
          params_(params), picker_(std::move(picker)) {}

    void add(VariantRange range) {
        genotypes_.read(range, block_);
        std::vector<Variant> rows = genotypes_.variants(range);
        std::vector<VariantQuality> quality(block_.size());
        std::vector<VariantFacts> facts(block_.size());
        parallel_for(block_.size(), [&](std::size_t v) {
            const VariantClass c = classify(rows[v], genotypes_.genome_build());
            const PloidyCounts counts = count_by_ploidy(block_, v, c, masks_);
            quality[v] = variant_quality(counts, params_);
            const double f = quality[v].alt_frequency;
            facts[v] = {.variant_class = c,
                        .counts = counts.people,
                        .expected_het = counts.people.called() == 0 ? 0 : 2 * f * (1 - f)};
        });
        add_samples(block_, facts, samples);
        for (std::size_t v = 0; v < block_.size(); ++v) {
            columns_.append(rows[v], quality[v]);
            passed += quality[v].fail_reason.empty() ? 1u : 0u;
            picker_.offer(block_, v, facts[v].variant_class, quality[v]);
        }
    }
    const std::vector<std::uint8_t>& markers() const noexcept { return picker_.rows(); }

    TableData variants{quality_variants_table()};
    SampleCounts samples;
    std::uint64_t passed = 0;

private:
    const GenotypeSource& genotypes_;
    const SexMasks& masks_;
    const QualityParams& params_;
    MarkerPicker picker_;
    VariantColumns columns_{variants};
    VariantBlock block_;
};

/// Variants per read: whole blocks, about 4 MiB of 2-bit rows, which stay in the cache.
std::uint64_t read_length(const GenotypeSource& genotypes) {
    const std::uint64_t block = std::max<std::uint64_t>(1, genotypes.block_variants());
    const std::uint64_t row = std::max<std::uint64_t>(1, packed_bytes(genotypes.samples().size()));
    return std::max(block,
                    std::min<std::uint64_t>(65536, (std::uint64_t{1} << 22) / row) / block * block);
}

void write_unit(PartWriter& part, UnitQuality& unit) {
    write_packed(part, unit.variants);
    unit.samples.finish();
    write_sample_counts(part, unit.samples, unit.passed);
    if (!unit.markers().empty())
        part.write_array<std::uint8_t>("markers", unit.markers(), {}, Compression::none);
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
    const auto genotypes = collectively(context.comm(), "opening the genotypes",
                                        [&] { return open_genotypes(context.input("genotypes")); });
    const SampleTable& samples = genotypes->samples();
    const SexMasks masks(samples);
    const auto units = quality_units(*genotypes);
    const std::uint64_t step = read_length(*genotypes);
    const Parts parts =
        context.for_each_unit("variants", units.size(), [&](std::uint64_t u, PartWriter& part) {
            UnitQuality unit(*genotypes, masks, params, MarkerPicker(units[u], u, units.size()));
            for (std::uint64_t begin = units[u].begin; begin < units[u].end; begin += step)
                unit.add({begin, std::min(units[u].end, begin + step)});
            write_unit(part, unit);
        });
    const CohortCounts counts = sum_sample_counts(context.comm(), parts, samples.size());
    context.publish("quality", [&](ResultWriter& out) {
        const auto same = search_duplicates(parts, samples.size(), params, context.log());
        const TableData rows = samples_table(samples, counts.samples, same, params);
        assemble_packed(out.file(), quality_variants_table(), parts);
        out.write(rows);
        report(context.log(), genotypes->variant_count(), counts.passed, rows);
    });
}

} // namespace salus
