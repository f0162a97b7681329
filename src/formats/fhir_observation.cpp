#include "formats/fhir_resource.hpp"

#include <algorithm>
#include <array>

namespace salus::fhir {
namespace {

using E = FhirElement;
using R = FhirReason;

} // namespace

FhirReason Extractor::add_observation() {
    if (const R bad = find_kind(); bad != R::none) return bad;
    Value value;
    if (const R bad = read_value(fields_, value); bad != R::none) return bad;
    if (fields_.has(E::code))
        if (const R bad = add_concept(fields_[E::code], E::code); bad != R::none) return bad;
    emit(value);
    if (fields_.has(E::component)) {
        JsonArray components;
        if (!take(fields_[E::component], components)) return fault(R::wrong_type, E::component);
        for (const Json component : components)
            if (const R bad = add_component(component); bad != R::none) return bad;
    }
    return rows_.empty() ? fault(R::without_code, E::code) : R::none;
}

/// A number with a unit, the laboratory and vital signs are measurements, all else observations.
FhirReason Extractor::find_kind() {
    if (fields_.has(E::value_quantity)) {
        base_.event = EventKind::measurement;
        return R::none;
    }
    if (!fields_.has(E::category)) return R::none;
    JsonArray categories;
    if (!take(fields_[E::category], categories)) return fault(R::wrong_type, E::category);
    for (const Json category : categories) {
        JsonArray codings;
        const auto list = member(category, "coding");
        if (!list || !take(*list, codings)) continue;
        for (const Json coding : codings) {
            const std::string_view code = text_member(coding, "code");
            if (code == "laboratory" || code == "vital-signs") base_.event = EventKind::measurement;
        }
    }
    return R::none;
}

FhirReason Extractor::add_component(const Json& json) {
    JsonObject object;
    if (!take(json, object)) return fault(R::wrong_type, E::component);
    if (!component_.read(object)) return fault(R::duplicate_key, E::component);
    coded_.clear();
    Value value;
    if (const R bad = read_value(component_, value); bad != R::none)
        return fault(bad, E::component);
    if (component_.has(E::code))
        if (const R bad = add_concept(component_[E::code], E::component); bad != R::none)
            return bad;
    emit(value);
    return R::none;
}

FhirReason Extractor::read_value(const Elements& from, Value& value) {
    if (from.has(E::value_quantity)) return read_quantity(from[E::value_quantity], value);
    if (from.has(E::value_codeable_concept)) {
        const auto held = std::move(coded_);
        coded_.clear();
        const R bad = add_concept(from[E::value_codeable_concept], E::value_codeable_concept);
        if (!coded_.empty()) {
            value.code = coded_.front().code;
            value.flags = coded_.front().flags;
        }
        coded_ = held;
        return bad;
    }
    if (from.has(E::value_integer)) {
        std::int64_t number = 0;
        if (from[E::value_integer].get_int64().get(number) != simdjson::SUCCESS)
            return fault(R::wrong_type, E::value_integer);
        value.number = static_cast<double>(number);
    }
    if (from.has(E::value_boolean)) {
        bool yes = false;
        if (from[E::value_boolean].get_bool().get(yes) != simdjson::SUCCESS)
            return fault(R::wrong_type, E::value_boolean);
        value.number = yes ? 1 : 0;
    }
    return R::none;
}

FhirReason Extractor::read_quantity(const Json& json, Value& value) {
    JsonObject object;
    if (!take(json, object)) return fault(R::wrong_type, E::value_quantity);
    std::string_view comparator, unit, code, system;
    for (const auto field : object) {
        const bool good = same(field.key, "value")
                              ? field.value.get_double().get(value.number) == simdjson::SUCCESS
                          : same(field.key, "unit")       ? take(field.value, unit)
                          : same(field.key, "code")       ? take(field.value, code)
                          : same(field.key, "system")     ? take(field.value, system)
                          : same(field.key, "comparator") ? take(field.value, comparator)
                                                          : true;
        if (!good) return fault(R::wrong_type, E::value_quantity);
    }
    constexpr std::array<std::string_view, 5> comparators{"", "<", "<=", ">=", ">"};
    const auto* known = std::find(comparators.begin(), comparators.end(), comparator);
    if (known == comparators.end()) return fault(R::bad_comparator, E::value_quantity);
    value.comparator = static_cast<std::uint8_t>(known - comparators.begin());
    const bool ucum = system.empty() || system == "http://unitsofmeasure.org" ||
                      system == "urn:oid:2.16.840.1.113883.6.8";
    value.unit = codes_.unit_of(!code.empty() && (ucum || unit.empty()) ? code : unit);
    return R::none;
}

} // namespace salus::fhir
