#pragma once

#include "health/record_row.hpp"
#include "store/h5.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace salus {

/// Tables that an event store holds when it was made with a vocabulary.
TableSpec concepts_table();
TableSpec concept_ancestors_table();
TableSpec code_maps_table();

/// A concept of a vocabulary.
struct Concept {
    std::string code;      // SYSTEM:code
    std::string domain;    // Condition, Drug ...
    bool standard = false; // stands in the concept_id columns of events
    bool valid = true;     // not withdrawn or replaced
    bool operator==(const Concept&) const = default;
};

/// Where the concept of a source code comes from.
enum class MapRule : std::uint8_t {
    maps_to = 1,               // relationship "Maps to" of the concept of the code
    source_to_concept_map = 2, // a map of the site; goes before the relationship
};
struct CodeMap {
    std::uint32_t concept_id = 0; // the smallest where there are several
    std::uint32_t targets = 1;    // how many concepts the code maps to
    MapRule rule = MapRule::maps_to;
    bool operator==(const CodeMap&) const = default;
};

/// The part of a vocabulary that a set of codes needs: their concepts, all ancestors of these, and
/// concepts for source codes that have none. Memory is bounded by that part, not by the vocabulary.
class Vocabulary {
public:
    /// Concepts in use that are `ancestor` or lie below it, ascending.
    std::vector<std::uint32_t> descendants(std::uint32_t ancestor) const;
    /// Concepts that `concept_id`, which is in use, lies below, nearest first; itself is level 0.
    std::vector<std::uint32_t> ancestors(std::uint32_t concept_id) const;
    /// nullptr if the vocabulary does not have it, or nothing needs it.
    const Concept* find(std::uint32_t concept_id) const;
    /// The concept of a code `SYSTEM:code` that came without one.
    std::optional<CodeMap> maps_to(std::string_view code) const;

    const std::map<std::uint32_t, Concept>& concepts() const noexcept { return concepts_; }
    const std::map<std::string, CodeMap, std::less<>>& maps() const noexcept { return maps_; }

    /// Rows of concepts_table(), concept_ancestors_table() and code_maps_table().
    std::vector<TableData> tables() const;
    /// The vocabulary in an event store; empty if it has none.
    static Vocabulary read_from(const H5File& file);

private:
    friend class VocabularyBuilder;
    struct Ancestry {
        std::uint32_t ancestor, descendant, levels;
        auto operator<=>(const Ancestry&) const = default;
    };
    void sort();

    std::map<std::uint32_t, Concept> concepts_;
    std::vector<Ancestry> below_; // by ancestor
    std::vector<Ancestry> above_; // by descendant, then level
    std::map<std::string, CodeMap, std::less<>> maps_;
};

/// Takes the rows of the vocabulary tables one by one, in the order of the members, and keeps what
/// the codes in use need.
class VocabularyBuilder {
public:
    explicit VocabularyBuilder(std::span<const CodeEntry> in_use);

    /// First pass over `concept`: which concepts are the source codes in use.
    void find_source(std::uint32_t concept_id, std::string_view system, std::string_view code);
    /// `source_to_concept_map`: rows that are valid.
    void add_source_map(std::string_view system, std::string_view code, std::uint32_t target);
    /// `concept_relationship`: rows "Maps to" that are valid.
    void add_maps_to(std::uint32_t source, std::uint32_t target);
    /// `concept_ancestor`.
    void add_ancestor(std::uint32_t ancestor, std::uint32_t descendant, std::uint32_t levels);
    /// Second pass over `concept`: what is known of the concepts that are kept.
    bool wants(std::uint32_t concept_id) const;
    void add_concept(std::uint32_t concept_id, Concept entry);

    /// Concepts in use that the vocabulary does not have, ascending.
    std::vector<std::uint32_t> unknown() const;
    Vocabulary finish();

private:
    using Targets = std::set<std::uint32_t>;
    bool is_used(std::uint32_t concept_id);
    void settle_maps();

    std::set<std::uint32_t> used_;
    std::set<std::string, std::less<>> unmapped_; // codes without concept
    std::unordered_map<std::uint32_t, std::string>
        sources_; // concept -> its code, one of unmapped_
    std::map<std::string, Targets> by_site_, by_relation_;
    std::set<std::uint32_t> kept_;
    bool settled_ = false;
    Vocabulary result_;
};

/// `SYSTEM:code` in the form that events have, "" if there is no code.
std::string vocabulary_code(std::string_view system, std::string_view code);

} // namespace salus
