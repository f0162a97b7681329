#pragma once

#include "health/vocabulary.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace salus::health_quality {

/// What a code of the source looks like, as KindNames counts forms; 0 if it is empty or could be of
/// two systems (V27.0). Codes with a known system before a colon are of that system; ICD-9 is
/// looked for in `diagnoses` only, where five digits are no other code.
std::uint8_t form_of(std::string_view code, bool diagnoses);

/// The kinds of code of a source: families of code systems ("ICD10" for all its variants), and
/// shapes of codes of no known system. By the vocabulary of the source concept where there is one,
/// else by the form of the code.
class KindNames {
public:
    explicit KindNames(const std::unordered_map<std::uint32_t, Concept>& concepts);

    /// 0 = not known.
    std::uint32_t kind_of(std::uint32_t source_concept, std::uint8_t form) const;
    std::size_t size() const noexcept { return names_.size(); }
    const std::string& operator[](std::uint32_t kind) const { return names_[kind]; }

private:
    std::vector<std::string> names_;
    std::vector<std::uint32_t> of_form_;
    std::unordered_map<std::uint32_t, std::uint32_t> of_concept_;
};

} // namespace salus::health_quality
