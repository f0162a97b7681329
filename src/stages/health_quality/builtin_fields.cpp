#include "base/error.hpp"
#include "base/text.hpp"
#include "stages/health_quality/fields.hpp"

#include <algorithm>
#include <utility>

namespace salus::health_quality {
namespace {

// A line `= table` begins a table, any other is a field: name, type (i whole number, f number, d
// date, t date-time, v text with its longest length), then what is asked of it; a name alone has
// the shape that fields of that name have everywhere. `!` required, `#`
// primary key, `>t` key of table t, `c` concept, `s` standard concept, `b` not before birth, `x`
// not after death; `zero`, `source`, `mapped`, `visit`, `observed`, `persons` and `<end_field` with
// the per cent that may violate it.
constexpr std::string_view cdm = R"(= person !
person_id
gender_concept_id i ! c domain=Gender s zero=5
year_of_birth i ! low=1850
month_of_birth i low=1 high=12
day_of_birth i low=1 high=31
birth_datetime
race_concept_id i ! c domain=Race s zero=100
ethnicity_concept_id i ! c domain=Ethnicity s zero=100
location_id
provider_id
care_site_id
person_source_value
gender_source_value
gender_source_concept_id
race_source_value v50 mapped=100:race_concept_id
race_source_concept_id i c
ethnicity_source_value v50 mapped=100:ethnicity_concept_id
ethnicity_source_concept_id i c
= observation_period ! persons=0
observation_period_id
person_id
observation_period_start_date d ! <observation_period_end_date=0 b x
observation_period_end_date d ! b x
period_type_concept_id
= visit_occurrence persons=95
visit_occurrence_id
person_id
visit_concept_id i ! c domain=Visit s zero=0
visit_start_date d ! <visit_end_date=1 b x observed=5
visit_start_datetime
visit_end_date d ! b x
visit_end_datetime
visit_type_concept_id
provider_id
care_site_id
visit_source_value v50 mapped=10:visit_concept_id
visit_source_concept_id i c source=100
admitted_from_concept_id
admitted_from_source_value
discharged_to_concept_id
discharged_to_source_value
preceding_visit_occurrence_id i >visit_occurrence
= visit_detail persons=100
visit_detail_id
person_id
visit_detail_concept_id i ! c domain=Visit s zero=0
visit_detail_start_date d ! <visit_detail_end_date=1 b x visit=1
visit_detail_start_datetime
visit_detail_end_date d ! b x
visit_detail_end_datetime
visit_detail_type_concept_id
provider_id
care_site_id
visit_detail_source_value
visit_detail_source_concept_id i c source=100
admitted_from_concept_id
admitted_from_source_value
discharged_to_source_value
discharged_to_concept_id
preceding_visit_detail_id i >visit_detail
parent_visit_detail_id i >visit_detail
visit_occurrence_id i ! >visit_occurrence
= condition_occurrence persons=95
condition_occurrence_id
person_id
condition_concept_id i ! c domain=Condition s zero=5
condition_start_date d ! <condition_end_date=1 b x visit=5 observed=5
condition_start_datetime
condition_end_date d b x
condition_end_datetime
condition_type_concept_id
condition_status_concept_id i c domain=Condition_Status s zero=5
stop_reason v20
provider_id
visit_occurrence_id
visit_detail_id
condition_source_value v50 mapped=10:condition_concept_id
condition_source_concept_id
condition_status_source_value v50 mapped=100:condition_status_concept_id
= drug_exposure persons=95
drug_exposure_id
person_id
drug_concept_id i ! c domain=Drug s zero=5
drug_exposure_start_date d ! <drug_exposure_end_date=1 b x visit=5 observed=5
drug_exposure_start_datetime
drug_exposure_end_date d ! b x
drug_exposure_end_datetime
verbatim_end_date d b x
drug_type_concept_id
stop_reason v20
refills i low=0 high=24
quantity f low=0.0000001
days_supply i low=1 high=365
sig v0
route_concept_id i c domain=Route s zero=100
lot_number v50
provider_id
visit_occurrence_id
visit_detail_id
drug_source_value v50 mapped=10:drug_concept_id
drug_source_concept_id
route_source_value v50 mapped=100:route_concept_id
dose_unit_source_value
= procedure_occurrence persons=95
procedure_occurrence_id
person_id
procedure_concept_id i ! c domain=Procedure s zero=5
procedure_date d ! <procedure_end_date=1 b x visit=5 observed=5
procedure_datetime
procedure_end_date d b x
procedure_end_datetime
procedure_type_concept_id
modifier_concept_id i c s zero=100
quantity i low=1
provider_id
visit_occurrence_id
visit_detail_id
procedure_source_value v50 mapped=10:procedure_concept_id
procedure_source_concept_id
modifier_source_value v50 mapped=100:modifier_concept_id
= device_exposure persons=100
device_exposure_id
person_id
device_concept_id i ! c domain=Device s zero=5
device_exposure_start_date d ! <device_exposure_end_date=1 b x visit=5 observed=5
device_exposure_start_datetime
device_exposure_end_date d b x
device_exposure_end_datetime
device_type_concept_id
unique_device_id v255
production_id v255
quantity i low=1
provider_id
visit_occurrence_id
visit_detail_id
device_source_value v50 mapped=100:device_concept_id
device_source_concept_id
unit_concept_id
unit_source_value
unit_source_concept_id
= measurement persons=95
measurement_id
person_id
measurement_concept_id i ! c domain=Measurement s zero=5
measurement_date d ! b x visit=5 observed=5
measurement_datetime
measurement_time v10
measurement_type_concept_id
operator_concept_id i c domain=Meas_Value_Operator s
value_as_number f
value_as_concept_id i c
unit_concept_id
range_low f
range_high f
provider_id
visit_occurrence_id
visit_detail_id
measurement_source_value v50 mapped=10:measurement_concept_id
measurement_source_concept_id
unit_source_value
unit_source_concept_id
value_source_value
measurement_event_id i
meas_event_field_concept_id i c s
= observation persons=95
observation_id
person_id
observation_concept_id i ! c s zero=5
observation_date d ! b x visit=5 observed=5
observation_datetime
observation_type_concept_id
value_as_number f
value_as_string v60
value_as_concept_id i c
qualifier_concept_id i c s
unit_concept_id
provider_id
visit_occurrence_id
visit_detail_id
observation_source_value v50 mapped=100:observation_concept_id
observation_source_concept_id
unit_source_value
qualifier_source_value v50 mapped=100:qualifier_concept_id
value_source_value
observation_event_id i
obs_event_field_concept_id i c s
= death persons=100
person_id
death_date d ! b
death_datetime
death_type_concept_id i c domain=Type_Concept s zero=0
cause_concept_id i c s zero=5
cause_source_value v50 mapped=10:cause_concept_id
cause_source_concept_id
= condition_era
condition_era_id
person_id
condition_concept_id i ! c domain=Condition s zero=0
condition_era_start_date d ! <condition_era_end_date=0 b x
condition_era_end_date d ! b x
condition_occurrence_count i low=1
= drug_era
drug_era_id
person_id
drug_concept_id i ! c domain=Drug s zero=0
drug_era_start_date d ! <drug_era_end_date=0 b x
drug_era_end_date d ! b x
drug_exposure_count i low=1
gap_days i low=0
= care_site
care_site_id
care_site_name v255
place_of_service_concept_id i c s zero=100
location_id
care_site_source_value
place_of_service_source_value
= provider
provider_id
provider_name v255
npi v20
dea v20
specialty_concept_id i c s zero=100
care_site_id
year_of_birth i
gender_concept_id i c domain=Gender s zero=100
provider_source_value
specialty_source_value v50 mapped=100:specialty_concept_id
specialty_source_concept_id i c source=100
gender_source_value
gender_source_concept_id
= location
location_id
address_1 v50
address_2 v50
city v50
state v2
zip v9
county v20
location_source_value
country_concept_id i c domain=Geography s zero=100
country_source_value v80
latitude f
longitude f
)";

struct FieldShape {
    std::string_view name, shape; // `*`: names that end so
};
/// Of the first that fits. The key of a table, named after it, goes before all.
constexpr std::string_view key_shape = "i ! #";
constexpr FieldShape field_shapes[] = {
    {"person_id", "i ! >person"},
    {"provider_id", "i >provider"},
    {"care_site_id", "i >care_site"},
    {"location_id", "i >location"},
    {"visit_occurrence_id", "i >visit_occurrence"},
    {"visit_detail_id", "i >visit_detail"},
    {"unit_concept_id", "i c domain=Unit s zero=5"},
    {"unit_source_value", "v50 mapped=100:unit_concept_id"},
    {"unit_source_concept_id", "i c source=100"},
    {"gender_source_value", "v50 mapped=100:gender_concept_id"},
    {"gender_source_concept_id", "i c"},
    {"admitted_from_concept_id", "i c domain=Visit s zero=5"},
    {"admitted_from_source_value", "v50 mapped=100:admitted_from_concept_id"},
    {"discharged_to_concept_id", "i c domain=Visit s zero=5"},
    {"discharged_to_source_value", "v50 mapped=100:discharged_to_concept_id"},
    {"*_type_concept_id", "i ! c domain=Type_Concept s zero=0"},
    {"*_datetime", "t"},
    {"*_source_concept_id", "i c source=10"},
    {"*_source_value", "v50"},
};

struct Token {
    std::string_view name, value;
    double number() const { return parse_double(value).value_or(0); }
};

Token token_of(std::string_view written) {
    const std::size_t equals = written.find('=');
    if (equals == std::string_view::npos) return {written, {}};
    return {written.substr(0, equals), written.substr(equals + 1)};
}

FieldType type_of(std::string_view letter) {
    switch (letter.front()) {
    case 'i':
        return FieldType::integer;
    case 'f':
        return FieldType::number;
    case 'd':
        return FieldType::date;
    case 't':
        return FieldType::datetime;
    default:
        return FieldType::text;
    }
}

void ask_flag(CdmField& field, std::string_view flag) {
    auto& ask = field.thresholds;
    if (flag == "!")
        ask[Check::is_required] = 0;
    else if (flag == "#")
        ask[Check::primary_key] = 0;
    else if (flag == "s")
        ask[Check::standard_concept] = 0;
    else if (flag == "b")
        ask[Check::after_birth] = 1;
    else if (flag == "x")
        ask[Check::before_death] = 1;
    else {
        field.foreign_table = flag == "c" ? std::string_view("concept") : flag.substr(1);
        ask[Check::foreign_key] = 0;
    }
}

void ask_value(CdmField& field, const Token& token) {
    auto& ask = field.thresholds;
    if (token.name == "domain") {
        field.domain = token.value;
        std::replace(field.domain.begin(), field.domain.end(), '_', ' ');
        ask[Check::fk_domain] = 0;
    } else if (token.name == "zero")
        ask[Check::standard_concept_completeness] = token.number();
    else if (token.name == "source")
        ask[Check::source_concept_completeness] = token.number();
    else if (token.name == "visit")
        ask[Check::within_visit] = token.number();
    else if (token.name == "observed")
        ask[Check::within_observation] = token.number();
    else if (token.name == "low") {
        field.low = token.number();
        ask[Check::value_low] = 1;
    } else if (token.name == "high") {
        field.high = token.number();
        ask[Check::value_high] = 1;
    } else if (token.name == "mapped") {
        const auto parts = split(token.value, ':');
        field.concept_field = parts[1];
        ask[Check::source_value_completeness] = parse_double(parts[0]).value_or(0);
    } else {
        SALUS_ASSERT(token.name.starts_with('<'));
        field.end_field = token.name.substr(1);
        ask[Check::start_before_end] = token.number();
    }
}

/// Dates before 1950 (births: 1850) and after the latest possible day are not possible.
void ask_of_every(CdmField& field, std::string_view table) {
    auto& ask = field.thresholds;
    ask[Check::datatype] = 0;
    ask[field.asks(Check::is_required) ? Check::cdm_field : Check::value_completeness] =
        field.asks(Check::is_required) ? 0 : 100;
    if (field.type != FieldType::date && field.type != FieldType::datetime) return;
    ask[Check::value_low] = 1;
    ask[Check::value_high] = 1;
    field.low = table == "person" ? -43829 : -7305;
    if (field.type == FieldType::datetime && field.name != "birth_datetime")
        ask[Check::datetime_agrees] = 0;
}

void add_table(Specification& out, const std::vector<std::string_view>& words) {
    CdmTable table{.name = std::string(words[1]), .fields = {}};
    table.thresholds[Check::readable_rows] = 0;
    for (std::size_t w = 2; w < words.size(); ++w) {
        const Token token = token_of(words[w]);
        if (token.name == "!") table.thresholds[Check::cdm_table] = 0;
        if (token.name == "persons") table.thresholds[Check::person_completeness] = token.number();
    }
    if (table.name == "observation_period") table.thresholds[Check::period_overlap] = 0;
    out.tables.push_back(std::move(table));
}

std::string_view shape_of(std::string_view table, std::string_view name) {
    if (name.ends_with("_id") && name.substr(0, name.size() - 3) == table) return key_shape;
    const auto found =
        std::find_if(std::begin(field_shapes), std::end(field_shapes), [&](const FieldShape& s) {
            return s.name.front() == '*' ? name.ends_with(s.name.substr(1)) : name == s.name;
        });
    SALUS_ASSERT(found != std::end(field_shapes));
    return found->shape;
}

void add_field(CdmTable& table, std::vector<std::string_view> words) {
    if (words.size() == 1)
        for (const std::string_view word : split(shape_of(table.name, words[0]), ' '))
            words.push_back(word);
    CdmField field{.name = std::string(words[0]), .type = type_of(words[1])};
    if (field.type == FieldType::text)
        field.width = static_cast<std::size_t>(parse_integer(words[1].substr(1)).value_or(0));
    for (std::size_t w = 2; w < words.size(); ++w) {
        const Token token = token_of(words[w]);
        if (token.value.empty())
            ask_flag(field, token.name);
        else
            ask_value(field, token);
    }
    ask_of_every(field, table.name);
    table.fields.push_back(std::move(field));
}

} // namespace

const CdmField* CdmTable::find(std::string_view field) const {
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const CdmField& f) { return f.name == field; });
    return found == fields.end() ? nullptr : &*found;
}

CdmField* CdmTable::find(std::string_view field) {
    return const_cast<CdmField*>(std::as_const(*this).find(field));
}

const CdmTable* Specification::find(std::string_view table) const {
    const auto found = std::find_if(tables.begin(), tables.end(),
                                    [&](const CdmTable& t) { return t.name == table; });
    return found == tables.end() ? nullptr : &*found;
}

CdmTable* Specification::find(std::string_view table) {
    return const_cast<CdmTable*>(std::as_const(*this).find(table));
}

bool CdmTable::has_events() const {
    return name != "person" && name != "observation_period" && find("person_id") != nullptr &&
           !start_field().empty();
}

std::string CdmTable::start_field() const {
    for (const CdmField& field : fields)
        if (field.type == FieldType::date) return field.name;
    return {};
}

std::string CdmTable::end_field() const {
    const CdmField* start = find(start_field());
    return start == nullptr ? std::string() : start->end_field;
}

Specification builtin_specification() {
    Specification out;
    for (const std::string_view line : split(cdm, '\n')) {
        if (line.empty()) continue;
        const auto words = split(line, ' ');
        if (words[0] == "=")
            add_table(out, words);
        else
            add_field(out.tables.back(), words);
    }
    add_builtin_concepts(out);
    return out;
}

} // namespace salus::health_quality
