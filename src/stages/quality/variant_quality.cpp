#include "stages/quality/variant_quality.hpp"

#include "genotype/store_layout.hpp"
#include "models/hwe.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace salus {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

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

VariantQuality variant_quality(const PloidyCounts& counts, const QualityParams& params) {
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
    if (params.hwe_p_min > 0 && q.hwe_midp_neg_log10_p > -std::log10(params.hwe_p_min))
        add_reason(q.fail_reason, "hardy_weinberg");
    if (q.minor_allele_count < static_cast<std::uint64_t>(params.minor_allele_count_min))
        add_reason(q.fail_reason, "low_minor_allele_count");
    return q;
}

void append_row(TableData& table, const Variant& variant, const VariantQuality& q) {
    const auto number = [&](const char* name, std::uint64_t value) {
        table.column<std::uint32_t>(name).push_back(static_cast<std::uint32_t>(value));
    };
    const auto real = [&](const char* name, double value) {
        table.column<double>(name).push_back(value);
    };
    const auto words = [&](const char* name, const std::string& value) {
        table.column<std::string>(name).push_back(value);
    };
    words("chromosome", variant.chromosome);
    number("base_pair_location", variant.position);
    words("variant_id", shown_text(variant.id));
    words("other_allele", shown_text(variant.ref));
    words("effect_allele", shown_text(variant.alt));
    number("hom_ref", q.people.hom_ref);
    number("het", q.people.het);
    number("hom_alt", q.people.hom_alt);
    number("missing", q.people.missing);
    real("call_rate", q.call_rate);
    real("alt_frequency", q.alt_frequency);
    number("minor_allele_count", q.minor_allele_count);
    real("hwe_neg_log10_p", q.hwe_neg_log10_p);
    real("hwe_midp_neg_log10_p", q.hwe_midp_neg_log10_p);
    table.column<std::uint8_t>("pass").push_back(q.fail_reason.empty() ? 1 : 0);
    words("fail_reason", q.fail_reason);
}

} // namespace salus
