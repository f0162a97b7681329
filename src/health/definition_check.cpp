#include "health/definition_check.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace salus {
namespace {

using Names = std::vector<std::string>;
using Keys = std::initializer_list<std::string_view>;

/// Says what is wrong with one record of a file.
class Complaints {
public:
    Complaints(const Node& node, std::string_view file, std::string owner,
               std::vector<Problem>& problems)
        : node_(node), file_(file), owner_(std::move(owner)), problems_(problems) {}

    void add(std::string_view key, std::string_view what, std::string why, std::string help) {
        const Node* at = node_.find(key);
        problems_.push_back({.what = text(owner_, ": ", what),
                             .where = place(file_, at != nullptr ? *at : node_),
                             .why = std::move(why),
                             .help = std::move(help)});
    }
    bool given(std::string_view key) const { return node_.find(key) != nullptr; }
    void check_name(const std::string& name) {
        if (!name.empty() && !is_trait_name(name))
            add("name", "this name cannot be used", "names become columns and groups of results",
                "use letters, digits, _, - and ., beginning with a letter");
    }
    void check_codes(std::string_view key, const Names& codes) {
        for (const std::string& code : codes)
            check_code(key, code);
    }

private:
    void check_code(std::string_view key, const std::string& code) {
        if (named_code_set(code) || trim(code) == "*") return; // check_names looks for sets
        if (!CodePattern::parse(code)) {
            add(key, text("cannot read the code '", code, "'"),
                "codes are written SYSTEM:code, OMOP concepts as a whole number",
                "for example ICD10:E11, ICD10:I20-I25, LOINC:13457-7, ATC:C10AA, OMOP:3004410");
            return;
        }
        const std::string system = normalise_system(code.substr(0, code.find(':')));
        if (find_code_system(system) != nullptr || system == "OMOP" || system == "LOCAL") return;
        Names systems{"OMOP", "LOCAL"};
        for (const CodeSystem& known : code_systems())
            systems.emplace_back(known.name);
        if (const auto near = nearest(system, systems))
            add(key, text("unknown code system '", system, "'"), "no event could have it",
                text("did you mean ", *near, "?"));
    }

    const Node& node_;
    std::string_view file_;
    std::string owner_;
    std::vector<Problem>& problems_;
};

const Keys case_keys{"min_dates",
                     "min_span_days",
                     "within_days",
                     "date",
                     "case_exclude",
                     "case_exclude_dates",
                     "case_exclude_if",
                     "control_exclude",
                     "control_exclude_if",
                     "control_if",
                     "washout_days",
                     "drugs",
                     "any_of",
                     "at_least",
                     "all_of",
                     "none_of",
                     "only",
                     "value"};
const Keys control_keys{"control_exclude", "control_exclude_if", "control_if"};
const Keys follow_keys{"follow_from",      "follow_until", "max_follow_days", "admin_end",
                       "observation_gaps", "treatment",    "grace_days"};
const Keys summary_keys{"summary",    "min_values",  "adjust_drugs", "adjust_divide",
                        "adjust_add", "adjust_days", "index",        "index_window"};
const Keys unit_keys{"unit", "convert", "known_units", "missing_unit", "low", "high"};
const Keys event_keys{"except_codes",
                      "drugs",
                      "event_kinds",
                      "sources",
                      "value",
                      "value_codes",
                      "primary_position",
                      "observed_before_days",
                      "observed_after_days"};

class TraitCheck {
public:
    TraitCheck(const TraitDefinition& trait, Complaints say) : t_(trait), say_(std::move(say)) {}

    void run() {
        say_.check_name(t_.name);
        check_lists();
        check_kind();
        check_combination();
        check_conversions();
        check_relations();
        check_choices();
        check_ranges();
    }

private:
    void check_lists() {
        for (const auto& [key, list] : {std::pair{"codes", &t_.codes},
                                        {"except_codes", &t_.except_codes},
                                        {"drugs", &t_.drugs},
                                        {"value_codes", &t_.value_codes},
                                        {"case_exclude", &t_.case_exclude},
                                        {"control_exclude", &t_.control_exclude},
                                        {"treatment", &t_.treatment},
                                        {"adjust_drugs", &t_.adjust_drugs}})
            say_.check_codes(key, *list);
        for (const std::string& test : t_.value)
            if (!parse_value_test(test))
                say_.add("value", text("cannot read the condition '", test, "'"),
                         "it is written OPERATOR NUMBER with <, <=, > or >=",
                         "for example value = [\">= 6.5\"]");
    }
    void refuse(Keys keys, std::string_view reason) {
        for (const std::string_view key : keys)
            if (say_.given(key))
                say_.add(key, text("'", key, "' has no meaning for ", reason),
                         "it would be passed over silently", "remove it, or change the rest");
    }
    void check_kind() {
        const std::string reason = text("a trait of kind ", t_.kind);
        if (t_.quantitative()) {
            refuse(case_keys, reason);
            refuse(follow_keys, reason);
        } else {
            refuse(summary_keys, reason);
            if (t_.value.empty()) refuse(unit_keys, text(reason, " without 'value'"));
        }
        if (t_.kind == "first_date" || t_.kind == "criterion") refuse(control_keys, reason);
        if (t_.kind == "criterion" || t_.kind == "first_date") refuse(follow_keys, reason);
        if (t_.kind != "time_to_event") refuse({"time_scale"}, reason);
        if (t_.quantitative() || t_.kind == "time_to_event") refuse({"age_at"}, reason);
        const bool values = t_.quantitative() && t_.summary != "dates";
        if (values && t_.unit.empty())
            say_.add("unit", "a quantitative trait needs a unit",
                     "values in different units cannot be told apart without it",
                     "give the unit in UCUM, for example unit = \"mg/dL\", or \"1\" for none");
        if (!t_.value.empty() && t_.unit.empty())
            say_.add("value", "a condition on values needs a unit",
                     "values in different units cannot be told apart without it",
                     "give the unit in UCUM, for example unit = \"%\", or \"1\" for none");
        if (t_.summary == "dates") refuse(unit_keys, "the summary dates");
    }
    void check_combination() {
        if (t_.quantitative()) {
            if (t_.codes.empty()) no_codes();
            return;
        }
        if (t_.codes.empty() && t_.any_of.empty() && t_.all_of.empty()) no_codes();
        if (t_.codes.empty()) refuse(event_keys, "a trait without 'codes'");
        const bool dates = !t_.codes.empty() || !t_.any_of.empty();
        if (!dates || t_.at_least > 1)
            refuse({"min_dates", "min_span_days", "within_days", "only"},
                   dates ? "a number of definitions that must hold" : "a trait of all_of alone");
        if (t_.at_least > 1 && !t_.codes.empty())
            say_.add("at_least", "'at_least' counts definitions, and 'codes' is none",
                     "it would not be clear what is counted",
                     "put the codes into a criterion and name it in any_of");
        if (t_.at_least > static_cast<std::int64_t>(std::max<std::size_t>(t_.any_of.size(), 1)))
            say_.add("at_least", "'at_least' is more than any_of has", "nobody could be a case",
                     "lower it, or name more definitions in any_of");
    }
    void no_codes() {
        say_.add("codes", "the trait has no codes",
                 "a trait is made of the events that its codes take in, or of other definitions",
                 t_.quantitative() ? "list at least one code"
                                   : "list at least one code, or name definitions in any_of or "
                                     "all_of");
    }
    void check_conversions() {
        Names seen{t_.unit};
        for (const std::string& written : t_.convert) {
            const auto conversion = parse_conversion(written);
            if (!conversion) {
                say_.add("convert", text("cannot read the conversion '", written, "'"),
                         "it is written UNIT * factor + offset",
                         "for example \"mmol/L * 38.67\" or \"mmol/mol * 0.09148 + 2.152\"");
                continue;
            }
            if (std::find(seen.begin(), seen.end(), conversion->unit) != seen.end())
                say_.add("convert", text("unit '", conversion->unit, "' is there twice"),
                         "one unit has one conversion", "remove one of them");
            seen.push_back(conversion->unit);
        }
    }
    void check_relations() {
        for (const auto& [key, list] : {std::pair{"with", &t_.with}, {"without", &t_.without}})
            for (const std::string& written : *list)
                if (!parse_relation(written))
                    say_.add(key, text("cannot read '", written, "'"),
                             "it is written NAME WINDOW, or NAME WINDOW times N",
                             "for example \"stroke -30..30\", \"cancer ..-1\" or \"visit 0..365 "
                             "times 2\"");
        if (!parse_window(t_.index_window))
            say_.add("index_window", text("cannot read '", t_.index_window, "'"),
                     "it is written FROM..TO in days, either may be left out",
                     "for example index_window = \"-365..0\"");
        if (say_.given("index_window") && t_.index.empty())
            refuse({"index_window"}, "a trait without 'index'");
        if (!t_.admin_end.empty() && !parse_date(t_.admin_end))
            say_.add("admin_end", "admin_end is not a date", "dates are written YYYY-MM-DD",
                     "for example admin_end = \"2024-12-31\"");
        if (say_.given("grace_days") && t_.treatment.empty())
            refuse({"grace_days"}, "a trait without 'treatment'");
        if (t_.kind == "time_to_event" && t_.follow_from == "case")
            say_.add("follow_from", "a time to an event cannot begin at the event",
                     "nobody would be at risk", "use observation or the name of a definition");
    }
    void check_choices() {
        static const Names kinds{"condition",   "measurement", "drug",  "procedure",
                                 "observation", "death",       "visit", "device"};
        static const Names sources{"inpatient", "outpatient",        "emergency",   "primary_care",
                                   "registry",  "death_certificate", "self_report", "pharmacy"};
        const auto known = [&](std::string_view key, const Names& written, const Names& choices) {
            for (const std::string& word : written) {
                if (std::find(choices.begin(), choices.end(), word) != choices.end()) continue;
                const auto near = nearest(word, choices);
                say_.add(key, text("unknown word '", word, "'"), "no event could have it",
                         near ? text("did you mean ", *near, "?")
                              : text("one of ", join(choices, ", ")));
            }
        };
        known("event_kinds", t_.event_kinds, kinds);
        known("sources", t_.sources, sources);
    }
    void check_ranges() {
        if (!(t_.low < t_.high))
            say_.add("low", "low is not below high", "no value could be plausible",
                     "give low < high in the unit of the trait");
        if (!(t_.min_age <= t_.max_age))
            say_.add("min_age", "min_age is above max_age", "nobody could have the trait",
                     "give min_age <= max_age");
        if (t_.within_days > 0 && t_.min_span_days > t_.within_days)
            say_.add("within_days", "min_span_days is more than within_days",
                     "nobody could be a case", "give min_span_days <= within_days");
    }

    const TraitDefinition& t_;
    Complaints say_;
};

} // namespace

void check_trait(const Node& node, std::string_view file, const TraitDefinition& trait,
                 std::vector<Problem>& problems) {
    TraitCheck(trait, Complaints(node, file, text("trait '", trait.name, "'"), problems)).run();
}

void check_code_set(const Node& node, std::string_view file, const CodeSetDefinition& set,
                    std::vector<Problem>& problems) {
    Complaints say(node, file, text("code set '", set.name, "'"), problems);
    say.check_name(set.name);
    say.check_codes("codes", set.codes);
    say.check_codes("except_codes", set.except_codes);
    for (const auto& [key, list] : {std::pair{"descendants_of", &set.descendants_of},
                                    {"except_descendants_of", &set.except_descendants_of}})
        for (const std::string& entry : *list)
            if (!parse_concept(entry))
                say.add(key, text("'", entry, "' is not a concept"),
                        "what is below a code is known for OMOP concepts only",
                        "for example OMOP:201826");
    if (set.codes.empty() && set.descendants_of.empty())
        say.add("codes", "the set has no codes", "it would take in nothing",
                "give codes or descendants_of");
}

} // namespace salus
