#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// Facts about a system of codes.
struct CodeSystem {
    std::string_view name;   // as it stands before the colon of a code: "ICD10CM"
    std::string_view family; // "ICD10": a pattern of the family takes in the codes of all members
    bool hierarchy = false;  // what lies below a code begins like it
    bool dots = false;       // dots only structure the code: E119 is E11.9
    bool upper_case = false; // case does not matter; written in upper case
};

/// The systems that are known without a vocabulary, by name. Names and structure only: no codes.
std::span<const CodeSystem> code_systems() noexcept;
/// A known system by its name as in CodeSystem::name; nullptr if there is none.
const CodeSystem* find_code_system(std::string_view name) noexcept;

/// The name of a system however it is written: a short name in any spelling ("icd-10-cm"), a URI
/// ("http://snomed.info/sct", with or without edition and version), an OID (with or without
/// "urn:oid:"). Systems that are not known keep the letters and digits of their name in upper case,
/// URIs without scheme and "www.", OIDs with their dots; "" stays "".
std::string normalise_system(std::string_view system);

/// Names of systems that a user adds to the built-in ones: a tab-separated file of alias and system
/// with the header `alias`, `system`; `#` begins a comment. An alias of the user goes before a
/// built-in one.
class CodeSystemAliases {
public:
    CodeSystemAliases() = default;
    /// UsageError with every line that cannot be used: not two fields, an alias given twice.
    static CodeSystemAliases parse(std::string_view text, std::string_view file);
    static CodeSystemAliases read(const std::filesystem::path& path);

    std::size_t size() const noexcept { return systems_.size(); }
    /// normalise_system with the aliases of the user.
    std::string name(std::string_view system) const;

private:
    std::map<std::string, std::string, std::less<>> systems_; // [alias in lower case]
};

/// A code in the one form of its system (normalise_system): upper case, dots and check digits where
/// the system has them. Nothing if it does not look like a code of that system. Codes of systems
/// without a known form are trimmed and always accepted.
std::optional<std::string> normalise_code(std::string_view system, std::string_view code);

/// True if a code says that something is absent or not known, so that it must never count as having
/// it: absent-unknown codes of the International Patient Summary (`no-known-allergies`,
/// `no-problem-info`), and the SNOMED CT findings of the same meaning. `system` as normalise_system
/// writes it.
bool says_absent(std::string_view system, std::string_view code) noexcept;
/// The same for a text or a code of no known system: "No known allergies", "no-known-drugs".
bool text_says_absent(std::string_view written) noexcept;

} // namespace salus
