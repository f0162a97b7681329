#pragma once

#include "formats/fhir_rules.hpp"

#include <simdjson.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

// Only for the sources of the FHIR readers: everything else stays free of simdjson.
namespace salus::fhir {

using Json = simdjson::dom::element;
using JsonObject = simdjson::dom::object;
using JsonArray = simdjson::dom::array;

/// The elements of a resource that are read.
class Elements {
public:
    /// Takes the elements of `object`; false if one of them is there twice: duplicate().
    bool read(const JsonObject& object);
    FhirElement duplicate() const noexcept { return duplicate_; }

    bool has(FhirElement e) const noexcept { return (seen_ >> static_cast<unsigned>(e) & 1) != 0; }
    const Json& operator[](FhirElement e) const noexcept {
        return values_[static_cast<std::size_t>(e)];
    }

private:
    std::array<Json, fhir_element_count> values_;
    std::uint64_t seen_ = 0; // bit by FhirElement
    FhirElement duplicate_ = FhirElement::none;
};
static_assert(fhir_element_count <= 64);

inline bool Elements::read(const JsonObject& object) {
    seen_ = 0;
    // Not a range of key-value pairs: copying those costs more than everything else here.
    for (auto field = object.begin(); field != object.end(); ++field) {
        const FhirElement e = fhir_element(field.key());
        if (e == FhirElement::none) continue;
        const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(e);
        if ((seen_ & bit) != 0) {
            duplicate_ = e;
            return false;
        }
        seen_ |= bit;
        values_[static_cast<std::size_t>(e)] = field.value();
    }
    return true;
}

/// name == literal with a comparison of fixed length.
template <std::size_t N>
bool same(std::string_view name, const char (&literal)[N]) noexcept {
    return name.size() == N - 1 && std::memcmp(name.data(), literal, N - 1) == 0;
}

/// The text of `json`; false if it is none.
inline bool take(const Json& json, std::string_view& out) noexcept {
    return json.get_string().get(out) == simdjson::SUCCESS;
}
inline bool take(const Json& json, JsonObject& out) noexcept {
    return json.get_object().get(out) == simdjson::SUCCESS;
}
inline bool take(const Json& json, JsonArray& out) noexcept {
    return json.get_array().get(out) == simdjson::SUCCESS;
}

/// Members of an object by name; nothing where it has none, or `json` is no object. For rare paths.
inline std::optional<Json> member(const Json& json, std::string_view name) {
    Json value;
    if (json.is_object() && json[name].get(value) == simdjson::SUCCESS) return value;
    return std::nullopt;
}
/// The text member `name`, "" if there is none.
inline std::string_view text_member(const Json& json, std::string_view name) {
    std::string_view out;
    if (const auto value = member(json, name)) static_cast<void>(take(*value, out));
    return out;
}

} // namespace salus::fhir
