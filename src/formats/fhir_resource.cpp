#include "formats/fhir_resource.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cmath>

namespace salus::fhir {
namespace {

using E = FhirElement;
using R = FhirReason;

/// Days of a quantity of time, 0 if its unit is none.
double days_of(double value, std::string_view unit) noexcept {
    if (unit == "d" || unit == "day" || unit == "days") return value;
    if (unit == "wk" || unit == "week" || unit == "weeks") return 7 * value;
    return 0;
}

} // namespace

FhirReason Extractor::fault(FhirReason reason, FhirElement element) noexcept {
    if (reason != R::none) element_ = element;
    return reason;
}

FhirReason Extractor::extract(const Json& resource, const BundleIndex* bundle,
                              std::string_view id) {
    rows_.clear();
    coded_.clear();
    bundle_ = bundle;
    type_name_ = {};
    element_ = E::none;
    JsonObject object;
    if (!take(resource, object)) return R::not_a_resource;
    const bool unique = fields_.read(object);
    const bool typed = fields_.has(E::resource_type) && take(fields_[E::resource_type], type_name_);
    if (!unique) return fault(R::duplicate_key, fields_.duplicate());
    if (!typed) return fault(R::not_a_resource, E::resource_type);
    if (fields_.has(E::id) && !take(fields_[E::id], id)) return fault(R::wrong_type, E::id);
    const FhirType type = fhir_type(type_name_);
    base_ = {};
    record_.clear();
    if (!id.empty()) {
        record_.append(type_name_).append(1, '/').append(id);
        base_.record = record_;
    }
    switch (type) {
    case FhirType::patient:
        return read_patient(id);
    case FhirType::medication: // read beforehand, or found in the Bundle
    case FhirType::composition:
        return R::none;
    case FhirType::bundle:
    case FhirType::other:
        return R::other_resource;
    default:
        return read_event(rule_of(type), type);
    }
}

FhirReason Extractor::withdraw(std::string_view url) {
    rows_.clear();
    type_name_ = {};
    element_ = E::none;
    const FhirReference what = parse_fhir_reference(url);
    if (what.form != FhirReference::Form::typed) return R::not_a_resource;
    type_name_ = what.type;
    record_.assign(what.type).append(1, '/').append(what.id);
    RecordRow row{.kind = RecordKind::deletion, .record = record_};
    if (what.type == "Patient") row.person = what.id;
    rows_.push_back(row);
    return R::none;
}

FhirReason Extractor::read_patient(std::string_view id) {
    RecordRow row = base_;
    row.kind = RecordKind::person;
    row.person = id;
    if (id.empty()) return fault(R::bad_person, E::id);
    std::string_view written;
    if (fields_.has(E::gender)) {
        if (!take(fields_[E::gender], written)) return fault(R::wrong_type, E::gender);
        row.sex = written == "male" ? 1 : written == "female" ? 2 : 0;
    }
    row.has_birth = fields_.has(E::birth_date);
    if (row.has_birth) {
        if (!take(fields_[E::birth_date], written)) return fault(R::wrong_type, E::birth_date);
        const auto date = parse_fhir_date(written);
        if (!date) return fault(R::bad_date, E::birth_date);
        row.day = row.end = day_of_birth(*date);
        row.flags = date->flags;
    }
    if (fields_.has(E::deceased_date_time)) {
        if (!take(fields_[E::deceased_date_time], written))
            return fault(R::wrong_type, E::deceased_date_time);
        const auto date = parse_fhir_date(written);
        if (!date) return fault(R::bad_date, E::deceased_date_time);
        row.death = date->first;
    }
    if (fields_.has(E::managing_organization)) {
        const std::string_view reference =
            text_member(fields_[E::managing_organization], "reference");
        row.site = parse_fhir_reference(reference).id;
    }
    if (const R bad = read_sample(row); bad != R::none) return bad;
    rows_.push_back(row);
    if (row.death == row.death) add_death(row);
    return R::none;
}

/// A death is an event too, of unknown cause, as in the death table of OMOP.
void Extractor::add_death(const RecordRow& person) {
    RecordRow row = base_;
    row.person = person.person;
    row.event = EventKind::death;
    row.day = row.end = static_cast<Day>(person.death);
    row.code = codes_.code_of(EventKind::death, {}, {});
    rows_.push_back(row);
}

/// The sample that a person gave, if it stands among the identifiers.
FhirReason Extractor::read_sample(RecordRow& row) {
    if (sample_system_.empty() || !fields_.has(E::identifier)) return R::none;
    JsonArray identifiers;
    if (!take(fields_[E::identifier], identifiers)) return fault(R::wrong_type, E::identifier);
    for (const Json identifier : identifiers)
        if (text_member(identifier, "system") == sample_system_)
            row.text = text_member(identifier, "value");
    return R::none;
}

FhirReason Extractor::read_event(const FhirRule& rule, FhirType type) {
    base_.event = rule.kind;
    if (const R why = read_status(rule, type); why != R::none) return why;
    if (const R why = read_person(base_.person); why != R::none) return why;
    if (const R why = read_dates(rule); why != R::none) return why;
    if (const R why = read_visit(type); why != R::none) return why;
    if (type == FhirType::observation) return add_observation();
    if (const R why = read_codes(rule, type); why != R::none) return why;
    emit({});
    if (type == FhirType::encounter)
        if (const R why = add_concepts(E::reason_code, EventKind::observation); why != R::none)
            return why;
    if (type == FhirType::diagnostic_report)
        if (const R why = add_concepts(E::conclusion_code, EventKind::observation); why != R::none)
            return why;
    return rows_.empty() ? R::without_code : R::none;
}

FhirReason Extractor::read_status(const FhirRule& rule, FhirType type) {
    std::string_view status;
    if (type == FhirType::condition || type == FhirType::allergy_intolerance)
        return read_verification();
    if (fields_.has(E::status) && !take(fields_[E::status], status))
        return fault(R::wrong_type, E::status);
    if (const R why = judge_status(rule, status); why != R::none) return fault(why, E::status);
    if (type != FhirType::medication_request) return R::none;
    std::string_view intent;
    if (fields_.has(E::intent) && !take(fields_[E::intent], intent))
        return fault(R::wrong_type, E::intent);
    if (!intent.empty() && !intent.ends_with("order")) return fault(R::not_an_order, E::intent);
    if (fields_.has(E::do_not_perform)) {
        bool no = false;
        if (fields_[E::do_not_perform].get_bool().get(no) != simdjson::SUCCESS)
            return fault(R::wrong_type, E::do_not_perform);
        if (no) base_.flags |= negated;
    }
    return R::none;
}

FhirReason Extractor::read_verification() {
    if (!fields_.has(E::verification_status)) return R::none;
    const auto codings = member(fields_[E::verification_status], "coding");
    if (!codings) return R::none;
    JsonArray array;
    if (!take(*codings, array)) return fault(R::wrong_type, E::verification_status);
    for (const Json coding : array) {
        const std::string_view code = text_member(coding, "code");
        if (code == "entered-in-error") return fault(R::entered_in_error, E::verification_status);
        if (code == "refuted") return fault(R::refuted, E::verification_status);
    }
    return R::none;
}

FhirReason Extractor::read_person(std::string_view& person) {
    const E element = fields_.has(E::subject) ? E::subject : E::patient;
    std::string_view reference;
    if (fields_.has(element)) {
        JsonObject object;
        if (!take(fields_[element], object)) return fault(R::wrong_type, element);
        for (const auto field : object)
            if (same(field.key, "reference") && !take(field.value, reference))
                return fault(R::wrong_type, element);
    } else if (bundle_ != nullptr) {
        reference = bundle_->subject();
    }
    return fault(person_of(reference, person), element);
}

FhirReason Extractor::person_of(std::string_view reference, std::string_view& person) const {
    if (bundle_ != nullptr) {
        if (const BundleEntry* entry = bundle_->find(reference)) {
            if (text_member(*entry->resource, "resourceType") != "Patient")
                return R::not_about_a_person;
            person = entry->id;
            return person.empty() ? R::bad_person : R::none;
        }
    }
    const FhirReference parts = parse_fhir_reference(reference);
    if (parts.form == FhirReference::Form::none || parts.form == FhirReference::Form::contained)
        return R::bad_person;
    if (!parts.type.empty() && parts.type != "Patient") return R::not_about_a_person;
    person = parts.id;
    return R::none;
}

FhirReason Extractor::read_dates(const FhirRule& rule) {
    bool found = false;
    for (const E element : rule.starts) {
        if (element == E::none || found) break;
        if (!fields_.has(element)) continue;
        if (const R bad = read_start(rule, element, found); bad != R::none)
            return fault(bad, element);
    }
    if (!found && bundle_ != nullptr && bundle_->date()) {
        base_.day = base_.end = bundle_->date()->first;
        base_.flags |= bundle_->date()->flags;
        found = true;
    }
    if (!found) return fault(R::without_date, rule.starts[0]);
    switch (rule.end) {
    case E::none:
        return R::none;
    case E::abatement_date_time:
        return read_end(fields_.has(E::abatement_period) ? E::abatement_period
                                                         : E::abatement_date_time);
    default:
        return read_supply(rule.end);
    }
}

/// Day of `element`, a date or a period that has a start.
FhirReason Extractor::read_start(const FhirRule& rule, FhirElement element, bool& found) {
    std::string_view first, last;
    if (!take(fields_[element], first)) {
        JsonObject period;
        if (!take(fields_[element], period)) return R::wrong_type;
        for (const auto field : period) {
            if (same(field.key, "start") && !take(field.value, first)) return R::wrong_type;
            if (same(field.key, "end") && !take(field.value, last)) return R::wrong_type;
        }
        if (first.empty()) return R::none;
    }
    const auto day = parse_fhir_date(first);
    if (!day) return R::bad_date;
    found = true;
    base_.day = base_.end = day->first;
    base_.flags |= day->flags;
    if (last.empty() || !rule.period_ends) return R::none;
    const auto end = parse_fhir_date(last);
    if (!end) return R::bad_date;
    base_.end = end->last;
    return base_.end < base_.day ? R::end_before_start : R::none;
}

FhirReason Extractor::read_end(FhirElement element) {
    if (!fields_.has(element)) return R::none;
    std::string_view written;
    if (element == E::abatement_period)
        written = text_member(fields_[element], "end");
    else if (!take(fields_[element], written))
        return fault(R::wrong_type, element);
    if (written.empty()) return R::none;
    const auto end = parse_fhir_date(written);
    if (!end) return fault(R::bad_date, element);
    base_.end = end->last;
    return base_.end < base_.day ? fault(R::end_before_start, element) : R::none;
}

/// The last day that a supply of a drug covers, where its length is known.
FhirReason Extractor::read_supply(FhirElement element) {
    if (!fields_.has(element)) return R::none;
    auto duration = std::optional<Json>(fields_[element]);
    if (element == E::dispense_request) duration = member(*duration, "expectedSupplyDuration");
    if (!duration) return R::none;
    const auto value = member(*duration, "value");
    double number = 0;
    if (!value) return R::none;
    if (value->get_double().get(number) != simdjson::SUCCESS) return fault(R::wrong_type, element);
    std::string_view unit = text_member(*duration, "code");
    if (unit.empty()) unit = text_member(*duration, "unit");
    const double days = std::floor(days_of(number, unit));
    if (days >= 1 && days <= 36525) base_.end = base_.day + static_cast<Day>(days) - 1;
    return R::none;
}

/// Encounters are known by their record, "Encounter/x".
FhirReason Extractor::read_visit(FhirType type) {
    if (type == FhirType::encounter) {
        base_.visit = base_.record;
        return R::none;
    }
    const E element = fields_.has(E::encounter) ? E::encounter : E::context;
    if (!fields_.has(element)) return R::none;
    JsonObject object;
    if (!take(fields_[element], object)) return fault(R::wrong_type, element);
    std::string_view reference;
    for (const auto field : object)
        if (same(field.key, "reference") && !take(field.value, reference))
            return fault(R::wrong_type, element);
    FhirReference parts = parse_fhir_reference(reference);
    if (parts.form == FhirReference::Form::contained) return R::none;
    if (bundle_ != nullptr)
        if (const BundleEntry* entry = bundle_->find(reference))
            parts = {FhirReference::Form::typed, "Encounter", entry->id};
    if (parts.id.empty() || (!parts.type.empty() && parts.type != "Encounter")) return R::none;
    constexpr std::string_view prefix = "Encounter/";
    if (reference.starts_with(prefix) && reference.size() == prefix.size() + parts.id.size()) {
        base_.visit = reference;
    } else {
        visit_.assign(prefix).append(parts.id);
        base_.visit = visit_;
    }
    return R::none;
}

FhirReason Extractor::read_codes(const FhirRule& rule, FhirType type) {
    if (type == FhirType::encounter) return read_class();
    if (rule.code == E::medication_codeable_concept && fields_.has(E::medication_reference))
        return read_medication(E::medication_reference);
    if (!fields_.has(rule.code)) return R::none;
    return add_concept(fields_[rule.code], rule.code);
}

/// Class of an encounter: a Coding, or in later versions a list of concepts.
FhirReason Extractor::read_class() {
    if (!fields_.has(E::encounter_class)) return R::none;
    Json json = fields_[E::encounter_class];
    JsonArray list;
    if (take(json, list)) {
        if (list.size() == 0) return R::none;
        json = list.at(0);
        if (const auto codings = member(json, "coding"); codings && take(*codings, list))
            json = list.size() == 0 ? json : Json(list.at(0));
    }
    base_.source = source_of_class(text_member(json, "code"));
    return add_coding(json, E::encounter_class);
}

FhirReason Extractor::read_medication(FhirElement element) {
    if (!fields_[element].is_object()) return fault(R::wrong_type, element);
    const std::string_view reference = text_member(fields_[element], "reference");
    const FhirReference parts = parse_fhir_reference(reference);
    if (parts.form == FhirReference::Form::contained && fields_.has(E::contained)) {
        JsonArray contained;
        if (!take(fields_[E::contained], contained)) return fault(R::wrong_type, E::contained);
        for (const Json resource : contained) {
            std::string_view id = text_member(resource, "id");
            if (id.starts_with('#')) id.remove_prefix(1);
            if (id != parts.id) continue;
            const auto code = member(resource, "code");
            return code ? add_concept(*code, element) : R::none;
        }
    }
    if (bundle_ != nullptr)
        if (const BundleEntry* entry = bundle_->find(reference)) {
            const auto code = member(*entry->resource, "code");
            return code ? add_concept(*code, element) : R::none;
        }
    const auto* codes = medications_.find(parts.id);
    if (codes == nullptr || parts.id.empty()) return fault(R::unresolved_medication, element);
    for (const FhirMedicationCode& entry : *codes)
        add_code(entry.system, entry.code, entry.display);
    return R::none;
}

/// Codings of a CodeableConcept.
FhirReason Extractor::add_concept(const Json& json, FhirElement element) {
    JsonObject object;
    if (!take(json, object)) return fault(R::wrong_type, element);
    for (const auto field : object) {
        if (!same(field.key, "coding")) continue;
        JsonArray codings;
        if (!take(field.value, codings)) return fault(R::wrong_type, element);
        for (const Json coding : codings)
            if (const R bad = add_coding(coding, element); bad != R::none) return bad;
    }
    return R::none;
}

FhirReason Extractor::add_coding(const Json& json, FhirElement element) {
    JsonObject object;
    if (!take(json, object)) return fault(R::wrong_type, element);
    std::string_view system, code, display;
    for (const auto field : object) {
        const bool good = same(field.key, "system")    ? take(field.value, system)
                          : same(field.key, "code")    ? take(field.value, code)
                          : same(field.key, "display") ? take(field.value, display)
                                                       : true;
        if (!good) return fault(R::wrong_type, element);
    }
    if (!code.empty()) add_code(system, code, display);
    return R::none;
}

/// The same code by two names is one code.
void Extractor::add_code(std::string_view system, std::string_view code, std::string_view display) {
    const std::uint32_t index = codes_.code_of(base_.event, system, code);
    const auto same = [&](const Coded& c) { return c.code == index; };
    if (std::any_of(coded_.begin(), coded_.end(), same)) return;
    const bool absent = codes_.is_absent(index) || text_says_absent(display);
    coded_.push_back({index, absent ? std::uint8_t{negated} : std::uint8_t{0}});
}

/// One event more for each coding of a list of concepts.
FhirReason Extractor::add_concepts(FhirElement list, EventKind kind) {
    if (!fields_.has(list)) return R::none;
    JsonArray concepts;
    if (!take(fields_[list], concepts)) return fault(R::wrong_type, list);
    coded_.clear();
    base_.event = kind;
    for (const Json json : concepts)
        if (const R bad = add_concept(json, list); bad != R::none) return bad;
    emit({});
    return R::none;
}

/// One row for each code, with this value.
void Extractor::emit(const Value& value) {
    for (const Coded& coded : coded_) {
        RecordRow& row = rows_.emplace_back(base_);
        row.code = coded.code;
        row.flags |= static_cast<std::uint8_t>(coded.flags | value.flags);
        row.value = value.number;
        row.comparator = value.comparator;
        row.unit = value.unit;
        row.value_code = value.code;
    }
}

} // namespace salus::fhir
