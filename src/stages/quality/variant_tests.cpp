#include "stages/quality/variant_tests.hpp"

#include "base/numbers.hpp"
#include "models/contingency.hpp"
#include "models/hwe.hpp"
#include "stages/quality/mendel_errors.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

std::vector<GenotypeCounts> count_masks(const VariantBlock& block, std::size_t v,
                                        const Partition& partition,
                                        const std::vector<SampleMask>& masks) {
    std::vector<GenotypeCounts> counts(masks.size());
    if (!block.is_carrier_list(v)) {
        for (std::size_t l = 0; l < masks.size(); ++l)
            counts[l] = count_genotypes(block.row(v), masks[l]);
        return counts;
    }
    for (const Carrier carrier : block.carriers(v)) {
        const std::size_t sample = carrier_sample(carrier);
        const std::uint32_t l = partition.label[sample];
        if (l == Partition::none || !masks[l].contains(sample)) continue;
        const std::uint8_t call = carrier_call(carrier);
        counts[l].het += call == het ? 1u : 0u;
        counts[l].hom_alt += call == hom_alt ? 1u : 0u;
        counts[l].missing += call == missing ? 1u : 0u;
    }
    for (std::size_t l = 0; l < masks.size(); ++l)
        counts[l].hom_ref =
            masks[l].count() - counts[l].het - counts[l].hom_alt - counts[l].missing;
    return counts;
}

double rate(const GenotypeCounts& people) noexcept {
    const std::uint64_t all = people.called() + people.missing;
    return all == 0 ? nan : static_cast<double>(people.called()) / static_cast<double>(all);
}

HardyWeinberg hwe_of(const PloidyCounts& counts) noexcept {
    if (!counts.tests_hardy || counts.hardy.called() == 0) return {nan, nan};
    return hardy_weinberg(counts.hardy.hom_ref, counts.hardy.het, counts.hardy.hom_alt);
}

PartQuality part_quality(const PloidyCounts& counts) {
    const HardyWeinberg hwe = hwe_of(counts);
    return {.called = static_cast<std::uint32_t>(counts.people.called()),
            .call_rate = rate(counts.people),
            .alt_frequency = count_alleles(counts).alt_frequency(),
            .hwe_neg_log10_p = hwe.neg_log10_p,
            .hwe_midp_neg_log10_p = hwe.neg_log10_midp};
}

void test_batches(std::span<const PloidyCounts> counts, VariantTests& out) {
    std::vector<TwoCounts> calls, alleles;
    for (const PloidyCounts& c : counts) {
        out.batches.push_back(part_quality(c));
        const double call_rate = out.batches.back().call_rate;
        if (!(out.batch_call_rate_min <= call_rate) && !std::isnan(call_rate))
            out.batch_call_rate_min = call_rate;
        calls.push_back({c.people.called(), c.people.missing});
        const AlleleTally tally = count_alleles(c);
        alleles.push_back({tally.half_alt / 2, (tally.half_all - tally.half_alt) / 2});
    }
    out.batch_missing_neg_log10_p = same_shares_neg_log10_p(calls);
    out.batch_frequency_neg_log10_p = same_shares_neg_log10_p(alleles);
}

void test_groups(std::span<const PloidyCounts> counts, std::span<const PloidyCounts> hardy,
                 const QualityParams& params, VariantTests& out) {
    for (std::size_t g = 0; g < counts.size(); ++g) {
        PartQuality part = part_quality(counts[g]);
        const HardyWeinberg hwe = hwe_of(hardy[g]);
        part.hwe_neg_log10_p = hwe.neg_log10_p;
        part.hwe_midp_neg_log10_p = hwe.neg_log10_midp;
        out.groups.push_back(part);
        if (hardy[g].hardy.called() >= static_cast<std::uint64_t>(params.hwe_group_min) &&
            !(out.hwe_groups_midp_neg_log10_p >= hwe.neg_log10_midp))
            out.hwe_groups_midp_neg_log10_p = hwe.neg_log10_midp;
    }
}

void test_status(std::span<const PloidyCounts> counts, VariantTests& out) {
    const GenotypeCounts &control = counts[0].people, &cases = counts[1].people;
    out.control_call_rate = rate(control);
    out.case_call_rate = rate(cases);
    if (!std::isnan(out.control_call_rate) && !std::isnan(out.case_call_rate))
        out.case_missing_neg_log10_p = fisher_neg_log10_p({cases.missing, cases.called()},
                                                          {control.missing, control.called()});
    const HardyWeinberg hwe = hwe_of(counts[0]);
    out.hwe_controls_neg_log10_p = hwe.neg_log10_p;
    out.hwe_controls_midp_neg_log10_p = hwe.neg_log10_midp;
}

} // namespace

std::vector<PloidyCounts> count_parts(const VariantBlock& block, std::size_t v,
                                      VariantClass variant_class, const Partition& partition) {
    std::vector<PloidyCounts> out(partition.size());
    const auto counts = [&](const std::vector<SampleMask>& masks) {
        return count_masks(block, v, partition, masks);
    };
    const auto people =
        counts(variant_class == VariantClass::y_linked ? partition.males : partition.everybody);
    for (std::size_t l = 0; l < out.size(); ++l)
        out[l].people = people[l];
    if (variant_class == VariantClass::x_linked) {
        const auto males = counts(partition.males), females = counts(partition.females);
        for (std::size_t l = 0; l < out.size(); ++l)
            out[l].haploid = males[l], out[l].hardy = females[l];
        return out;
    }
    const bool haploid =
        variant_class == VariantClass::y_linked || variant_class == VariantClass::mitochondrial;
    for (PloidyCounts& c : out) {
        (haploid ? c.haploid : c.hardy) = c.people;
        c.tests_hardy = !haploid;
    }
    return out;
}

std::optional<double> VariantTests::deciding_hwe(const QualityParams& params) const noexcept {
    if (params.hwe_within == "groups") return hwe_groups_midp_neg_log10_p;
    if (!params.hwe_trait.empty()) return hwe_controls_midp_neg_log10_p;
    return std::nullopt;
}

VariantTests test_variant(const VariantBlock& block, std::size_t v, VariantClass variant_class,
                          const QualityCohort& cohort, std::span<const Sex> sex,
                          const QualityParams& params) {
    VariantTests out{nan, nan, nan, nan, nan, nan, nan, nan, nan, {}, {}, {}, {}, false};
    const auto counts = [&](const Partition& partition) {
        return count_parts(block, v, variant_class, partition);
    };
    if (!cohort.batches.empty()) test_batches(counts(cohort.batches), out);
    if (!cohort.groups.empty()) {
        const auto all = counts(cohort.groups);
        if (cohort.group_controls.empty())
            test_groups(all, all, params, out);
        else
            test_groups(all, counts(cohort.group_controls), params, out);
    }
    if (!cohort.status.empty()) test_status(counts(cohort.status), out);
    if (!cohort.trios.empty()) find_mendel_errors(block, v, variant_class, cohort, sex, out);
    return out;
}

void mark_tests(const VariantTests& tests, std::size_t trios, const QualityParams& params,
                VariantQuality& quality) {
    const auto add = [&](bool fails, const char* reason) {
        if (!fails) return;
        if (!quality.fail_reason.empty()) quality.fail_reason += ';';
        quality.fail_reason += reason;
    };
    const auto below = [](double neg_log10_p, double p_min) {
        return p_min > 0 && neg_log10_p > -std::log10(p_min);
    };
    add(tests.batch_call_rate_min < params.batch_call_rate_min, "low_batch_call_rate");
    add(below(tests.batch_missing_neg_log10_p, params.batch_missing_p_min), "batch_missingness");
    add(below(tests.batch_frequency_neg_log10_p, params.batch_frequency_p_min), "batch_frequency");
    add(below(tests.case_missing_neg_log10_p, params.case_missing_p_min), "case_missingness");
    const auto judged = static_cast<double>(trios - tests.mendel_unjudged.size());
    add(tests.mendel_tested && judged > 0 &&
            static_cast<double>(tests.mendel_errors.size()) >
                params.variant_mendel_rate_max * judged,
        "mendel_errors");
}

TestTables::TestTables(const QualityCohort& cohort)
    : tests(quality_tests_table()), groups(quality_groups_table()),
      batches(quality_batches_table()), trio_errors(cohort.trios.size()),
      trio_judged(cohort.trios.size()), cohort_(cohort) {}

namespace {

/// Appends one row per part, named in column `name`.
void append_parts(TableData& table, const char* name, std::uint64_t variant,
                  const Partition& partition, std::span<const PartQuality> parts, bool hwe) {
    for (std::size_t l = 0; l < parts.size(); ++l) {
        const PartQuality& q = parts[l];
        table.column<std::uint64_t>("variant_row").push_back(variant);
        table.column<std::string>(name).push_back(partition.names[l]);
        table.column<std::uint32_t>("called").push_back(q.called);
        table.column<double>("call_rate").push_back(q.call_rate);
        table.column<double>("alt_frequency").push_back(q.alt_frequency);
        if (!hwe) continue;
        table.column<double>("hwe_neg_log10_p").push_back(q.hwe_neg_log10_p);
        table.column<double>("hwe_midp_neg_log10_p").push_back(q.hwe_midp_neg_log10_p);
    }
}

} // namespace

void TestTables::append(std::uint64_t variant, const VariantTests& t) {
    const auto real = [&](const char* name, double value) {
        tests.column<double>(name).push_back(value);
    };
    real("batch_call_rate_min", t.batch_call_rate_min);
    real("batch_missing_neg_log10_p", t.batch_missing_neg_log10_p);
    real("batch_frequency_neg_log10_p", t.batch_frequency_neg_log10_p);
    real("control_call_rate", t.control_call_rate);
    real("case_call_rate", t.case_call_rate);
    real("case_missing_neg_log10_p", t.case_missing_neg_log10_p);
    real("hwe_controls_neg_log10_p", t.hwe_controls_neg_log10_p);
    real("hwe_controls_midp_neg_log10_p", t.hwe_controls_midp_neg_log10_p);
    real("hwe_groups_midp_neg_log10_p", t.hwe_groups_midp_neg_log10_p);
    append_parts(groups, "group", variant, cohort_.groups, t.groups, true);
    append_parts(batches, "batch", variant, cohort_.batches, t.batches, false);
    const std::size_t trios = cohort_.trios.size();
    const std::size_t judged = t.mendel_tested ? trios - t.mendel_unjudged.size() : 0;
    tests.column<std::uint32_t>("mendel_trios").push_back(static_cast<std::uint32_t>(judged));
    tests.column<std::uint32_t>("mendel_errors")
        .push_back(static_cast<std::uint32_t>(t.mendel_errors.size()));
    if (!t.mendel_tested) return;
    for (std::uint32_t& n : trio_judged)
        ++n;
    for (const std::uint32_t trio : t.mendel_unjudged)
        --trio_judged[trio];
    for (const std::uint32_t trio : t.mendel_errors)
        ++trio_errors[trio];
}

} // namespace salus
