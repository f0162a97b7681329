#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace salus {

/// ICD-10 in one form: upper case, a dot behind the third character; dagger, asterisk, exclamation
/// mark, blanks and the dash of a code without its last places removed: " e119 " -> "E11.9",
/// "M54.-" -> "M54". Nothing if it does not look like an ICD-10 code (WHO or a national extension).
std::optional<std::string> normalise_icd10(std::string_view code);
/// ICD-9-CM diagnoses in one form: "25000" -> "250.00", "v270" -> "V27.0", "E8500" -> "E850.0".
std::optional<std::string> normalise_icd9(std::string_view code);
/// ICD-11 stem and extension codes and their clusters, upper case: "5a11&xs25" -> "5A11&XS25".
std::optional<std::string> normalise_icd11(std::string_view code);
/// OPCS-4 with its dot: "k401" -> "K40.1".
std::optional<std::string> normalise_opcs4(std::string_view code);
/// Read codes without the dots and the term code behind them: "C10F.00" -> "C10F". Case matters.
std::optional<std::string> normalise_read(std::string_view code);

/// True for one to seven digits, a dash and the right check digit (mod 10).
bool is_loinc(std::string_view code) noexcept;
/// Level 1 to 5 of an ATC code in upper or lower case, which has 1, 3, 4, 5 or 7 characters; 0 if
/// it is none.
int atc_level(std::string_view code) noexcept;
/// True for ATC codes of level 1 to 5 in upper or lower case.
bool is_atc(std::string_view code) noexcept;
/// True for identifiers of SNOMED CT concepts: 6 to 18 digits, no leading zero, the partition of
/// concepts and the right check digit (Verhoeff 1969).
bool is_snomed(std::string_view code) noexcept;
/// True if the last digit of `digits` is the check digit of Verhoeff for those before it.
bool verhoeff_holds(std::string_view digits) noexcept;

/// Where a code was found among known ones.
struct KnownCode {
    std::size_t index = 0;
    bool exact = true; // false: a longer code was cut to one that is known
};
/// The longest code of `known` (ascending) that `code` begins with, of at least `shortest`
/// characters; a dot at the end of the cut code does not count. Cost O(length x log known).
std::optional<KnownCode> longest_known(std::span<const std::string> known, std::string_view code,
                                       std::size_t shortest = 3) noexcept;

} // namespace salus
