#include "stages/quality/variant_quality.hpp"

#include "base/numbers.hpp"
#include "genotype/store_layout.hpp"
#include "models/hwe.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace salus {
namespace {

SampleMask mask_of(const SampleTable& table, Sex sex) {
    std::vector<std::uint8_t> members(table.size());
    std::transform(table.sex.begin(), table.sex.end(), members.begin(),
                   [&](Sex s) { return static_cast<std::uint8_t>(s == sex); });
    return SampleMask(members);
}

GenotypeCounts count(const VariantBlock& block, std::size_t v, const SampleMask& mask) {
    return block.is_carrier_list(v) ? count_genotypes(block.carriers(v), mask)
                                    : count_genotypes(block.row(v), mask);
}

GenotypeCounts count(const VariantBlock& block, std::size_t v) {
    return block.is_carrier_list(v) ? count_genotypes(block.carriers(v), block.sample_count())
                                    : count_genotypes(block.row(v), block.sample_count());
}

void add_reason(std::string& reasons, std::string_view reason) {
    if (!reasons.empty()) reasons += ';';
    reasons += reason;
}

} // namespace

SexMasks::SexMasks(const SampleTable& table)
    : male(mask_of(table, Sex::male)), female(mask_of(table, Sex::female)), samples(table.size()) {}

PloidyCounts count_by_ploidy(const VariantBlock& block, std::size_t v, VariantClass variant_class,
                             const SexMasks& masks) {
    switch (variant_class) {
    case VariantClass::x_linked:
        return {.people = count(block, v),
                .haploid = count(block, v, masks.male),
                .hardy = count(block, v, masks.female)};
    case VariantClass::y_linked: {
        const GenotypeCounts males = count(block, v, masks.male);
        return {.people = males, .haploid = males, .hardy = {}, .tests_hardy = false};
    }
    case VariantClass::mitochondrial: {
        const GenotypeCounts all = count(block, v);
        return {.people = all, .haploid = all, .hardy = {}, .tests_hardy = false};
    }
    default: {
        const GenotypeCounts all = count(block, v);
        return {.people = all, .haploid = {}, .hardy = all};
    }
    }
}

double AlleleTally::alt_frequency() const noexcept {
    return half_all == 0 ? nan : static_cast<double>(half_alt) / static_cast<double>(half_all);
}

std::uint64_t AlleleTally::minor() const noexcept {
    return std::min(half_alt, half_all - half_alt) / 2;
}

AlleleTally count_alleles(const PloidyCounts& counts) noexcept {
    return {.half_alt = 2 * counts.people.alt_copies() - counts.haploid.alt_copies(),
            .half_all = 4 * counts.people.called() - 2 * counts.haploid.called()};
}

VariantQuality variant_quality(const PloidyCounts& counts, const QualityParams& params,
                               std::optional<double> deciding_hwe) {
    const GenotypeCounts& people = counts.people;
    const AlleleTally alleles = count_alleles(counts);
    const std::uint64_t expected = people.called() + people.missing;
    VariantQuality q{.people = people,
                     .call_rate = expected == 0 ? nan
                                                : static_cast<double>(people.called()) /
                                                      static_cast<double>(expected),
                     .alt_frequency = alleles.alt_frequency(),
                     .minor_allele_count = alleles.minor(),
                     .hwe_neg_log10_p = nan,
                     .hwe_midp_neg_log10_p = nan,
                     .fail_reason = {}};
    if (counts.tests_hardy && counts.hardy.called() > 0) {
        const auto test =
            hardy_weinberg(counts.hardy.hom_ref, counts.hardy.het, counts.hardy.hom_alt);
        q.hwe_neg_log10_p = test.neg_log10_p;
        q.hwe_midp_neg_log10_p = test.neg_log10_midp;
    }
    if (q.call_rate < params.variant_call_rate_min) add_reason(q.fail_reason, "low_call_rate");
    if (params.hwe_p_min > 0 &&
        deciding_hwe.value_or(q.hwe_midp_neg_log10_p) > -std::log10(params.hwe_p_min))
        add_reason(q.fail_reason, "hardy_weinberg");
    if (q.minor_allele_count < static_cast<std::uint64_t>(params.minor_allele_count_min))
        add_reason(q.fail_reason, "low_minor_allele_count");
    return q;
}

VariantColumns::VariantColumns(TableData& table)
    : chromosome(table.column<std::string>("chromosome")),
      variant_id(table.column<std::string>("variant_id")),
      other_allele(table.column<std::string>("other_allele")),
      effect_allele(table.column<std::string>("effect_allele")),
      fail_reason(table.column<std::string>("fail_reason")),
      position(table.column<std::uint32_t>("base_pair_location")),
      hom_ref(table.column<std::uint32_t>("hom_ref")), het(table.column<std::uint32_t>("het")),
      hom_alt(table.column<std::uint32_t>("hom_alt")),
      missing(table.column<std::uint32_t>("missing")),
      minor_allele_count(table.column<std::uint32_t>("minor_allele_count")),
      call_rate(table.column<double>("call_rate")),
      alt_frequency(table.column<double>("alt_frequency")),
      hwe_neg_log10_p(table.column<double>("hwe_neg_log10_p")),
      hwe_midp_neg_log10_p(table.column<double>("hwe_midp_neg_log10_p")),
      pass(table.column<std::uint8_t>("pass")) {}

void VariantColumns::append(Variant& variant, const VariantQuality& q) {
    const auto shown = [](std::string& value) {
        return value.size() <= long_text_bytes ? std::move(value) : shown_text(value);
    };
    chromosome.push_back(std::move(variant.chromosome));
    variant_id.push_back(shown(variant.id));
    other_allele.push_back(shown(variant.ref));
    effect_allele.push_back(shown(variant.alt));
    position.push_back(variant.position);
    hom_ref.push_back(static_cast<std::uint32_t>(q.people.hom_ref));
    het.push_back(static_cast<std::uint32_t>(q.people.het));
    hom_alt.push_back(static_cast<std::uint32_t>(q.people.hom_alt));
    missing.push_back(static_cast<std::uint32_t>(q.people.missing));
    minor_allele_count.push_back(static_cast<std::uint32_t>(q.minor_allele_count));
    call_rate.push_back(q.call_rate);
    alt_frequency.push_back(q.alt_frequency);
    hwe_neg_log10_p.push_back(q.hwe_neg_log10_p);
    hwe_midp_neg_log10_p.push_back(q.hwe_midp_neg_log10_p);
    pass.push_back(q.fail_reason.empty() ? 1 : 0);
    fail_reason.push_back(q.fail_reason);
}

} // namespace salus
