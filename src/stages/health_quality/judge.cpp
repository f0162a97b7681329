#include "stages/health_quality/judge.hpp"

#include "base/text.hpp"
#include "models/record_signs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace salus::health_quality {
namespace {

/// Adds up the rows by concept of one field, as far as a check looks at them.
Tally over_concepts(const Plan& plan, const Counted& counted, const Rule& rule) {
    Tally tally;
    const auto field = static_cast<std::uint32_t>(rule.field);
    const std::string& domain = plan.spec(plan.fields[rule.field]).domain;
    for (auto at = counted.contents.concepts.lower_bound({field, 0});
         at != counted.contents.concepts.end() && at->first.first == field; ++at) {
        const std::uint32_t id = at->first.second;
        const auto known = counted.concepts.find(id);
        const bool there = known != counted.concepts.end();
        bool bad = false;
        if (rule.check == Check::foreign_key) {
            bad = id != 0 && !there;
        } else {
            if (id == 0 || !there) continue;
            const Concept& about = known->second;
            bad = rule.check == Check::fk_domain ? about.domain != domain
                                                 : !about.standard || !about.valid;
        }
        tally.examined += at->second;
        tally.violated += bad ? at->second : 0;
    }
    return tally;
}

Tally tally_of(const Plan& plan, const Counted& counted, std::size_t index) {
    const Rule& rule = plan.rules[index];
    const TablePlan& table = plan.tables[rule.table];
    switch (rule.check) {
    case Check::cdm_table:
        return {.examined = 1, .violated = table.is_there() ? 0U : 1U};
    case Check::cdm_field:
        return {.examined = 1, .violated = plan.fields[rule.field].column == none ? 1U : 0U};
    case Check::foreign_key:
        if (plan.spec(plan.fields[rule.field]).foreign_table != "concept") break;
        [[fallthrough]];
    case Check::fk_domain:
    case Check::standard_concept:
        return over_concepts(plan, counted, rule);
    default:
        break;
    }
    return counted.tallies[index];
}

/// More than chance would bring: 5 standard deviations of a Poisson count.
bool beyond_chance(const Tally& tally, double share) {
    const double expected = static_cast<double>(tally.examined) * share;
    return static_cast<double>(tally.violated) > expected + 5 * std::sqrt(expected + 1);
}

void judge_heap(Finding& finding, double ratio) {
    const double share = finding.check == Check::heaping_new_year ? 1 / 365.25 : 11 / 364.25;
    finding.threshold = std::min(100.0, 100 * ratio * share);
    judge(finding);
    if (finding.verdict == "WARN" && !beyond_chance(finding.tally, share)) {
        finding.verdict = "PASS";
        finding.reason = "above the threshold, but not beyond chance";
    }
}

} // namespace

double Finding::percent() const noexcept {
    return tally.examined == 0
               ? std::numeric_limits<double>::quiet_NaN()
               : 100 * static_cast<double>(tally.violated) / static_cast<double>(tally.examined);
}

void judge(Finding& finding) {
    const auto because = [&](std::string_view verdict, std::string reason) {
        finding.verdict = verdict;
        if (finding.reason.empty()) finding.reason = std::move(reason);
    };
    const bool sign = info_of(finding.check).sign;
    if (!finding.reason.empty() && finding.tally.examined == 0)
        finding.verdict = "NOT_APPLICABLE";
    else if (finding.tally.examined == 0)
        because("NOT_APPLICABLE", text("there are no ", info_of(finding.check).examined));
    else if (finding.percent() > finding.threshold)
        because(sign ? "WARN" : "FAIL", "more than the threshold allows");
    else if (finding.tally.violated > 0 && finding.threshold < 50 && !sign)
        because("WARN", "within what the threshold allows");
    else
        finding.verdict = "PASS";
}

std::vector<Finding> judge_rules(const Plan& plan, const HealthQualityParams& params,
                                 const Counted& counted) {
    std::vector<Finding> findings;
    for (std::size_t r = 0; r < plan.rules.size(); ++r) {
        const Rule& rule = plan.rules[r];
        // Of a table that is not there one row says so.
        if (rule.field != none && !plan.tables[rule.table].is_there()) continue;
        Finding finding{.check = rule.check,
                        .table = plan.tables[rule.table].name,
                        .field = rule.field == none ? "" : plan.spec(plan.fields[rule.field]).name,
                        .threshold = rule.threshold,
                        .reason = rule.not_applicable};
        if (rule.concept_rule != none) {
            finding.concept_id = plan.specification.concepts[rule.concept_rule].concept_id;
            finding.unit = plan.specification.concepts[rule.concept_rule].unit;
        }
        if (rule.not_applicable.empty()) finding.tally = tally_of(plan, counted, r);
        if (rule.concept_rule != none && finding.tally.examined == 0 && rule.not_applicable.empty())
            continue;
        if (rule.check == Check::heaping_new_year || rule.check == Check::heaping_month)
            judge_heap(finding, params.heaping_ratio);
        else
            judge(finding);
        findings.push_back(std::move(finding));
    }
    return findings;
}

namespace {

/// The fewest decimals that 95 of 100 values need; nothing if more than are counted.
std::optional<std::size_t> decimals_of(const Digits& digits) {
    std::uint64_t total = 0, passed = 0;
    for (const std::uint64_t count : digits.needed)
        total += count;
    for (std::size_t places = 0; places < Digits::places; ++places) {
        passed += digits.needed[places];
        if (20 * passed >= 19 * total) return places;
    }
    return std::nullopt;
}

void judge_digits(const HealthQualityParams& params, std::uint32_t concept_id, const Digits& digits,
                  std::vector<Finding>& findings) {
    const auto places = decimals_of(digits);
    if (!places) return; // written with more decimals than anyone reads off
    const auto& counts = digits.at[*places];
    std::uint64_t total = 0;
    for (const std::uint64_t count : counts)
        total += count;
    if (total < static_cast<std::uint64_t>(params.values_min)) return;
    Finding finding{.check = Check::digit_preference,
                    .table = {},
                    .field = "value_as_number",
                    .concept_id = concept_id,
                    .threshold = params.digit_preference_max};
    if ((digits.most - digits.least) * std::pow(10.0, static_cast<double>(*places)) < 50) {
        finding.reason = "the values span fewer than 50 steps of their last digit";
    } else {
        const double share = digit_preference(counts);
        finding.tally = {.examined = total,
                         .violated = static_cast<std::uint64_t>(
                             std::llround(share * static_cast<double>(total)))};
    }
    judge(finding);
    findings.push_back(std::move(finding));
}

void judge_mixture(const HealthQualityParams& params, Contents::Unit what,
                   const std::map<std::int32_t, std::uint64_t>& bins,
                   std::vector<Finding>& findings) {
    const std::int32_t first = bins.begin()->first;
    std::vector<std::uint64_t> counts(static_cast<std::size_t>(bins.rbegin()->first - first) + 1,
                                      0);
    std::uint64_t total = 0;
    for (const auto& [bin, count] : bins) {
        counts[static_cast<std::size_t>(bin - first)] = count;
        total += count;
    }
    if (total < static_cast<std::uint64_t>(params.values_min)) return;
    Finding finding{.check = Check::unit_mixture,
                    .table = {},
                    .field = "value_as_number",
                    .concept_id = what.first,
                    .unit = what.second,
                    .tally = {.examined = total}};
    if (const auto mixture = find_mixture(counts, params.mixture_share_min / 100)) {
        finding.tally.violated = mixture->smaller;
        finding.reason =
            text("values part at ",
                 significant(bin_start(first + static_cast<std::int32_t>(mixture->cut)), 3),
                 ", medians differ by a factor of ", significant(mixture->ratio, 3));
    }
    judge(finding);
    findings.push_back(std::move(finding));
}

} // namespace

void judge_contents(const HealthQualityParams& params, const Counted& counted,
                    std::vector<Finding>& findings) {
    for (const auto& [concept_id, digits] : counted.contents.digits)
        judge_digits(params, concept_id, digits, findings);
    for (const auto& [what, bins] : counted.contents.values)
        judge_mixture(params, what, bins, findings);
    Finding twice{.check = Check::duplicate_persons, .table = "person", .field = {}};
    auto prints = counted.people.fingerprints;
    std::sort(prints.begin(), prints.end());
    twice.tally.examined = prints.size();
    for (std::size_t i = 0; i < prints.size(); ++i)
        if ((i > 0 && prints[i] == prints[i - 1]) ||
            (i + 1 < prints.size() && prints[i] == prints[i + 1]))
            ++twice.tally.violated;
    if (prints.empty())
        twice.reason = text("no person has ", params.duplicate_events_min, " dated codes");
    judge(twice);
    findings.push_back(std::move(twice));
}

} // namespace salus::health_quality
