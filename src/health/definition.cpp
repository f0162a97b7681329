#include "health/definition.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace salus {
namespace {

using T = TraitDefinition;

void declare_cases(RecordOf<T>& record) {
    record
        .param("min_dates", &T::min_dates,
               {.doc = "different dates that make a case", .min = 1, .max = 1000})
        .param("min_span_days", &T::min_span_days,
               {.doc = "days between the first and the last of them",
                .unit = "d",
                .min = 0,
                .max = 36525})
        .param("date", &T::date,
               {.doc = "the date of a case: the first event, or the day on which dates and span "
                       "were reached",
                .choices = {"first", "confirmed"}})
        .param("case_exclude", &T::case_exclude,
               {.doc = "codes that make a person neither case nor control"})
        .param("case_exclude_dates", &T::case_exclude_dates,
               {.doc = "different dates of case_exclude that are needed for that",
                .min = 1,
                .max = 1000})
        .param("control_exclude", &T::control_exclude,
               {.doc = "codes that keep a person from being a control"})
        .param(
            "washout_days", &T::washout_days,
            {.doc =
                 "cases whose date lies so soon after the start of their observation are left out",
             .unit = "d",
             .min = 0,
             .max = 36525});
}

void declare_values(RecordOf<T>& record) {
    record
        .param("convert", &T::convert,
               {.doc = "other units that are accepted: \"UNIT * factor + offset\""})
        .param("missing_unit", &T::missing_unit,
               {.doc = "a value without a unit is left out, or is taken to be in `unit`",
                .choices = {"drop", "assume"}})
        .param("low", &T::low, {.doc = "values below are not plausible and left out, in `unit`"})
        .param("high", &T::high, {.doc = "values above are not plausible and left out, in `unit`"})
        .param("summary", &T::summary,
               {.doc = "how the values of a person become one",
                .choices = {"median", "mean", "first", "last", "max", "min"}})
        .param("min_values", &T::min_values,
               {.doc = "values that a person needs", .min = 1, .max = 1000})
        .param("adjust_drugs", &T::adjust_drugs, {.doc = "drugs that change the value"})
        .param("adjust_divide", &T::adjust_divide,
               {.doc = "a value measured within adjust_days after such a drug is divided by this",
                .min = 0.01,
                .max = 100})
        .param("adjust_days", &T::adjust_days,
               {.doc = "days that such a drug works", .unit = "d", .min = 0, .max = 36525});
}

RecordOf<T> declare() {
    RecordOf<T> record;
    record.required("name", &T::name, {.doc = "name of the trait in all results"})
        .param("kind", &T::kind,
               {.doc = "what the trait is: case or control, a measured value, the day of the "
                       "first event, or the event and the time at risk before it",
                .choices = {"binary", "quantitative", "first_date", "time_to_event"}})
        .param("time_scale", &T::time_scale,
               {.doc = "years of a time_to_event trait: since the start of observation, or age "
                       "with late entry at the start of observation",
                .choices = {"observation", "age"}})
        .param("doc", &T::doc, {.doc = "one sentence that goes with the results"})
        .param("unit", &T::unit, {.doc = "unit of a quantitative trait, in UCUM"})
        .required("codes", &T::codes,
                  {.doc = "codes that count, as SYSTEM:code; ICD10 and ATC by prefix or range"})
        .param("except_codes", &T::except_codes,
               {.doc = "codes that do not count though `codes` takes them in"})
        .param("drugs", &T::drugs,
               {.doc = "drugs whose dates count like dates of a code, for persons with at least "
                       "one date of a code"})
        .param("inside_observation", &T::inside_observation,
               {.doc = "only events inside an observation period count"})
        .param("sex", &T::sex,
               {.doc = "whom the trait can concern", .choices = {"any", "male", "female"}})
        .param("min_age", &T::min_age,
               {.doc = "age at the date of a case, or at a measurement",
                .unit = "a",
                .min = 0,
                .max = 150})
        .param("max_age", &T::max_age,
               {.doc = "age at the date of a case, or at a measurement",
                .unit = "a",
                .min = 0,
                .max = 150});
    declare_cases(record);
    declare_values(record);
    return record;
}

constexpr std::array<std::string_view, 7> binary_only{
    "min_dates",       "min_span_days", "case_exclude", "case_exclude_dates",
    "control_exclude", "washout_days",  "drugs"};
constexpr std::array<std::string_view, 9> quantitative_only{
    "convert",    "missing_unit", "low",           "high",       "summary",
    "min_values", "adjust_drugs", "adjust_divide", "adjust_days"};

/// Checks of one trait that its types and ranges do not cover.
class TraitCheck {
public:
    TraitCheck(const Node& node, std::string_view file, const TraitDefinition& trait,
               std::vector<Problem>& problems)
        : node_(node), file_(file), trait_(trait), problems_(problems) {}

    void run() {
        check_name();
        for (const auto& [key, list] : {std::pair{"codes", &trait_.codes},
                                        {"except_codes", &trait_.except_codes},
                                        {"drugs", &trait_.drugs},
                                        {"case_exclude", &trait_.case_exclude},
                                        {"control_exclude", &trait_.control_exclude},
                                        {"adjust_drugs", &trait_.adjust_drugs}})
            check_codes(key, *list);
        check_kind();
        check_conversions();
        if (trait_.codes.empty() && node_.find("codes"))
            add("codes", "the trait has no codes",
                "a trait is made of the events that its codes take in", "list at least one code");
        if (!(trait_.low < trait_.high))
            add("low", "low is not below high", "no value could be plausible",
                "give low < high in the unit of the trait");
        if (!(trait_.min_age <= trait_.max_age))
            add("min_age", "min_age is above max_age", "nobody could have the trait",
                "give min_age <= max_age");
    }

private:
    void add(std::string_view key, std::string what, std::string why, std::string help) {
        const Node* at = node_.find(key);
        problems_.push_back({.what = text("trait '", trait_.name, "': ", what),
                             .where = place(file_, at ? *at : node_),
                             .why = std::move(why),
                             .help = std::move(help)});
    }
    void check_name() {
        if (!trait_.name.empty() && !is_trait_name(trait_.name))
            add("name", "this name cannot be used",
                "names become columns and groups of result files",
                "use letters, digits, _, - and ., beginning with a letter");
    }
    void check_codes(std::string_view key, const std::vector<std::string>& codes) {
        static const std::vector<std::string> systems{"ICD10",  "ICD9",   "LOINC", "ATC",
                                                      "SNOMED", "RXNORM", "OMOP",  "LOCAL"};
        for (const std::string& code : codes) {
            if (!CodePattern::parse(code)) {
                add(key, text("cannot read the code '", code, "'"),
                    "codes are written SYSTEM:code, OMOP concepts as a whole number",
                    "for example ICD10:E11, ICD10:I20-I25, LOINC:13457-7, ATC:C10AA, OMOP:3004410");
                continue;
            }
            const std::string system = normalise_system(code.substr(0, code.find(':')));
            if (std::find(systems.begin(), systems.end(), system) != systems.end()) continue;
            if (const auto near = nearest(system, systems))
                add(key, text("unknown code system '", system, "'"), "no event could have it",
                    text("did you mean ", *near, "?"));
        }
    }
    void check_kind() {
        const bool quantitative = trait_.kind == "quantitative";
        const auto refuse = [&](std::string_view key) {
            if (node_.find(key))
                add(key, text("'", key, "' has no meaning for a trait of kind ", trait_.kind),
                    "it would be passed over silently", "remove it, or change the kind");
        };
        if (quantitative)
            std::for_each(binary_only.begin(), binary_only.end(), refuse);
        else
            std::for_each(quantitative_only.begin(), quantitative_only.end(), refuse);
        if (trait_.kind == "first_date") refuse("control_exclude");
        if (trait_.kind != "time_to_event") refuse("time_scale");
        if (quantitative && trait_.unit.empty())
            add("unit", "a quantitative trait needs a unit",
                "values in different units cannot be told apart without it",
                "give the unit in UCUM, for example unit = \"mg/dL\", or \"1\" for none");
    }
    void check_conversions() {
        std::vector<std::string> seen{trait_.unit};
        for (const std::string& written : trait_.convert) {
            const auto conversion = parse_conversion(written);
            if (!conversion) {
                add("convert", text("cannot read the conversion '", written, "'"),
                    "it is written UNIT * factor + offset",
                    "for example \"mmol/L * 38.67\" or \"mmol/mol * 0.09148 + 2.152\"");
                continue;
            }
            if (std::find(seen.begin(), seen.end(), conversion->unit) != seen.end())
                add("convert", text("unit '", conversion->unit, "' is there twice"),
                    "one unit has one conversion", "remove one of them");
            seen.push_back(conversion->unit);
        }
    }

    const Node& node_;
    std::string_view file_;
    const TraitDefinition& trait_;
    std::vector<Problem>& problems_;
};

void check_top(const Node& document, std::string_view file, std::vector<Problem>& problems) {
    for (const auto& [key, node] : document.table())
        if (key != "trait")
            problems.push_back({.what = text("unknown key '", key, "'"),
                                .where = place(file, node),
                                .why = "a definitions file holds [[trait]] records only",
                                .help = "write the records under [[trait]]"});
}

} // namespace

const RecordOf<TraitDefinition>& trait_record() {
    static const RecordOf<TraitDefinition> record = declare();
    return record;
}

std::optional<UnitConversion> parse_conversion(std::string_view written) {
    const std::size_t star = written.rfind(" * ");
    if (star == std::string_view::npos) return std::nullopt;
    UnitConversion out{.unit = std::string(trim(written.substr(0, star)))};
    std::string_view rest = trim(written.substr(star + 3));
    const std::size_t sign = rest.find_first_of("+-", rest.empty() ? 0 : 1);
    // The sign of an exponent (1e-3) is not the sign of an offset: that stands behind a blank.
    if (sign != std::string_view::npos && rest[sign - 1] == ' ') {
        const auto offset = parse_double(trim(rest.substr(sign + 1)));
        if (!offset) return std::nullopt;
        out.offset = rest[sign] == '-' ? -*offset : *offset;
        rest = trim(rest.substr(0, sign));
    }
    const auto factor = parse_double(rest);
    if (!factor || *factor == 0 || out.unit.empty()) return std::nullopt;
    out.factor = *factor;
    return out;
}

Definitions parse_definitions(std::string_view toml, std::string_view name) {
    const Node document = parse_toml(toml, name);
    Definitions out;
    check_top(document, name, out.problems);
    const Node* traits = document.find("trait");
    const std::vector<Node> none;
    if (traits != nullptr && !traits->is_list()) {
        out.problems.push_back({.what = "'trait' is not a list of records",
                                .where = place(name, *traits),
                                .why = {},
                                .help = "write [[trait]] above each record"});
        return out;
    }
    for (const Node& node : traits != nullptr ? traits->list() : none) {
        if (!node.is_table()) continue;
        TraitDefinition trait = trait_record().read(node, name, "trait", out.problems);
        TraitCheck(node, name, trait, out.problems).run();
        const auto same = [&](const TraitDefinition& other) { return other.name == trait.name; };
        if (std::any_of(out.traits.begin(), out.traits.end(), same))
            out.problems.push_back({.what = text("trait '", trait.name, "' is there twice"),
                                    .where = place(name, node),
                                    .why = "the name tells traits apart",
                                    .help = "rename or remove one"});
        out.traits.push_back(std::move(trait));
    }
    if (out.traits.empty() && out.problems.empty())
        out.problems.push_back({.what = "the file defines no trait",
                                .where = std::string(name),
                                .why = {},
                                .help = "add a [[trait]] record; docs/phenotypes.md shows how"});
    return out;
}

std::vector<TraitDefinition> read_definitions(const std::filesystem::path& path) {
    Definitions read = parse_definitions(read_text_file(path), path.string());
    if (!read.problems.empty()) throw UsageError(std::move(read.problems));
    return std::move(read.traits);
}

bool is_trait_name(std::string_view name) noexcept {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    return !name.empty() && letter(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
        return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
    });
}

} // namespace salus
