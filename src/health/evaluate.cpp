#include "health/evaluate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace salus {
namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();
constexpr double days_per_year = 365.25;

std::vector<CodePattern> patterns(const std::vector<std::string>& codes) {
    std::vector<CodePattern> out;
    for (const std::string& code : codes)
        if (auto pattern = CodePattern::parse(code)) out.push_back(std::move(*pattern));
    return out;
}

bool inside(std::span<const Period> periods, Day day) noexcept {
    return std::any_of(periods.begin(), periods.end(),
                       [day](Period p) { return p.start <= day && day <= p.end; });
}

/// Whether an event may count at all.
bool counts(const Trait& trait, const PersonView& person, const Event& event) noexcept {
    return !trait.definition().inside_observation || inside(person.periods, event.day);
}

bool age_fits(const TraitDefinition& trait, const PersonView& person, Day day) noexcept {
    if (trait.min_age <= 0 && trait.max_age >= 150) return true;
    const double age = (day - person.birth) / days_per_year;
    return age >= trait.min_age && age < trait.max_age + 1; // false if the birth is not known
}

bool sex_fits(const TraitDefinition& trait, const PersonView& person) noexcept {
    return trait.sex == "any" || person.sex == (trait.sex == "male" ? 1 : 2);
}

/// Different days, ascending, of the events with one of `roles`.
std::vector<Day> days_of(const Trait& trait, const PersonView& person, unsigned roles) {
    std::vector<Day> days;
    for (const Event& event : person.events)
        if ((trait.role(event.code) & roles) != 0 && counts(trait, person, event))
            days.push_back(event.day);
    std::sort(days.begin(), days.end());
    days.erase(std::unique(days.begin(), days.end()), days.end());
    return days;
}

/// The day on which both the number of dates and their span were reached.
std::optional<Day> confirmed_on(const TraitDefinition& trait, const std::vector<Day>& days) {
    for (std::size_t i = static_cast<std::size_t>(trait.min_dates) - 1; i < days.size(); ++i)
        if (days[i] - days.front() >= trait.min_span_days) return days[i];
    return std::nullopt;
}

double summarise(std::vector<double>& values, const std::string& how) {
    if (how == "first") return values.front();
    if (how == "last") return values.back();
    if (how == "mean") {
        double sum = 0;
        for (const double v : values)
            sum += v;
        return sum / static_cast<double>(values.size());
    }
    std::sort(values.begin(), values.end());
    if (how == "min") return values.front();
    if (how == "max") return values.back();
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

} // namespace

Trait::Trait(TraitDefinition definition, const Vocabulary& vocabulary)
    : definition_(std::move(definition)) {
    const auto codes = patterns(definition_.codes), except = patterns(definition_.except_codes),
               drugs = patterns(definition_.drugs),
               case_exclude = patterns(definition_.case_exclude),
               control_exclude = patterns(definition_.control_exclude),
               adjust = patterns(definition_.adjust_drugs);
    role_.resize(vocabulary.codes.size(), 0);
    for (std::size_t c = 0; c < role_.size(); ++c) {
        const auto in = [&](const std::vector<CodePattern>& list) {
            return matches_any(list, vocabulary.codes[c], vocabulary.concepts[c]);
        };
        unsigned role = 0;
        if (in(codes) && !in(except)) role |= counts_as_code;
        if (in(drugs)) role |= counts_as_drug;
        if (in(case_exclude)) role |= excludes_case;
        if (in(control_exclude)) role |= excludes_control;
        if (in(adjust)) role |= adjusts_value;
        role_[c] = static_cast<std::uint8_t>(role);
    }
    for (const std::string& unit : vocabulary.units) {
        Line line{0, 0};
        if (unit == definition_.unit ||
            (unit.empty() && (definition_.missing_unit == "assume" || definition_.unit == "1")))
            line = {1, 0};
        for (const std::string& written : definition_.convert)
            if (const auto conversion = parse_conversion(written);
                conversion && conversion->unit == unit)
                line = {conversion->factor, conversion->offset};
        units_.push_back(line);
    }
}

double Trait::harmonised(double value, std::uint32_t unit) const noexcept {
    const Line line = units_[unit];
    if (line.factor == 0) return missing;
    const double converted = line.factor * value + line.offset;
    return converted >= definition_.low && converted <= definition_.high ? converted : missing;
}

namespace {

// case_status before washout and age.
CaseResult dated_status(const Trait& trait, const PersonView& person) {
    const TraitDefinition& rule = trait.definition();
    if (!sex_fits(rule, person)) return {.status = CaseStatus::not_applicable};
    if (person.periods.empty()) return {.status = CaseStatus::unobserved};
    const bool coded = !days_of(trait, person, counts_as_code).empty();
    const std::vector<Day> days =
        days_of(trait, person, coded ? counts_as_code | counts_as_drug : unsigned{counts_as_code});
    CaseResult result{.status = CaseStatus::excluded,
                      .dates = static_cast<std::uint32_t>(days.size())};
    if (!rule.case_exclude.empty() && days_of(trait, person, excludes_case).size() >=
                                          static_cast<std::size_t>(rule.case_exclude_dates))
        return result;
    if (const auto confirmed = confirmed_on(rule, days)) {
        result.date = rule.date == "first" ? days.front() : *confirmed;
        result.status = CaseStatus::event_case;
        return result;
    }
    const bool kept_from_control =
        !days.empty() ||
        (!rule.control_exclude.empty() && !days_of(trait, person, excludes_control).empty());
    if (!kept_from_control) result.status = CaseStatus::control;
    return result;
}

} // namespace

CaseResult case_status(const Trait& trait, const PersonView& person) {
    const TraitDefinition& rule = trait.definition();
    CaseResult result = dated_status(trait, person);
    if (result.status != CaseStatus::event_case) return result;
    if (rule.washout_days > 0 && result.date < person.periods.front().start + rule.washout_days)
        result.status = CaseStatus::prevalent;
    else if (!age_fits(rule, person, result.date))
        result.status = CaseStatus::excluded;
    return result;
}

TimeAtRisk time_at_risk(const Trait& trait, const PersonView& person) {
    const TraitDefinition& rule = trait.definition();
    const TimeAtRisk nobody{missing, missing, missing};
    const CaseResult result = dated_status(trait, person);
    const bool is_case = result.status == CaseStatus::event_case;
    if (!is_case && result.status != CaseStatus::control) return nobody;
    double begin = static_cast<double>(person.periods.front().start + rule.washout_days);
    double end = person.periods.back().end;
    if (!std::isnan(person.death)) end = std::min(end, person.death);
    const bool by_age = rule.time_scale == "age";
    if ((by_age || rule.min_age > 0 || rule.max_age < 150) && std::isnan(person.birth))
        return nobody;
    if (rule.min_age > 0) begin = std::max(begin, person.birth + rule.min_age * days_per_year);
    if (rule.max_age < 150) end = std::min(end, person.birth + (rule.max_age + 1) * days_per_year);
    if (is_case && result.date <= begin) return nobody;
    const bool event = is_case && result.date <= end;
    if (event) end = result.date;
    if (!(end > begin)) return nobody;
    const double zero = by_age ? person.birth : begin;
    return {event ? 1.0 : 0.0, (end - zero) / days_per_year, (begin - zero) / days_per_year};
}

double measured_value(const Trait& trait, const PersonView& person) {
    const TraitDefinition& rule = trait.definition();
    if (!sex_fits(rule, person) || person.periods.empty()) return missing;
    std::vector<Day> drugs; // ascending, as the events
    for (const Event& event : person.events)
        if ((trait.role(event.code) & adjusts_value) != 0) drugs.push_back(event.day);
    std::vector<double> values;
    for (const Event& event : person.events) {
        if ((trait.role(event.code) & counts_as_code) == 0 || event.comparator != 0 ||
            std::isnan(event.value))
            continue;
        if (!counts(trait, person, event) || !age_fits(rule, person, event.day)) continue;
        double value = trait.harmonised(event.value, event.unit);
        if (std::isnan(value)) continue;
        const auto behind = std::upper_bound(drugs.begin(), drugs.end(), event.day);
        if (behind != drugs.begin() && event.day - *(behind - 1) <= rule.adjust_days)
            value /= rule.adjust_divide;
        values.push_back(value);
    }
    if (values.size() < static_cast<std::size_t>(rule.min_values) || values.empty()) return missing;
    return summarise(values, rule.summary);
}

double trait_value(const Trait& trait, const PersonView& person) {
    if (trait.definition().kind == "quantitative") return measured_value(trait, person);
    if (trait.definition().kind == "time_to_event") return time_at_risk(trait, person).event;
    const CaseResult result = case_status(trait, person);
    if (trait.definition().kind == "first_date")
        return result.status == CaseStatus::event_case ? result.date : missing;
    if (result.status == CaseStatus::event_case) return 1;
    return result.status == CaseStatus::control ? 0 : missing;
}

TraitPanel::TraitPanel(std::vector<Trait> traits, std::size_t codes)
    : traits_(std::move(traits)), concerns_(codes) {
    for (std::size_t t = 0; t < traits_.size(); ++t)
        if (traits_[t].definition().kind == "time_to_event") timed_.push_back(t);
    for (std::size_t t = 0; t < traits_.size(); ++t)
        for (std::uint32_t c = 0; c < codes; ++c)
            if (traits_[t].role(c) != 0) concerns_[c].push_back(static_cast<std::uint32_t>(t));
}

void TraitPanel::evaluate(const PersonView& person, Scratch& scratch,
                          std::span<double> values) const {
    scratch.resize(traits_.size());
    for (auto& events : scratch)
        events.clear();
    for (const Event& event : person.events)
        for (const std::uint32_t t : concerns_[event.code])
            scratch[t].push_back(event);
    PersonView part = person;
    std::size_t next = traits_.size();
    for (std::size_t t = 0; t < traits_.size(); ++t) {
        part.events = scratch[t];
        if (traits_[t].definition().kind != "time_to_event") {
            values[t] = trait_value(traits_[t], part);
            continue;
        }
        const TimeAtRisk at_risk = time_at_risk(traits_[t], part);
        values[t] = at_risk.event;
        values[next++] = at_risk.time;
        values[next++] = at_risk.entry;
    }
}

} // namespace salus
