#include "health/explain.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

using Names = std::vector<std::string>;

/// "a", "a or b", "a, b or c".
std::string list(const Names& items, std::string_view last = "or") {
    if (items.empty()) return {};
    if (items.size() == 1) return items[0];
    const Names head(items.begin(), items.end() - 1);
    return text(join(head, ", "), " ", last, " ", items.back());
}

std::string words(std::string_view key) {
    std::string out(key);
    std::replace(out.begin(), out.end(), '_', ' ');
    return out;
}

std::string days(std::int64_t n) {
    return text(with_thousands(static_cast<std::uint64_t>(n)), n == 1 ? " day" : " days");
}

std::string number(double value) { return text(value); }

/// "365 days before it to the same day", relative to "it".
std::string window(const DayWindow& w) {
    const DayWindow open;
    const auto side = [](Day day) {
        if (day == 0) return std::string("the same day");
        return text(days(day < 0 ? -std::int64_t{day} : day), day < 0 ? " before" : " after");
    };
    if (w.from == open.from && w.to == open.to) return "at any time";
    if (w.from == open.from) return text("up to ", w.to == 0 ? "and on the same day" : side(w.to));
    if (w.to == open.to) return text("from ", side(w.from), " on");
    if (w.from == w.to)
        return text("on ", w.from == 0 ? "the same day" : text("the day ", side(w.from)));
    return text("from ", side(w.from), " to ", side(w.to));
}

class Explanation {
public:
    Explanation(const Definitions& all, const TraitDefinition& trait) : all_(all), t_(trait) {}

    std::string write() {
        out_ = text(t_.name, " (", kind(), ")\n");
        if (!t_.doc.empty()) out_ += text("  ", t_.doc, "\n");
        whom();
        what_counts();
        if (t_.quantitative()) {
            values();
        } else {
            cases();
            controls();
            follow_up();
        }
        code_sets();
        return std::move(out_);
    }

private:
    void line(std::string_view head, std::string_view rest) {
        out_ += text("  - ", head, head.empty() ? "" : ": ", rest, ".\n");
    }
    std::string kind() const {
        if (t_.kind == "binary") return "case or control";
        if (t_.kind == "quantitative")
            return t_.unit.empty() ? "a number" : text("a value in ", t_.unit);
        if (t_.kind == "first_date") return "the date of a case";
        if (t_.kind == "time_to_event") return "time to an event";
        return "criterion: holds or does not";
    }

    void whom() {
        Names rules;
        if (t_.sex != "any") rules.push_back(t_.sex == "male" ? "men" : "women");
        rules.emplace_back("persons with an observation period");
        if (starts_elsewhere()) rules.push_back(text("for whom ", t_.follow_from, " holds"));
        line("Concerns", join(rules, ", "));
    }
    bool starts_elsewhere() const {
        return t_.follow_from != "observation" && t_.follow_from != "case";
    }

    std::string code(const std::string& entry) const {
        if (const auto name = named_code_set(entry)) return text("the code set ", *name);
        if (trim(entry) == "*") return "any code";
        const std::string system = normalise_system(entry.substr(0, entry.find(':')));
        const CodeSystem* known = find_code_system(system);
        const bool below = known != nullptr && known->hierarchy && !entry.ends_with('*');
        return text(entry, below ? " and below" : "");
    }
    std::string codes(const Names& entries) const {
        Names all;
        for (const std::string& entry : entries)
            all.push_back(code(entry));
        return list(all);
    }

    void what_counts() {
        if (t_.codes.empty()) return;
        std::string rule =
            text(t_.event_kinds.empty() ? "events" : text(list(t_.event_kinds), " events"),
                 " with ", codes(t_.codes));
        if (!t_.except_codes.empty()) rule += text(", but not ", codes(t_.except_codes));
        line("Counts", rule);
        Names rules{"not recorded as absent"};
        if (t_.inside_observation) rules.emplace_back("inside observation");
        if (t_.observed_before_days > 0)
            rules.push_back(text("after ", days(t_.observed_before_days), " of observation"));
        if (t_.observed_after_days > 0)
            rules.push_back(text("before ", days(t_.observed_after_days), " of observation"));
        if (!t_.sources.empty()) {
            Names sources;
            for (const std::string& source : t_.sources)
                sources.push_back(words(source));
            rules.push_back(text("recorded as ", list(sources)));
        }
        if (t_.primary_position) rules.emplace_back("as the main diagnosis of the encounter");
        for (const std::string& test : t_.value)
            rules.push_back(text("with a value ", test, " ", t_.unit));
        if (!t_.value_codes.empty())
            rules.push_back(text("with the value ", codes(t_.value_codes)));
        line("Only", join(rules, ", "));
        if (!t_.value.empty()) units();
        if (!t_.drugs.empty())
            line("Also", text("dates of ", codes(t_.drugs),
                              ", for persons with at least one date of a code"));
    }
    void code_sets() {
        for (const CodeSetDefinition& set : all_.code_sets) {
            const auto uses = [&](const Names& entries) {
                return std::any_of(entries.begin(), entries.end(), [&](const std::string& entry) {
                    return named_code_set(entry) == std::string_view(set.name);
                });
            };
            const auto lists = {&t_.codes,       &t_.except_codes, &t_.drugs,
                                &t_.value_codes, &t_.case_exclude, &t_.control_exclude,
                                &t_.treatment,   &t_.adjust_drugs};
            if (std::none_of(lists.begin(), lists.end(),
                             [&](const Names* entries) { return uses(*entries); }))
                continue;
            Names in;
            for (const std::string& entry : set.codes)
                in.push_back(code(entry));
            for (const std::string& entry : set.descendants_of)
                in.push_back(text(entry, " and its descendants"));
            Names out;
            for (const std::string& entry : set.except_codes)
                out.push_back(code(entry));
            for (const std::string& entry : set.except_descendants_of)
                out.push_back(text(entry, " and its descendants"));
            line(text("Code set ", set.name),
                 text(list(in), out.empty() ? "" : text(", but not ", list(out))));
        }
    }

    void relations() {
        if (t_.only != "all") line("Looked at", text("the ", t_.only, " such date alone"));
        for (const auto& [written, head] : {std::pair{&t_.with, "With"}, {&t_.without, "Without"}})
            for (const std::string& entry : *written) {
                const DateRelation relation = *parse_relation(entry);
                line(head, text(relation.times > 1 ? text(relation.times, " different dates of ")
                                                   : std::string("a date of "),
                                relation.name, " ", window(relation.window)));
            }
    }

    void cases() {
        if (!t_.any_of.empty())
            line(t_.codes.empty() ? "Counts" : "Or",
                 t_.at_least > 1 ? text("at least ", t_.at_least, " of ", list(t_.any_of, "and"))
                                 : text("dates of ", list(t_.any_of)));
        if (!t_.all_of.empty())
            line(t_.codes.empty() && t_.any_of.empty() ? "Needs" : "Also needs",
                 list(t_.all_of, "and"));
        if (!t_.none_of.empty()) line("Must not hold", list(t_.none_of));
        relations();
        const bool dates = !t_.codes.empty() || !t_.any_of.empty();
        std::string rule = !dates || t_.at_least > 1 ? "all of this"
                           : t_.min_dates == 1
                               ? "one such date"
                               : text("at least ", t_.min_dates, " different dates");
        if (t_.within_days > 0) rule += text(" within ", days(t_.within_days));
        if (t_.min_span_days > 0)
            rule += text(", ", days(t_.min_span_days), " or more from the first to the last");
        line(t_.kind == "criterion" ? "Holds" : "Case", rule);
        line("Date", t_.date == "first"  ? "the first of these dates"
                     : t_.date == "last" ? "the last of these dates"
                                         : "the day on which all this was fulfilled");
        if (t_.washout_days > 0)
            line("Too early", text("a case in the first ", days(t_.washout_days),
                                   " of observation is neither case nor control"));
        ages(t_.age_at == "date" ? "on every date that counts" : "at the date of the case");
    }
    void ages(std::string_view when) {
        if (t_.min_age > 0 && t_.max_age < 150)
            line("Age", text(number(t_.min_age), " to ", number(t_.max_age), " years ", when));
        else if (t_.min_age > 0)
            line("Age", text("at least ", number(t_.min_age), " years ", when));
        else if (t_.max_age < 150)
            line("Age", text("at most ", number(t_.max_age), " years ", when));
    }

    void controls() {
        Names out;
        if (!t_.case_exclude.empty())
            out.push_back(text(t_.case_exclude_dates > 1
                                   ? text("at least ", t_.case_exclude_dates, " dates of ")
                                   : std::string(),
                               codes(t_.case_exclude)));
        out.insert(out.end(), t_.case_exclude_if.begin(), t_.case_exclude_if.end());
        const bool criterion = t_.kind == "criterion" || t_.kind == "first_date";
        if (!out.empty())
            line(criterion ? "No case with" : "Neither case nor control with", list(out));
        if (criterion) return;
        Names kept;
        if (!t_.codes.empty() || !t_.any_of.empty()) kept.emplace_back("dates that are not enough");
        if (!t_.control_exclude.empty()) kept.push_back(codes(t_.control_exclude));
        kept.insert(kept.end(), t_.control_exclude_if.begin(), t_.control_exclude_if.end());
        std::string rule = "everybody else";
        if (!kept.empty()) rule += text(", without ", list(kept));
        if (!t_.control_if.empty())
            rule += text(", for whom ", list(t_.control_if, "and"), " hold");
        line("Control", rule);
    }

    void follow_up() {
        if (t_.kind == "criterion" || t_.kind == "first_date") return;
        std::string from = starts_elsewhere()         ? text("the date of ", t_.follow_from)
                           : t_.follow_from == "case" ? std::string("the date of the case")
                                                      : std::string("the start of observation");
        if (t_.washout_days > 0 && t_.follow_from == "observation")
            from += text(" and ", days(t_.washout_days));
        Names until{t_.follow_from == "case" ? "death" : "the case", "the end of observation"};
        if (t_.follow_from != "case") until.insert(until.begin() + 1, "death");
        if (t_.observation_gaps == "end") until.emplace_back("a gap in it");
        for (const std::string& name : t_.follow_until)
            until.push_back(text("the date of ", name));
        if (t_.max_follow_days > 0) until.push_back(days(t_.max_follow_days));
        if (!t_.admin_end.empty()) until.push_back(t_.admin_end);
        if (!t_.treatment.empty())
            until.push_back(text("the end of treatment with ", codes(t_.treatment), " and ",
                                 days(t_.grace_days)));
        line("Follow-up", text("from ", from, " until ", list(until), ", whichever is first"));
        if (t_.kind == "time_to_event")
            line("Years", t_.time_scale == "age" ? "of age, with late entry where follow-up begins"
                                                 : "since the start of follow-up");
    }

    void values() {
        ages("at the measurement");
        if (!t_.index.empty())
            line("Time", text("around the date of ", t_.index, ", ",
                              window(*parse_window(t_.index_window))));
        relations();
        if (t_.summary != "dates") units();
        if (!t_.adjust_drugs.empty()) {
            std::vector<std::string> done;
            if (t_.adjust_divide != 1)
                done.push_back(text("the value is divided by ", t_.adjust_divide));
            if (t_.adjust_add != 0) done.push_back(text(t_.adjust_add, " is added"));
            line("Treated", text("within ", days(t_.adjust_days), " after ", codes(t_.adjust_drugs),
                                 " ", list(done, "and")));
        }
        static const std::vector<std::pair<std::string_view, std::string_view>> summaries{
            {"median", "median of the values"},
            {"mean", "mean of the values"},
            {"first", "first value"},
            {"last", "last value"},
            {"max", "largest value"},
            {"min", "smallest value"},
            {"slope", "change per year, by least squares"},
            {"area", "area under the values, times years"},
            {"count", "number of values"},
            {"dates", "number of different dates"}};
        for (const auto& [key, meaning] : summaries)
            if (key == t_.summary) {
                const bool counted = key == "count" || key == "dates";
                line("Result", counted ? std::string(meaning)
                                       : text(meaning, ", of at least ", t_.min_values));
            }
    }
    void units() {
        std::string rule = t_.unit;
        for (const std::string& written : t_.convert) {
            const UnitConversion c = *parse_conversion(written);
            rule += text(", ", c.unit, " times ", c.factor);
            if (c.offset != 0)
                rule += text(c.offset < 0 ? " minus " : " plus ", std::abs(c.offset));
        }
        if (t_.known_units) rule += ", or any that can be converted to it";
        if (t_.missing_unit == "assume") rule += ", or none";
        if (t_.missing_unit == "range") rule += ", or none where only one can be meant";
        line("Units", rule);
        if (std::isfinite(t_.low) || std::isfinite(t_.high))
            line("Plausible",
                 text(std::isfinite(t_.low) ? text("from ", t_.low) : std::string(),
                      std::isfinite(t_.low) && std::isfinite(t_.high) ? " " : "",
                      std::isfinite(t_.high) ? text("to ", t_.high) : std::string(), " ", t_.unit));
    }

    const Definitions& all_;
    const TraitDefinition& t_;
    std::string out_;
};

} // namespace

std::string explain(const Definitions& definitions, const TraitDefinition& trait) {
    return Explanation(definitions, trait).write();
}

} // namespace salus
