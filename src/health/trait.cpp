#include "health/trait.hpp"

#include "base/error.hpp"
#include "base/numbers.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace salus {
namespace {

/// Place of `word` in the choices of a key: the order of the enumeration.
template <class E>
E choice(std::string_view key, const std::string& word) {
    const Param* param = find_param(trait_record().params(), key);
    SALUS_ASSERT(param != nullptr);
    const auto& choices = param->about.choices;
    const auto found = std::find(choices.begin(), choices.end(), word);
    SALUS_ASSERT(found != choices.end());
    return static_cast<E>(found - choices.begin());
}

constexpr std::array<std::string_view, 9> kind_words{
    "", "condition", "measurement", "drug", "procedure", "observation", "death", "visit", "device"};
constexpr std::array<std::string_view, 9> source_words{
    "",         "inpatient",         "outpatient",  "emergency", "primary_care",
    "registry", "death_certificate", "self_report", "pharmacy"};

template <std::size_t N>
unsigned bits(const std::vector<std::string>& written,
              const std::array<std::string_view, N>& words) {
    unsigned out = 0;
    for (const std::string& word : written)
        for (unsigned i = 1; i < N; ++i)
            if (words[i] == word) out |= 1u << i;
    return out;
}

/// What a value with its comparator can be.
struct Interval {
    double low, high;
    bool low_inside = true, high_inside = true;
};
Interval interval_of(double value, std::uint8_t comparator, bool flipped) {
    const bool above = comparator == 3 || comparator == 4,
               below = comparator == 1 || comparator == 2;
    if (!above && !below) return {value, value};
    const bool inside = comparator == 2 || comparator == 3;
    if (above != flipped) return {value, infinity, inside, false};
    return {-infinity, value, false, inside};
}

bool fulfils(const Interval& value, const ValueTest& test) {
    if (test.above)
        return value.low > test.limit ||
               (value.low == test.limit && (test.inclusive || !value.low_inside));
    return value.high < test.limit ||
           (value.high == test.limit && (test.inclusive || !value.high_inside));
}

} // namespace

Trait::Trait(TraitDefinition definition, const CodeSets& sets, const StoreDictionary& dictionary,
             const Places& places)
    : definition_(std::move(definition)) {
    set_choices(places);
    set_roles(sets, dictionary.codes.size());
    set_units(dictionary);
    kinds_ = bits(definition_.event_kinds, kind_words);
    sources_ = bits(definition_.sources, source_words);
    for (const std::string& written : definition_.value)
        tests_.push_back(*parse_value_test(written));
}

void Trait::set_choices(const Places& places) {
    const TraitDefinition& d = definition_;
    kind_ = choice<TraitKind>("kind", d.kind);
    date = choice<ChosenDate>("date", d.date);
    only = choice<ChosenDates>("only", d.only);
    summary = choice<Summary>("summary", d.summary);
    index_window = *parse_window(d.index_window);
    if (const auto day = parse_date(d.admin_end)) admin_end = *day;
    const auto place_of = [&](const std::string& name) {
        const auto found = places.find(name);
        SALUS_ASSERT(found != places.end());
        return found->second;
    };
    for (const auto& [names, into] : {std::pair{&d.any_of, &any_of},
                                      {&d.all_of, &all_of},
                                      {&d.none_of, &none_of},
                                      {&d.case_exclude_if, &case_exclude_if},
                                      {&d.control_exclude_if, &control_exclude_if},
                                      {&d.control_if, &control_if},
                                      {&d.follow_until, &follow_until}})
        for (const std::string& name : *names)
            into->push_back(place_of(name));
    for (const auto& [list, into] : {std::pair{&d.with, &with}, {&d.without, &without}})
        for (const std::string& written : *list) {
            const DateRelation relation = *parse_relation(written);
            into->push_back({place_of(relation.name), relation.window,
                             static_cast<std::size_t>(relation.times)});
        }
    if (d.follow_from == "case")
        follow_from = FollowFrom::own_case;
    else if (d.follow_from != "observation") {
        follow_from = FollowFrom::definition;
        start = place_of(d.follow_from);
    }
    if (has_index()) index = place_of(d.index);
}

void Trait::set_roles(const CodeSets& sets, std::size_t codes) {
    role_.assign(codes, 0);
    const auto mark = [&](const std::vector<std::string>& list, unsigned role) {
        if (list.empty()) return;
        const std::vector<char> in = sets.members(list);
        for (std::size_t c = 0; c < codes; ++c)
            if (in[c] != 0) role_[c] = static_cast<std::uint8_t>(role_[c] | role);
    };
    mark(definition_.codes, counts_as_code);
    if (!definition_.except_codes.empty()) {
        const std::vector<char> out = sets.members(definition_.except_codes);
        for (std::size_t c = 0; c < codes; ++c)
            if (out[c] != 0) role_[c] = 0;
    }
    mark(definition_.drugs, counts_as_drug);
    mark(definition_.case_exclude, excludes_case);
    mark(definition_.control_exclude, excludes_control);
    mark(definition_.adjust_drugs, adjusts_value);
    mark(definition_.treatment, treats);
    if (!definition_.value_codes.empty()) value_code_ = sets.members(definition_.value_codes);
}

std::vector<Line> Trait::lines_of(std::span<const std::string> units,
                                  const UnitConverter* converter) const {
    std::vector<Line> lines;
    for (const std::string& unit : units) {
        Line line{0, 0};
        if (unit == definition_.unit ||
            (unit.empty() && (definition_.missing_unit == "assume" || definition_.unit == "1")))
            line = {1, 0};
        else if (converter != nullptr && !unit.empty())
            if (const UnitRule rule = converter->rule(unit); rule.status == UnitStatus::converted)
                line = rule.line;
        for (const std::string& written : definition_.convert)
            if (const auto conversion = parse_conversion(written);
                conversion && conversion->unit == unit)
                line = {conversion->factor, conversion->offset};
        lines.push_back(line);
    }
    return lines;
}

void Trait::set_units(const StoreDictionary& dictionary) {
    quantity_.assign(dictionary.codes.size(), 0);
    for (const std::string& unit : dictionary.units)
        units_without_.push_back(unit.empty() ? 1 : 0);
    const bool converts = !definition_.unit.empty() && definition_.known_units &&
                          parse_ucum(definition_.unit).has_value();
    std::map<std::string, std::uint16_t, std::less<>> quantities;
    const auto add = [&](const std::string& loinc) {
        const auto [place, fresh] =
            quantities.try_emplace(loinc, static_cast<std::uint16_t>(converters_.size()));
        if (!fresh) return place->second;
        converters_.emplace_back();
        if (converts)
            converters_.back().emplace(loinc, definition_.unit, definition_.low, definition_.high);
        const UnitConverter* converter = converts ? &*converters_.back() : nullptr;
        const std::vector<Line> lines = lines_of(dictionary.units, converter);
        lines_.insert(lines_.end(), lines.begin(), lines.end());
        return place->second;
    };
    add("");
    if (!converts) return;
    for (std::size_t c = 0; c < dictionary.codes.size(); ++c)
        if ((role_[c] & counts_as_code) != 0 && dictionary.codes[c].starts_with("LOINC:") &&
            find_analyte(dictionary.codes[c].substr(6)) != nullptr)
            quantity_[c] = add(dictionary.codes[c].substr(6));
}

double Trait::harmonised(const Event& event) const {
    const Line& convert = line(event);
    double converted = convert(event.value);
    if (convert.factor == 0) {
        const auto& converter = converters_[quantity_[event.code]];
        if (definition_.missing_unit != "range" || units_without_[event.unit] == 0 || !converter)
            return std::numeric_limits<double>::quiet_NaN();
        converted = converter->convert(event.value, "").value;
    }
    return converted >= definition_.low && converted <= definition_.high
               ? converted
               : std::numeric_limits<double>::quiet_NaN();
}

bool Trait::source_fits(const Event& event) const noexcept {
    if (kinds_ != 0 && (kinds_ >> static_cast<unsigned>(event.kind) & 1u) == 0) return false;
    if (sources_ != 0 && (sources_ >> static_cast<unsigned>(event.source) & 1u) == 0) return false;
    return !definition_.primary_position || (event.flags & primary_position) != 0;
}

bool Trait::value_fits(const Event& event) const {
    if (!value_code_.empty() && (event.value_code == no_code || value_code_[event.value_code] == 0))
        return false;
    if (tests_.empty()) return true;
    const double value = harmonised(event);
    if (std::isnan(value)) return false;
    const Interval range = interval_of(value, event.comparator, line(event).factor < 0);
    return std::all_of(tests_.begin(), tests_.end(),
                       [&](const ValueTest& test) { return fulfils(range, test); });
}

} // namespace salus
