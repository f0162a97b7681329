#pragma once

#include "health/code.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// One [[code_set]] of a definitions file: a code list with a name.
struct CodeSetDefinition {
    std::string name, doc;
    std::vector<std::string> codes, descendants_of, except_codes, except_descendants_of;
};

/// What is below a standard concept in a vocabulary.
class ConceptTree {
public:
    virtual ~ConceptTree() = default;
    /// True if `concept_id` is `ancestor` or below it.
    virtual bool is_below(std::uint32_t concept_id, std::uint32_t ancestor) const = 0;
};

/// Codes and units as an event store numbers them.
struct StoreDictionary {
    std::span<const std::string> codes;
    std::span<const std::uint32_t> concepts; // [code]
    std::span<const std::string> units;
    const ConceptTree* tree = nullptr; // null: the store was made without vocabulary tables
};

/// "@NAME" in a code list stands for a code set; nothing if the entry is a code.
std::optional<std::string_view> named_code_set(std::string_view entry) noexcept;
/// The concept of "OMOP:201826"; nothing if it is not written so.
std::optional<std::uint32_t> parse_concept(std::string_view entry) noexcept;

/// Code sets over the dictionary of one event store. O(codes) bytes for each set.
class CodeSets {
public:
    /// UsageError if a set needs descendants and the store has no vocabulary. Sets that contain
    /// each other in a circle, and unknown names, are refused before (parse_definitions).
    CodeSets(const std::vector<CodeSetDefinition>& sets, const StoreDictionary& dictionary);

    /// For each code of the dictionary, whether a code list with sets in it takes it in.
    std::vector<char> members(const std::vector<std::string>& entries) const;

private:
    void resolve(std::size_t set);

    const std::vector<CodeSetDefinition>& sets_;
    StoreDictionary dictionary_;
    std::map<std::string, std::vector<char>, std::less<>> members_;
};

} // namespace salus
