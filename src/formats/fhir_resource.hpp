#pragma once

#include "formats/fhir_bundle.hpp"
#include "formats/fhir_codes.hpp"
#include "formats/fhir_json.hpp"
#include "formats/fhir_medications.hpp"
#include "formats/fhir_reasons.hpp"
#include "formats/fhir_values.hpp"
#include "health/record_row.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace salus::fhir {

/// Makes rows of single resources (docs/fhir.md says which and how).
class Extractor {
public:
    Extractor(const FhirMedications& medications, std::string sample_system,
              CodeSystemAliases aliases)
        : medications_(medications), sample_system_(std::move(sample_system)),
          codes_(std::move(aliases)) {}

    /// Rows of `resource` go to rows(), which stay valid until the next call. `bundle`: the Bundle
    /// that it stands in, or null; `id` stands for the id that a resource of a Bundle lacks.
    FhirReason extract(const Json& resource, const BundleIndex* bundle, std::string_view id = {});
    /// The same for the withdrawal of a resource, "Type/id".
    FhirReason withdraw(std::string_view url);

    const std::vector<RecordRow>& rows() const noexcept { return rows_; }
    /// Where the fault is: type of the resource, "" if it is not known, and its element.
    std::string_view type_name() const noexcept { return type_name_; }
    FhirElement element() const noexcept { return element_; }
    const FhirCodes& codes() const noexcept { return codes_; }

private:
    /// A coding as it stands in an event.
    struct Coded {
        std::uint32_t code = 0;
        std::uint8_t flags = 0;
    };
    struct Value {
        double number = std::numeric_limits<double>::quiet_NaN();
        std::uint32_t unit = 0, code = no_code;
        std::uint8_t comparator = 0, flags = 0;
    };

    FhirReason fault(FhirReason reason, FhirElement element) noexcept;
    FhirReason read_patient(std::string_view id);
    FhirReason read_sample(RecordRow& row);
    void add_death(const RecordRow& person);
    FhirReason read_event(const FhirRule& rule, FhirType type);
    FhirReason read_status(const FhirRule& rule, FhirType type);
    FhirReason read_verification();
    FhirReason read_person(std::string_view& person);
    FhirReason person_of(std::string_view reference, std::string_view& person) const;
    FhirReason read_dates(const FhirRule& rule);
    FhirReason read_start(const FhirRule& rule, FhirElement element, bool& found);
    FhirReason read_end(FhirElement element);
    FhirReason read_supply(FhirElement element);
    FhirReason read_visit(FhirType type);
    FhirReason read_codes(const FhirRule& rule, FhirType type);
    FhirReason read_medication(FhirElement element);
    FhirReason read_class();
    FhirReason add_concept(const Json& json, FhirElement element);
    FhirReason add_coding(const Json& json, FhirElement element);
    FhirReason add_concepts(FhirElement list, EventKind kind);
    void add_code(std::string_view system, std::string_view code, std::string_view display);
    FhirReason add_observation();
    FhirReason find_kind();
    FhirReason add_component(const Json& json);
    FhirReason read_value(const Elements& from, Value& value);
    FhirReason read_quantity(const Json& json, Value& value);
    void emit(const Value& value);

    const FhirMedications& medications_;
    std::string sample_system_;
    FhirCodes codes_;
    std::vector<RecordRow> rows_;

    const BundleIndex* bundle_ = nullptr;
    Elements fields_, component_;
    std::string_view type_name_;
    FhirElement element_ = FhirElement::none;
    std::string record_, visit_;
    RecordRow base_; // what all rows of the resource share
    std::vector<Coded> coded_;
};

} // namespace salus::fhir
