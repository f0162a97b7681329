#include "stages/quality/sample_quality.hpp"

#include "base/numbers.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

double ratio(double part, double whole) noexcept { return whole > 0 ? part / whole : nan; }

/// Calls of one sample over several classes.
struct Calls {
    std::uint64_t variants = 0, het = 0, hom_alt = 0, missing = 0;
    std::uint64_t called() const noexcept { return variants - missing; }
};

Calls calls_of(const SampleCounts& counts, std::size_t sample, VariantClass c) noexcept {
    const ClassCounts& k = counts.by_class[static_cast<std::size_t>(c)];
    if (k.het.empty()) return {};
    return {k.variants, k.het[sample], k.hom_alt[sample], k.missing[sample]};
}

Calls operator+(const Calls& a, const Calls& b) noexcept {
    return {a.variants + b.variants, a.het + b.het, a.hom_alt + b.hom_alt, a.missing + b.missing};
}

double as_double(std::uint64_t n) noexcept { return static_cast<double>(n); }

double inbreeding(std::uint64_t het, std::uint64_t expected_units) noexcept {
    return expected_units == 0 ? nan
                               : 1 - as_double(het) / (as_double(expected_units) * expected_unit);
}

/// F on X of a recorded male. Readers may set heterozygous calls missing where one copy is
/// expected, which would make every recorded male look male. So calls lost on X beyond the
/// autosomal rate count as heterozygous if with them F would no longer be that of a male.
double male_x_f(const SampleCounts& counts, std::size_t sample, const Calls& x,
                const Calls& autosomal, const QualityParams& params) noexcept {
    const std::uint64_t in_missing = counts.expected_het_missing_x[sample];
    const double plain = inbreeding(x.het, counts.expected_het_x - in_missing);
    if (autosomal.variants == 0 || x.missing == 0) return plain;
    const double usual =
        as_double(x.variants) * as_double(autosomal.missing) / as_double(autosomal.variants);
    const double lost = std::floor(std::max(0.0, as_double(x.missing) - usual));
    const double kept = 1 - lost / as_double(x.missing);
    const double expected = as_double(counts.expected_het_x) - kept * as_double(in_missing);
    const double with_lost = 1 - (as_double(x.het) + lost) / (expected * expected_unit);
    return with_lost < params.male_f_min ? with_lost : plain;
}

struct Spread {
    double mean = nan, sd = nan;
};

/// Mean and standard deviation of heterozygosity over the chosen samples with enough calls, in
/// sample order.
template <class Chosen>
Spread heterozygosity_spread(std::span<const SampleQuality> all, const QualityParams& params,
                             Chosen&& chosen) {
    double n = 0, sum = 0, squares = 0;
    const auto for_each = [&](auto&& use) {
        for (std::size_t i = 0; i < all.size(); ++i)
            if (chosen(i) && all[i].call_rate >= params.sample_call_rate_min &&
                !std::isnan(all[i].heterozygosity))
                use(all[i].heterozygosity);
    };
    for_each([&](double h) { ++n, sum += h; });
    if (n < 2) return {};
    for_each([&](double h) { squares += (h - sum / n) * (h - sum / n); });
    return {sum / n, std::sqrt(squares / (n - 1))};
}

/// [sample] the spread that it is measured by; of samples without a group none.
std::vector<Spread> spread_of_samples(const SampleFacts& facts,
                                      std::span<const SampleQuality> quality) {
    if (facts.params.heterozygosity_within != "groups")
        return std::vector<Spread>(
            quality.size(),
            heterozygosity_spread(quality, facts.params, [](std::size_t) { return true; }));
    const Partition& groups = facts.cohort.groups;
    std::vector<Spread> of_group;
    for (std::uint32_t g = 0; g < groups.size(); ++g)
        of_group.push_back(heterozygosity_spread(
            quality, facts.params, [&](std::size_t i) { return groups.label[i] == g; }));
    std::vector<Spread> spread(quality.size());
    for (std::size_t i = 0; i < quality.size(); ++i)
        if (groups.label[i] != Partition::none) spread[i] = of_group[groups.label[i]];
    return spread;
}

/// [sample] whether it is the child of a trio with too many Mendel errors.
std::vector<std::uint8_t> strange_children(const SampleFacts& facts) {
    std::vector<std::uint8_t> strange(facts.samples.size(), 0);
    for (std::size_t t = 0; t < facts.cohort.trios.size(); ++t)
        if (facts.trios.rate(t) > facts.params.trio_mendel_rate_max)
            strange[facts.cohort.trios[t].child] = 1;
    return strange;
}

/// Of every group of equal genomes the sample to keep.
std::vector<std::size_t> best_of_group(std::span<const std::size_t> representative,
                                       std::span<const SampleQuality> quality) {
    std::vector<std::size_t> best(representative.begin(), representative.end());
    for (std::size_t i = 0; i < representative.size(); ++i) {
        std::size_t& kept = best[representative[i]];
        if (quality[i].call_rate > quality[kept].call_rate) kept = i;
    }
    for (std::size_t i = 0; i < representative.size(); ++i)
        if (representative[i] != i) best[i] = best[representative[i]];
    return best;
}

struct Standing {
    Sex recorded = Sex::unknown;
    bool duplicate = false, strange_child = false;
    Spread spread;
};

std::string reasons_of(const SampleQuality& q, const Standing& standing,
                       const QualityParams& params) {
    const Sex recorded = standing.recorded;
    const Spread& spread = standing.spread;
    std::string reasons;
    const auto add = [&](bool fails, const char* reason) {
        if (!fails) return;
        if (!reasons.empty()) reasons += ';';
        reasons += reason;
    };
    add(!(q.call_rate >= params.sample_call_rate_min), "low_call_rate");
    const double distance = (q.heterozygosity - spread.mean) / spread.sd;
    add(distance > params.heterozygosity_sd_max, "excess_heterozygosity");
    add(distance < -params.heterozygosity_sd_max, "low_heterozygosity");
    add(params.fail_sex_mismatch && recorded != Sex::unknown && q.genetic_sex != Sex::unknown &&
            recorded != q.genetic_sex,
        "sex_mismatch");
    add(params.fail_duplicates && standing.duplicate, "duplicate");
    add(standing.strange_child, "mendel_errors");
    add(q.imbalanced, "allele_imbalance");
    return reasons;
}

} // namespace

Sex genetic_sex(double x_f, std::uint64_t x_called, double y_call_rate, std::uint64_t y_variants,
                const QualityParams& params) noexcept {
    const auto least = static_cast<std::uint64_t>(params.sex_variants_min);
    if (x_called >= least && !std::isnan(x_f)) {
        if (x_f > params.male_f_min) return Sex::male;
        if (x_f < params.female_f_max) return Sex::female;
        return Sex::unknown;
    }
    if (y_variants < least) return Sex::unknown;
    if (y_call_rate > 0.5) return Sex::male;
    return y_call_rate < 0.1 ? Sex::female : Sex::unknown;
}

SampleQuality sample_quality(const SampleCounts& counts, std::size_t sample, Sex recorded,
                             const QualityParams& params) {
    const auto calls = [&](VariantClass c) { return calls_of(counts, sample, c); };
    const Calls ti = calls(VariantClass::transition), tv = calls(VariantClass::transversion);
    const Calls autosomal = ti + tv + calls(VariantClass::other);
    const Calls x = calls(VariantClass::x_linked), y = calls(VariantClass::y_linked);
    Calls all =
        autosomal + calls(VariantClass::pseudo_autosomal) + x + calls(VariantClass::mitochondrial);
    if (recorded == Sex::male) all = all + y;
    SampleQuality q{
        .call_rate = ratio(as_double(all.called()), as_double(all.variants)),
        .heterozygosity = ratio(as_double(autosomal.het), as_double(autosomal.called())),
        .inbreeding_f =
            inbreeding(autosomal.het, counts.expected_het - counts.expected_het_missing[sample]),
        .x_heterozygosity = ratio(as_double(x.het), as_double(x.called())),
        .x_f = recorded == Sex::male ? male_x_f(counts, sample, x, autosomal, params)
                                     : inbreeding(x.het, counts.expected_het_x -
                                                             counts.expected_het_missing_x[sample]),
        .y_call_rate = ratio(as_double(y.called()), as_double(y.variants)),
        .ti_tv = ratio(as_double(ti.het + ti.hom_alt), as_double(tv.het + tv.hom_alt)),
        .singletons = counts.singletons[sample],
    };
    q.genetic_sex = genetic_sex(q.x_f, x.called(), q.y_call_rate, y.variants, params);
    return q;
}

void add_depths(const SampleDepths& depths, std::size_t sample, const QualityParams& params,
                SampleQuality& quality) {
    const std::uint64_t calls = depths.het_calls[sample];
    quality.het_alt_share =
        ratio(as_double(depths.alt_depth[sample]), as_double(depths.total_depth[sample]));
    quality.unbalanced_het_share =
        ratio(as_double(depths.unbalanced_calls[sample]), as_double(calls));
    quality.imbalanced = params.unbalanced_het_share_max > 0 && calls >= depth_calls_min &&
                         quality.unbalanced_het_share > params.unbalanced_het_share_max;
}

TableData samples_table(const SampleFacts& facts) {
    const SampleTable& samples = facts.samples;
    std::vector<SampleQuality> quality(samples.size());
    for (std::size_t i = 0; i < samples.size(); ++i) {
        quality[i] = sample_quality(facts.counts, i, samples.sex[i], facts.params);
        if (facts.depths != nullptr) add_depths(*facts.depths, i, facts.params, quality[i]);
    }
    const std::vector<Spread> spread = spread_of_samples(facts, quality);
    const std::vector<std::size_t> kept = best_of_group(facts.representative, quality);
    const std::vector<std::uint8_t> strange = strange_children(facts);
    TableData table(quality_samples_table());
    const auto real = [&](const char* name, double value) {
        table.column<double>(name).push_back(value);
    };
    const auto code = [&](const char* name, auto value) {
        table.column<std::uint8_t>(name).push_back(static_cast<std::uint8_t>(value));
    };
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const SampleQuality& q = quality[i];
        const bool duplicate = kept[i] != i;
        const std::string reasons = reasons_of(q,
                                               {.recorded = samples.sex[i],
                                                .duplicate = duplicate,
                                                .strange_child = strange[i] != 0,
                                                .spread = spread[i]},
                                               facts.params);
        table.column<std::string>("sample_id").push_back(samples.id[i]);
        real("call_rate", q.call_rate);
        real("heterozygosity", q.heterozygosity);
        real("inbreeding_f", q.inbreeding_f);
        code("sex_recorded", samples.sex[i]);
        code("sex_genetic", q.genetic_sex);
        real("x_heterozygosity", q.x_heterozygosity);
        real("x_inbreeding_f", q.x_f);
        real("y_call_rate", q.y_call_rate);
        table.column<std::uint32_t>("singletons").push_back(q.singletons);
        real("ti_tv", q.ti_tv);
        table.column<std::string>("duplicate_of").push_back(duplicate ? samples.id[kept[i]] : "");
        code("pass", reasons.empty());
        table.column<std::string>("fail_reason").push_back(reasons);
        real("het_alt_share", q.het_alt_share);
        real("unbalanced_het_share", q.unbalanced_het_share);
    }
    return table;
}

} // namespace salus
