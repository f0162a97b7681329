#include "stages/quality/unit_quality.hpp"

#include "parallel/parallel_for.hpp"
#include "stages/quality/sample_parts.hpp"
#include "store/packed_table.hpp"

#include <algorithm>

namespace salus {
namespace {

constexpr double marker_frequency_min = 0.2;
constexpr double marker_call_rate_min = 0.98;

} // namespace

void MarkerPicker::offer(const VariantBlock& block, std::size_t v, VariantClass c,
                         const VariantQuality& q) {
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

UnitQuality::UnitQuality(const QualityRun& run, MarkerPicker picker)
    : run_(run), picker_(std::move(picker)), variants_(quality_variants_table()),
      columns_(variants_), samples_(run.genotypes.samples().size()) {
    if (run.cohort.has_tests()) tests_.emplace(run.cohort);
}

void UnitQuality::examine(std::size_t v, const Variant& variant, OfVariant& out) const {
    const VariantClass c = classify(variant, run_.genotypes.genome_build());
    const PloidyCounts counts = count_by_ploidy(block_, v, c, run_.masks);
    std::optional<double> deciding_hwe;
    if (tests_) {
        out.tests =
            test_variant(block_, v, c, run_.cohort, run_.genotypes.samples().sex, run_.params);
        deciding_hwe = out.tests->deciding_hwe(run_.params);
    }
    out.quality = variant_quality(counts, run_.params, deciding_hwe);
    if (tests_) mark_tests(*out.tests, run_.cohort.trios.size(), run_.params, out.quality);
    const double f = out.quality.alt_frequency;
    out.facts = {.variant_class = c,
                 .counts = counts.people,
                 .expected_het = counts.people.called() == 0 ? 0 : 2 * f * (1 - f)};
}

void UnitQuality::add(VariantRange range) {
    run_.genotypes.read(range, block_);
    std::vector<Variant> rows = run_.genotypes.variants(range);
    std::vector<OfVariant> found(block_.size());
    parallel_for(block_.size(), [&](std::size_t v) { examine(v, rows[v], found[v]); });
    std::vector<VariantFacts> facts(block_.size());
    for (std::size_t v = 0; v < block_.size(); ++v)
        facts[v] = found[v].facts;
    add_samples(block_, facts, samples_);
    for (std::size_t v = 0; v < block_.size(); ++v) {
        const VariantQuality& quality = found[v].quality;
        columns_.append(rows[v], quality);
        passed_ += quality.fail_reason.empty() ? 1u : 0u;
        picker_.offer(block_, v, facts[v].variant_class, quality);
        if (tests_) tests_->append(range.begin + v, *found[v].tests);
    }
}

void UnitQuality::write(PartWriter& part) {
    write_unit_table(part, variants_);
    samples_.finish();
    write_sample_counts(part, samples_, passed_);
    if (!picker_.rows().empty())
        part.write_array<std::uint8_t>("markers", picker_.rows(), {}, Compression::none);
    if (!tests_) return;
    write_unit_table(part, tests_->tests);
    if (!run_.cohort.groups.empty()) write_unit_table(part, tests_->groups);
    if (!run_.cohort.batches.empty()) write_unit_table(part, tests_->batches);
    if (run_.cohort.trios.empty()) return;
    part.write_array<std::uint32_t>("trios/errors", tests_->trio_errors, {}, Compression::none);
    part.write_array<std::uint32_t>("trios/judged", tests_->trio_judged, {}, Compression::none);
}

} // namespace salus
