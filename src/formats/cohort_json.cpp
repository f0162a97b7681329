#include "formats/cohort_json.hpp"

#include "base/text.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace salus {
namespace {

using Json = simdjson::dom::element;
using Type = simdjson::dom::element_type;
using Words = std::initializer_list<std::string_view>;

/// A value with its place in the JSON.
struct At {
    Json json;
    std::string path; // "PrimaryCriteria.CriteriaList[0]"
};

bool is_empty(const Json& value) {
    switch (value.type()) {
    case Type::NULL_VALUE:
        return true;
    case Type::BOOL:
        return !bool(value);
    case Type::STRING:
        return std::string_view(value).empty();
    case Type::ARRAY:
        return simdjson::dom::array(value).size() == 0;
    case Type::OBJECT:
        return simdjson::dom::object(value).size() == 0;
    default:
        return false;
    }
}

/// Tables of the OMOP model and the kind of event that their rows are.
const std::map<std::string_view, std::string_view> domains{
    {"ConditionOccurrence", "condition"}, {"DrugExposure", "drug"},
    {"ProcedureOccurrence", "procedure"}, {"Measurement", "measurement"},
    {"Observation", "observation"},       {"DeviceExposure", "device"},
    {"VisitOccurrence", "visit"},         {"Death", "death"}};

class CohortReader {
public:
    CohortReader(std::string_view file, std::string_view name) : file_(file) {
        cohort_.name = std::string(name);
        cohort_.follow_from = "case";
    }

    Definitions read(const Json& root) {
        const At top{root, ""};
        if (!object(top)) return std::move(out_);
        only(top, {"ConceptSets", "PrimaryCriteria", "AdditionalCriteria", "QualifiedLimit",
                   "ExpressionLimit", "InclusionRules", "EndStrategy", "CollapseSettings",
                   "cdmVersionRange", "Title"});
        for (const At& set : items(member(top, "ConceptSets")))
            concept_set(set);
        primary(member(top, "PrimaryCriteria"));
        limits(top);
        if (const auto group = member(top, "AdditionalCriteria")) criteria_group(*group);
        for (const At& rule : items(member(top, "InclusionRules"))) {
            only(rule, {"name", "description", "expression"});
            if (const auto group = member(rule, "expression")) criteria_group(*group);
        }
        cohort_exit(member(top, "EndStrategy"));
        if (out_.problems.empty()) finish();
        return std::move(out_);
    }

private:
    // ---- reading, with what cannot be taken told by its place
    void refuse(const std::string& path, std::string what, std::string why = {}) {
        out_.problems.push_back(
            {.what = std::move(what),
             .where = text(file_, ", ", path.empty() ? "the whole" : path),
             .why =
                 why.empty() ? "leaving it out would change who is in the cohort" : std::move(why),
             .help = "change the cohort, or write the definition in TOML (docs/phenotypes.md)"});
    }
    bool object(const At& at) {
        if (at.json.is_object()) return true;
        refuse(at.path, "this is not an object", "cohorts are made of objects");
        return false;
    }
    static std::string below(const At& at, std::string_view key) {
        return at.path.empty() ? std::string(key) : text(at.path, ".", key);
    }
    static std::optional<At> member(const At& at, std::string_view key) {
        Json value;
        if (!at.json.is_object() || at.json[key].get(value) != simdjson::SUCCESS ||
            value.type() == Type::NULL_VALUE)
            return std::nullopt;
        return At{value, below(at, key)};
    }
    std::vector<At> items(const std::optional<At>& at) {
        std::vector<At> out;
        if (!at) return out;
        simdjson::dom::array list;
        if (at->json.get(list) != simdjson::SUCCESS) {
            refuse(at->path, "this is not a list", "a list stands here");
            return out;
        }
        for (const Json& one : list)
            out.push_back({one, text(at->path, "[", out.size(), "]")});
        return out;
    }
    void only(const At& at, Words known) {
        simdjson::dom::object members;
        if (at.json.get(members) != simdjson::SUCCESS) return;
        for (const auto field : members)
            if (std::find(known.begin(), known.end(), field.key) == known.end() &&
                !is_empty(field.value))
                refuse(below(at, field.key), text("'", field.key, "' cannot be taken over"));
    }
    std::string word(const At& at, std::string_view key, std::string standard) {
        const auto value = member(at, key);
        std::string_view found;
        if (!value) return standard;
        if (value->json.get(found) == simdjson::SUCCESS) return std::string(found);
        refuse(value->path, "this is not text", "a word stands here");
        return standard;
    }
    std::optional<double> number(const At& at, std::string_view key) {
        const auto value = member(at, key);
        double found = 0;
        if (!value) return std::nullopt;
        if (value->json.get(found) == simdjson::SUCCESS) return found;
        std::int64_t whole = 0;
        if (value->json.get(whole) == simdjson::SUCCESS) return static_cast<double>(whole);
        refuse(value->path, "this is not a number", "a number stands here");
        return std::nullopt;
    }
    /// A number of days or the like, 0 to 36525.
    std::int64_t whole(const At& at, std::string_view key, std::int64_t standard) {
        const auto value = number(at, key);
        if (!value) return standard;
        if (*value >= 0 && *value <= 36525 && *value == std::floor(*value))
            return static_cast<std::int64_t>(*value);
        refuse(below(at, key), "this is not a whole number from 0 to 36525", "days are counted");
        return standard;
    }
    bool flag(const At& at, std::string_view key) {
        const auto value = member(at, key);
        return value && !is_empty(value->json);
    }

    // ---- concepts
    std::int64_t concept_id(const At& item) {
        const auto found = number(item, "CONCEPT_ID");
        if (!found || *found < 1 || *found > 4294967295.0) {
            refuse(below(item, "CONCEPT_ID"), "there is no concept", "concepts have a number");
            return 0;
        }
        return static_cast<std::int64_t>(*found);
    }
    static std::string set_name(std::int64_t id) { return text("concepts_", id); }
    void concept_set(const At& at) {
        only(at, {"id", "name", "expression"});
        CodeSetDefinition set;
        set.name = set_name(whole(at, "id", 0));
        set.doc = word(at, "name", "");
        const auto expression = member(at, "expression");
        if (!expression) return refuse(at.path, "the concept set is empty", "it takes in nothing");
        only(*expression, {"items"});
        for (const At& item : items(member(*expression, "items"))) {
            only(item, {"concept", "isExcluded", "includeDescendants"});
            const auto concept_at = member(item, "concept");
            if (!concept_at) {
                refuse(item.path, "there is no concept", "items hold concepts");
                continue;
            }
            const std::string code = text("OMOP:", concept_id(*concept_at));
            const bool tree = flag(item, "includeDescendants"), out = flag(item, "isExcluded");
            (out    ? tree ? set.except_descendants_of : set.except_codes
             : tree ? set.descendants_of
                    : set.codes)
                .push_back(code);
        }
        out_.code_sets.push_back(std::move(set));
    }

    // ---- events
    TraitDefinition& criterion(std::string name, std::string doc) {
        TraitDefinition t;
        t.name = text(cohort_.name, ".", name);
        t.kind = "criterion";
        t.doc = std::move(doc);
        criteria_.push_back(std::move(t));
        return criteria_.back();
    }
    /// What is asked of one kind of event, in `{"ConditionOccurrence": {...}}`.
    bool events(const At& at, TraitDefinition& t) {
        simdjson::dom::object kinds;
        if (at.json.get(kinds) != simdjson::SUCCESS || kinds.size() != 1) {
            refuse(at.path, "this is not one kind of event", "a criterion names one table");
            return false;
        }
        const std::string_view domain = (*kinds.begin()).key;
        const At what{(*kinds.begin()).value, below(at, domain)};
        const auto known = domains.find(domain);
        if (known == domains.end()) {
            refuse(what.path, text("events of ", domain, " cannot be taken over"));
            return false;
        }
        only(what, {"CodesetId", "First", "Gender", "Age", "ValueAsNumber", "Unit"});
        if (flag(what, "Gender") || flag(what, "Age")) demographics(what, t);
        t.event_kinds = {std::string(known->second)};
        if (member(what, "CodesetId")) {
            const std::int64_t id = whole(what, "CodesetId", 0);
            const auto found = std::find_if(out_.code_sets.begin(), out_.code_sets.end(),
                                            [&](const auto& s) { return s.name == set_name(id); });
            if (found == out_.code_sets.end())
                refuse(below(what, "CodesetId"), text("there is no concept set ", id),
                       "events are found by their concepts");
            t.codes = {text("@", set_name(id))};
        } else {
            t.codes = {"*"};
        }
        values(what, t);
        return flag(what, "First");
    }
    void values(const At& at, TraitDefinition& t) {
        const auto range = member(at, "ValueAsNumber");
        const auto unit = items(member(at, "Unit"));
        if (!range) {
            if (!unit.empty()) refuse(below(at, "Unit"), "a unit without a condition on values");
            return;
        }
        if (unit.size() != 1)
            return refuse(below(at, "Unit"), "a condition on values needs one unit",
                          "numbers in different units cannot be compared");
        const auto id = static_cast<std::uint32_t>(concept_id(unit.front()));
        t.unit = event_unit("", id);
        t.value = conditions(*range);
    }
    /// ">= 6.5" and the like of {"Value": 6.5, "Op": "gte"}.
    std::vector<std::string> conditions(const At& range) {
        only(range, {"Value", "Op", "Extent"});
        static const std::map<std::string, std::string, std::less<>> operators{
            {"gt", ">"}, {"gte", ">="}, {"lt", "<"}, {"lte", "<="}};
        const std::string op = word(range, "Op", "");
        const auto value = number(range, "Value"), extent = number(range, "Extent");
        if (value && operators.contains(op)) return {text(operators.at(op), " ", *value)};
        if (value && extent && op == "bt") return {text(">= ", *value), text("<= ", *extent)};
        if (value && op == "eq") return {text(">= ", *value), text("<= ", *value)};
        refuse(range.path, text("the operator '", op, "' cannot be taken over"));
        return {};
    }
    void demographics(const At& at, TraitDefinition& t) {
        if (const auto age = member(at, "Age")) {
            for (const std::string& condition : conditions(*age)) {
                const ValueTest test = *parse_value_test(condition);
                // Full years: more than 17 is 18 and above, less than 18 is 17 and below.
                const double years =
                    test.inclusive ? test.limit : test.limit + (test.above ? 1 : -1);
                if (test.above)
                    t.min_age = std::max(t.min_age, years);
                else
                    t.max_age = std::min(t.max_age, years);
            }
            t.age_at = "date";
        }
        std::vector<std::int64_t> sexes;
        for (const At& sex : items(member(at, "Gender")))
            sexes.push_back(concept_id(sex));
        if (sexes.empty()) return;
        if (sexes.size() == 1 && (sexes[0] == 8507 || sexes[0] == 8532))
            t.sex = sexes[0] == 8507 ? "male" : "female";
        else if (sexes.size() != 2)
            refuse(below(at, "Gender"), "only 8507 (male) and 8532 (female) are known");
    }

    void primary(const std::optional<At>& at) {
        if (!at) return refuse("PrimaryCriteria", "there are no entry events", "a cohort has some");
        only(*at, {"CriteriaList", "ObservationWindow", "PrimaryCriteriaLimit"});
        std::int64_t before = 0, behind = 0;
        if (const auto window = member(*at, "ObservationWindow")) {
            only(*window, {"PriorDays", "PostDays"});
            before = whole(*window, "PriorDays", 0);
            behind = whole(*window, "PostDays", 0);
        }
        std::size_t n = 0;
        for (const At& one : items(member(*at, "CriteriaList"))) {
            ++n;
            TraitDefinition entry;
            const bool first = events(one, entry);
            entry.observed_before_days = before;
            entry.observed_after_days = behind;
            const std::string name = text("entry_", n);
            if (first) first_ever(name, entry);
            TraitDefinition& added = criterion(name, "entry event of the cohort");
            entry.name = added.name;
            entry.kind = added.kind;
            entry.doc = added.doc;
            added = std::move(entry);
            cohort_.any_of.push_back(added.name);
        }
        if (n == 0)
            refuse(below(*at, "CriteriaList"), "there are no entry events", "a cohort has some");
    }
    /// The first event ever: none before it, inside observation or not, of whatever value and age.
    void first_ever(const std::string& name, TraitDefinition& t) {
        TraitDefinition& ever = criterion(name + ".ever", "all such events, observed or not");
        ever.codes = t.codes;
        ever.event_kinds = t.event_kinds;
        ever.inside_observation = false;
        t.without.push_back(text(ever.name, " ..-1"));
    }

    void limits(const At& top) {
        const auto limit = [&](const std::optional<At>& at) {
            std::string type = at ? lower(word(*at, "Type", "First")) : "all";
            if (at) only(*at, {"Type"});
            if (type != "all" && type != "first" && type != "last")
                refuse(at->path, text("the limit '", type, "' is not known"));
            return type;
        };
        const auto primary_at = member(top, "PrimaryCriteria");
        cohort_.only =
            limit(primary_at ? member(*primary_at, "PrimaryCriteriaLimit") : std::nullopt);
        const std::string qualified = limit(member(top, "QualifiedLimit"));
        const std::string expression = limit(member(top, "ExpressionLimit"));
        cohort_.date = expression == "last" ? "last" : "first";
        // The qualified limit stands between additional criteria and inclusion rules, and means
        // nothing without the former.
        if (member(top, "AdditionalCriteria") && qualified != "all" && cohort_.only == "all") {
            if (!items(member(top, "InclusionRules")).empty())
                refuse("QualifiedLimit", "a limit between additional criteria and inclusion rules "
                                         "cannot be taken over");
            cohort_.date = qualified;
        }
        if (const auto collapse = member(top, "CollapseSettings")) {
            only(*collapse, {"CollapseType", "EraPad", "EraPadUnit", "EraPadUnitValue"});
            if (number(*collapse, "EraPad").value_or(0) != 0 && expression == "all")
                refuse(below(*collapse, "EraPad"), "stays that are joined cannot be taken over");
        }
    }

    void criteria_group(const At& group) {
        only(group, {"Type", "Count", "CriteriaList", "DemographicCriteriaList", "Groups"});
        const auto criteria = items(member(group, "CriteriaList")),
                   demographic = items(member(group, "DemographicCriteriaList")),
                   groups = items(member(group, "Groups"));
        const std::size_t parts = criteria.size() + demographic.size() + groups.size();
        const std::string type = word(group, "Type", "ALL");
        if (type != "ALL" && !(type == "ANY" && parts == 1) && parts > 0)
            return refuse(below(group, "Type"),
                          text("criteria of type ", type, " cannot be taken over"));
        for (const At& one : criteria)
            windowed(one);
        for (const At& one : demographic) {
            only(one, {"Age", "Gender"});
            demographics(one, cohort_);
        }
        for (const At& one : groups)
            criteria_group(one);
    }
    void windowed(const At& at) {
        only(at, {"Criteria", "StartWindow", "Occurrence", "IgnoreObservationPeriod"});
        const auto inner = member(at, "Criteria"), occurrence = member(at, "Occurrence");
        if (!inner || !occurrence)
            return refuse(at.path, "this is not a criterion", "it says what occurs, and how often");
        only(*occurrence, {"Type", "Count", "IsDistinct", "CountColumn"});
        TraitDefinition t;
        const bool first = events(*inner, t);
        const std::string name = text("rule_", ++rules_);
        t.inside_observation = !flag(at, "IgnoreObservationPeriod");
        if (first) first_ever(name, t);
        TraitDefinition& added = criterion(name, "criterion around the entry");
        t.name = added.name;
        t.kind = added.kind;
        t.doc = added.doc;
        added = std::move(t);
        const std::string days = window(member(at, "StartWindow"));
        const std::int64_t kind = whole(*occurrence, "Type", 2),
                           count = whole(*occurrence, "Count", 1);
        if (kind == 2 && count == 1)
            cohort_.with.push_back(text(added.name, " ", days));
        else if ((kind == 0 || kind == 1) && count == 0)
            cohort_.without.push_back(text(added.name, " ", days));
        else
            refuse(occurrence->path, "only 'at least 1' and 'none' can be taken over",
                   "events are counted there, and different dates here");
    }
    std::string window(const std::optional<At>& at) {
        if (!at) return "..";
        only(*at, {"Start", "End"});
        const auto side = [&](std::string_view key, double open) -> std::string {
            const auto edge = member(*at, key);
            if (!edge) return {};
            only(*edge, {"Days", "Coeff", "TimeUnit", "TimeUnitValue"});
            if (word(*edge, "TimeUnit", "day") != "day")
                refuse(below(*edge, "TimeUnit"), "only days are counted");
            const double sign = number(*edge, "Coeff").value_or(0);
            if (sign != 1 && sign != -1) refuse(edge->path, "there is no direction", "1 or -1");
            if (member(*edge, "Days"))
                return text(static_cast<std::int64_t>(sign) * whole(*edge, "Days", 0));
            if (sign != open)
                refuse(edge->path, "a window that is open to the inside", "it is empty");
            return {};
        };
        return text(side("Start", -1), "..", side("End", 1));
    }

    void cohort_exit(const std::optional<At>& at) {
        if (!at) return;
        only(*at, {"DateOffset"});
        const auto offset = member(*at, "DateOffset");
        if (!offset) return;
        only(*offset, {"DateField", "Offset", "OffsetUnit", "OffsetUnitValue"});
        if (word(*offset, "DateField", "StartDate") != "StartDate")
            refuse(below(*offset, "DateField"),
                   "only days from the start of the entry can be taken");
        if (word(*offset, "OffsetUnit", "day") != "day")
            refuse(below(*offset, "OffsetUnit"), "only days are counted");
        cohort_.max_follow_days = whole(*offset, "Offset", 0);
        if (cohort_.max_follow_days == 0)
            refuse(below(*offset, "Offset"), "an exit on the day of the entry leaves no follow-up",
                   "follow-up has at least a day");
    }

    void finish() {
        if (cohort_.doc.empty()) cohort_.doc = "Imported from an OHDSI cohort definition";
        out_.traits.push_back(std::move(cohort_));
        out_.traits.insert(out_.traits.end(), std::make_move_iterator(criteria_.begin()),
                           std::make_move_iterator(criteria_.end()));
    }

    std::string_view file_;
    Definitions out_;
    TraitDefinition cohort_;
    std::vector<TraitDefinition> criteria_;
    std::size_t rules_ = 0;
};

} // namespace

Definitions cohort_definitions(std::string_view json, std::string_view file,
                               std::string_view name) {
    simdjson::dom::parser parser;
    const simdjson::padded_string padded(json);
    Json root;
    if (const auto error = parser.parse(padded).get(root))
        throw DataError({.what = "this is not JSON",
                         .where = std::string(file),
                         .why = simdjson::error_message(error),
                         .help = "export the cohort again, as JSON of Circe"});
    return CohortReader(file, name).read(root);
}

} // namespace salus
